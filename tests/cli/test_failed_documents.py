"""A document that was asked for is always written: also of a run that came to nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.cli.main import main
from reconciler.diagnostics import ExitCode
from tests.support.commands import attached, in_process, reconcile
from tests.support.controls import Controls, Pool

ROOT = Path(__file__).parents[2]
VALID = (ROOT / "examples" / "smallest.yaml").read_text(encoding="utf-8")
INVALID = {
    "a wrong key": VALID + "\ncompte: {}\n",
    "no YAML": "name: smallest\nversion: [1\n",
    "empty": "",
    "two problems": "version: 1\nname: smallest\ntarget: {}\ncompute: {gpu: {sizes: 1}}\n",
    "hostile": 'name: smallest\n"@all `<script>` ##[error]": 1\n',
}
ASKED = [
    (name, form)
    for name, forms in {
        "plan": ("json", "markdown", "github"),
        "apply": ("json",),
        "destroy": ("json",),
        "status": ("json",),
        "validate": ("json", "sarif"),
    }.items()
    for form in forms
]


@pytest.mark.parametrize("text", INVALID.values(), ids=INVALID)
def test_an_invalid_spec_is_a_plan_that_errored(text: str, tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(text, encoding="utf-8")
    done = in_process(tmp_path, "plan", "spec.yaml", "-o", "json")
    assert done.returncode == ExitCode.INVALID_SPEC
    found = json.loads(done.stdout)
    assert found["errored"] is True
    assert found["applyable"] is False
    assert found["resource_changes"] == []
    assert found["diagnostics"]
    assert all(item["range"]["start"]["line"] >= 1 for item in found["diagnostics"])
    assert len(found["diagnostics"]) == done.stderr.count("error: ")


def test_it_has_every_key_of_a_plan(tmp_path: Path, pool: Pool) -> None:
    with pool.lent() as server:
        folder = attached(tmp_path, server)
        (folder / "spec.yaml").write_text(VALID, encoding="utf-8")
        good = json.loads(reconcile(folder, "plan", "spec.yaml", "-o", "json").stdout)
    (folder / "spec.yaml").write_text(INVALID["a wrong key"], encoding="utf-8")
    bad = json.loads(in_process(folder, "plan", "spec.yaml", "-o", "json").stdout)
    assert bad.keys() == good.keys()
    assert bad["spec"] == good["spec"]


@pytest.mark.parametrize("text", INVALID.values(), ids=INVALID)
def test_an_invalid_spec_is_a_comment_that_says_so(text: str, tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(text, encoding="utf-8")
    done = in_process(tmp_path, "plan", "spec.yaml", "-o", "markdown")
    assert done.returncode == ExitCode.INVALID_SPEC
    mark, _, title, _, what, _, *rows = done.stdout.splitlines()
    assert mark == f"<!-- reconcile:{'smallest' if 'smallest' in text else ''} -->"
    assert title == "### reconcile plan: blocked"
    assert what.startswith("No plan could be made of ")
    assert rows
    assert all(row.startswith("- `spec.yaml:") for row in rows)
    assert "##[" not in done.stdout


@pytest.fixture
def folder(tmp_path: Path, pool: Pool) -> Iterator[tuple[Path, Controls]]:
    """A folder with a valid spec, and its sandbox's controls."""
    with pool.lent() as server:
        folder = attached(tmp_path, server)
        (folder / "spec.yaml").write_text(VALID, encoding="utf-8")
        yield folder, Controls(server)


@pytest.mark.parametrize(("name", "form"), [word for word in ASKED if word[0] != "validate"])
def test_no_sign_in_is_a_document_too(name: str, form: str, folder: tuple[Path, Controls]) -> None:
    where, controls = folder
    refusal = {"status": 401, "body": {"error": "invalid_client"}}
    controls.arm_fault(path="/oauth2/v2.0/token", times=0, action=refusal)
    done = reconcile(where, name, "spec.yaml", "-o", form)
    assert done.returncode == ExitCode.DENIED
    assert done.stdout
    assert form != "json" or json.loads(done.stdout)


@pytest.mark.parametrize(("name", "form"), ASKED)
def test_a_mistake_of_ours_is_a_document_too(
    name: str,
    form: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def broken(*_args: object, **_options: object) -> None:
        raise ValueError("boom")

    monkeypatch.setattr("reconciler.operations.load.load", broken)
    assert main([name, "spec.yaml", "-o", form]) == ExitCode.INTERNAL
    out = capsys.readouterr().out
    assert "an unexpected error occurred" in out


def test_a_plan_that_cannot_be_saved_is_not_announced(folder: tuple[Path, Controls]) -> None:
    where, _ = folder
    done = reconcile(where, "plan", "spec.yaml", "--out", "missing/plan.json")
    assert done.returncode == ExitCode.FAILED
    assert done.stdout == ""
    assert "missing/plan.json cannot be written" in done.stderr
    as_json = reconcile(where, "plan", "spec.yaml", "--out", "missing/plan.json", "-o", "json")
    assert json.loads(as_json.stdout)["errored"] is True
