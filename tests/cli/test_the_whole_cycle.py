"""Plan, apply, change, destroy, against a real sandbox, by exit code and text."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.diagnostics import ExitCode
from tests.faults.seed import SEED
from tests.support.commands import attached, process, reconcile
from tests.support.controls import Controls, Pool

ROOT = Path(__file__).parents[2]
PLANS = """
import contextlib, io, json, sys
from reconciler.cli.main import main
shown = []
for words in json.loads(sys.argv[1]):
    with contextlib.redirect_stdout(io.StringIO()) as out:
        main(words)
    shown.append(out.getvalue())
json.dump(shown, sys.stdout)
"""
"""Runs several commands in one process; prints what each of them printed."""


@pytest.fixture
def controls(pool: Pool) -> Iterator[Controls]:
    """An empty sandbox."""
    with pool.lent() as server:
        yield Controls(server)


@pytest.fixture
def folder(tmp_path: Path, controls: Controls) -> Path:
    """A folder with the smallest spec in it, and with that sandbox as its own."""
    attached(tmp_path, controls.server)
    return with_spec(tmp_path)


def with_spec(folder: Path) -> Path:
    text = (ROOT / "examples" / "smallest.yaml").read_text(encoding="utf-8")
    (folder / "spec.yaml").write_text(text, encoding="utf-8")
    return folder


def edit(folder: Path, before: str, after: str) -> None:
    """Change one line of the spec."""
    spec = folder / "spec.yaml"
    text = spec.read_text(encoding="utf-8")
    assert before in text
    spec.write_text(text.replace(before, after), encoding="utf-8")


def embedded(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command as its user does: a process, whose sandbox starts with it and ends with it."""
    return process(folder, *words, "--sandbox")


def writes(folder: Path) -> list[dict[str, object]]:
    """Return the requests of the journal that may have changed something."""
    lines = reconcile(folder, "sandbox", "journal", "-o", "json").stdout.splitlines()
    return [e for e in map(json.loads, lines) if e["method"] in ("PUT", "PATCH", "DELETE")]


def test_what_was_applied_is_not_applied_again_and_one_edit_is_one_line(tmp_path: Path) -> None:
    folder = with_spec(tmp_path)
    first = embedded(folder, "apply", "spec.yaml", "--yes")
    assert first.returncode == ExitCode.OK, first.stderr
    assert "7 resources: 7 created." in first.stdout
    count = len(writes(folder))
    assert count

    second = embedded(folder, "apply", "spec.yaml", "--yes")
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
    assert "`resource_group`" in stale.stderr
    assert "workspace" in stale.stderr


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
    forms = [("plan", "spec.yaml", "-o", form) for form in ("text", "json", "markdown")]
    shown = [[reconcile(folder, *words).stdout for words in forms]]
    done = subprocess.run(
        [sys.executable, "-c", PLANS, json.dumps([[*words, "--sandbox"] for words in forms])],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": f"{SEED % 2**32}"},
    )
    shown.append(json.loads(done.stdout))
    assert shown[0] == shown[1]
    assert len(set(shown[0])) == 3
    assert all(shown[0])


def test_quiet_shows_only_the_result(folder: Path) -> None:
    done = reconcile(folder, "apply", "spec.yaml", "--yes", "-q")
    assert done.returncode == ExitCode.OK
    assert done.stderr == ""
    assert "7 created" in done.stdout


def test_a_wrong_spec_sends_nothing(folder: Path, controls: Controls) -> None:
    edit(folder, "max_instances: 2", "max_instancs: two")
    done = reconcile(folder, "apply", "spec.yaml", "--yes")
    assert done.returncode == ExitCode.INVALID_SPEC
    assert done.stdout == ""
    assert "did you mean `max_instances`?" in done.stderr
    sent = [e["kind"] for e in controls.entries()]
    assert set(sent) <= {"token"}  # the sign-in to a sandbox does not wait for the spec
