"""Signals and closed streams end a run soon and in order, also while Azure does not answer.

What ends a run is an event, never a time: Azure answers nothing until the process is gone, so that
it ends at all shows that it did not wait. How long it may take is a constant of the product.
"""

from __future__ import annotations

import contextlib
import json
import os
import pty
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli.signals import CODES, GRACE_S, Signals
from reconciler.diagnostics import ExitCode
from tests.faults.seed import drawn
from tests.support.commands import in_process
from tests.support.controls import Controls, Pool, state_of
from tests.support.entered import NEVER_STARTED, entering

ROOT = Path(__file__).parents[2]
SPEC = str(ROOT / "examples" / "smallest.yaml")
RECONCILE = [sys.executable, "-m", "reconciler"]
CONTAINERS_WAIT_S = 10.0
"""How long a container waits between SIGTERM and SIGKILL, at least."""
BETWEEN_LOOKS_S = 0.02
"""A command starts the sooner the less the sandbox is asked how far it is."""
HANGS: dict[str, dict[str, Any]] = {
    "plan": {"method": "GET", "path": "/storageAccounts/"},
    "apply": {"method": "PUT", "path": "/storageAccounts/"},
}
WORDS = {
    "plan": ("plan", SPEC),
    "apply": ("apply", SPEC, "--yes", "--parallelism", "1"),
    "destroy": ("destroy", SPEC, "--yes", "--parallelism", "1"),
}


class Worlds:
    """A sandbox, and the world before each command: empty, or with the spec applied."""

    def __init__(self, controls: Controls) -> None:
        self.controls = controls
        self.url = controls.server.url
        self.environment = {"RECONCILE_SANDBOX_STATE": str(state_of(controls.server))}
        empty = controls.snapshot()
        done = in_process(ROOT, *self.words("apply"), **self.environment)
        assert done.returncode == 0, done.stderr
        self._before = {"plan": empty, "apply": empty, "destroy": controls.snapshot()}

    def words(self, command: str) -> tuple[str, ...]:
        return (*WORDS[command], "--sandbox", self.url)

    def before(self, command: str) -> None:
        """Become the world before a command."""
        self.controls.restore(self._before[command])

    def writes(self) -> list[str]:
        """Return what was carried out; a request that hung is not."""
        return [
            e["path"]
            for e in self.controls.entries()
            if e["method"] in ("PUT", "PATCH", "DELETE") and e["committed"]
        ]

    @contextlib.contextmanager
    def hanging(
        self,
        command: str,
        fault: str = "hang",
        prepare: Callable[[], object] = lambda: None,
        **streams: Any,
    ) -> Iterator[subprocess.Popen[str]]:
        """Run a command until the request that Azure does not answer is under way."""
        self.before(command)
        self.controls.arm_fault(**HANGS[command], times=0, action={fault: True})
        pipes = {"stderr": subprocess.PIPE, "stdout": subprocess.PIPE, **streams}
        entered = entering(*self.words(command), prepare=prepare, **self.environment)
        with subprocess.Popen(NEVER_STARTED, text=True, preexec_fn=entered, **pipes) as process:
            while not json.loads(self.controls.control("GET", "faults"))["value"][0]["seen"]:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(BETWEEN_LOOKS_S)
                assert process.returncode is None, process.communicate()
            try:
                yield process
            finally:
                process.kill()
                self.controls.clear_faults()

    def ended(self, command: str, **streams: Any) -> subprocess.CompletedProcess[str]:
        """Run a command to its end with these streams."""
        self.before(command)
        entered = entering(*self.words(command), **self.environment)
        return subprocess.run(NEVER_STARTED, text=True, check=False, preexec_fn=entered, **streams)

    def shell(self, command: str, redirections: str) -> subprocess.CompletedProcess[str]:
        """Run a command by a shell, with its streams as the words after it say."""
        self.before(command)
        words = " ".join([*RECONCILE, *self.words(command)])
        return subprocess.run(
            ["bash", "-c", f"{words} {redirections}"],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, **self.environment},
        )


@pytest.fixture(scope="module")
def worlds(pool: Pool) -> Iterator[Worlds]:
    with pool.lent() as server:
        yield Worlds(Controls(server))


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_a_signal_does_not_wait_for_a_request_that_hangs(worlds: Worlds, command: str) -> None:
    with worlds.hanging(command) as process:
        before = worlds.writes()
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate()
        assert worlds.writes() == before
    assert process.returncode == ExitCode.TERMINATED
    assert "Traceback" not in err
    if command != "plan":
        assert "nothing new will be started" in err
        assert "exited while these were still running: " in err
        assert "run again to continue" in err


@pytest.fixture
def timers(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The times after which something is to happen; none of it does."""
    asked: list[float] = []

    class Noted(threading.Thread):
        def __init__(self, interval: float, _call: Callable[..., Any], _args: Any) -> None:
            super().__init__(target=asked.append, args=(interval,))

    monkeypatch.setattr(threading, "Timer", Noted)
    return asked


@pytest.mark.parametrize(
    ("number", "grace"),
    [(signal.SIGTERM, [GRACE_S]), (signal.SIGHUP, [GRACE_S]), (signal.SIGINT, [])],
)
def test_who_was_told_to_end_leaves_before_a_container_would_be_killed(
    timers: list[float], number: signal.Signals, grace: list[float]
) -> None:
    """Ctrl-C alone waits for as long as the person does, who can press it again."""
    handlers = {one: signal.getsignal(one) for one in CODES}
    signals, stop, said = Signals(), threading.Event(), threading.Event()
    try:
        signals.install()
        signals.guard(stop, lambda _text: said.set(), tuple)
        signal.raise_signal(number)
    finally:
        signals.close()
        for one, handler in handlers.items():
            signal.signal(one, handler)
    assert stop.is_set()
    assert said.wait()
    assert timers == grace
    assert GRACE_S < CONTAINERS_WAIT_S / 2


class Locked(threading.Event):
    """An event whose lock may be held by whoever the signal interrupts, as every event's may."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.Lock()

    def set(self) -> None:
        with self.lock:
            super().set()


def test_a_signal_in_the_middle_of_a_wait_does_not_wait_for_itself() -> None:
    """It set an event in its handler: who was just looking at it held its lock, and hung."""
    handlers = {one: signal.getsignal(one) for one in CODES}
    signals, stop = Signals(), Locked()
    try:
        signals.install()
        signals.guard(stop, lambda _text: None, tuple)
        with stop.lock:
            signal.raise_signal(signal.SIGINT)
            assert not stop.is_set()
        assert stop.wait(CONTAINERS_WAIT_S)
    finally:
        signals.close()
        for one, handler in handlers.items():
            signal.signal(one, handler)
    assert signals.received is ExitCode.INTERRUPTED


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_a_second_ctrl_c_leaves_at_once(worlds: Worlds, command: str) -> None:
    with worlds.hanging(command) as process:
        process.send_signal(signal.SIGINT)
        if command != "plan":  # which leaves at the first: it has nothing to finish
            assert process.stderr is not None
            assert any("stopping" in line for line in process.stderr)
            process.send_signal(signal.SIGINT)
        process.wait()
    assert process.returncode == ExitCode.INTERRUPTED


def test_a_terminal_that_is_closed_ends_the_run_in_order(worlds: Worlds) -> None:
    """Every write to it fails from then on: the run still ends by its own code."""
    ours, theirs = pty.openpty()
    streams = {"stdout": theirs, "stderr": theirs, "stdin": theirs}
    with worlds.hanging("apply", **streams) as process:
        os.close(theirs)
        os.close(ours)
        process.send_signal(signal.SIGHUP)
        process.wait()
    assert process.returncode == ExitCode.HUNG_UP


def test_under_nohup_a_closed_terminal_ends_nothing(worlds: Worlds) -> None:
    def nohup() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    with worlds.hanging("apply", "hold", nohup) as process:
        process.send_signal(signal.SIGHUP)
        worlds.controls.clear_faults()
        _, err = process.communicate()
    assert process.returncode == 0, err
    assert len(worlds.writes()) >= 7


@pytest.mark.parametrize(
    ("command", "closed"),
    [
        *(("apply", one) for one in drawn(("1>&-", "2>&-", "<&-"), 1, "closed")),
        ("apply", "<&- 1>&- 2>&-"),
        ("plan", "<&- 1>&- 2>&-"),
        ("destroy", "1>&- 2>&-"),
    ],
)
def test_streams_that_are_closed_change_nothing(worlds: Worlds, command: str, closed: str) -> None:
    done = worlds.shell(command, closed)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    expected = {"plan": 0, "apply": 7, "destroy": 1}[command]
    assert len(worlds.writes()) >= expected


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_a_reader_that_has_left_changes_nothing(worlds: Worlds, command: str) -> None:
    """Both streams are a pipe whose reader is gone before the first word."""
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write) as pipe:
        assert worlds.ended(command, stdout=pipe, stderr=pipe).returncode == 0


def test_progress_that_cannot_be_written_stops_nothing(worlds: Worlds) -> None:
    """A log on a full disk: the run converges, and its report is on standard output."""
    with Path("/dev/full").open("w") as full:
        done = worlds.ended("apply", stdout=subprocess.PIPE, stderr=full)
    assert done.returncode == 0
    assert "created" in done.stdout
    assert len(worlds.writes()) >= 7
