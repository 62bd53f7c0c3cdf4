"""Plan, apply, change, destroy: as processes, against a real sandbox, by exit code and text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reconciler.diagnostics import ExitCode
from tests.support.commands import reconcile

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the smallest spec in it."""
    text = (ROOT / "examples" / "smallest.yaml").read_text(encoding="utf-8")
    (tmp_path / "spec.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def edit(folder: Path, before: str, after: str) -> None:
    """Change one line of the spec."""
    spec = folder / "spec.yaml"
    text = spec.read_text(encoding="utf-8")
    assert before in text
    spec.write_text(text.replace(before, after), encoding="utf-8")


def writes(folder: Path) -> list[dict[str, object]]:
    """Return the requests of the journal that may have changed something."""
    lines = reconcile(folder, "sandbox", "journal", "-o", "json").stdout.splitlines()
    return [e for e in map(json.loads, lines) if e["method"] in ("PUT", "PATCH", "DELETE")]


def test_what_was_applied_is_not_applied_again_and_one_edit_is_one_line(folder: Path) -> None:
    first = reconcile(folder, "apply", "spec.yaml", "--yes")
    assert first.returncode == ExitCode.OK, first.stderr
    assert "7 resources: 7 created." in first.stdout
    count = len(writes(folder))
    assert count

    second = reconcile(folder, "apply", "spec.yaml", "--yes")
    assert second.returncode == ExitCode.OK
    assert "No changes. Azure matches the spec: 7 unchanged." in second.stdout
    assert len(writes(folder)) == count

    edit(folder, "max_instances: 2", "max_instances: 3")
    changed = reconcile(folder, "plan", "spec.yaml", "--detailed-exitcode")
    assert changed.returncode == ExitCode.CHANGES
    indented = [row.strip() for row in changed.stdout.splitlines() if row.startswith("      ")]
    assert indented == ["max_instances: 2 -> 3"]
    assert "Plan: 0 to create, 1 to update," in changed.stdout


def test_a_saved_plan_is_applied_as_it_is_or_refused_by_name(folder: Path) -> None:
    saved = reconcile(folder, "plan", "spec.yaml", "--out", "p.json")
    assert saved.returncode == ExitCode.OK, saved.stderr
    assert "reconcile apply p.json --sandbox" in saved.stdout
    applied = reconcile(folder, "apply", "p.json")
    assert applied.returncode == ExitCode.OK, applied.stderr
    stale = reconcile(folder, "apply", "p.json")
    assert stale.returncode == ExitCode.REFUSED
    assert "changed in Azure since the plan was made" in stale.stderr
    assert "`workspace`" in stale.stderr


def test_destroy_needs_yes_and_leaves_nothing_to_delete(folder: Path) -> None:
    reconcile(folder, "apply", "spec.yaml", "--yes")
    refused = reconcile(folder, "destroy", "spec.yaml")
    assert refused.returncode == ExitCode.REFUSED
    assert "will be deleted" in refused.stdout
    done = reconcile(folder, "destroy", "spec.yaml", "--yes")
    assert done.returncode == ExitCode.OK, done.stderr
    again = reconcile(folder, "destroy", "spec.yaml", "--yes")
    assert again.returncode == ExitCode.OK
    assert "Nothing to delete." in again.stdout


def test_machine_output_is_alone_on_stdout(folder: Path) -> None:
    plan = reconcile(folder, "plan", "spec.yaml", "-o", "json", "-v")
    assert json.loads(plan.stdout)["applyable"] is True
    assert "azure: GET /subscriptions/" in plan.stderr
    applied = reconcile(folder, "apply", "spec.yaml", "--yes", "-o", "json")
    assert {o["status"] for o in json.loads(applied.stdout)["outcomes"]} == {"done"}
    status = reconcile(folder, "status", "spec.yaml", "-o", "json")
    rows = json.loads(status.stdout)["resources"]
    assert {(row["synced"], row["health"]) for row in rows} == {("Synced", "Healthy")}
    comment = reconcile(folder, "plan", "spec.yaml", "-o", "markdown")
    assert comment.stdout.startswith("<!-- reconcile:smallest -->")


def test_a_plan_is_the_same_bytes_for_the_same_world(folder: Path) -> None:
    shown = {
        reconcile(folder, "plan", "spec.yaml", "-o", form, PYTHONHASHSEED=seed).stdout
        for form in ("text", "json", "markdown")
        for seed in ("1", "2")
    }
    assert len(shown) == 3


def test_quiet_shows_only_the_result(folder: Path) -> None:
    done = reconcile(folder, "apply", "spec.yaml", "--yes", "-q")
    assert done.returncode == ExitCode.OK
    assert done.stderr == ""
    assert "7 created" in done.stdout


def test_a_wrong_spec_sends_nothing(folder: Path) -> None:
    edit(folder, "max_instances: 2", "max_instancs: two")
    done = reconcile(folder, "apply", "spec.yaml", "--yes")
    assert done.returncode == ExitCode.INVALID_SPEC
    assert done.stdout == ""
    assert "did you mean `max_instances`?" in done.stderr
    assert reconcile(folder, "sandbox", "journal", "-o", "json").stdout == ""
