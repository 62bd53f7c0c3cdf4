"""Signals and closed streams end a run soon and in order, also while Azure does not answer."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import signal
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli.signals import GRACE_S
from reconciler.diagnostics import ExitCode
from reconciler.sandbox.launch import Server, launch

ROOT = Path(__file__).parents[2]
SPEC = str(ROOT / "examples" / "smallest.yaml")
RECONCILE = [sys.executable, "-m", "reconciler"]
BUSY_S = 1.5
"""What a loaded machine may add to any time measured here."""
HANGS: dict[str, dict[str, Any]] = {
    "plan": {"method": "GET", "path": "/storageAccounts/"},
    "apply": {"method": "PUT", "path": "/storageAccounts/"},
    "destroy": {"method": "DELETE", "path": "/computes/"},
}
WORDS = {
    "plan": ("plan", SPEC),
    "apply": ("apply", SPEC, "--yes", "--parallelism", "1"),
    "destroy": ("destroy", SPEC, "--yes", "--parallelism", "1"),
}
every_command = pytest.mark.parametrize("command", WORDS)


def control(server: Server, name: str, body: object = None, method: str | None = None) -> str:
    request = urllib.request.Request(
        f"{server.url}/_sandbox/{name}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"x-sandbox-token": server.control_token},
        method=method,
    )
    context = ssl.create_default_context(cafile=server.ca_file)
    with urllib.request.urlopen(request, context=context) as reply:
        return str(reply.read().decode())


def writes(server: Server) -> list[str]:
    entries = map(json.loads, control(server, "journal").splitlines())
    return [e["path"] for e in entries if e["method"] in ("PUT", "PATCH", "DELETE")]


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sandbox")


@pytest.fixture(scope="module")
def server(state: Path) -> Iterator[Server]:
    with launch(state, clock="instant") as running:
        yield running


@pytest.fixture(scope="module")
def worlds(server: Server, state: Path) -> dict[str, Any]:
    """The world before each command: empty, or with the spec applied."""
    empty = json.loads(control(server, "snapshot"))
    done = subprocess.run(
        [*RECONCILE, *WORDS["apply"], "--sandbox", server.url],
        capture_output=True,
        text=True,
        check=False,
        env=environment(state),
    )
    assert done.returncode == 0, done.stderr
    full = json.loads(control(server, "snapshot"))
    return {"plan": empty, "apply": empty, "destroy": full}


def environment(state: Path) -> dict[str, str]:
    return {**os.environ, "RECONCILE_SANDBOX_STATE": str(state)}


@contextlib.contextmanager
def hanging(
    server: Server, state: Path, worlds: dict[str, Any], command: str, **streams: Any
) -> Iterator[subprocess.Popen[str]]:
    """Run a command until the request that Azure never answers is under way."""
    control(server, "reset", {})
    control(server, "restore", worlds[command])
    control(server, "faults", {**HANGS[command], "times": 0, "action": {"delay_s": 60}})
    words = [*RECONCILE, *WORDS[command], "--sandbox", server.url]
    pipes = {"stderr": subprocess.PIPE, "stdout": subprocess.PIPE, **streams}
    with subprocess.Popen(words, text=True, env=environment(state), **pipes) as process:
        while not json.loads(control(server, "faults"))["value"][0]["seen"]:
            assert process.poll() is None, process.communicate()
            time.sleep(0.02)
        try:
            yield process
        finally:
            process.kill()
            control(server, "faults", method="DELETE")


@every_command
@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGTERM, ExitCode.TERMINATED), (signal.SIGHUP, ExitCode.HUNG_UP)],
)
def test_a_signal_does_not_wait_for_a_request_that_hangs(
    server: Server,
    state: Path,
    worlds: dict[str, Any],
    command: str,
    number: signal.Signals,
    code: ExitCode,
) -> None:
    with hanging(server, state, worlds, command) as process:
        before, began = writes(server), time.monotonic()
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
        elapsed_s = time.monotonic() - began
        assert writes(server) == before
    assert process.returncode == code
    assert elapsed_s < GRACE_S + BUSY_S
    assert "Traceback" not in err
    if command != "plan":
        assert "nothing new will be started" in err
        assert "exited while these were still running: " in err
        assert "run again to continue" in err


@every_command
def test_a_second_ctrl_c_leaves_at_once(
    server: Server, state: Path, worlds: dict[str, Any], command: str
) -> None:
    with hanging(server, state, worlds, command) as process:
        process.send_signal(signal.SIGINT)
        if command != "plan":  # which leaves at the first: it has nothing to finish
            assert process.stderr is not None
            assert any("stopping" in line for line in process.stderr)
            process.send_signal(signal.SIGINT)
        began = time.monotonic()
        process.wait(timeout=60)
        elapsed_s = time.monotonic() - began
    assert process.returncode == ExitCode.INTERRUPTED
    assert elapsed_s < 0.5 + BUSY_S


@pytest.mark.parametrize("command", ["apply", "destroy"])
def test_a_terminal_that_is_closed_ends_the_run_in_order(
    server: Server, state: Path, worlds: dict[str, Any], command: str
) -> None:
    """Every write to it fails from then on: the run still ends by its own code."""
    ours, theirs = pty.openpty()
    streams = {"stdout": theirs, "stderr": theirs, "stdin": theirs}
    with hanging(server, state, worlds, command, **streams) as process:
        os.close(theirs)
        os.close(ours)
        process.send_signal(signal.SIGHUP)
        process.wait(timeout=60)
    assert process.returncode == ExitCode.HUNG_UP


def test_under_nohup_a_closed_terminal_ends_nothing(
    server: Server, state: Path, worlds: dict[str, Any]
) -> None:
    def nohup() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    with hanging(server, state, worlds, "apply", preexec_fn=nohup) as process:
        process.send_signal(signal.SIGHUP)
        control(server, "faults", method="DELETE")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert process.returncode == ExitCode.TERMINATED


@pytest.mark.parametrize("closed", ["1>&-", "2>&-", "1>&- 2>&-", "<&-", "<&- 1>&- 2>&-"])
@every_command
def test_streams_that_are_closed_change_nothing(
    server: Server, state: Path, worlds: dict[str, Any], command: str, closed: str
) -> None:
    done = shell(server, state, worlds, command, closed)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    expected = {"plan": 0, "apply": 7, "destroy": 1}[command]
    assert len(writes(server)) >= expected


@every_command
def test_a_reader_that_has_left_changes_nothing(
    server: Server, state: Path, worlds: dict[str, Any], command: str
) -> None:
    """Both streams are a pipe whose reader is gone before the first word."""
    done = shell(server, state, worlds, command, "2>&1 | true; exit ${PIPESTATUS[0]}")
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "")


@pytest.mark.parametrize("command", ["apply", "destroy"])
def test_progress_that_cannot_be_written_stops_nothing(
    server: Server, state: Path, worlds: dict[str, Any], command: str
) -> None:
    """A log on a full disk: the run converges, and its report is on standard output."""
    done = shell(server, state, worlds, command, "2>/dev/full")
    assert done.returncode == 0
    assert "done" in done.stdout or "created" in done.stdout or "deleted" in done.stdout
    assert len(writes(server)) >= 1


def shell(
    server: Server, state: Path, worlds: dict[str, Any], command: str, redirections: str
) -> subprocess.CompletedProcess[str]:
    """Run a command by a shell, with its streams as the words after it say."""
    control(server, "reset", {})
    control(server, "restore", worlds[command])
    control(server, "journal", method="DELETE")
    words = " ".join([*RECONCILE, *WORDS[command], "--sandbox", server.url])
    return subprocess.run(
        ["bash", "-c", f"{words} {redirections}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=environment(state),
    )
