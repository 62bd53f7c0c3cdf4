"""What apply writes was shown by its plan, and somebody said yes to it.

The world moves between a plan and its apply: a person closes a network, scales a cluster,
deletes an account. None of that is undone unseen.
"""

from pathlib import Path

from reconciler.cli.main import main
from reconciler.engine.types import Action, Status
from reconciler.operations.apply.executor import apply
from reconciler.operations.load import load
from reconciler.operations.plan.destroy import plan_destroy
from reconciler.render.reason_text import detail_of, summary_of
from tests.support.azure import ROOT, Quiet, edited

SMALL = "examples/smallest.yaml"
CLUSTER = "compute.cpu-cluster"
COMPUTES = "2026-05-01"
STORAGE = "2026-04-01"


def drift(azure, resource_id, body):
    azure.control("POST", "drift", {"op": "patch", "id": resource_id, "body": body})


def scaled(azure, loaded, nodes, state):
    """Let somebody scale the cluster; Azure is at work on it for as long as a test likes."""
    cluster = loaded.resources[CLUSTER].resource_id
    inner = {"scaleSettings": {"maxNodeCount": nodes}}
    drift(azure, cluster, {"properties": {"properties": inner}})
    drift(azure, cluster, {"properties": {"provisioningState": state}})


def nodes(azure, loaded):
    body = azure.connection(loaded).arm.get(loaded.resources[CLUSTER].resource_id, COMPUTES)
    return body["properties"]["properties"]["scaleSettings"]["maxNodeCount"]


def commanded(azure, monkeypatch, *words):
    """Run a command of the tool against this sandbox; return its exit code."""
    monkeypatch.setenv("RECONCILE_SANDBOX_STATE", str(Path(azure.server.ca_file).parent))
    return main([*words, "--sandbox", azure.server.url])


def test_what_apply_may_write_after_a_wait_is_shown_and_asked_for(
    azure, applied, monkeypatch, capsys
):
    scaled(azure, applied, 9, "Updating")
    spec = str(ROOT / SMALL)
    assert commanded(azure, monkeypatch, "plan", spec) == 0
    shown = capsys.readouterr().out
    assert "apply waits for it, and then writes what still differs" in shown
    assert "max_instances: 9 -> 2" in shown
    assert commanded(azure, monkeypatch, "apply", spec) == 5
    assert "not confirmed, so nothing was changed" in capsys.readouterr().err
    assert azure.writes() == []
    assert nodes(azure, applied) == 9


def account(loaded):
    return loaded.resources["workspace.storage_account"].resource_id


def network(azure, loaded):
    body = azure.connection(loaded).arm.get(account(loaded), STORAGE)
    return body["properties"]["publicNetworkAccess"]


def tagged(tmp_path, *changes):
    """The small spec with one more tag on its storage account: one field of an update."""
    old = "storage_account: {name: smallestwsstorage}"
    new = "storage_account: {name: smallestwsstorage, tags: {a: b}, public_network_access: enabled}"
    return edited(tmp_path, SMALL, (old, new), *changes)


def carried_out(azure, loaded, planned):
    """Apply a plan that was made before; return the outcomes by address."""
    report = apply(loaded, azure.connection(loaded), planned, progress=Quiet())
    return {o.address: o for o in report.outcomes}


def test_a_field_that_was_not_shown_is_not_written(azure, applied, tmp_path):
    loaded = tagged(tmp_path)
    planned = azure.plan(loaded)
    shown = planned.change_of("workspace.storage_account")
    assert [f.path for f in shown.fields] == ["tags.a"]
    drift(azure, account(loaded), {"properties": {"publicNetworkAccess": "Disabled"}})
    outcome = carried_out(azure, loaded, planned)["workspace.storage_account"]
    assert outcome.status is Status.REFUSED
    assert "changed since the plan" in summary_of(outcome.problems[0])
    assert "`public_network_access` would be written too" in detail_of(outcome.problems[0])
    assert "make a new plan" in outcome.problems[0].hint
    assert azure.writes() == []
    assert network(azure, loaded) == "Disabled"


def test_a_field_that_was_shown_is_written_whatever_it_is_by_then(azure, applied, tmp_path):
    loaded = edited(tmp_path, SMALL, ("max_instances: 2", "max_instances: 3"))
    planned = azure.plan(loaded)
    scaled(azure, loaded, 7, "Succeeded")
    assert carried_out(azure, loaded, planned)[CLUSTER].status is Status.DONE
    assert nodes(azure, loaded) == 3


def test_what_is_gone_by_the_time_of_its_update_is_not_made_empty(azure, applied, tmp_path):
    protect = ("workspace: {protect: false}", "workspace: {protect: true}")
    protecting = edited(tmp_path, SMALL, protect)
    azure.apply(protecting)
    azure.clear_journal()
    loaded = tagged(tmp_path, protect)
    planned = azure.plan(loaded)
    azure.control("POST", "drift", {"op": "delete", "id": account(loaded)})
    outcome = carried_out(azure, loaded, planned)["workspace.storage_account"]
    assert outcome.status is Status.REFUSED
    assert "was deleted since the plan" in summary_of(outcome.problems[0])
    assert azure.connection(loaded).arm.get(account(loaded), STORAGE) is None
    assert azure.writes() == []


def test_what_drifts_while_it_is_waited_for_is_not_written_unseen(azure, applied):
    """The plan saw a cluster that Azure was at work on and that had nothing to change."""
    scaled(azure, applied, 2, "Updating")
    planned = azure.plan(applied)
    assert planned.change_of(CLUSTER).is_pending
    assert planned.change_of(CLUSTER).fields == ()
    scaled(azure, applied, 9, "Succeeded")
    assert carried_out(azure, applied, planned)[CLUSTER].status is Status.REFUSED
    assert azure.writes() == []
    assert nodes(azure, applied) == 9


def test_what_was_shown_beside_a_wait_is_written_and_reported_as_an_update(azure, applied):
    scaled(azure, applied, 9, "Updating")
    planned = azure.plan(applied)
    scaled(azure, applied, 9, "Succeeded")
    outcome = carried_out(azure, applied, planned)[CLUSTER]
    assert (outcome.action, outcome.status) == (Action.UPDATE, Status.DONE)
    assert nodes(azure, applied) == 2


def test_what_a_create_finds_half_written_of_ours_is_brought_to_what_was_shown(azure, tmp_path):
    """Another run with the same spec, or our own of before, was there first: all was announced."""
    loaded = load(str(ROOT / SMALL))
    planned = azure.plan(loaded)
    azure.apply(loaded)
    scaled(azure, loaded, 9, "Succeeded")
    azure.clear_journal()
    outcomes = carried_out(azure, loaded, planned)
    assert (outcomes[CLUSTER].action, outcomes[CLUSTER].status) == (Action.CREATE, Status.DONE)
    assert outcomes["workspace"].status is Status.UNCHANGED
    assert len(azure.writes()) == 1
    assert nodes(azure, loaded) == 2


def test_what_is_gone_already_is_not_reported_as_deleted(azure, applied):
    planned = plan_destroy(applied, azure.connection(applied, read_only=True))
    azure.control("POST", "drift", {"op": "delete", "id": applied.resources[CLUSTER].resource_id})
    outcome = carried_out(azure, applied, planned)[CLUSTER]
    assert (outcome.action, outcome.status) == (Action.NO_OP, Status.UNCHANGED)
