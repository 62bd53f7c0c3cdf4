"""A list that is not whole is a failed read, and no list alone makes or unmakes anything."""

import pytest

from reconciler.diagnostics import ApiError, DeniedError, RefusedError
from reconciler.engine.types import Action, Status
from reconciler.operations.apply.executor import apply
from reconciler.operations.load import load
from reconciler.operations.plan.build import PlanOptions, plan
from tests.support.azure import ROOT, Quiet, edited

SMALL = "examples/smallest.yaml"
COMPUTES = "2026-05-01"
GONE = "{url}&$skipToken=gone"


def lie(azure, path, action, **more):
    """Arm a fault on reads of a list."""
    fault = {"method": "GET", "path": path, "times": 0, "action": action}
    azure.control("POST", "faults", {**fault, **more})


def without_cluster(tmp_path):
    """The smallest spec with its cluster under another name: the old one is to be pruned."""
    return edited(tmp_path, SMALL, ("  cpu-cluster:\n", "  other-cluster:\n"))


@pytest.mark.parametrize("path", [r"/resources\?", r"/computes\?"])
@pytest.mark.parametrize(
    ("link", "error"),
    [
        (GONE, ApiError),
        ("{url}", ApiError),
        ("next page", ApiError),
        ("https://elsewhere.example/page2", DeniedError),
    ],
)
def test_prune_refuses_a_list_that_cannot_be_followed(azure, tmp_path, path, link, error):
    azure.hold(load(str(ROOT / SMALL)))
    loaded = without_cluster(tmp_path)
    lie(azure, path, {"next_link": link})
    azure.clear_journal()
    with pytest.raises(error):
        plan(loaded, azure.connection(loaded), PlanOptions(prune=True))
    assert azure.writes() == []


@pytest.mark.parametrize("status", [400, 403, 404, 410])
def test_prune_refuses_a_list_of_which_the_second_page_fails(azure, tmp_path, status):
    azure.hold(load(str(ROOT / SMALL)))
    loaded = without_cluster(tmp_path)
    lie(azure, r"/resources\?", {"pages": 1})
    lie(azure, "skipToken", {"status": status})
    with pytest.raises(ApiError, match="the list resources cannot be read whole"):
        plan(loaded, azure.connection(loaded), PlanOptions(prune=True))


def test_a_list_in_pages_of_one_item_is_read_whole(azure, tmp_path):
    azure.hold(load(str(ROOT / SMALL)))
    loaded = without_cluster(tmp_path)
    lie(azure, r"[?&]", {"pages": 1})
    planned = plan(loaded, azure.connection(loaded), PlanOptions(prune=True))
    changed = {c.address: c.action for c in planned.changes if c.action.is_change}
    assert changed == {
        "compute.other-cluster": Action.CREATE,
        "compute.cpu-cluster": Action.DELETE,
    }


def test_what_a_list_leaves_out_is_not_made_again(azure):
    loaded = load(str(ROOT / SMALL))
    azure.apply(loaded)
    lie(azure, r"(workspaces|computes)\?", {"omit": ""}, times=2)
    azure.clear_journal()
    planned = azure.plan(loaded)
    made = [c.address for c in planned.changes if c.action is Action.CREATE]
    assert made == ["workspace", "compute.cpu-cluster"]
    report = apply(loaded, azure.connection(loaded), planned, progress=Quiet())
    assert {o.status for o in report.outcomes} <= {Status.DONE, Status.UNCHANGED}
    assert azure.writes() == []


def test_what_a_list_shows_twice_is_deleted_once(azure, tmp_path):
    azure.hold(load(str(ROOT / SMALL)))
    loaded = without_cluster(tmp_path)
    lie(azure, r"(resources|computes)\?", {"repeat": ""})
    connection = azure.connection(loaded)
    planned = plan(loaded, connection, PlanOptions(prune=True))
    azure.clear_journal()
    report = apply(loaded, connection, planned, progress=Quiet())
    assert report.exit_code == 0
    deletes = [w for w in azure.writes() if w.startswith("DELETE")]
    assert [w.rpartition("/")[2] for w in deletes] == ["cpu-cluster"]


def foreign_cluster(azure, loaded):
    """Make a cluster of somebody else's in the spec's workspace; return its id."""
    connection = azure.connection(loaded)
    there = loaded.resources["compute.cpu-cluster"].resource_id
    body = connection.arm.get(there, COMPUTES)
    stranger = there.replace("cpu-cluster", "stranger")
    properties = {"computeType": "AmlCompute", "properties": {}}
    properties["properties"] = {
        "vmSize": body["properties"]["properties"]["vmSize"],
        "scaleSettings": {"minNodeCount": 0, "maxNodeCount": 1},
    }
    connection.arm.put(stranger, COMPUTES, {"location": body["location"], "properties": properties})
    return stranger


def test_a_stranger_that_one_list_left_out_is_seen_by_the_next(azure):
    loaded = load(str(ROOT / SMALL))
    azure.apply(loaded)
    stranger = foreign_cluster(azure, loaded)
    lie(azure, r"/computes\?", {"omit": "stranger"}, times=2)
    report = azure.destroy(loaded, unprotect=["workspace"])
    by_address = {o.address: o.status for o in report.outcomes}
    assert by_address["workspace"] is Status.REFUSED
    assert azure.connection(loaded).arm.get(stranger, COMPUTES) is not None


def test_what_cannot_be_looked_into_is_not_deleted(azure):
    """Its list answers 404 although the workspace is there: what is in it is unknown."""
    loaded = load(str(ROOT / SMALL))
    azure.apply(loaded)
    lie(azure, r"/computes\?", {"status": 404})
    azure.clear_journal()
    with pytest.raises(RefusedError, match="`workspace` cannot be read"):
        azure.destroy(loaded, unprotect=["workspace"])
    assert azure.writes() == []
