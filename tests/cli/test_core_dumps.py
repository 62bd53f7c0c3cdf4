"""A process of the command line leaves no secret behind: no core dump, and no debugger reads it."""

import json
import subprocess
import sys

import pytest

SAYS = """
import json, resource, sys
from pathlib import Path
import {first}
def main(words, signals=None):
    import ctypes
    prctl = ctypes.CDLL(None).prctl
    child = __import__("subprocess").run(
        [sys.executable, "-c", "import resource; print(resource.getrlimit(resource.RLIMIT_CORE))"],
        capture_output=True, text=True, check=True)
    own = resource.getrlimit(resource.RLIMIT_CORE)
    print(json.dumps([own, prctl(3, 0, 0, 0, 0), child.stdout.strip()]), flush=True)
    return 0
{then}
"""
COMMAND = ("reconciler.cli.main", "reconciler.cli.main.main = main; reconciler.cli.main.entry()")
LIBRARY = ("reconciler.library", "main(())")


def said(first, then):
    done = subprocess.run(
        [sys.executable, "-c", SAYS.format(first=first, then=then)],
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_DUMPABLE is Linux's")
def test_the_command_line_leaves_no_core_and_so_do_its_children():
    assert said(*COMMAND) == [[0, 0], 0, "(0, 0)"]


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_DUMPABLE is Linux's")
def test_a_program_that_uses_the_library_decides_for_itself():
    _, dumpable, _ = said(*LIBRARY)
    assert dumpable == 1
