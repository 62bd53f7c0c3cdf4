"""A lock, or a right that the caller lacks, is told by the plan, and nothing is written."""

import pytest

from reconciler.diagnostics import RefusedError
from reconciler.engine.findings import Level
from reconciler.operations.apply.executor import apply
from reconciler.operations.plan.build import plan
from reconciler.operations.plan.destroy import plan_destroy
from tests.support.azure import Quiet
from tests.support.checked import CLUSTER, GRANTS, SUB, blockers, lock, smallest
from tests.support.robot import Robot


def test_a_lock_stops_a_destroy_before_it_begins(azure, applied):
    lock(azure, applied.resources["workspace"].resource_id)
    made = plan_destroy(applied, azure.connection(applied, read_only=True))
    told = {f.address for f in made.findings if f.id == "lock"}
    assert {"workspace", "resource_group"} <= told
    assert "ask the platform team" in made.findings[0].detail
    with pytest.raises(RefusedError):
        azure.destroy(applied)
    assert azure.writes() == []


def test_a_lock_elsewhere_stops_nothing(azure, applied):
    other = f"{SUB}/resourceGroups/rg-other"
    azure.control("POST", "drift", {"op": "put", "id": other, "body": {"location": "eastus"}})
    lock(azure, other, "ReadOnly")
    assert plan_destroy(applied, azure.connection(applied, read_only=True)).findings == ()


def test_a_read_only_lock_stops_every_change(azure, tmp_path, applied):
    lock(azure, applied.resources["resource_group"].resource_id, "ReadOnly")
    made = azure.plan(smallest(tmp_path, ("max_instances: 2", "max_instances: 3")))
    assert blockers(made) == {("lock", CLUSTER)}
    assert azure.plan(applied).findings == ()


def test_who_may_write_something_else_is_told_what_it_may_not_do(azure, tmp_path):
    loaded = smallest(tmp_path)
    robot = Robot(azure, loaded)
    robot.is_given(GRANTS)
    azure.clear_journal()
    made = plan(loaded, robot.connection())
    told = {f.summary.rpartition("`")[0].rpartition("`")[2]: f for f in made.findings}
    assert "Microsoft.MachineLearningServices/workspaces/computes/write" in told
    assert "Microsoft.Storage/storageAccounts/write" in told
    assert "Microsoft.Resources/subscriptions/resourceGroups/write" in told
    assert {f.level for f in made.findings} == {Level.BLOCKER}
    assert "`Contributor`" in made.findings[0].hint
    assert azure.writes() == []


def test_a_reader_plans_and_is_told_once_that_it_cannot_apply(azure, tmp_path):
    loaded = smallest(tmp_path)
    reader = Robot(azure, loaded)
    reader.is_given("Reader")
    (finding,) = plan(loaded, reader.connection()).findings
    assert (finding.id, finding.level) == ("permission", Level.WARNING)
    assert "it can plan this, but not apply it" in finding.summary
    assert "`Contributor`" in finding.hint


def test_an_apply_by_a_reader_is_refused_before_its_first_write(azure, tmp_path):
    loaded = smallest(tmp_path)
    reader = Robot(azure, loaded)
    reader.is_given("Reader")
    run = reader.connection()
    planned = plan(loaded, run)
    run.allow_writes()
    azure.clear_journal()
    with pytest.raises(RefusedError, match="may not do"):
        apply(loaded, run, planned, progress=Quiet())
    assert azure.writes() == []


def test_a_contributor_lacks_nothing_here(azure, tmp_path):
    loaded = smallest(tmp_path)
    contributor = Robot(azure, loaded)
    contributor.is_given("Contributor")
    assert plan(loaded, contributor.connection()).findings == ()


@pytest.mark.parametrize("is_owner", [False, True])
def test_a_right_on_the_workspace_alone_is_found(azure, tmp_path, applied, *, is_owner):
    grown = smallest(tmp_path, ("max_instances: 2", "max_instances: 3"))
    robot = Robot(azure, grown)
    robot.is_given(GRANTS)
    if is_owner:
        robot.is_given("Owner", applied.resources["workspace"].resource_id)
    found = blockers(plan(grown, robot.connection()))
    assert found == (set() if is_owner else {("permission", CLUSTER)})
