"""What only a create writes is told when the spec says something else, and never written."""

import json

import pytest

from reconciler.render.held import HEADING
from tests.support.azure import ROOT

CLUSTER = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-smallest/providers/"
    "Microsoft.MachineLearningServices/workspaces/smallest-ws/computes/cpu-cluster"
)
SIZE = "size: Standard_DS3_v2"


@pytest.fixture
def tagged(azure, smallest, tmp_path):
    """The smallest example with a tag on its cluster, applied; what to write of it instead."""
    _, world = smallest
    azure.restore(world)

    def spec(*changes):
        text = (ROOT / "examples/smallest.yaml").read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        file = tmp_path / "spec.yaml"
        file.write_text(text, encoding="utf-8")
        return file

    return spec


def with_tags(tags):
    return SIZE, f"{SIZE}\n    tags: {tags}"


def test_another_tag_of_a_cluster_is_told_in_every_format(azure, run, tagged):
    spec = tagged(with_tags("{team: data}"))
    azure.clear_journal()
    code, text = run("plan", "--detailed-exitcode", spec=spec)
    assert code == 0
    assert (
        f"{HEADING}:\n    compute.cpu-cluster: tags.team stays (none), the spec says data" in text
    )
    assert "matches the spec" not in text
    _, comment = run("plan", "-o", "markdown", spec=spec)
    assert "- `compute.cpu-cluster`: `tags.team stays (none), the spec says data`" in comment
    _, plan = run("plan", "-o", "json", spec=spec)
    assert json.loads(plan)["not_applied"] == [
        {
            "address": "compute.cpu-cluster",
            "field": "tags.team",
            "is": "(none)",
            "wanted": "data",
            "id": "not-applied.tags.team",
        }
    ]
    code, _ = run("apply", "--yes", spec=spec)
    assert (code, azure.writes()) == (0, [])


def test_beside_another_change_it_is_neither_written_nor_promised(azure, run, tagged):
    spec = tagged(with_tags("{team: data}"), ("max_instances: 2", "max_instances: 3"))
    _, text = run("plan", "-o", "json", spec=spec)
    plan = json.loads(text)
    (change,) = [c for c in plan["resource_changes"] if c["address"] == "compute.cpu-cluster"]
    assert change["change"]["actions"] == ["update"]
    assert change["change"]["after"]["tags"]["team"] is None
    assert [item["field"] for item in plan["not_applied"]] == ["tags.team"]
    code, _ = run("apply", "--yes", spec=spec)
    assert code == 0
    assert [w.lower() for w in azure.writes()] == [f"PATCH {CLUSTER}".lower()]
    live = azure.run("00000000-0000-0000-0000-000000000000", read_only=True)
    assert "team" not in live.arm.get(CLUSTER, "2026-05-01")["tags"]


def test_protection_that_a_cluster_cannot_show_any_more_is_told(run, tagged):
    spec = tagged(("\n  workspace: {", "\n  compute.cpu-cluster: {protect: true}\n  workspace: {"))
    _, text = run("plan", spec=spec)
    assert "tags.reconcile-protect stays (none), the spec says true" in text


def test_what_is_made_again_takes_it_and_shows_it(azure, run, tagged):
    spec = tagged(with_tags("{team: data}"), ("size: Standard_DS3_v2", "size: Standard_DS2_v2"))
    _, text = run("plan", spec=spec)
    assert "tags.team: (none) -> data" in text
    assert HEADING not in text
    code, _ = run("apply", "--yes", spec=spec)
    assert code == 0
    live = azure.run("00000000-0000-0000-0000-000000000000", read_only=True)
    assert live.arm.get(CLUSTER, "2026-05-01")["tags"]["team"] == "data"
    assert run("plan", "--detailed-exitcode", spec=spec)[0] == 0
