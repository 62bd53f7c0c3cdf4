"""The command line, as a call in this process and as a process of its own.

A process costs most of a second before it does anything. What only a process has is tested with
one: signals, streams that are closed, what is imported. All else goes through `in_process`.
"""

from __future__ import annotations

import contextlib
import gc
import io
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from reconciler import secrets
from reconciler.cli.main import main
from reconciler.cloud.run_scope import RunScope
from reconciler.sandbox.launch import Server
from tests.support.controls import state_of
from tests.support.passing_time import LONGEST_WAIT_S

TIMEOUT_S = 100
LOGGERS = ("", "reconcile.azure")
"""Those that the command line gives handlers of its own, in a process that is its own."""


@dataclass(frozen=True)
class Ended:
    """How a command ended, as `subprocess` says it of a process."""

    returncode: int
    stdout: str
    stderr: str


class _Input(io.StringIO):
    """Standard input that has bytes below its text, as a pipe has."""

    @property
    def buffer(self) -> io.BytesIO:
        return io.BytesIO(self.getvalue().encode())


def in_process(folder: Path, *words: str, stdin: str = "", **environment: str) -> Ended:
    """Run a command in a folder, in this process, which knows no secret before it and after it."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, _own_logs():
        patch.chdir(folder)
        patch.setattr(secrets, "_known", type(secrets._known)())
        patch.setattr(RunScope, "sleep", _brief(RunScope.sleep))
        patch.setattr(sys, "stdin", _Input(stdin))
        for name, value in {"XDG_STATE_HOME": str(folder / "home"), **environment}.items():
            patch.setenv(name, value)
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(words)
        gc.enable()  # as it is in a test, whatever the command made of it
    return Ended(int(code), out.getvalue(), err.getvalue())


def _brief(sleep: Callable[..., None]) -> Callable[..., None]:
    """Cut every wait short: the sandbox's time is instant. Deadlines and stops are what they are."""
    return lambda run, seconds: sleep(run, min(seconds, LONGEST_WAIT_S))


@contextlib.contextmanager
def _own_logs() -> Iterator[None]:
    """Put back the handlers of loggers that the command line sets."""
    loggers = [logging.getLogger(name) for name in LOGGERS]
    before = [(list(one.handlers), one.level, one.propagate) for one in loggers]
    yield
    for one, (handlers, level, propagate) in zip(loggers, before, strict=True):
        one.handlers, one.propagate = handlers, propagate
        one.setLevel(level)


def attached(folder: Path, server: Server) -> Path:
    """Make a sandbox of the pool the embedded one of a folder: `--sandbox` finds it running."""
    state = folder / ".reconcile" / "sandbox"
    state.mkdir(parents=True, mode=0o700)
    for file in (file for file in state_of(server).iterdir() if file.is_file()):
        (state / file.name).hardlink_to(file)
    return folder


def reconcile(folder: Path, *words: str, **environment: str) -> Ended:
    """Run a command in a folder on the sandbox that is embedded there."""
    return in_process(folder, *words, "--sandbox", **environment)


def process(
    folder: Path, *words: str, stdin: str | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder as a process of its own."""
    given: dict[str, Any] = {"stdin": subprocess.DEVNULL} if stdin is None else {"input": stdin}
    return subprocess.run(
        [sys.executable, "-m", "reconciler", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
        env={**os.environ, "XDG_STATE_HOME": str(folder / "home"), **environment},
        **given,
    )
