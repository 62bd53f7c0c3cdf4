"""A saved plan is carried out only where it was made and on what it was made of.

It is applied without a question, so whatever it does not bind is written unseen: other data
than was looked at, another subscription's world, or less than was approved.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.diagnostics import ExitCode
from reconciler.sandbox.launch import Server
from tests.support.commands import Ended, attached, in_process, reconcile
from tests.support.controls import Controls, Pool

ROOT = Path(__file__).parents[2]
DATA = "data/support-chats.jsonl"
ROW = '{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]}\n'


def writes(folder: Path) -> list[str]:
    """Return what was sent to the folder's sandbox that may have changed something."""
    lines = reconcile(folder, "sandbox", "journal", "-o", "json").stdout.splitlines()
    entries = map(json.loads, lines)
    return [e["path"] for e in entries if e["method"] in ("PUT", "PATCH", "DELETE")]


MADE: dict[str, Path] = {}
"""Each example with its plan, made once: the sandbox is the same, and as empty, for every test."""


@pytest.fixture(scope="module")
def server(pool: Pool) -> Iterator[Server]:
    with pool.lent() as lent:
        yield lent
    MADE.clear()


@pytest.fixture
def folder(tmp_path: Path, server: Server) -> Path:
    """A folder whose embedded sandbox is empty."""
    Controls(server).empty()
    return attached(tmp_path / "a", server)


def planned(folder: Path, example: str) -> Path:
    """Return a folder with an example in it and a plan of it in `plan.json`."""
    if example not in MADE:
        _plan(folder, example)
        MADE[example] = folder.with_name("made")
        shutil.copytree(folder, MADE[example], ignore=shutil.ignore_patterns(".reconcile", "home"))
    return Path(shutil.copytree(MADE[example], folder, dirs_exist_ok=True))


def _plan(folder: Path, example: str) -> None:
    text = (ROOT / example).read_text(encoding="utf-8").replace("../examples/flows", "flows")
    (folder / "spec.yaml").write_text(text, encoding="utf-8")
    for part in ("data", "flows"):
        shutil.copytree(ROOT / "examples" / part, folder / part)
    done = reconcile(folder, "plan", "spec.yaml", "--out", "plan.json")
    assert done.returncode == ExitCode.OK, done.stderr


def refused(done: Ended, folder: Path) -> None:
    assert done.returncode == ExitCode.REFUSED, done.stdout + done.stderr
    assert "make a new plan and review it" in done.stderr
    assert writes(folder) == []


def test_other_data_than_was_planned_is_not_trained_on(folder: Path) -> None:
    planned(folder, "examples/bring-your-own-data.yaml")
    with (folder / DATA).open("a", encoding="utf-8") as file:
        file.write(ROW)
    done = reconcile(folder, "apply", "plan.json")
    refused(done, folder)
    assert "`datasets.support` uses files that changed since the plan was made" in done.stderr
    assert "what depends on it differs with it: jobs.finetune" in done.stderr
    assert done.stderr.count("error: ") == 1


def test_another_flow_than_was_planned_is_not_uploaded(folder: Path) -> None:
    planned(folder, "specs/phi3-ultrachat.yaml")
    code = next((folder / "flows").rglob("chat.py"))
    code.write_text(code.read_text(encoding="utf-8") + "\n# more\n", encoding="utf-8")
    done = reconcile(folder, "apply", "plan.json")
    refused(done, folder)
    assert "uses files that changed since the plan was made" in done.stderr


def test_a_plan_of_one_cloud_is_not_carried_out_in_another(
    folder: Path, tmp_path: Path, pool: Pool
) -> None:
    """Both are empty, so that every single decision is the same."""
    here = planned(folder, "examples/smallest.yaml")
    with pool.lent() as server:
        there = attached(tmp_path / "b", server)
        done = reconcile(there, "apply", str(here / "plan.json"))
        refused(done, there)
    assert "the plan was made for https://127.0.0.1:" in done.stderr
    assert "tenant" in done.stderr


def test_a_plan_of_a_sandbox_is_refused_before_anybody_signs_in_to_azure(folder: Path) -> None:
    """It said that it cannot sign in to Azure, of which there was no question."""
    planned(folder, "examples/smallest.yaml")
    done = in_process(folder, "apply", "plan.json")
    assert done.returncode == ExitCode.REFUSED, done.stdout + done.stderr
    assert "the plan was made for https://127.0.0.1:" in done.stderr
    assert "this is https://management.azure.com" in done.stderr
    assert "`--sandbox`" in done.stderr
    assert "sign in" not in done.stderr


@pytest.mark.parametrize("command", ["plan", "destroy", "validate", "status", "graph", "chat"])
def test_a_saved_plan_in_place_of_a_spec_is_named_for_what_it_is(
    folder: Path, command: str
) -> None:
    """It was ten errors against the schema of a spec."""
    planned(folder, "examples/smallest.yaml")
    done = reconcile(folder, command, "plan.json", *(["hello"] if command == "chat" else []))
    assert done.returncode == ExitCode.USAGE, done.stdout + done.stderr
    assert "plan.json is a saved plan, not a spec" in done.stderr
    assert "`reconcile apply plan.json`" in done.stderr
    assert "`reconcile show plan.json`" in done.stderr
    assert done.stderr.count("error") == 1


@pytest.mark.parametrize(
    "option",
    [
        ("--target", "workspace.key_vault"),
        ("--prune",),
        ("--adopt", "workspace.key_vault"),
        ("--retry", "workspace"),
    ],
    ids=lambda option: str(option[0]),
)
def test_a_choice_beside_a_saved_plan_is_refused_and_not_left_out(
    folder: Path, option: tuple[str, ...]
) -> None:
    """`--target` was dropped, and everything was made."""
    planned(folder, "examples/smallest.yaml")
    done = reconcile(folder, "apply", "plan.json", *option)
    assert done.returncode == ExitCode.USAGE, done.stdout + done.stderr
    assert f"{option[0]} cannot be used with a saved plan" in done.stderr
    assert writes(folder) == []


def test_a_plan_holds_where_it_was_made_and_what_of(folder: Path) -> None:
    planned(folder, "examples/smallest.yaml")
    saved = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    assert saved["place"]["resource_manager"].startswith("https://127.0.0.1:")
    assert len(saved["place"]["tenant"]) == 36
    vault = saved["changes"]["workspace.key_vault"]
    assert vault["resource_id"].endswith("/providers/Microsoft.KeyVault/vaults/smallest-ws-kv")
    done = reconcile(folder, "apply", "plan.json")
    assert done.returncode == ExitCode.OK, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["plan.json", "saved.plan"])
def test_a_plan_of_another_format_is_refused_whatever_its_name_is(folder: Path, name: str) -> None:
    planned(folder, "examples/smallest.yaml")
    text = (folder / "plan.json").read_text(encoding="utf-8")
    (folder / name).write_text(re.sub(r"reconcile-plan/\d+", "reconcile-plan/2", text, count=1))
    done = reconcile(folder, "apply", name)
    refused(done, folder)
    assert f"{name} was saved by another version of reconcile" in done.stderr


def test_a_saved_plan_binds_decisions_and_reasons_not_words(folder: Path) -> None:
    planned(folder, "examples/bring-your-own-data.yaml")
    saved = json.loads((folder / "plan.json").read_text(encoding="utf-8"))["changes"]
    assert saved["jobs.finetune"]["decision"] == "Run"
    assert saved["jobs.finetune"]["reason"] == "NoRunYet"
    reasons = {change["reason"] for change in saved.values() if change["decision"] == "Update"}
    assert reasons == {"QuotaShort"}


EDITS = {
    "one value": ("max_instances: 2", "max_instances: 3"),
    "a name that all others stand in": ("resource_group: rg-smallest", "resource_group: rg-other"),
    "a tag on everything": ("version: 1", "version: 1\ntags: {team: other}"),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_a_spec_that_changed_is_one_error(folder: Path, edit: tuple[str, str]) -> None:
    planned(folder, "examples/smallest.yaml")
    text = (folder / "spec.yaml").read_text(encoding="utf-8")
    assert edit[0] in text
    (folder / "spec.yaml").write_text(text.replace(*edit), encoding="utf-8")
    done = reconcile(folder, "apply", "plan.json")
    refused(done, folder)
    assert done.stderr.count("error: ") == 1
    assert "spec.yaml changed since the plan was made" in done.stderr


def test_what_was_made_meanwhile_is_one_error_with_what_is_in_it(folder: Path) -> None:
    planned(folder, "examples/smallest.yaml")
    assert reconcile(folder, "apply", "spec.yaml", "--yes").returncode == 0
    done = reconcile(folder, "apply", "plan.json")
    assert done.returncode == ExitCode.REFUSED
    assert done.stderr.count("error: ") == 1
    assert "`resource_group` changed in Azure since the plan was made" in done.stderr
    assert "what depends on it differs with it: " in done.stderr


def test_a_plan_travels_with_the_folder_it_was_made_in(folder: Path, tmp_path: Path) -> None:
    planned(folder, "examples/smallest.yaml")
    assert str(tmp_path) not in (folder / "plan.json").read_text(encoding="utf-8")
    moved = tmp_path / "elsewhere"
    folder.rename(moved)
    done = reconcile(moved, "apply", "plan.json")
    assert done.returncode == ExitCode.OK, done.stdout + done.stderr


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_a_saved_plan_is_shown_as_it_was_made(folder: Path, form: str) -> None:
    planned(folder, "specs/phi3-ultrachat.yaml")
    made = reconcile(folder, "plan", "spec.yaml", "--out", "plan.json", "-o", form)
    (folder / "spec.yaml").unlink()
    shown = in_process(folder, "show", "plan.json", "-o", form)
    assert shown.returncode == ExitCode.OK, shown.stderr
    if form == "text":
        body, _, step = made.stdout.rpartition("To apply exactly this plan: ")
        assert step
        assert shown.stdout.startswith(body)
        assert shown.stdout.endswith("To apply exactly this plan: reconcile apply plan.json\n")
    else:
        assert shown.stdout == made.stdout


def test_it_is_shown_with_its_defaults_when_asked(folder: Path) -> None:
    planned(folder, "examples/smallest.yaml")
    brief, full = (in_process(folder, "show", "plan.json", *more).stdout for more in ([], ["-v"]))
    assert len(full.splitlines()) > len(brief.splitlines())


def test_only_its_owner_reads_a_saved_plan(folder: Path) -> None:
    planned(folder, "examples/smallest.yaml")
    assert (folder / "plan.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("name", "content"),
    {
        "no.json": "{}",
        "spec.yaml": "version: 1\n",
        "binary": "\x00\x01",
        "old.json": '{"format": "reconcile-plan/4"}',
        "bad.json": '{"format": "reconcile-plan/5", "prints": 1}',
    }.items(),
)
def test_what_is_no_saved_plan_is_not_shown(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    done = in_process(tmp_path, "show", name)
    assert done.returncode == ExitCode.REFUSED
    assert done.stdout == ""
    assert done.stderr.count("error: ") == 1


@pytest.mark.parametrize("part", ["text", "verbose", "markdown"])
def test_a_saved_plan_that_somebody_edited_cannot_steer_a_terminal(folder: Path, part: str) -> None:
    planned(folder, "examples/smallest.yaml")
    content = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    bad = "\x1b[2J##[error]"
    row = bad if part == "markdown" else {"hang": 0, "spans": [[bad, "PLAIN"]]}
    content["prints"][part] = [row]
    (folder / "plan.json").write_text(json.dumps(content), encoding="utf-8")
    form = "markdown" if part == "markdown" else "text"
    more = ["-v"] if part == "verbose" else []
    done = in_process(folder, "show", "plan.json", "-o", form, *more)
    assert "\x1b" not in done.stdout
    assert "##[" not in done.stdout


def test_a_plan_of_standard_input_is_not_saved(folder: Path) -> None:
    """Its file named a spec that is nowhere."""
    text = (ROOT / "examples" / "smallest.yaml").read_text(encoding="utf-8")
    done = in_process(folder, "plan", "-", "--out", "plan.json", "--sandbox", stdin=text)
    assert done.returncode == ExitCode.USAGE
    assert "cannot be saved" in done.stderr
    assert not (folder / "plan.json").exists()
