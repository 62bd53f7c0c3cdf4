"""What a reader sees of a plan. The golden files are reviewed like code."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from built import (
    SPEC_LINES,
    at_80_columns,
    cluster,
    connection,
    everything,
    in_a_pipe,
    resource,
    scaled,
    views,
)

from reconciler.engine.decisions import Change, Create, NoOp, Replace, Update
from reconciler.engine.types import Observed
from reconciler.reasons import ParentReplaced
from reconciler.render.plan_json import plan_json
from reconciler.render.plan_markdown import plan_markdown
from reconciler.render.plan_text import plan_lines
from reconciler.render.reason_text import because
from reconciler.render.terminal import Line

Golden = Callable[[str, str], None]
NEXT = "To apply it: reconcile apply spec.yaml --sandbox"


def _lines(**options: bool) -> list[Line]:
    return plan_lines(everything(), next_step=NEXT, source=lambda _name: SPEC_LINES, **options)


def test_plan_reads_well_at_80_columns(golden: Golden) -> None:
    golden("plan-80.txt", at_80_columns(_lines()))


def test_plan_reads_well_in_a_pipe(golden: Golden) -> None:
    golden("plan-pipe.txt", in_a_pipe(_lines()))


def test_plan_as_a_comment(golden: Golden) -> None:
    golden("plan.md", plan_markdown(everything()))


def test_plan_as_json(golden: Golden) -> None:
    golden("plan.json", plan_json(everything()))


def test_no_line_is_wider_than_the_terminal_unless_one_word_is() -> None:
    for row in at_80_columns(_lines()).splitlines():
        assert len(row) <= 80 or len(row.replace("-> ", "").split()) == 1


def test_one_changed_field_is_exactly_one_line() -> None:
    change = Change(cluster(), Observed({}), Update((scaled(),)))
    text = in_a_pipe(plan_lines(views(change)))
    assert [row.strip() for row in text.splitlines() if "max_instances" in row] == [
        "max_instances: 1 -> 2"
    ]
    assert text.splitlines()[2:5] == [
        "  ~ compute.gpu-cluster (compute cluster) will be updated in place",
        "        max_instances: 1 -> 2",
        "",
    ]


def test_unchanged_resources_are_counted_and_listed_only_on_demand() -> None:
    plan = views(Change(cluster(), Observed({}), NoOp()))
    assert "gpu-cluster" not in in_a_pipe(plan_lines(plan))
    assert "No changes. Azure matches the spec: 1 unchanged." in in_a_pipe(plan_lines(plan))
    assert "gpu-cluster" in in_a_pipe(plan_lines(plan, verbose=True))


def test_a_secret_that_only_apply_reads_is_announced() -> None:
    plan = views(Change(connection(), Observed({}), NoOp()))
    text = in_a_pipe(plan_lines(plan))
    assert "connections.phi3: secrets (compared at apply)" in text
    assert "No changes seen: 0 unchanged, 1 to be compared at apply." in text
    comment = plan_markdown(plan)
    assert "### reconcile plan: no changes seen\n" in comment
    assert "Secrets compared at apply: `connections.phi3`" in comment


def test_a_destroy_announces_no_comparison_of_secrets() -> None:
    plan = views(Change(connection(), Observed({}), NoOp()))
    destroying = replace(plan, plan=replace(plan.plan, destroys=True))
    assert "secrets" not in in_a_pipe(plan_lines(destroying))


@pytest.mark.parametrize("written", [plan_json, plan_markdown, lambda v: in_a_pipe(plan_lines(v))])
def test_no_format_shows_a_secret(written: Callable[[object], str]) -> None:
    assert "hunter2" not in written(everything())


def test_our_own_mark_is_not_shown() -> None:
    assert "reconcile-owner" not in in_a_pipe(_lines())


def test_a_reference_in_a_new_resource_is_the_address_it_leads_to() -> None:
    workspace = resource("workspace", "workspace")
    body = {"properties": {"workspace": workspace.resource_id}}
    plan = views(
        Change(workspace, None, Create()), Change(resource("hub", "hub", body), None, Create())
    )
    assert "        workspace: workspace\n" in in_a_pipe(plan_lines(plan))


def test_json_has_terraforms_names() -> None:
    found = json.loads(plan_json(everything()))
    by_address = {c["address"]: c for c in found["resource_changes"]}
    assert found["errored"] is True
    assert found["applyable"] is False
    replaced = by_address["compute.cpu-cluster"]
    assert replaced["change"]["actions"] == ["delete", "create"]
    assert replaced["change"]["replace_paths"] == [["properties", "properties", "vmSize"]]
    assert replaced["action_reason"] == "replace_because_cannot_update"
    keys = by_address["connections.phi3"]["change"]
    path = ("properties", "credentials", "keys")
    unknown, sensitive = keys["after_unknown"], keys["after_sensitive"]
    for part in path:
        unknown, sensitive = unknown[part], sensitive[part]
    assert unknown == {"endpoint": True}
    assert sensitive == {"key": True}


def test_json_says_that_a_field_forces_a_replace_whatever_the_first_reason_is() -> None:
    forced = replace(scaled(), forces_replace=True)
    along = Change(cluster(), Observed({}), Replace((forced,), ParentReplaced("workspace")))
    (found,) = json.loads(plan_json(views(along)))["resource_changes"]
    assert found["action_reason"] == "replace_because_cannot_update"
    assert found["reason"] == because(ParentReplaced("workspace"))
