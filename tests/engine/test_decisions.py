"""What the word for a decision is, and what waiting and blocking keep of it."""

from typing import get_args

import pytest

from reconciler.diagnostics import Diagnostic
from reconciler.engine.decisions import (
    Adopt,
    Blocked,
    Change,
    Create,
    Delete,
    Failure,
    NoOp,
    Replace,
    Run,
    Update,
    Wait,
    Work,
)
from reconciler.engine.types import Action, FieldDiff, Observed, Resource
from reconciler.operations.failures import EXIT_CODES, exit_code_of
from reconciler.reasons import LastOperationFailed, ParentReplaced, Unmarked

THING = Resource("compute.gpu", "compute cluster", "/x", {"size": 1})
SIZE = FieldDiff(("size",), "size", 1, 2)
WHY = LastOperationFailed("x")
WORKS: tuple[Work, ...] = (
    NoOp(),
    Create(WHY),
    Adopt((SIZE,)),
    Update((SIZE,), WHY),
    Replace((SIZE,), WHY),
    Delete(WHY),
    Run(WHY),
)
PROBLEM = Diagnostic("first")


def change(decision: object) -> Change:
    return Change(THING, Observed({}), decision)  # type: ignore[arg-type]


def test_every_work_is_here_and_has_a_word_of_its_own() -> None:
    assert {type(work) for work in WORKS} == set(get_args(Work))
    assert [change(work).action for work in WORKS] == [work.action for work in WORKS]
    assert {work.action for work in WORKS} == set(Action)


@pytest.mark.parametrize("work", WORKS, ids=lambda work: type(work).__name__)
def test_a_wait_and_a_block_keep_what_follows(work: Work) -> None:
    plain = change(work)
    for decision in (Wait("Updating", work), Blocked((PROBLEM,), of=work)):
        found = change(decision)
        assert (found.work, found.fields, found.reason) == (work, plain.fields, plain.reason)
    assert change(Blocked((PROBLEM,), of=work)).action is plain.action


@pytest.mark.parametrize("work", WORKS, ids=lambda work: type(work).__name__)
def test_what_follows_a_wait_is_counted_only_where_it_is_certain(work: Work) -> None:
    certain = work.action in (Action.REPLACE, Action.ADOPT)
    assert change(Wait("Updating", work)).action is (work.action if certain else Action.NO_OP)


def test_other_work_leaves_waits_and_blocks_in_place() -> None:
    along = Replace((), ParentReplaced("workspace"))
    wait = Wait("Updating", Update((SIZE,)), "workspace")
    assert change(wait).doing(along).decision == Wait("Updating", along, "workspace")
    blocked = Blocked((PROBLEM,), Failure.DENIED, wait)
    found = change(blocked).doing(along).decision
    assert found == Blocked((PROBLEM,), Failure.DENIED, Wait("Updating", along, "workspace"))
    assert change(NoOp()).doing(along).decision == along


def test_further_problems_leave_unread_what_was_not_read() -> None:
    unread = change(Blocked((PROBLEM,), Failure.UNAVAILABLE))
    found = unread.blocked_by(*unread.problems, Diagnostic("second"))
    assert found.is_unread
    assert [one.summary for one in found.problems] == ["first", "second"]
    refused = change(Create()).blocked_by(PROBLEM)
    assert (refused.failure, refused.is_unread, refused.action) == (
        Failure.REFUSED,
        False,
        Action.CREATE,
    )


def test_only_what_is_taken_over_says_so_by_itself() -> None:
    assert change(Adopt()).causes == (Unmarked(),)
    assert change(NoOp()).causes == ()


def test_what_does_not_pass_by_itself_decides_the_exit_code() -> None:
    assert set(EXIT_CODES) == set(Failure)
    assert exit_code_of([]) == 0
    assert exit_code_of([Failure.UNAVAILABLE, Failure.DENIED]) == 4
    assert exit_code_of([Failure.UNAVAILABLE, Failure.FAILED]) == 1
    assert exit_code_of([Failure.DENIED, Failure.REFUSED]) == 5
