"""What goes takes along the jobs that run on it, of whoever: they are named, and it is refused."""

import json
from functools import partial

import pytest

from reconciler.engine.decisions import Change, Update
from reconciler.engine.types import Observed, Resource
from reconciler.kinds.compute import ComputeHandler
from tests.support.azure import Azure, edited

SPEC = "examples/bring-your-own-data.yaml"
SMALLER = ("size: Standard_NC24ads_A100_v4", "size: Standard_DS3_v2")
OWN = "jobs.finetune"
CLUSTER = "compute.gpu-cluster"
API = "2025-01-01-preview"


@pytest.fixture(scope="module")
def world(server, tmp_path_factory):
    """What there is once the example was applied: made once for this file."""
    return Azure(server).applied_world(edited(tmp_path_factory.mktemp("applied"), SPEC))


@pytest.fixture
def tool(azure, world, run, tmp_path):
    """Run a command of the tool on a spec that was applied."""
    azure.restore(world)
    edited(tmp_path, SPEC)
    return partial(run, spec=tmp_path / "spec.yaml")


@pytest.fixture
def loaded(tool, tmp_path):
    return edited(tmp_path, SPEC)


def somebody_runs(azure, loaded, name="theirs", status="Running"):
    """Let somebody submit a job to the cluster, which is at `status`."""
    workspace = loaded.resources["workspace"].resource_id
    body = {
        "properties": {
            "jobType": "Command",
            "command": "python train.py",
            "environmentId": "azureml://registries/azureml/environments/sklearn-1.5/versions/1",
            "computeId": loaded.resources[CLUSTER].resource_id.upper(),
        }
    }
    azure.connection(loaded).arm.put(f"{workspace}/jobs/{name}", API, body)
    is_at(azure, f"{workspace}/jobs/{name}", status)
    azure.clear_journal()


def is_at(azure, job, status):
    body = {"properties": {"status": status}}
    azure.control("POST", "drift", {"op": "patch", "id": job, "body": body})


def in_use(out):
    return {c["address"]: c for c in json.loads(out)["checks"] if c["id"] == "running-jobs"}


def test_a_cluster_in_use_is_not_replaced(azure, tool, loaded, tmp_path):
    somebody_runs(azure, loaded)
    somebody_runs(azure, loaded, "queued", "Queued")
    edited(tmp_path, SPEC, SMALLER)
    code, out = tool("plan", "-o", "json")
    assert code == 5
    found = in_use(out)[CLUSTER]
    assert found["level"] == "blocker"
    assert "replacing it ends 2 jobs that are not over" in found["summary"]
    assert "theirs (Running)" in found["detail"] and "queued (Queued)" in found["detail"]
    assert f"--allow-outage {CLUSTER}" in found["hint"]
    assert tool("apply", "--yes")[0] == 5
    assert azure.writes() == []


def test_it_is_where_that_is_allowed(azure, tool, loaded, tmp_path):
    somebody_runs(azure, loaded)
    edited(tmp_path, SPEC, SMALLER)
    code, out = tool("plan", "-o", "json", "--allow-outage", CLUSTER)
    assert (code, in_use(out)[CLUSTER]["level"]) == (0, "warning")
    assert tool("apply", "--yes", "--allow-outage", CLUSTER)[0] == 0


@pytest.mark.parametrize("status", ["Completed", "Failed", "Canceled", "CancelRequested"])
def test_what_is_over_is_in_nobodys_way(azure, tool, loaded, tmp_path, status):
    somebody_runs(azure, loaded, status=status)
    edited(tmp_path, SPEC, SMALLER)
    code, out = tool("plan", "-o", "json")
    assert (code, in_use(out)) == (0, {})


def test_a_destroy_ends_no_job_of_another_unasked(azure, tool, loaded):
    somebody_runs(azure, loaded)
    assert tool("destroy", "--yes")[0] == 5
    assert azure.writes() == []
    assert tool("destroy", "--yes", "--allow-outage", CLUSTER)[0] == 0
    assert any("/computes/gpu-cluster" in w for w in azure.writes())


def test_a_run_of_its_own_that_a_destroy_cancels_is_announced(azure, tool, loaded):
    is_at(azure, loaded.resources[OWN].resource_id, "Running")
    azure.clear_journal()
    code, out = tool("destroy", "--yes")
    assert code == 0
    told = f"`{OWN}` is not over (Running), and is cancelled to be deleted"
    assert f"! {OWN}: {told}" in out
    writes = [w.lower() for w in azure.writes()]
    cancel = next(n for n, w in enumerate(writes) if w.endswith("/cancel"))
    assert all("/computes/" not in w for w in writes[:cancel])


def test_a_job_without_a_cluster_is_told_with_its_workspace(azure, tool, loaded):
    workspace = loaded.resources["workspace"].resource_id
    body = {
        "properties": {
            "jobType": "Command",
            "command": "python train.py",
            "environmentId": "azureml://registries/azureml/environments/sklearn-1.5/versions/1",
        }
    }
    azure.connection(loaded).arm.put(f"{workspace}/jobs/serverless", API, body)
    is_at(azure, f"{workspace}/jobs/serverless", "Running")
    azure.clear_journal()
    assert tool("destroy", "--yes")[0] == 5
    assert azure.writes() == []
    assert tool("destroy", "--yes", "--allow-outage", "workspace")[0] == 0


def test_jobs_that_cannot_be_read_are_no_empty_list(azure, tool, loaded, tmp_path):
    edited(tmp_path, SPEC, SMALLER)
    rule = {"method": "GET", "path": r"/jobs\?(?!.*tag=)", "times": 0}
    azure.control("POST", "faults", {**rule, "action": {"status": 403}})
    _, out = tool("plan", "-o", "json")
    (found,) = (c for c in json.loads(out)["checks"] if c["id"] == "running-jobs")
    assert "not checked: whether jobs run on" in found["summary"]


def of_nodes(most, now=0):
    scale = {"vmSize": "Standard_DS3_v2", "scaleSettings": {"maxNodeCount": most}}
    return {"properties": {"properties": {**scale, "currentNodeCount": now}}}


@pytest.mark.parametrize(("most", "now", "ends"), [(1, 3, True), (3, 3, False), (1, 0, False)])
def test_a_cluster_is_shrunk_below_what_it_has_only_where_nothing_runs(most, now, ends):
    place = "/subscriptions/s/resourceGroups/g/providers/p/workspaces/w"
    cluster = Resource("compute.c", "compute cluster", f"{place}/computes/c", of_nodes(most))
    change = Change(cluster, Observed(of_nodes(4, now)), Update(()))
    assert ComputeHandler().ends_runs(change) == (place if ends else "")
