"""The roles that docs/permissions.md asks for are enough, and a missing one is named."""

import pytest

from reconciler.operations.apply.executor import apply
from reconciler.operations.load import load
from reconciler.operations.plan.build import plan
from tests.support.azure import ROOT, Quiet
from tests.support.robot import GROUP, Robot

WHOLE = "specs/phi3-ultrachat.yaml"
SMALLEST = "examples/smallest.yaml"
GRANTS = "Role Based Access Control Administrator"


def prepared(azure, spec):
    """Return a loaded spec, a principal without rights, and the id of the spec's group."""
    loaded = load(str(ROOT / spec))
    return loaded, Robot(azure, loaded), f"{GROUP}/{loaded.spec.target.resource_group}"


def applied_by(robot, loaded):
    """Plan and apply as the principal; return the problems by address."""
    run = robot.connection()
    planned = plan(loaded, run)
    run.allow_writes()
    report = apply(loaded, run, planned, progress=Quiet())
    return {outcome.address: outcome.problems for outcome in report.outcomes if outcome.problems}


def test_reader_on_the_subscription_plans_a_spec_of_which_nothing_exists(azure):
    loaded, robot, _ = prepared(azure, WHOLE)
    robot.is_given("Reader")
    azure.clear_journal()
    planned = plan(loaded, robot.connection())
    assert not planned.blocked
    assert len(planned.changes) == len(loaded.resources)
    assert azure.writes() == []


def test_reader_on_the_group_plans_what_exists_there(azure):
    loaded, robot, group = prepared(azure, SMALLEST)
    assert azure.apply(loaded)[1] == []
    robot.is_given("Reader", group)
    assert plan(loaded, robot.connection()).is_empty


def test_reader_on_the_group_plans_what_is_missing_there(azure):
    loaded, robot, group = prepared(azure, SMALLEST)
    azure.connection(loaded).arm.put(group, "2025-04-01", {"location": "westeurope"})
    robot.is_given("Reader", group)
    planned = plan(loaded, robot.connection())
    assert planned.blocked == []
    assert len(planned.changes) == len(loaded.resources)


def test_a_quota_is_read_on_the_subscription(azure):
    loaded, robot, group = prepared(azure, WHOLE)
    azure.connection(loaded).arm.put(group, "2025-04-01", {"location": "eastus"})
    robot.is_given("Reader", group)
    told = " ".join(problem.summary for problem in plan(loaded, robot.connection()).blocked)
    assert "Microsoft.MachineLearningServices/locations/usages/read" in told


@pytest.mark.parametrize("spec", [WHOLE, SMALLEST])
def test_contributor_who_may_grant_applies_everything(azure, spec):
    loaded, robot, _ = prepared(azure, spec)
    robot.is_given("Contributor")
    robot.is_given(GRANTS)
    assert applied_by(robot, loaded) == {}
    assert plan(loaded, robot.connection()).is_empty


def test_contributor_alone_is_enough_without_role_assignments(azure):
    loaded, robot, group = prepared(azure, SMALLEST)
    azure.connection(loaded).arm.put(group, "2025-04-01", {"location": "westeurope"})
    robot.is_given("Contributor", group)
    robot.is_given("Reader")
    assert applied_by(robot, loaded) == {}


def test_contributor_alone_may_grant_nothing(azure):
    loaded, robot, _ = prepared(azure, WHOLE)
    robot.is_given("Contributor")
    azure.clear_journal()
    told = plan(loaded, robot.connection()).blocked
    assert told
    assert all("Microsoft.Authorization/roleAssignments/write" in one.summary for one in told)
    assert azure.writes() == []
