"""Who may assign some roles only is told by the plan which grants Azure would refuse."""

import pytest

from reconciler.diagnostics import RefusedError
from reconciler.engine.findings import Level
from reconciler.operations.apply.executor import apply
from reconciler.operations.plan.build import plan
from reconciler.operations.plan.lenient import lenient
from tests.support.azure import Quiet
from tests.support.checked import GRANTS, blockers, only, smallest
from tests.support.robot import Robot

GRANT = "identities.worker.storage-blob-data-contributor"
GRANTED = (
    "compute:\n",
    "identities:\n  worker:\n    role_assignments:\n"
    '      - {role: Storage Blob Data Contributor, scope: "${{ workspace.storage_account }}"}\n'
    "compute:\n",
)
ALLOWED = "Storage Blob Data Contributor"
OTHER = "Reader"


@pytest.fixture
def robot(azure, tmp_path):
    loaded = smallest(tmp_path, GRANTED)
    made = Robot(azure, loaded)
    made.is_given("Contributor")
    azure.clear_journal()
    made.loaded = loaded
    return made


def tried(robot):
    """Apply in spite of the checks; return what Azure refused."""
    planned = lenient(plan(robot.loaded, robot.connection()))
    run = robot.connection()
    run.allow_writes()
    report = apply(robot.loaded, run, planned, progress=Quiet())
    return {o.address: p.summary for o in report.outcomes for p in o.problems}


def test_a_role_that_the_condition_leaves_out_is_blocked(azure, robot):
    robot.is_given(GRANTS, condition=only(OTHER))
    azure.clear_journal()
    made = plan(robot.loaded, robot.connection())
    (finding,) = made.findings
    assert (finding.id, finding.level, finding.address) == ("grant", Level.BLOCKER, GRANT)
    assert finding.position.line and "may not grant `Storage Blob Data Contributor`" in str(
        finding.summary
    )
    assert finding.hint.endswith("it allows `Reader`") and "conditions" in finding.checked_by
    run = robot.connection()
    run.allow_writes()
    with pytest.raises(RefusedError, match="may not grant"):
        apply(robot.loaded, run, made, progress=Quiet())
    assert azure.writes() == []


def test_azure_would_have_refused_it(robot):
    robot.is_given(GRANTS, condition=only(OTHER))
    refused = tried(robot)
    assert set(refused) == {GRANT}
    assert "an ABAC condition not fulfilled" in refused[GRANT]


@pytest.mark.parametrize(
    "condition",
    [None, only(OTHER, ALLOWED), only(OTHER, action="delete"), f"{only(ALLOWED)} AND {only(ALLOWED)}"],
    ids=["none", "one-of-two", "of-deletions", "twice"],
)  # fmt: skip
def test_a_grant_that_the_condition_allows_is_made(robot, condition):
    robot.is_given(GRANTS, condition=condition)
    assert plan(robot.loaded, robot.connection()).findings == ()
    assert tried(robot) == {}


def test_one_role_without_a_condition_is_enough(azure, robot):
    group = robot.loaded.resources["resource_group"].resource_id
    azure.control("POST", "drift", {"op": "put", "id": group, "body": {"location": "westeurope"}})
    robot.is_given(GRANTS, condition=only(OTHER))
    robot.is_given("Owner", group)
    assert blockers(plan(robot.loaded, robot.connection())) == set()


def test_a_grant_that_may_not_be_taken_back_stops_a_destroy(azure, robot, tmp_path):
    from reconciler.operations.plan.destroy import plan_destroy

    robot.is_given(GRANTS, condition=only(OTHER, action="delete"))
    assert tried(robot) == {}
    azure.clear_journal()
    made = plan_destroy(robot.loaded, robot.connection())
    assert ("grant", GRANT) in blockers(made)
    assert "may not take back" in next(f.summary for f in made.findings if f.id == "grant")
    assert azure.writes() == []


def test_assignments_that_cannot_be_read_stop_nothing(azure, robot):
    robot.is_given(GRANTS, condition=only(OTHER))
    body = {"error": {"code": "AuthorizationFailed", "message": "no"}}
    fault = {
        "method": "GET",
        "path": "^/subscriptions/[^/]+/providers/.*/roleAssignments",
        "times": 0,
    }
    azure.control("POST", "faults", {**fault, "action": {"status": 403, "body": body}})
    made = plan(robot.loaded, robot.connection())
    azure.control("DELETE", "faults")
    assert [(f.id, f.level) for f in made.findings if f.id == "grant"] == [("grant", Level.WARNING)]
