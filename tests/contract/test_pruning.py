"""What left the spec is deleted only when asked, only when ours, and last."""

from reconciler.engine.types import Action, Status
from reconciler.operations.applying import apply
from reconciler.operations.loading import load
from reconciler.operations.planning import plan
from tests.contract.conftest import ROOT, Quiet, edited

SMALL = "examples/smallest.yaml"
OTHER = "  cpu-cluster:\n"


def renamed(tmp_path):
    """The smallest spec with its cluster under another name."""
    return edited(tmp_path, SMALL, (OTHER, "  other-cluster:\n"))


def prune(azure, loaded):
    connection = azure.connection(loaded)
    return plan(loaded, connection, prune=True), connection


def test_without_prune_nothing_is_deleted(azure, tmp_path):
    azure.apply(load(str(ROOT / SMALL)))
    planned = azure.plan(renamed(tmp_path))
    assert [c.address for c in planned.changes if c.action is Action.DELETE] == []


def test_with_prune_what_left_the_spec_goes_last(azure, tmp_path):
    azure.apply(load(str(ROOT / SMALL)))
    loaded = renamed(tmp_path)
    planned, connection = prune(azure, loaded)
    gone = [c for c in planned.changes if c.action is Action.DELETE]
    assert [c.address for c in gone] == ["compute.cpu-cluster"]
    azure.clear_journal()
    report = apply(loaded, connection, planned, progress=Quiet())
    assert {o.status for o in report.outcomes} <= {Status.DONE, Status.UNCHANGED}
    deletes = [w for w in azure.writes() if w.startswith("DELETE")]
    assert [w.rpartition("/")[2] for w in deletes] == ["cpu-cluster"]
    assert azure.writes()[-1] == deletes[0]
    assert prune(azure, loaded)[0].is_empty


def test_what_is_not_ours_is_never_pruned(azure, tmp_path):
    loaded = load(str(ROOT / SMALL))
    azure.apply(loaded)
    arm = azure.connection(loaded).arm
    group = loaded.resources["resource_group"].resource_id
    copied = arm.get(group, "2025-04-01")["tags"]
    stranger = f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/stranger"
    arm.put(stranger, "2024-11-30", {"location": "westeurope", "tags": copied})
    planned, _ = prune(azure, loaded)
    assert planned.is_empty
