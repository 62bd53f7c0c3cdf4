"""Whatever a kind sends, nothing is written where the plan said that nothing would be."""

import pytest

from reconciler.engine.types import Status
from reconciler.kinds.compute import ComputeHandler
from reconciler.operations.apply.executor import apply
from reconciler.render.reason_text import detail_of, summary_of
from tests.contract.conftest import applied, azure, server, smallest
from tests.support.azure import Quiet, edited

__all__ = ["applied", "azure", "server", "smallest"]

SMALL = "examples/smallest.yaml"
CLUSTER = "compute.cpu-cluster"
ML = "2026-05-01"
RESOURCES = "2025-04-01"


def scaled_by(azure, applied, tmp_path, monkeypatch, mistake):
    """Apply one more node by a kind that makes a mistake; return what became of the cluster."""
    loaded = edited(tmp_path, SMALL, ("max_instances: 2", "max_instances: 3"))

    def update(_handler, context, _change, _desired):
        mistake(context.run.arm, {a: r.resource_id for a, r in applied.resources.items()})

    monkeypatch.setattr(ComputeHandler, "update", update)
    planned = azure.plan(loaded)
    assert [c.address for c in planned.changes if c.action.is_change] == [CLUSTER]
    report = apply(loaded, azure.connection(loaded), planned, progress=Quiet())
    return next(o for o in report.outcomes if o.address == CLUSTER)


MISTAKES = {
    "another resource is updated": (
        lambda arm, ids: arm.patch(ids["workspace"], ML, {"tags": {}}),
        "PATCH for `workspace`",
    ),
    "another spelling of it": (
        lambda arm, ids: arm.put(ids["workspace"].upper() + "/", ML, {"tags": {}}),
        "PUT for `workspace`",
    ),
    "what is to be updated is deleted": (
        lambda arm, ids: arm.delete(ids[CLUSTER], ML),
        f"DELETE for `{CLUSTER}`",
    ),
    "the group is deleted": (
        lambda arm, ids: arm.delete(ids["resource_group"], RESOURCES),
        "DELETE for `resource_group`",
    ),
    "what holds all of it is deleted": (
        lambda arm, ids: arm.delete(ids["resource_group"].rpartition("/")[0], RESOURCES),
        "DELETE for `",
    ),
}


SCALE = {"minNodeCount": 0, "maxNodeCount": 3, "nodeIdleTimeBeforeScaleDown": "PT300S"}


def scaled(**settings):
    return {"properties": {"properties": {"scaleSettings": {**SCALE, **settings}}}}


def with_admin(arm, ids):
    """PUT what is there, as kinds do, with one more field that nobody was shown."""
    body = arm.get(ids[CLUSTER], ML)
    inner = body["properties"]["properties"]
    inner["scaleSettings"]["maxNodeCount"] = 3
    inner["remoteLoginPortPublicAccess"] = "Disabled"
    arm.put(ids[CLUSTER], ML, body)


def less(body):
    """Return a cluster as the plan showed it, but for a setting that Azure holds."""
    inner = body["properties"]["properties"]
    inner["scaleSettings"]["maxNodeCount"] = 3
    del inner["osType"]
    return body


MORE = {
    "one more field": (
        lambda arm, ids: arm.patch(ids[CLUSTER], ML, scaled(minNodeCount=1)),
        "the plan did not show `min_instances`",
    ),
    "another value than was shown": (
        lambda arm, ids: arm.patch(ids[CLUSTER], ML, scaled(maxNodeCount=9)),
        "the plan did not show `max_instances`",
    ),
    "a field that no spec states": (
        with_admin,
        "the plan did not show `properties.properties.remoteLoginPortPublicAccess`",
    ),
    "a field of others left out": (
        lambda arm, ids: arm.put(ids[CLUSTER], ML, less(arm.get(ids[CLUSTER], ML))),
        "it would remove `properties.properties.osType`, which the plan did not show",
    ),
    "somebody's tag": (
        lambda arm, ids: arm.patch(ids[CLUSTER], ML, {**scaled(), "tags": {"cost": "none"}}),
        "the plan did not show `tags.cost`",
    ),
}


@pytest.mark.parametrize("mistake", MORE)
def test_a_field_that_the_plan_did_not_show_is_not_sent(
    azure, applied, tmp_path, monkeypatch, mistake
):
    send, said = MORE[mistake]
    outcome = scaled_by(azure, applied, tmp_path, monkeypatch, send)
    assert outcome.status is Status.REFUSED
    (problem,) = outcome.problems
    assert f"for `{CLUSTER}`: {said}" in summary_of(problem)
    assert azure.writes() == []


def test_what_the_plan_showed_and_what_stays_as_it_is_are_sent(
    azure, applied, tmp_path, monkeypatch
):
    def update(arm, ids):
        arm.patch(ids[CLUSTER], ML, scaled(nodeIdleTimeBeforeScaleDown="PT5M"))

    assert scaled_by(azure, applied, tmp_path, monkeypatch, update).status is Status.DONE
    assert len(azure.writes()) == 1


@pytest.mark.parametrize("mistake", MISTAKES)
def test_what_the_plan_did_not_announce_is_not_sent(azure, applied, tmp_path, monkeypatch, mistake):
    send, said = MISTAKES[mistake]
    outcome = scaled_by(azure, applied, tmp_path, monkeypatch, send)
    assert outcome.status is Status.REFUSED
    (problem,) = outcome.problems
    assert f"refused to send {said}" in summary_of(problem)
    assert "nothing was sent" in detail_of(problem)
    assert azure.writes() == []


def test_the_same_run_may_write_again_once_the_apply_is_over(azure, applied):
    connection = azure.connection(applied)
    apply(applied, connection, azure.plan(applied), progress=Quiet())
    workspace = applied.resources["workspace"].resource_id
    connection.arm.patch(workspace, ML, {"properties": {"description": "by hand"}})
    assert len(azure.writes()) == 1
