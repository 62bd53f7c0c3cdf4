"""One comment for the plans of a pull request: made anew of values, bounded, safe to post."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from reconciler.diagnostics import RefusedError
from reconciler.engine.comment_edits import MARKER
from reconciler.render.failed_plan import failed_plan_json
from reconciler.render.plan_comment import LONGEST_STATUS, plan_comment, status_text, total_text
from reconciler.render.plan_document import PlanDocument, read_plan_document

EFFECT = "plan-3f2a9c1b7d20"
HOSTILE = [
    wrapped
    for text in (
        "@acme/admins",
        "</details>",
        "<script>alert(1)</script>",
        "<!-- reconcile:v1 spec=x -->",
        "[approve](https://example.com)",
        "![x](https://example.com/x.png)",
        "#1 closes #2",
        "| a | b |",
        "\u202eevil",
        "::set-output name=effect::x",
    )
    for wrapped in (text, f"`{text}", f"```\n{text}", f"`` {text} ``", f"\r\n\r\n{text}")
]
SPAN = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)", re.DOTALL)


def change(address: str, *actions: str) -> dict[str, Any]:
    return {"address": address, "type": "compute", "change": {"actions": list(actions)}}


def document(**more: Any) -> dict[str, Any]:
    target = {"subscription_id": "0", "resource_group": "rg", "location": "westeurope"}
    return {
        "format_version": "1.3",
        "spec": "chat",
        "target": target,
        "applyable": True,
        "errored": False,
        "effect": EFFECT,
        "resource_changes": [change("compute.cpu", "create"), change("workspace", "no-op")],
        "attention": [],
        "diagnostics": [],
    } | more


@pytest.fixture
def read(tmp_path: Path) -> Any:
    def reading(content: Any) -> PlanDocument:
        text = content if isinstance(content, bytes) else json.dumps(content).encode()
        (tmp_path / "plan.json").write_bytes(text)
        return read_plan_document(tmp_path / "plan.json")

    return reading


def outside_of_code(body: str) -> str:
    """Return what Markdown would still make something of."""
    return SPAN.sub("", MARKER.sub("", body, count=1))


def test_a_comment_names_specs_commit_and_effects(read: Any) -> None:
    body = plan_comment([read(document())], "1a2b3c4")
    assert re.match(
        rf"<!-- reconcile:v1 spec=chat target=[0-9a-f]{{12}} head=1a2b3c4 plan={EFFECT} -->", body
    )
    assert "### reconcile: chat · 1 to create" in body
    assert "+ compute.cpu (compute) create" in body
    assert f"Effect: `{EFFECT}`" in body
    assert "workspace" not in body


def test_an_unchanged_plan_is_one_line(read: Any) -> None:
    plan = read(document(resource_changes=[change("workspace", "no-op")], applyable=False))
    assert plan_comment([plan], "1a2b3c4").splitlines()[2:] == ["### reconcile: chat · no changes"]


def test_of_several_specs_only_those_that_change_are_told(read: Any) -> None:
    same = document(spec="quiet", resource_changes=[], applyable=False)
    body = plan_comment([read(document()), read(same)], "1a2b3c4")
    assert "### reconcile: 2 specs · 1 with changes or problems" in body
    assert "Changes of chat (1)" in body
    assert "**quiet**" not in body


@pytest.mark.parametrize("name", HOSTILE)
def test_no_value_speaks_markdown(read: Any, name: str) -> None:
    problem = {"severity": "error", "summary": name, "hint": name}
    place = {"range": {"filename": name, "start": {"line": 1, "column": 1}}}
    given = document(
        resource_changes=[change(name, "delete") | {"type": name, "reason": name}],
        attention=[{"summary": name, "addresses": [name]}],
        diagnostics=[problem | place, problem | {"severity": "warning"}],
        target={"subscription_id": name, "resource_group": name, "location": name},
    )
    plain = outside_of_code(plan_comment([read(given)], "1a2b3c4"))
    assert plain.count("<details>") == plain.count("</details>") == 1
    assert not re.search(r"@acme|<script|<!--|example\.com|#1|\| a|\u202e|^::|evil", plain)


def test_a_large_comment_loses_changes_but_no_danger(read: Any) -> None:
    many = [change(f"compute.{'x' * 300}-{number}", "create") for number in range(2_000)]
    danger = {"summary": "deletes all data", "addresses": ["data.papers"]}
    body = plan_comment([read(document(resource_changes=many, attention=[danger]))] * 3, "1a2b3c4")
    assert len(body.encode()) <= 60_000
    assert body.count("> ⚠ `data.papers`: `deletes all data`") == 3
    assert re.search(r"\d+ more are not shown", body)


def test_what_was_pending_anyway_is_told_apart(read: Any) -> None:
    own = change("compute.cpu", "create") | {"by": "spec"}
    both = change("hub", "update") | {"by": "both"}
    anyway = change("workspace", "delete") | {"by": "drift"}
    plan = read(document(resource_changes=[own, both, anyway]))
    told = "1 to create, 1 to delete, 1 to update (1 pending anyway)"
    assert status_text(plan) == f"{EFFECT}: {told}"
    _, first, second = plan_comment([plan], "1a2b3c4").split("<details>")
    assert "Changes of chat (2)" in first
    assert "compute.cpu" in first and "hub" in first and "workspace" not in first
    assert "Pending anyway, without this change, in chat (1)" in second
    assert "- workspace (compute) delete" in second


def test_a_run_is_not_told_as_something_new(read: Any) -> None:
    run = change("jobs.finetune", "create") | {"action_reason": "run"}
    assert status_text(read(document(resource_changes=[run]))) == f"{EFFECT}: 1 to run"


def test_a_status_has_room_for_what_to_approve(read: Any) -> None:
    plan = read(document())
    assert status_text(plan) == f"{EFFECT}: 1 to create"
    assert total_text([plan]) == "chat · 1 to create"
    broken = read(document(errored=True, applyable=False))
    assert status_text(broken) == "blocked: 1 to create"
    assert len(total_text([broken] * 300)) <= LONGEST_STATUS


def test_a_plan_that_could_not_be_made_is_told(read: Any, tmp_path: Path) -> None:
    error = RefusedError.because("the size @acme is not known", hint="write another one")
    plan = read(failed_plan_json(error, str(tmp_path / "spec.yaml")).encode())
    body = plan_comment([plan], "1a2b3c4")
    assert "no plan that can be applied" in body
    assert "> ❌ `the size @acme is not known`; hint: `write another one`" in body


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"no json", "Expecting value"),
        (b"[]", "the document is not an object"),
        (b"[" * 10_000, "nested deeper"),
        (b" " * (5 << 20) + b"{}", "larger than 5 MiB"),
        (b"\xff\xfe{", "decode"),
        (document(format_version="9"), "`format_version` is not 1.3"),
        (document(effect="plan-@acme/admins"), "`effect` is not `plan-`"),
        (document(resource_changes={}), "`resource_changes` is not a list"),
        (document(resource_changes=["x"]), "an item of `resource_changes` is not an object"),
        (document(resource_changes=[change("x", "create") | {"type": 1}]), "`type` is not a text"),
        (document(errored="no"), "`errored` is neither true nor false"),
        (document(attention=[{"summary": "x", "addresses": [1]}]), "`addresses` is not a list"),
    ],
)
def test_what_no_plan_printed_is_refused_with_file_and_why(
    read: Any, content: Any, why: str
) -> None:
    with pytest.raises(RefusedError) as raised:
        read(content)
    told = raised.value.diagnostics[0]
    assert "plan.json is not a plan" in told.summary
    assert why in told.detail


def shown(**more: Any) -> dict[str, Any]:
    """Return a change as a plan tells it."""
    said = {"what": "compute cluster cpu", "intent": "will be created", "notes": ["is new"]}
    rows = [
        {"name": "size", "before": None, "after": "Standard_DS3_v2"},
        {"name": "nodes", "before": "1", "after": "2"},
    ]
    said = {**said, "fields": rows, "left_out": "4 defaults", **more}
    return {**change("compute.cpu", "create"), "shown": said}


def test_a_comment_tells_a_change_as_the_plan_did(read: Any) -> None:
    found = document(resource_changes=[shown()], cost_sentence="Cost: serving $3.67 an hour.")
    body = plan_comment([read(found)], "1a2b3c4")
    assert "+ compute.cpu (compute cluster cpu) will be created\n    is new\n" in body
    assert "    size: Standard_DS3_v2\n    nodes: 1 -> 2\n    (4 defaults)\n" in body
    assert "`Cost: serving $3.67 an hour.`" in body


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_plan_tells_of_a_change_stays_text(read: Any, text: str) -> None:
    rows = [{"name": text, "before": text, "after": text}]
    told = shown(what=text, intent=text, notes=[text], fields=rows, left_out=text)
    body = plan_comment([read(document(resource_changes=[told], cost_sentence=text))], "1a2b3c4")
    plain = plan_comment([read(document(resource_changes=[shown()], cost_sentence="x"))], "1a2b3c4")
    assert outside_of_code(body).split() == outside_of_code(plain).split()


@pytest.mark.parametrize(
    "more",
    [
        {"what": 5},
        {"notes": "a"},
        {"notes": [1]},
        {"fields": {}},
        {"fields": [1]},
        {"left_out": None},
    ],
)
def test_a_change_of_another_shape_is_refused(read: Any, more: dict[str, Any]) -> None:
    with pytest.raises(RefusedError):
        read(document(resource_changes=[shown(**more)]))
