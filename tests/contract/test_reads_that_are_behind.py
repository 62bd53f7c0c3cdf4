"""What one read says alone neither blocks a plan nor loses anything."""

import copy

import pytest

from reconciler.cloud.read_after_write import LOOKS
from reconciler.engine.types import Action, Status
from reconciler.operations.apply.executor import apply
from reconciler.operations.load import load
from reconciler.render.reason_text import summary_of
from tests.cloud.conftest import Waits
from tests.support.azure import ROOT, Quiet, edited

SMALL = "examples/smallest.yaml"
ML = "2026-05-01"
MISSING = {"error": {"code": "ResourceNotFound", "message": "not here, says a replica"}}


def answer(azure, path, body, status=200, **more):
    """Let reads be answered so, as by a replica that is behind."""
    fault = {"method": "GET", "path": path, "action": {"status": status, "body": body}}
    azure.control("POST", "faults", {**fault, **more})


def test_a_name_that_is_taken_by_the_resource_itself_blocks_nothing(azure):
    """A read that is behind says that it is not there, and then its name is taken."""
    loaded = load(str(ROOT / SMALL))
    azure.apply(loaded)
    for path in (r"storageAccounts/\w+\?", r"vaults/[\w-]+\?"):
        answer(azure, path, MISSING, 404)
    planned = azure.plan(loaded)
    assert planned.blocked == []
    assert planned.is_empty


def test_a_name_that_somebody_else_has_blocks_as_before(azure):
    loaded = load(str(ROOT / SMALL))
    account = loaded.resources["workspace.storage_account"].resource_id
    elsewhere = account.replace("/rg-smallest/", "/rg-other/")
    arm = azure.connection(loaded).arm
    arm.put(elsewhere.partition("/providers/")[0], "2025-04-01", {"location": "westeurope"})
    body = {"location": "westeurope", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
    arm.put(elsewhere, "2023-05-01", body)
    (blocked,) = azure.plan(loaded).blocked
    assert "`workspace.storage_account` is taken" in blocked.summary


def test_a_replace_is_confirmed_by_a_last_look(azure):
    """The list of the plan and the read before the write show another size; it is not so."""
    loaded = load(str(ROOT / SMALL))
    azure.apply(loaded)
    cluster = loaded.resources["compute.cpu-cluster"].resource_id
    body = azure.connection(loaded).arm.get(cluster, ML)
    old = copy.deepcopy(body)
    old["properties"]["properties"]["vmSize"] = "STANDARD_D2_V2"
    answer(azure, r"/computes\?", {"value": [old]})
    answer(azure, r"/computes/cpu-cluster\?", old)
    planned = azure.plan(loaded)
    assert planned.change_of("compute.cpu-cluster").action is Action.REPLACE
    azure.clear_journal()
    report = apply(loaded, azure.connection(loaded), planned, progress=Quiet())
    assert {o.status for o in report.outcomes} <= {Status.DONE, Status.UNCHANGED}
    assert azure.writes() == []


def test_a_replace_that_a_last_look_makes_an_update_is_decided_again(azure, tmp_path):
    """The plan and the read before the write show another size; only the instances differ."""
    azure.hold(load(str(ROOT / SMALL)))
    loaded = edited(tmp_path, SMALL, ("max_instances: 2", "max_instances: 1"))
    cluster = loaded.resources["compute.cpu-cluster"].resource_id
    connection = azure.connection(loaded)
    connection.stop = Waits()
    old = copy.deepcopy(connection.arm.get(cluster, ML))
    old["properties"]["properties"]["vmSize"] = "STANDARD_D2_V2"
    answer(azure, r"/computes\?", {"value": [old]}, times=1)
    answer(azure, r"/computes/cpu-cluster\?", old, times=1)
    planned = azure.plan(loaded)
    assert planned.change_of("compute.cpu-cluster").action is Action.REPLACE
    azure.clear_journal()
    report = apply(loaded, connection, planned, progress=Quiet())
    (outcome,) = [o for o in report.outcomes if o.address == "compute.cpu-cluster"]
    assert (outcome.action, outcome.status) == (Action.UPDATE, Status.DONE)
    assert not [w for w in azure.writes() if w.startswith("DELETE")]
    assert azure.plan(loaded).is_empty


@pytest.mark.parametrize(
    ("reads", "status"), [(3, Status.DONE), (1 + LOOKS, Status.DONE), (0, Status.FAILED)]
)
def test_a_body_from_before_the_write_is_not_yet_a_refusal(azure, tmp_path, reads, status):
    """The kinds that do not date their bodies are looked at for half a minute; 0 is for ever."""
    azure.hold(load(str(ROOT / SMALL)))
    loaded = edited(tmp_path, SMALL, ("workspace:\n", "tags: {team: new}\nworkspace:\n"))
    connection, address = azure.connection(loaded), "workspace.log_analytics"
    logs = loaded.resources[address].resource_id
    old = connection.arm.get(logs, "2025-07-01")
    planned = azure.plan(loaded)
    assert planned.change_of(address).action is Action.UPDATE
    answer(azure, r"insights-logs\?", old, nth=1, times=reads)
    connection.stop = Waits()
    report = apply(loaded, connection, planned, progress=Quiet())
    (outcome,) = [o for o in report.outcomes if o.address == address]
    assert outcome.status is status
    if status is Status.FAILED:
        assert "still shows other values: `tags.team`" in summary_of(outcome.problems[0])
        assert len(connection.stop.asked) >= LOOKS
