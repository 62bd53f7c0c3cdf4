"""What may be carried out now: a table of cases, and what holds whatever the plan is."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.diagnostics import Diagnostic
from reconciler.engine.attribution import By
from reconciler.engine.decisions import (
    Blocked,
    Change,
    Create,
    Decision,
    Delete,
    Failure,
    NoOp,
    Replace,
    Run,
    Update,
    Wait,
)
from reconciler.engine.effect import does, effect_of
from reconciler.engine.types import FieldDiff, Observed, Resource
from reconciler.gitops.config import Settings
from reconciler.gitops.gate import Permits, Proposal, Verdict, judge
from reconciler.gitops.records import ConditionReason as Reason
from reconciler.reasons import CannotUpdateInPlace

FIELD = FieldDiff(("properties", "size"), "size", 1, 2)
REPLACE = Replace((FIELD,), CannotUpdateInPlace(("size",)))
UNREAD = Blocked((Diagnostic("unread"),), Failure.UNAVAILABLE)
DECISIONS: tuple[Decision, ...] = (
    NoOp(), Create(), Update((FIELD,)), REPLACE, Delete(), Run(), Wait("Creating", NoOp()), UNREAD,
)  # fmt: skip


def change(address: str, decision: Decision) -> Change:
    is_new = isinstance(decision, Create | Run | Blocked)
    resource = Resource(address, "compute cluster", f"/{address}", {"location": "x"})
    return Change(resource, None if is_new else Observed({}), decision)


def plan(*decisions: Decision, by: By = By.SPEC, graph: bool = False, **more: object) -> Proposal:
    """Return a plan of `a`, `b`, ...: each needs the one before where there is a `graph`."""
    names = "abcdefgh"[: len(decisions)]
    edges = {n: frozenset(names[max(0, i - 1) : i] if graph else "") for i, n in enumerate(names)}
    changes = tuple(map(change, names, decisions))
    return Proposal(changes, edges, dict.fromkeys(names, by), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("proposal", "own", "permits", "held"),
    [
        (plan(Create(), Update((FIELD,))), {}, Permits(), {}),
        (plan(Create()), {"changes": "approve"}, Permits(), {"a": Reason.WAITING_FOR_APPROVAL}),
        (
            plan(Create(), Delete(), dangerous=frozenset("b")),
            {"changes": "dangerous"},
            Permits(),
            {"b": Reason.WAITING_FOR_APPROVAL},
        ),
        (plan(Update((FIELD,)), by=By.DRIFT), {}, Permits(), {"a": Reason.DRIFTED}),
        (plan(Update((FIELD,)), by=By.DRIFT), {"drift": "correct"}, Permits(), {}),
        (plan(Update((FIELD,)), by=By.DRIFT), {"changes": "approve", "drift": "correct"}, Permits(), {}),
        (plan(Update((FIELD,)), by=By.BOTH), {}, Permits(), {}),
        (
            plan(Create(), Create(), by=By.DRIFT, graph=True),
            {},
            Permits(),
            {"a": Reason.DRIFTED, "b": Reason.DRIFTED},
        ),
        (
            plan(Wait("Creating", NoOp()), Create(), graph=True),
            {},
            Permits(),
            {"a": Reason.WAITING, "b": Reason.WAITING},
        ),
        (
            plan(UNREAD, Create(), graph=True),
            {},
            Permits(),
            {"a": Reason.UNKNOWN, "b": Reason.UNKNOWN},
        ),
        (plan(UNREAD, Create(), Delete()), {}, Permits(), {"a": Reason.UNKNOWN, "c": Reason.UNKNOWN}),
        (plan(Run(), Run(), Run()), {}, Permits(runs=2), {"c": Reason.TOO_MANY_RUNS}),
        (plan(Run()), {}, Permits(runs=-1), {"a": Reason.TOO_MANY_RUNS}),
        (
            plan(Delete(), REPLACE, Create()),
            {"deletes_per_pass": 1},
            Permits(),
            dict.fromkeys("abc", Reason.TOO_MANY_DELETES),
        ),
        (plan(Delete(), REPLACE), {"deletes_per_pass": 2}, Permits(), {}),
        (
            plan(Create(), NoOp()),
            {},
            Permits(closed=Reason.OUTSIDE_WINDOW),
            {"a": Reason.OUTSIDE_WINDOW},
        ),
        (
            plan(Create(), stopped=Reason.POLICY_VIOLATION),
            {},
            Permits(),
            {"a": Reason.POLICY_VIOLATION},
        ),
        (plan(Create(), by=By.DRIFT), {"drift": "correct"}, Permits(contended=frozenset("a")), {"a": Reason.CONTENDED}),
    ],
)  # fmt: skip
def test_what_is_held(
    proposal: Proposal, own: dict[str, object], permits: Permits, held: dict[str, Reason]
) -> None:
    assert dict(judge(proposal, Settings(**own), permits).held) == held  # type: ignore[arg-type]


def test_an_update_that_is_held_does_not_hold_what_needs_it() -> None:
    proposal = plan(Update((FIELD,)), Create(), graph=True)
    proposal = Proposal(proposal.changes, proposal.graph, {"a": By.DRIFT, "b": By.SPEC})
    assert dict(judge(proposal, Settings(), Permits()).held) == {"a": Reason.DRIFTED}


APPROVE = Settings(changes="approve", drift="report", deletes_per_pass=99)


@st.composite
def proposals(draw: st.DrawFn) -> Proposal:
    decisions = draw(st.lists(st.sampled_from(DECISIONS), min_size=1, max_size=6))
    made = plan(*decisions, graph=draw(st.booleans()))
    by = {c.address: draw(st.sampled_from(By)) for c in made.changes}
    return Proposal(made.changes, made.graph, by)


def effects(changes: Iterable[Change]) -> frozenset[str]:
    return frozenset(does(c) for c in changes)


def free(proposal: Proposal, verdict: Verdict) -> list[Change]:
    """Return what would be written."""
    return [
        c
        for c in proposal.changes
        if c.action.is_change and not c.is_blocked and c.address not in verdict.held
    ]


@settings(max_examples=40)
@given(proposals())
def test_nothing_is_written_without_an_approval(proposal: Proposal) -> None:
    assert free(proposal, judge(proposal, APPROVE, Permits(runs=99))) == []


@settings(max_examples=40)
@given(proposals())
def test_what_is_approved_by_its_effects_is_held_by_nothing_else(proposal: Proposal) -> None:
    asked = judge(proposal, APPROVE, Permits(runs=99))
    verdict = judge(proposal, APPROVE, Permits(frozenset(asked.effects), runs=99))
    assert verdict.effects == ()
    assert not {Reason.WAITING_FOR_APPROVAL, Reason.DRIFTED} & set(verdict.held.values())


@settings(max_examples=40)
@given(proposals(), st.integers(0, 5))
def test_what_was_approved_and_is_left_needs_no_second_approval(
    proposal: Proposal, done: int
) -> None:
    asked = judge(proposal, APPROVE, Permits(runs=99))
    first = judge(proposal, APPROVE, Permits(frozenset(asked.effects), runs=99))
    left = Proposal(proposal.changes[done:], {}, proposal.by)
    verdict = judge(left, APPROVE, Permits(admitted=first.admitted, runs=99))
    assert verdict.effects == ()


@settings(max_examples=40)
@given(proposals())
def test_an_approval_of_something_else_admits_nothing(proposal: Proposal) -> None:
    other = effect_of([change("z", Create())])
    assert free(proposal, judge(proposal, APPROVE, Permits(frozenset({other}), runs=99))) == []


@settings(max_examples=40)
@given(proposals(), st.sampled_from([Reason.OUTSIDE_WINDOW, Reason.STALLED]))
def test_while_it_is_closed_nothing_is_written(proposal: Proposal, closed: Reason) -> None:
    correct = Settings(drift="correct", deletes_per_pass=99)
    assert free(proposal, judge(proposal, correct, Permits(closed=closed, runs=99))) == []


@settings(max_examples=40)
@given(proposals())
def test_what_is_carried_out_needs_nothing_that_is_not_there(proposal: Proposal) -> None:
    verdict = judge(proposal, Settings(drift="report", deletes_per_pass=99), Permits(runs=99))
    changes = {c.address: c for c in proposal.changes}
    for one in free(proposal, verdict):
        for needed in proposal.graph[one.address] & verdict.held.keys():
            assert isinstance(changes[needed].decision, Update)
