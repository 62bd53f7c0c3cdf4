"""A link in a flow's folder, wherever it leads, is told at its place or followed to its file."""

import os
import shutil
from pathlib import Path

import pytest

from reconciler.diagnostics import ExitCode
from reconciler.render.diagnostics_text import lines_of_file
from tests.hostile.judged import crashed
from tests.support.azure import ROOT
from tests.support.commands import in_process

FLOW = "examples/flows/phi3-chat"
SPEC = "specs/phi3-ultrachat.yaml"
LEADS = (".", "..", "odd", "odd/", "../phi3-chat", "/", "/dev/zero", "/proc/self", "gone", "pipe")


@pytest.fixture
def tree(tmp_path):
    for part in ("specs", "examples"):
        shutil.copytree(ROOT / part, tmp_path / part)
    return tmp_path


@pytest.mark.parametrize("target", LEADS)
def test_a_link_that_leads_to_no_file_of_the_flow_is_told(tree, target):
    if target == "pipe":
        os.mkfifo(tree / FLOW / target)
    (tree / FLOW / "odd").symlink_to(target)
    done = in_process(tree, "validate", SPEC)
    assert not crashed(done), done.stderr
    assert done.returncode == ExitCode.INVALID_SPEC
    assert f"{FLOW}/odd:1:1: error: odd is " in done.stderr


def test_nothing_is_shown_of_a_folder(tmp_path):
    (tmp_path / "here").symlink_to(".")
    assert lines_of_file(str(tmp_path / "here")) == ()
    assert lines_of_file(str(tmp_path)) == ()


TO_ITSELF = {
    "validate": ("odd.yaml",),
    "plan": ("odd.yaml", "--sandbox"),
    "apply": ("odd.json", "--sandbox", "--yes"),
    "show": ("odd.json",),
    "status": ("odd.yaml", "--sandbox"),
}


@pytest.mark.parametrize("command", TO_ITSELF)
def test_a_file_that_leads_to_itself_is_told(tmp_path, command):
    """For such a one `Path.resolve` raises a `RuntimeError`, which is no `OSError`."""
    (tmp_path / TO_ITSELF[command][0]).symlink_to(TO_ITSELF[command][0])
    done = in_process(tmp_path, command, *TO_ITSELF[command])
    assert not crashed(done), done.stderr
    assert done.returncode in (ExitCode.FAILED, ExitCode.INVALID_SPEC)
    assert f"{TO_ITSELF[command][0]} cannot be read: Too many levels of symbolic" in done.stderr


@pytest.mark.parametrize("place", ["examples/data", "examples/data/support-chats.jsonl", FLOW])
def test_what_a_spec_names_and_leads_to_itself_is_told_at_its_place(tree, place):
    if (tree / place).is_dir():
        shutil.rmtree(tree / place)
    else:
        (tree / place).unlink()
    (tree / place).symlink_to(Path(place).name)
    spec = SPEC if place == FLOW else "examples/bring-your-own-data.yaml"
    done = in_process(tree, "validate", spec)
    assert not crashed(done), done.stderr
    assert done.returncode == ExitCode.INVALID_SPEC
    assert f"{spec}:" in done.stderr


def test_only_one_function_takes_links_out_of_paths():
    """`Path.resolve` falls over a link to itself; the sandbox's folder is refused before."""
    files = [*(ROOT / "reconciler").rglob("*.py")]
    product = [file for file in files if "sandbox" not in file.parts and file.name != "shipped.py"]
    assert [file.name for file in product if ".resolve(" in file.read_text(encoding="utf-8")] == []
