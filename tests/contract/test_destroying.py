"""Destroy takes what is ours, unprotected and seen in full; everything else survives it."""

import pytest

from reconciler.engine.protection import PROTECT_TAG
from reconciler.engine.types import Action, Status
from reconciler.kinds.ownership import OWNER_TAG, mark
from reconciler.operations.apply.executor import apply, refuse_blocked
from reconciler.operations.load import load
from reconciler.operations.plan.destroy import plan_destroy
from reconciler.render.reason_text import explanations, summary_of
from tests.support.azure import ROOT, Quiet, edited

SMALL = "examples/smallest.yaml"
PLAYGROUND = "  workspace: {protect: false}"
DATA = {"workspace", "workspace.storage_account", "workspace.key_vault"}
IDENTITY = "2024-11-30"
COMPUTES = "2026-05-01"


def spec(tmp_path, word):
    """The smallest spec with another word on its workspace: true, false, or none at all."""
    block = f"  workspace: {{protect: {word}}}" if word else "  compute: {protect: false}"
    return edited(tmp_path, SMALL, (PLAYGROUND, block))


def made(azure, tmp_path, word=""):
    loaded = spec(tmp_path, word)
    azure.hold(loaded)
    return loaded


def notes(planned):
    return {c.address: " ".join(explanations(c)) for c in planned.changes if explanations(c)}


def going(planned):
    return {c.address for c in planned.changes if c.action is Action.DELETE}


def planned_for(azure, loaded, **options):
    return plan_destroy(loaded, azure.connection(loaded, read_only=True), **options)


def test_what_holds_data_stays_where_nobody_says_otherwise(azure, tmp_path):
    loaded = made(azure, tmp_path)
    planned = planned_for(azure, loaded)
    assert going(planned) == {"compute.cpu-cluster"}
    told = notes(planned)
    assert told.keys() >= DATA
    assert all("kept: it holds data" in told[a] for a in DATA)
    assert (
        "`lifecycle: {workspace.storage_account: {protect: false}}`"
        in told["workspace.storage_account"]
    )
    assert "--unprotect workspace.storage_account" in told["workspace.storage_account"]


def test_what_is_named_goes_although_it_holds_data(azure, tmp_path):
    loaded = made(azure, tmp_path)
    report = azure.destroy(loaded, unprotect=["workspace"])
    assert [o.problems for o in report.outcomes if o.problems] == []
    assert all(c.observed is None for c in azure.plan(loaded).changes)


def test_a_word_of_the_spec_is_not_lifted_by_the_command_line(azure, tmp_path):
    loaded = made(azure, tmp_path, "true")
    planned = planned_for(azure, loaded, unprotect=["workspace"])
    assert going(planned) == {"compute.cpu-cluster"}
    assert "the spec protects it" in notes(planned)["workspace"]


def test_protection_outlives_the_block_that_asked_for_it(azure, tmp_path):
    made(azure, tmp_path, "true")
    for word in ("", "false"):
        planned = planned_for(azure, spec(tmp_path, word), unprotect=["workspace"])
        assert going(planned) == {"compute.cpu-cluster"}
        assert f"its tag `{PROTECT_TAG}` says 'true'" in notes(planned)["workspace"]
        assert "apply that first" in notes(planned)["workspace"]
    released = made(azure, tmp_path, "false")
    assert azure.destroy(released).exit_code == 0
    assert all(c.observed is None for c in azure.plan(released).changes)


def test_the_tag_of_the_resource_counts_whatever_it_says_but_false(azure, tmp_path):
    loaded = made(azure, tmp_path, "false")
    storage = loaded.resources["workspace.storage_account"].resource_id
    azure.control("POST", "drift", tag_of(azure, loaded, storage, "ask Maria"))
    planned = planned_for(azure, loaded)
    assert "says 'ask maria'" in notes(planned)["workspace.storage_account"]
    assert "workspace.storage_account" not in going(planned)
    assert "resource_group" not in going(planned)


def tag_of(azure, loaded, resource_id, word):
    """Return the drift that sets the protection tag of a resource."""
    tags = azure.connection(loaded).arm.get(resource_id, "2024-01-01")["tags"]
    return {"id": resource_id, "op": "patch", "body": {"tags": {**tags, PROTECT_TAG: word}}}


def test_what_is_protected_after_the_plan_is_not_deleted(azure, tmp_path):
    loaded = made(azure, tmp_path, "false")
    connection = azure.connection(loaded)
    planned = plan_destroy(loaded, connection)
    storage = loaded.resources["workspace.storage_account"].resource_id
    azure.control("POST", "drift", tag_of(azure, loaded, storage, "true"))
    report = apply(loaded, connection, planned, progress=Quiet())
    by_address = {o.address: o for o in report.outcomes}
    assert by_address["workspace.storage_account"].status is Status.REFUSED
    assert "is protected now" in summary_of(by_address["workspace.storage_account"].problems[0])
    assert by_address["resource_group"].status is Status.SKIPPED
    assert connection.arm.get(storage, "2024-01-01") is not None


def stranger(azure, loaded):
    """Put an identity of somebody else's into the group and return its id."""
    group = loaded.resources["resource_group"].resource_id
    theirs = f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/theirs"
    azure.connection(loaded).arm.put(theirs, IDENTITY, {"location": "westeurope"})
    return theirs


def cluster(azure, loaded):
    """Put a cluster of somebody else's into our workspace and return its id."""
    theirs = f"{loaded.resources['workspace'].resource_id}/computes/theirs"
    body = {
        "location": "westeurope",
        "properties": {
            "computeType": "AmlCompute",
            "properties": {
                "vmSize": "Standard_DS3_v2",
                "scaleSettings": {"minNodeCount": 0, "maxNodeCount": 1},
            },
        },
    }
    azure.connection(loaded).arm.put(theirs, COMPUTES, body)
    return theirs


def test_a_group_with_something_of_others_in_it_survives(azure, tmp_path):
    loaded = made(azure, tmp_path, "false")
    theirs = stranger(azure, loaded)
    planned = planned_for(azure, loaded)
    assert (
        "it contains things that this run does not delete (theirs)"
        in notes(planned)["resource_group"]
    )
    report = azure.destroy(loaded)
    assert [o.problems for o in report.outcomes if o.problems] == []
    arm = azure.connection(loaded).arm
    assert arm.get(theirs, IDENTITY) is not None
    left = arm.list(f"{loaded.resources['resource_group'].resource_id}/resources", "2025-04-01")
    assert [item["name"] for item in left] == ["theirs"]


def test_a_workspace_with_a_cluster_of_others_survives_with_all_that_it_needs(azure, tmp_path):
    loaded = made(azure, tmp_path, "false")
    theirs = cluster(azure, loaded)
    planned = planned_for(azure, loaded)
    assert "(theirs)" in notes(planned)["workspace"]
    assert not going(planned) & {*DATA, "resource_group", "workspace.application_insights"}
    assert "compute.cpu-cluster" in going(planned)
    azure.destroy(loaded)
    assert azure.connection(loaded).arm.get(theirs, COMPUTES) is not None


@pytest.mark.parametrize("newcomer", [stranger, cluster])
def test_what_others_put_in_after_the_plan_survives(azure, tmp_path, newcomer):
    loaded = made(azure, tmp_path, "false")
    connection = azure.connection(loaded)
    planned = plan_destroy(loaded, connection)
    theirs = newcomer(azure, loaded)
    report = apply(loaded, connection, planned, progress=Quiet())
    assert Status.REFUSED in {o.status for o in report.outcomes}
    version = IDENTITY if newcomer is stranger else COMPUTES
    assert connection.arm.get(theirs, version) is not None


def test_one_that_cannot_be_read_stops_the_destroy(azure, tmp_path):
    loaded = made(azure, tmp_path, "false")
    rule = {"method": "GET", "path": r"storageAccounts/\w+(\?|$)", "times": 0, "when": "before"}
    body = {"error": {"code": "Odd", "message": "odd"}}
    azure.control("POST", "faults", {**rule, "action": {"status": 400, "body": body}})
    planned = planned_for(azure, loaded)
    azure.control("DELETE", "faults")
    told = [b for b in planned.blocked if "cannot be read: " in b.summary]
    assert [b.hint for b in told] == ["remove the cause that Azure names, then run again"]
    with pytest.raises(Exception, match="cannot be read"):
        refuse_blocked(planned)


@pytest.mark.parametrize(
    ("path", "address"),
    [
        (r"/smallest-ws/onlineEndpoints(\?|$)", "workspace"),
        (r"rg-smallest/resources", "resource_group"),
    ],
)
def test_what_cannot_be_looked_into_is_named_and_nothing_is_deleted(azure, run, path, address):
    """It ended in a bare error: neither which resource it was about, nor the rest of the plan."""
    azure.hold(load(str(ROOT / SMALL)))
    azure.clear_journal()
    rule = {"method": "GET", "path": path, "times": 0, "action": {"status": 403}}
    azure.control("POST", "faults", rule)
    code, out = run("destroy", "--yes", "--unprotect", "workspace")
    assert code == 4
    assert f"`{address}` cannot be read: " in out
    assert "compute.cpu-cluster (compute cluster) will be deleted" in out
    assert azure.writes() == []


def test_a_mark_copied_from_another_resource_is_not_deleted(azure, tmp_path):
    loaded = made(azure, tmp_path, "false")
    storage = loaded.resources["workspace.storage_account"].resource_id
    wrong = mark(loaded.spec.name, loaded.resources["workspace"].resource_id)
    azure.control(
        "POST", "drift", {"id": storage, "op": "patch", "body": {"tags": {OWNER_TAG: wrong}}}
    )
    planned = planned_for(azure, loaded)
    assert notes(planned)["workspace.storage_account"] == "kept: it is not marked as ours"
    assert "workspace.storage_account" not in going(planned)


def test_what_azure_keeps_is_told_with_its_day_and_the_command(azure, tmp_path):
    report = azure.destroy(made(azure, tmp_path, "false"))
    told = " ".join(report.remains)
    assert "az keyvault purge --name" in told
    assert "az ml workspace delete --name smallest-ws" in told
    assert told.count("soft-deleted until 20") == 3
