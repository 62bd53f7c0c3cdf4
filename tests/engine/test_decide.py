"""Claims about the policy: what is done with each pair of desired and observed."""

from dataclasses import replace

import pytest

from reconciler.engine.decide import Policy, decide, going_with, resolve
from reconciler.engine.decisions import Adopt, Change, Create, NoOp, Replace, Update, Wait
from reconciler.engine.diff import Rules
from reconciler.engine.types import Action, Observed, Owner, Phase, Reference, Resource, Unknown
from reconciler.reasons import CannotUpdateInPlace, LastOperationFailed, ParentReplaced, UsedAsIs

IMMUTABLE = Policy(Rules(immutable=frozenset({"size"})))


def resource(**options):
    return Resource("compute.gpu", "compute cluster", "/subscriptions/s/x", {"size": 1}, **options)


def observed(**options):
    return Observed({"size": 1}, **options)


def test_absent_is_created_and_a_run_is_run():
    assert decide(resource(), {"size": 1}, None, Policy()).action is Action.CREATE
    assert decide(resource(), {"size": 1}, None, Policy(runs=True)).action is Action.RUN


def test_equal_is_left_alone():
    assert decide(resource(), {"size": 1}, observed(), Policy()).action is Action.NO_OP


def test_an_immutable_difference_replaces_and_says_why():
    change = decide(resource(), {"size": 2}, observed(), IMMUTABLE)
    assert change.action is Action.REPLACE
    assert change.reason == CannotUpdateInPlace(("size",))
    assert not change.is_blocked


def test_every_difference_that_replaces_is_named():
    policy = Policy(Rules(immutable=frozenset({"size", "tier"})))
    desired = {"size": 2, "tier": "b", "count": 1}
    change = decide(resource(), desired, Observed({"size": 1, "tier": "a"}), policy)
    assert change.reason == CannotUpdateInPlace(("size", "tier"))


def test_data_does_not_block_a_replace_before_its_kind_was_asked():
    """A kind knows better reasons (a soft-deleted twin); the plan asks it, then guards data."""
    precious = resource(holds_data=True)
    assert decide(precious, {"size": 2}, observed(), IMMUTABLE).problems == ()
    failed = observed(phase=Phase.FAILED, message="x")
    assert decide(precious, {"size": 1}, failed, Policy(replaces_failed=True)).problems == ()


def test_a_protected_resource_is_not_replaced():
    change = decide(resource(protected=True), {"size": 2}, observed(), IMMUTABLE)
    assert change.is_blocked and "protected" in change.problems[0].summary


@pytest.mark.parametrize("desired", [{"size": 1}, {"size": 2}])
def test_what_another_spec_owns_is_never_touched(desired):
    found = observed(owner=Owner.FOREIGN, owner_name="other")
    change = decide(resource(adopt=True), desired, found, Policy())
    assert change.action is Action.NO_OP
    assert change.is_blocked and "other" in change.problems[0].summary


def test_an_unmarked_resource_is_adopted_only_on_request():
    found = observed(owner=Owner.NOBODY)
    (problem,) = decide(resource(), {"size": 1}, found, Policy()).problems
    assert "--adopt compute.gpu" in problem.hint
    assert decide(resource(adopt=True), {"size": 1}, found, Policy()).action is Action.ADOPT


def test_adopting_never_hides_a_replace():
    found = observed(owner=Owner.NOBODY)
    change = decide(resource(adopt=True), {"size": 2}, found, IMMUTABLE)
    assert change.action is Action.REPLACE


def test_adopting_never_deletes_what_it_takes_over():
    found = observed(owner=Owner.NOBODY)
    change = decide(resource(adopt=True), {"size": 2}, found, IMMUTABLE)
    assert change.is_blocked and "cannot be adopted" in change.problems[0].summary


def test_an_equal_role_assignment_is_taken_without_asking():
    found = observed(owner=Owner.NOBODY)
    assert decide(resource(), {"size": 1}, found, Policy(adopts=True)).action is Action.NO_OP


def test_what_azure_is_still_making_is_waited_for():
    change = decide(
        resource(), {"size": 2}, observed(phase=Phase.PENDING, message="Creating"), Policy()
    )
    assert change.decision == Wait("Creating", Update(change.fields))
    assert change.fields and change.action is Action.NO_OP


def test_what_cannot_change_in_place_is_replaced_once_azure_is_done_with_it():
    """A run that was killed in the middle of a replace left it so: one more is enough."""
    found = observed(phase=Phase.PENDING, message="Updating")
    change = decide(resource(), {"size": 2}, found, IMMUTABLE)
    assert isinstance(change.decision, Wait) and change.action is Action.REPLACE
    kept = decide(resource(protected=True), {"size": 2}, found, IMMUTABLE)
    assert kept.is_blocked and "protected" in kept.problems[0].summary


def test_a_failed_run_is_not_run_again_by_itself():
    found = observed(phase=Phase.FAILED, message="out of memory")
    change = decide(resource(), {"size": 1}, found, Policy(runs=True))
    assert change.action is Action.NO_OP
    assert change.is_blocked and "--retry compute.gpu" in change.problems[0].hint


def test_a_failed_deployment_is_made_again_and_a_failed_account_is_written_again():
    found = observed(phase=Phase.FAILED, message="x")
    replaced = decide(resource(), {"size": 1}, found, Policy(replaces_failed=True))
    assert replaced.action is Action.REPLACE
    assert decide(resource(), {"size": 1}, found, Policy()).action is Action.UPDATE


def test_references_resolve_to_values_or_to_unknown():
    body = {"a": Reference("x.y"), "b": [Reference("x.z", "uri")], "c": 1}
    found = resolve(body, lambda r: "id" if r.attribute == "id" else None)
    assert found == {"a": "id", "b": [Unknown(Reference("x.z", "uri"))], "c": 1}


def test_a_group_of_another_spec_is_used_all_the_same():
    found = observed(owner=Owner.FOREIGN, owner_name="other")
    change = decide(resource(), {"size": 1}, found, Policy(uses_existing=True))
    assert change.action is Action.NO_OP
    assert change.decision == NoOp(UsedAsIs())


@pytest.mark.parametrize("decision", [NoOp(), Update((), LastOperationFailed("x"))])
def test_what_is_in_something_being_deleted_waits_and_is_made_again(decision):
    change = Change(resource(), observed(), decision)
    found = going_with("endpoints.ep", change)
    assert found.decision == Wait("", Create(), "endpoints.ep")
    assert (found.action, found.is_going, found.goes_with) == (Action.NO_OP, True, "endpoints.ep")
    kept = going_with("endpoints.ep", replace(change, resource=resource(holds_data=True)))
    assert kept.decision == Wait("", NoOp(), "endpoints.ep")


@pytest.mark.parametrize(
    "change",
    [
        Change(resource(), None, Create()),
        Change(resource(), None, NoOp()),
        Change(resource(), observed(), Replace((), ParentReplaced("endpoints.ep"))),
        Change(resource(), observed(), Adopt()),
    ],
)
def test_what_is_made_anyway_does_not_wait_for_its_parent_to_go(change):
    assert going_with("endpoints.ep", change) is change
