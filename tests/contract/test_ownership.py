"""Who owns what: marks are bound to one resource and one spec; nothing else is touched."""

import pytest

from reconciler.diagnostics import RefusedError
from reconciler.engine.types import Action
from reconciler.operations.load import load
from reconciler.render.reason_text import summary_of
from tests.support.azure import edited

SMALL = "examples/smallest.yaml"


def test_a_second_spec_that_claims_the_same_resources_is_refused_naming_both(
    azure, applied, tmp_path
):
    rival = edited(tmp_path, SMALL, ("name: smallest\n", "name: rival\n"))
    planned = azure.plan(rival)
    claimed = {c.address for c in planned.changes if c.address != "resource_group"}
    refused = {c.address: summary_of(c.problems[0]) for c in planned.changes if c.problems}
    assert set(refused) == claimed
    for address, summary in refused.items():
        assert summary == f"`{address}` belongs to the spec 'smallest', this is 'rival'"
    azure.clear_journal()
    with pytest.raises(RefusedError):
        azure.apply(rival)
    assert azure.writes() == []


def test_a_second_spec_cannot_adopt_what_another_one_owns(azure, applied, tmp_path):
    rival = edited(tmp_path, SMALL, ("name: smallest\n", "name: rival\n"))
    everything = sorted(set(rival.resources) - {"resource_group"})
    azure.clear_journal()
    with pytest.raises(RefusedError, match="belongs to the spec 'smallest'"):
        azure.apply(load(str(tmp_path / "spec.yaml"), adopt=everything))
    assert azure.writes() == []


def test_a_second_spec_destroys_nothing_of_the_first(azure, applied, tmp_path):
    rival = edited(tmp_path, SMALL, ("name: smallest\n", "name: rival\n"))
    azure.clear_journal()
    azure.destroy(rival)
    assert azure.writes() == []


def test_a_mark_copied_to_another_resource_is_not_ours(azure, applied, tmp_path):
    """The workspace's tags on a vault of the same name as ours: a template, a clone, a script."""
    loaded = applied
    arm = azure.connection(loaded).arm
    workspace = loaded.resources["workspace"].resource_id
    copied = arm.get(workspace, "2025-06-01")["tags"]
    vault = next(r for r in loaded.resources.values() if r.kind == "key vault")
    body = arm.get(vault.resource_id, "2023-07-01")
    arm.put(vault.resource_id, "2023-07-01", {**body, "tags": copied})
    change = next(c for c in azure.plan(loaded).changes if c.address == vault.address)
    assert change.action is Action.NO_OP
    assert change.problems
    assert "not marked as ours" in summary_of(change.problems[0])


def test_a_resource_moved_with_its_mark_to_another_group_is_not_ours(azure, applied, tmp_path):
    """The same names in another group with the tags of the first: marks hold the whole id."""
    arm = azure.connection(applied).arm
    moved = edited(tmp_path, SMALL, ("rg-smallest", "rg-elsewhere"))
    group = moved.resources["resource_group"].resource_id
    arm.put(group, "2025-04-01", {"location": "westeurope"})
    logs = next(r for r in moved.resources.values() if r.address == "workspace.log_analytics")
    tags = arm.get(logs.resource_id.replace("rg-elsewhere", "rg-smallest"), "2023-09-01")["tags"]
    arm.put(logs.resource_id, "2023-09-01", {"location": "westeurope", "tags": tags})
    change = next(c for c in azure.plan(moved).changes if c.address == logs.address)
    assert change.problems
    assert "not marked as ours" in summary_of(change.problems[0])
