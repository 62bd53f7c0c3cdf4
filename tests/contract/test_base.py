"""A plan held against the base of its spec: what comes from the change, and what was pending.

The oracle is a plan of each spec, made alone. `RECONCILE_FUZZ` tries more (`make reliability`).
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli.main import main
from reconciler.diagnostics import ExitCode
from reconciler.engine.attribution import By
from reconciler.engine.effect import does
from reconciler.engine.types import Action
from reconciler.kinds.ownership import OWNER_TAG
from reconciler.operations.load import Loaded, load
from reconciler.operations.plan.base import WITHOUT, load_base
from tests.support.azure import ROOT, Azure

MANY = 200 if os.environ.get("RECONCILE_FUZZ") else 5
GROUP = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-smallest/providers"
STORAGE = f"{GROUP}/Microsoft.Storage/storageAccounts/smallestwsstorage"
VAULT = f"{GROUP}/Microsoft.KeyVault/vaults/smallest-ws-kv"
CLUSTER = f"{GROUP}/Microsoft.MachineLearningServices/workspaces/smallest-ws/computes/cpu-cluster"
NODES = "max_instances: 2"
EDITS: tuple[Callable[[str], str], ...] = (
    lambda text: text.replace(NODES, "max_instances: 3"),
    lambda text: text.replace("scale_down: 300", "scale_down: 600"),
    lambda text: text.replace("name: smallest\n", "name: smallest\ntags: {a: b}\n"),
    lambda text: text.replace("smallest-ws-kv", "other-ws-kv"),
    lambda text: text.replace("size: Standard_DS3_v2", "size: Standard_DS2_v2"),
    lambda text: text.replace("  cpu-cluster:", "  other-cluster:"),
    lambda text: text.partition("compute:")[0] + "lifecycle:" + text.partition("lifecycle:")[2],
)
DRIFTS: tuple[tuple[str, Any], ...] = (
    (STORAGE, {"tags": {"a": "c"}}),
    (VAULT, {"properties": {"enablePurgeProtection": True}}),
    (CLUSTER, {"properties": {"properties": {"scaleSettings": {"maxNodeCount": 3}}}}),
    (CLUSTER, None),
)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Loaded]:
    """Write the smallest example with some edits, and load it."""
    text = (ROOT / "examples/smallest.yaml").read_text(encoding="utf-8")

    def written(name: str, *edits: Callable[[str], str]) -> Loaded:
        changed = text
        for edit in edits:
            changed = edit(changed)
        (tmp_path / name).write_text(changed, encoding="utf-8")
        return load(str(tmp_path / name))

    return written


def drift(azure: Azure, id_: str, change: Any) -> None:
    """Change something behind the spec's back, or delete it."""
    one = {"op": "delete"} if change is None else {"op": "patch", "body": change}
    azure.control("POST", "drift", {"id": id_, **one})


def done(azure: Azure, loaded: Loaded) -> dict[str, str]:
    """Return what a plan of a spec alone would do to each id."""
    made = azure.plan(loaded).changes
    return {c.resource.resource_id.casefold(): does(c) for c in made if does(c)}


@pytest.mark.parametrize("seed", range(MANY))
def test_each_change_comes_from_the_spec_or_was_pending(
    azure: Azure, applied: Loaded, write: Callable[..., Loaded], seed: int
) -> None:
    chosen = random.Random(seed)
    base = write("base.yaml", *chosen.sample(EDITS, chosen.randint(0, 2)))
    head = write("spec.yaml", *chosen.sample(EDITS, chosen.randint(0, 3)))
    for id_, change in sorted(chosen.sample(DRIFTS, chosen.randint(0, 2)), key=DRIFTS.index):
        drift(azure, id_, change)
    made = azure.plan(head, base=load_base(base.document.file, head))
    assert made.attribution
    by = made.attribution.by
    before, after = done(azure, base), done(azure, head)
    found = {c.resource.resource_id.casefold(): by[c.address] for c in made.changes if does(c)}
    wanted = {
        id_: By.SPEC if id_ not in before else By.DRIFT if before[id_] == what else By.BOTH
        for id_, what in after.items()
    }
    assert found == wanted
    dropped = {c.resource.resource_id.casefold() for c in made.attribution.dropped}
    assert dropped == before.keys() - after.keys()


def test_a_base_with_the_same_ids_is_not_asked_for(
    azure: Azure, applied: Loaded, write: Callable[..., Loaded]
) -> None:
    base, head = write("base.yaml"), write("spec.yaml", EDITS[0])
    azure.clear_journal()
    azure.plan(head)
    alone = sorted((e["method"], e["path"]) for e in azure.journal())
    azure.clear_journal()
    azure.plan(head, base=load_base(base.document.file, head))
    assert sorted((e["method"], e["path"]) for e in azure.journal()) == alone


@pytest.fixture
def shown(run: Any, azure: Azure, applied: Loaded, write: Callable[..., Loaded]) -> Any:
    """The outputs of a plan with an edit of its own, against a base."""
    head = write("spec.yaml", EDITS[0])
    write("base.yaml")
    folder = Path(head.document.file).parent

    def command(*words: str, base: str = "base.yaml") -> str:
        found = run("plan", "--base", str(folder / base), *words, spec=Path(head.document.file))
        return str(found[1])

    return command


def test_every_output_says_what_was_pending(
    shown: Callable[..., str], write: Callable[..., Loaded], tmp_path: Path
) -> None:
    write("base.yaml", EDITS[1])
    said = "By this change: 1 to update. Pending anyway, without this change: nothing."
    also = "the base would change it too, but to something else"
    page = tmp_path / "plan.html"
    text = shown("--html", str(page))
    for output in (text, shown("-o", "markdown"), page.read_text(encoding="utf-8")):
        assert said in output
        assert also in output
    found = json.loads(shown("-o", "json"))
    by = {c["address"]: c["by"] for c in found["resource_changes"] if "by" in c}
    assert by == {"compute.cpu-cluster": "both"}
    assert found["base"] == {"compared": True, "no_longer": []}


def test_what_the_base_would_do_as_well_stands_apart(
    shown: Callable[..., str], write: Callable[..., Loaded]
) -> None:
    write("base.yaml", EDITS[0])
    text = shown()
    assert text.index("Pending anyway, without this change:") < text.index("~ compute.cpu-cluster")
    assert "<summary>Pending anyway, without this change (1)</summary>" in shown("-o", "markdown")


def test_what_the_base_would_have_done_is_told(
    shown: Callable[..., str], write: Callable[..., Loaded]
) -> None:
    write("base.yaml", EDITS[2])
    assert "Pending before this change, and no longer with it:" in shown()
    dropped = json.loads(shown("-o", "json"))["base"]["no_longer"]
    assert {"workspace.storage_account", "workspace"} <= {one["address"] for one in dropped}
    assert {one["action"] for one in dropped} == {"update"}


@pytest.mark.parametrize("content", [None, "", "workspace: 5\n"])
def test_a_base_that_cannot_be_used_is_one_warning(
    shown: Callable[..., str], tmp_path: Path, content: str | None
) -> None:
    if content is not None:
        (tmp_path / "other.yaml").write_text(content, encoding="utf-8")
    found = json.loads(shown("-o", "json", base="other.yaml"))
    assert [d["summary"] for d in found["diagnostics"] if d["summary"] == WITHOUT] == [WITHOUT]
    assert {c.get("by") for c in found["resource_changes"]} == {"spec", None}
    assert found["base"] == {"compared": False, "no_longer": []}


def test_a_base_out_of_its_folder_finds_its_files(tmp_path: Path) -> None:
    spec = ROOT / "specs/phi3-ultrachat.yaml"
    (tmp_path / "base.yaml").write_text(spec.read_text(encoding="utf-8"), encoding="utf-8")
    base = load_base(str(tmp_path / "base.yaml"), load(str(spec)))
    assert base.problem is None
    assert base.loaded is not None
    assert base.loaded.resources.keys() == load(str(spec)).resources.keys()


def test_what_leaves_the_spec_says_whether_by_this_change(
    azure: Azure, applied: Loaded, write: Callable[..., Loaded]
) -> None:
    base, head = write("base.yaml"), write("spec.yaml", EDITS[6])
    for options in ({}, {"prune": True}):
        by = azure.plan(head, base=load_base(base.document.file, head), **options).attribution.by
        assert by["compute.cpu-cluster"] is By.SPEC
        by = azure.plan(head, base=load_base(head.document.file, head), **options).attribution.by
        assert by["compute.cpu-cluster"] is By.DRIFT


def test_a_plan_of_a_part_is_held_against_that_part(
    azure: Azure, applied: Loaded, write: Callable[..., Loaded]
) -> None:
    """Nothing else was looked at, so nothing is told of it, and nothing is asked for."""
    base, head = write("base.yaml", EDITS[2], EDITS[5]), write("spec.yaml", EDITS[0])
    azure.clear_journal()
    azure.plan(head, targets=["workspace.key_vault"])
    alone = sorted((e["method"], e["path"]) for e in azure.journal())
    azure.clear_journal()
    options = {"targets": ["workspace.key_vault"], "base": load_base(base.document.file, head)}
    found = azure.plan(head, **options).attribution
    assert sorted((e["method"], e["path"]) for e in azure.journal()) == alone
    assert {c.address for c in found.dropped} == {"resource_group", "workspace.key_vault"}


def test_a_base_of_another_name_is_none(write: Callable[..., Loaded]) -> None:
    base = write("base.yaml", lambda text: text.replace("name: smallest\n", "name: other\n", 1))
    found = load_base(base.document.file, write("spec.yaml"))
    assert found.loaded is None
    assert found.problem and found.problem.detail == "its name is `other`, not `smallest`"


def test_what_is_taken_over_is_taken_over_for_the_base_too(
    azure: Azure, applied: Loaded, write: Callable[..., Loaded]
) -> None:
    base, head = write("base.yaml"), write("spec.yaml")
    drift(azure, STORAGE, {"tags": {OWNER_TAG: None}})
    adopted = load(head.document.file, adopt=["workspace.storage_account"])
    compared = load_base(base.document.file, adopted, ["workspace.storage_account", "gone.one"])
    made = azure.plan(adopted, base=compared)
    assert made.change_of("workspace.storage_account").action is Action.ADOPT
    assert made.attribution.by["workspace.storage_account"] is By.DRIFT


def test_both_specs_cannot_be_standard_input(
    azure: Azure, monkeypatch: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", "-", "--base", "-", "--sandbox", azure.server.url]) == ExitCode.USAGE
    assert "cannot both be standard input" in capsys.readouterr().err
