"""`plan 'specs/**/*.yaml' --changed-since COMMIT`: several specs, one table, one exit code."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.diagnostics import ExitCode
from reconciler.operations.spec_choice import changed_since, specs_named
from tests.support.commands import Ended, attached, in_process
from tests.support.controls import Pool

SMALL = """version: 1
name: {name}
target:
  subscription_id: 00000000-0000-0000-0000-000000000000
  resource_group: rg-{name}
  location: eastus
"""


def git(folder: Path, *words: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory, pool: Pool) -> Iterator[Path]:
    """Lend a checkout with three specs, of which one names a folder of data."""
    with pool.lent() as server:
        folder = attached(tmp_path_factory.mktemp("several"), server)
        for place, name in (("a", "one"), ("a/deep", "two"), ("b", "three")):
            (folder / "specs" / place).mkdir(parents=True, exist_ok=True)
            file = folder / "specs" / place / f"{name}.yaml"
            file.write_text(SMALL.format(name=name), encoding="utf-8")
        named = 'tags: {note: "../data/rows"}\n'
        three = folder / "specs/b/three.yaml"
        three.write_text(three.read_text(encoding="utf-8") + named, encoding="utf-8")
        (folder / "specs/data/rows").mkdir(parents=True)
        (folder / "specs/data/rows/a.jsonl").write_text("{}\n", encoding="utf-8")
        (folder / ".gitignore").write_text("home\n.reconcile\n", encoding="utf-8")
        git(folder, "init", "-q", "-b", "main")
        git(folder, "add", ".")
        git(folder, "commit", "-q", "-m", "start")
        yield folder


@pytest.fixture
def folder(checkout: Path) -> Iterator[Path]:
    """Lend the checkout, as it was at its commit."""
    yield checkout
    git(checkout, "reset", "-q", "--hard")
    git(checkout, "clean", "-qfd", "specs")


def plan(folder: Path, *words: str) -> Ended:
    return in_process(folder, "plan", "--sandbox", *words)


def append(file: Path, text: str) -> None:
    file.write_text(file.read_text(encoding="utf-8") + text, encoding="utf-8")


def test_each_is_planned_and_the_table_has_a_total(folder: Path) -> None:
    told = plan(folder, "specs/**/*.yaml", "--detailed-exitcode")
    assert told.returncode == ExitCode.CHANGES
    assert told.stdout.count("Plan for ") == 3
    rows = told.stdout.splitlines()[-4:]
    assert [row.split()[0] for row in rows[:3]] == [
        "specs/a/deep/two.yaml",
        "specs/a/one.yaml",
        "specs/b/three.yaml",
    ]
    assert all("1 to create" in row for row in rows[:3])
    assert rows[3] == "3 planned: 3 with changes."


def test_only_what_changed_since_the_commit_is_planned(folder: Path) -> None:
    assert (
        "0 planned: 0 with changes; 3 not changed since then."
        in plan(folder, "specs/**/*.yaml", "--changed-since", "HEAD").stdout
    )
    append(folder / "specs/a/one.yaml", "tags: {a: b}\n")
    told = plan(folder, "specs/**/*.yaml", "--changed-since", "HEAD", "-o", "json")
    found = json.loads(told.stdout)
    assert [one["file"] for one in found["plans"]] == ["specs/a/one.yaml"]
    assert (found["specs"], found["exit_code"]) == (3, 0)


def test_a_spec_changed_when_something_that_it_names_did(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    named = specs_named("specs/**/*.yaml")
    append(folder / "specs/data/rows/a.jsonl", "{}\n")
    assert changed_since(named, "main") == ["specs/b/three.yaml"]
    git(folder, "reset", "-q", "--hard")
    (folder / "specs/data/rows/new.jsonl").write_text("{}\n", encoding="utf-8")
    assert changed_since(named, "main") == ["specs/b/three.yaml"]
    (folder / "specs/data/rows/new.jsonl").unlink()
    (folder / "specs/data/rows/a.jsonl").unlink()
    assert changed_since(named, "main") == ["specs/b/three.yaml"]
    (folder / "specs/data/other.jsonl").write_text("{}\n", encoding="utf-8")
    git(folder, "checkout", "-q", "specs/data/rows")
    assert changed_since(named, "main") == []


def test_one_that_is_invalid_keeps_no_other_from_its_plan(folder: Path) -> None:
    append(folder / "specs/a/one.yaml", "compte: {}\n")
    told = plan(folder, "specs/**/*.yaml", "--out-json", "plans")
    assert told.returncode == ExitCode.INVALID_SPEC
    assert "specs/a/one.yaml:7:1" in told.stderr
    assert told.stdout.splitlines()[-1] == (
        "3 planned: 2 with changes, 1 blocked or without a plan."
    )
    files = sorted((folder / "plans").iterdir())
    assert [file.name for file in files] == [
        "001-specs-a-deep-two.yaml.json",
        "002-specs-a-one.yaml.json",
        "003-specs-b-three.yaml.json",
    ]
    documents = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    assert [one["errored"] for one in documents] == [False, True, False]
    assert [one["spec"] for one in documents] == ["two", "one", "three"]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("nothing/*.yaml",), "no file matches nothing/*.yaml"),
        (("specs/**/*.yaml", "--changed-since", "nope"), "this checkout has no commit nope"),
        (("specs/**/*.yaml", "--changed-since=--output=x"), "has no commit --output=x"),
        (("specs/**/*.yaml", "--out", "x"), "--out is for a plan of one spec"),
        (("specs/**/*.yaml", "-o", "markdown"), "several specs are printed as text or json"),
    ],
)
def test_what_cannot_be_done_with_several_is_said(
    folder: Path, words: tuple[str, ...], why: str
) -> None:
    told = plan(folder, *words, "--out-json", "made")
    assert told.returncode == ExitCode.USAGE
    assert why in told.stderr
    assert not (folder / "made").exists()
    assert not (folder / "x").exists()
