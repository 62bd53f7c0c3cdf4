"""The loop as a container runs it: a process that signals ask to look, and to end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reconciler.sandbox.launch import Server
from tests.support.commands import attached
from tests.support.one_spec import OneSpec

CONFIG = "version: 1\nsource: {folder: source}\nspecs: [{name: small, path: smallest.yaml}]\n"
LONGEST_S = 40.0
"""Far less than the minute that a request hangs; how soon it ends is `keeping.LONGEST_END_S`."""


def until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so, however slow this machine is just now."""
    end = time.monotonic() + LONGEST_S
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.fixture
def running(kept: OneSpec, server: Server) -> Iterator[subprocess.Popen[str]]:
    """A loop over a spec that is in place already."""
    folder = attached(kept.folder.parent, server)
    (folder / "loop.yaml").write_text(CONFIG, encoding="utf-8")
    words = [sys.executable, "-m", "reconciler", "loop", "loop.yaml", "--sandbox"]
    process = subprocess.Popen(
        words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    yield process
    process.kill()
    process.communicate()


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Return how a process ended that was told to, soon."""
    out, err = process.communicate(timeout=LONGEST_S)
    return process.returncode, out, err


def test_it_looks_when_it_is_asked_and_ends_with_0(
    running: subprocess.Popen[str], kept: OneSpec
) -> None:
    until(lambda: bool(kept.azure.journal()))
    kept.edit("max_instances: 2", "max_instances: 3")
    running.send_signal(signal.SIGHUP)
    until(lambda: bool(kept.azure.writes()))
    running.send_signal(signal.SIGTERM)
    code, out, err = ended(running)
    assert (code, err) == (0, "")
    assert {json.loads(line)["severity"] for line in out.splitlines()} <= {"note"}
    written = kept.azure.writes()
    assert [line for line in written if "/computes/cpu-cluster" in line]


def test_a_request_that_is_under_way_does_not_hold_its_end(
    running: subprocess.Popen[str], kept: OneSpec
) -> None:
    until(lambda: bool(kept.azure.journal()))
    kept.azure.control("POST", "latency", {"ms": 60_000})
    running.send_signal(signal.SIGTERM)
    assert ended(running)[0] == 0
    kept.azure.control("POST", "latency", {"ms": 0})
