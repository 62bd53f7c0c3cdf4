"""An effect is approved, not a commit: what does the same has its digest, what does other, another."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.diagnostics import ExitCode
from reconciler.operations.load import load
from tests.support.azure import ROOT, Azure

GROUP = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-smallest"
PROVIDERS = f"{GROUP}/providers"
ACCOUNT = f"{PROVIDERS}/Microsoft.Storage/storageAccounts/smallestwsstorage"
SIZE, FEW = "size: Standard_DS3_v2", "max_instances: 2"
NONE = "plan-000000000000"

SAME: dict[str, Callable[[str], str]] = {
    "a comment": lambda text: f"# reviewed by nobody\n{text}",
    "line ends": lambda text: text.replace("\n", "\r\n"),
    "another order of keys": lambda text: _moved(
        text, "  cpu-cluster:\n", "    type: amlcompute\n"
    ),
    "another order of sections": lambda text: _last(text, "workspace:"),
    "a default that is stated": lambda text: text.replace(FEW, f"{FEW}\n    tier: dedicated"),
    "quotes": lambda text: text.replace("name: smallest-ws\n", "name: 'smallest-ws'\n"),
}
OTHER: dict[str, Callable[[str], str]] = {
    "a number": lambda text: text.replace(FEW, "max_instances: 3"),
    "a size": lambda text: text.replace(SIZE, "size: Standard_DS2_v2"),
    "a tag of everything": lambda text: text.replace(
        "name: smallest\n", "name: smallest\ntags: {a: b}\n"
    ),
    "a name": lambda text: text.replace("smallest-ws-kv", "other-ws-kv"),
    "another spec's mark": lambda text: text.replace("name: smallest\n", "name: another\n"),
    "one more": lambda text: f"{text}\nidentities:\n  someone: {{}}\n",
    "one less": lambda text: text.partition("compute:")[0],
    "another region": lambda text: text.replace("westeurope", "northeurope"),
    "another group": lambda text: text.replace("rg-smallest", "rg-other"),
    "a grant": lambda text: f"{text}\n{_granting('Storage Blob Data Reader')}",
    "a wider grant": lambda text: f"{text}\n{_granting('Storage Blob Data Contributor')}",
}


def _granting(role: str) -> str:
    scope = '"${{ workspace.storage_account }}"'
    return f"identities:\n  someone: {{role_assignments: [{{role: {role}, scope: {scope}}}]}}\n"


def _moved(text: str, after: str, line: str) -> str:
    assert line in text
    rest = text.replace(line, "", 1)
    lines = rest.splitlines(keepends=True)
    at = lines.index(after) + 1
    return "".join([*lines[: at + 2], line, *lines[at + 2 :]])


def _last(text: str, section: str) -> str:
    found = re.search(rf"^{section}\n(?:[ \n].*\n?)+?(?=^\S|\Z)", text, re.MULTILINE)
    assert found
    return text.replace(found[0], "") + "\n" + found[0]


def effect(azure: Azure, folder: Path, text: str) -> str:
    file = folder / "spec.yaml"
    file.write_text(text, encoding="utf-8", newline="")
    return str(azure.plan(load(str(file))).effect)


@pytest.fixture
def text() -> str:
    return (ROOT / "examples/smallest.yaml").read_text(encoding="utf-8")


@pytest.fixture
def first(azure: Azure, tmp_path: Path, text: str) -> str:
    return effect(azure, tmp_path, text)


@pytest.mark.parametrize("what", SAME)
def test_what_does_the_same_has_the_same_digest(
    azure: Azure, tmp_path: Path, text: str, first: str, what: str
) -> None:
    changed = SAME[what](text)
    assert changed != text
    assert effect(azure, tmp_path, changed) == first


def test_what_does_something_else_has_another(
    azure: Azure, tmp_path: Path, text: str, first: str
) -> None:
    found = {what: effect(azure, tmp_path, edit(text)) for what, edit in OTHER.items()}
    assert [what for what, one in found.items() if one == first] == []
    assert sorted(found.values()) == sorted(set(found.values()))


def test_files_under_another_name_with_the_same_bytes_are_the_same(
    azure: Azure, tmp_path: Path
) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    spec = tmp_path / "examples/bring-your-own-data.yaml"
    before = azure.plan(load(str(spec))).effect
    stated = re.search(r"path: (data/\S+\.jsonl)", text := spec.read_text(encoding="utf-8"))
    assert stated
    (spec.parent / stated[1]).rename(spec.parent / "data/renamed.jsonl")
    spec.rename(spec := tmp_path / "examples/other-name.yaml")
    spec.write_text(text.replace(stated[1], "data/renamed.jsonl"), encoding="utf-8")
    assert azure.plan(load(str(spec))).effect == before
    with (spec.parent / "data/renamed.jsonl").open("a") as file:
        file.write((spec.parent / "data/renamed.jsonl").read_text().splitlines()[0] + "\n")
    assert azure.plan(load(str(spec))).effect != before


@pytest.fixture
def shrunk(run: Any, tmp_path: Path, applied: Any, text: str) -> Iterator[Callable[..., Any]]:
    """The applied example with one edit, and the commands on it."""
    file = tmp_path / "spec.yaml"
    file.write_text(text.replace(FEW, "max_instances: 1"), encoding="utf-8")
    yield lambda *words: run(*words, spec=file)


def planned(shrunk: Callable[..., Any]) -> str:
    return str(json.loads(shrunk("plan", "-o", "json")[1])["effect"])


def test_what_was_approved_is_applied_without_a_question(
    azure: Azure, shrunk: Callable[..., Any]
) -> None:
    effect = planned(shrunk)
    assert f"Effect: `{effect}`" in shrunk("plan", "-o", "markdown")[1]
    assert shrunk("apply", "--approved", effect)[0] == ExitCode.OK
    assert azure.writes() != []
    assert shrunk("apply", "--approved", effect)[0] == ExitCode.OK, "nothing is left to do"


@pytest.mark.parametrize(
    "since",
    [
        {"op": "patch", "id": ACCOUNT, "body": {"tags": {"reconcile-owner": "x"}}},
        {"op": "patch", "id": ACCOUNT, "body": {"properties": {"minimumTlsVersion": "TLS1_0"}}},
        {
            "op": "delete",
            "id": f"{PROVIDERS}/Microsoft.MachineLearningServices/workspaces/smallest-ws/computes/cpu-cluster",
        },
    ],
    ids=["the mark is gone", "another setting", "the cluster is gone"],
)
def test_nothing_is_written_when_the_effect_is_another_one(
    azure: Azure, shrunk: Callable[..., Any], since: dict[str, Any]
) -> None:
    effect = planned(shrunk)
    azure.control("POST", "drift", since)
    azure.clear_journal()
    assert planned(shrunk) != effect
    assert shrunk("apply", "--approved", effect)[0] == ExitCode.REFUSED
    assert azure.writes() == []


def test_the_refusal_names_both_and_what_would_be_done(
    shrunk: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert shrunk("apply", "--approved", NONE, "-o", "json")[0] == ExitCode.REFUSED
    told = shrunk("apply", "--approved", NONE, "-o", "json")[1]
    assert f"{NONE} was approved" in told
    assert "`compute.cpu-cluster` (update)" in told
    assert planned(shrunk) in told


@pytest.mark.parametrize("word", ["plan-3F2a9c1b7d20", "3f2a9c1b7d20", "plan-3f2a", "x" * 500])
def test_what_is_no_effect_is_a_mistake_of_usage(shrunk: Callable[..., Any], word: str) -> None:
    assert shrunk("apply", "--approved", word)[0] == ExitCode.USAGE
