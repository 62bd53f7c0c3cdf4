"""Claims about changes that wait, are blocked or both: whatever else is decided, they stay so."""

from dataclasses import replace

import pytest

from reconciler.diagnostics import Diagnostic
from reconciler.engine.decide import Policy, decide, going_with
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
    action_of,
    work_of,
)
from reconciler.engine.diff import Rules
from reconciler.engine.plan_scope import OtherRetry, exceeds_plan, is_cascade
from reconciler.engine.protection import why_missed
from reconciler.engine.types import Action, Observed, Owner, Phase, Resource
from reconciler.reasons import HoldsData, LastOperationFailed, ParentReplaced, RetryOf

PROBLEM = Diagnostic("it must not be")
REPLACE = Replace((), LastOperationFailed("x"))
WORKS = [NoOp(), Create(), Adopt(), Update(), REPLACE, Delete(), Run()]
IMMUTABLE = Policy(Rules(immutable=frozenset({"size"})))
TAGGED = {"size": 1, "tags": {"reconcile-protect": "true"}}


def resource(**options):
    return Resource("compute.gpu", "compute cluster", "/subscriptions/s/x", {"size": 1}, **options)


def pending(message, body=None, **options):
    return Observed(body or {"size": 1}, phase=Phase.PENDING, message=message, **options)


def change(decision, observed=None):
    return Change(resource(), observed, decision)


@pytest.mark.parametrize("work", WORKS)
def test_other_work_keeps_whether_it_waits_and_is_blocked(work):
    waits = Wait("Updating", REPLACE, "endpoints.ep")
    after = Wait("Updating", work, "endpoints.ep")
    blocked = Blocked((PROBLEM,), failure=Failure.DENIED, of=waits)
    assert change(waits).doing(work).decision == after
    assert change(blocked).doing(work).decision == replace(blocked, of=after)
    only_blocked = replace(blocked, of=REPLACE)
    assert change(only_blocked).doing(work).decision == replace(blocked, of=work)
    assert change(REPLACE).doing(work).decision == work


@pytest.mark.parametrize("work", WORKS)
def test_the_work_is_found_below_a_wait_and_a_block(work):
    waits = Wait("Updating", work)
    for decision in (work, waits, Blocked((PROBLEM,), of=work), Blocked((PROBLEM,), of=waits)):
        assert work_of(decision) == work
    is_certain = work.action in (Action.REPLACE, Action.ADOPT)
    assert action_of(waits) is (work.action if is_certain else Action.NO_OP)
    assert action_of(Blocked((PROBLEM,), of=waits)) is action_of(waits)
    assert action_of(work) is work.action


def test_a_second_block_takes_the_place_of_the_first_around_the_same_work():
    first = change(REPLACE).blocked_by(PROBLEM)
    second = first.blocked_by(Diagnostic("nor this"))
    assert first.decision == Blocked((PROBLEM,), of=REPLACE)
    assert second.decision == Blocked((Diagnostic("nor this"),), of=REPLACE)
    assert second.is_blocked and not second.is_unread and second.failure is Failure.REFUSED


def test_what_could_not_be_read_is_told_from_what_is_refused():
    unread = change(Blocked((PROBLEM,), failure=Failure.DENIED))
    assert unread.is_unread and unread.failure is Failure.DENIED
    assert change(NoOp()).failure is None
    assert not change(NoOp()).is_unread


def test_what_is_being_deleted_is_made_again_unless_that_would_be_missed():
    going = pending("Deleting")
    assert decide(resource(), {"size": 2}, going, IMMUTABLE).decision == Wait("Deleting", Create())
    for kept, seen in (
        (resource(holds_data=True), going),
        (resource(protected=True), going),
        (resource(), pending("Deleting", TAGGED)),
    ):
        assert decide(kept, {"size": 2}, seen, IMMUTABLE).decision == Wait("Deleting", NoOp())


def test_a_run_that_is_under_way_is_only_waited_for():
    running = pending("Running")
    found = decide(resource(), {"size": 2}, running, Policy(runs=True))
    assert found.decision == Wait("Running", NoOp())


def test_what_holds_data_may_be_replaced_after_a_wait_for_all_that_is_known_here():
    """Its kind knows better reasons: the plan asks it, then guards data."""
    found = decide(resource(holds_data=True), {"size": 2}, pending("Updating"), IMMUTABLE)
    assert found.action is Action.REPLACE and not found.is_blocked


def test_what_goes_with_its_parent_and_is_protected_by_its_tag_needs_a_new_plan():
    found = going_with("endpoints.ep", change(NoOp(), Observed(TAGGED)))
    assert found.decision == Wait("", NoOp(), "endpoints.ep")
    assert going_with("endpoints.ep", change(NoOp())) == change(NoOp())


def test_an_unmarked_one_that_is_being_deleted_is_made_and_not_taken_over():
    going = pending("Deleting", owner=Owner.NOBODY)
    found = decide(resource(adopt=True), {"size": 1}, going, Policy())
    assert found.decision == Wait("Deleting", Create())


def test_what_would_be_missed_says_that_its_data_is_gone():
    assert why_missed(resource(holds_data=True), None) == HoldsData(gone=True)
    assert why_missed(resource(), None) is None


def test_only_the_run_that_a_plan_named_is_repeated():
    approved = change(Run(RetryOf("run-1")))
    assert exceeds_plan(approved, change(Run(RetryOf("run-1")))) is None
    assert exceeds_plan(approved, change(Run(RetryOf("run-2")))) == OtherRetry(RetryOf("run-2"))


def test_what_failed_by_itself_is_no_cascade():
    caused = Update((), ParentReplaced("endpoints.ep"))
    assert is_cascade(change(caused, Observed({"size": 1})))
    assert is_cascade(change(Create(ParentReplaced("endpoints.ep"))))
    assert not is_cascade(change(caused, Observed({"size": 1}, phase=Phase.FAILED)))
