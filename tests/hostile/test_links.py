"""A link in a flow's folder, wherever it leads, is told at its place or followed to its file."""

import os
import shutil

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
