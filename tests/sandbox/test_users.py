"""A sandbox that was started for its users: shared, never taken from one, gone with the last."""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import signal
import ssl
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.sandbox.launch import LaunchError, Server, find, launch
from reconciler.sandbox.locks import SERVER, STARTING, USERS, is_served, try_lock
from reconciler.sandbox.running import LOOKS_UNUSED, until_unused

ONE_USER = """
import sys
from pathlib import Path
from reconciler.sandbox.launch import launch
server = launch(Path(sys.argv[1]))
print(server.pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def state(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    folder.mkdir()
    return folder


@pytest.fixture
def somebody_elses(tmp_path: Path) -> Iterator[Server]:
    with launch(tmp_path / "other", clock="instant") as server:
        yield server


def locked(file: Path, *, shared: bool = False) -> int:
    lock = try_lock(file, shared=shared)
    assert lock is not None
    return lock


def wait_until_gone(state: Path) -> None:
    """Wait for the lock of the server: the kernel gives it when the process has ended."""
    lock = os.open(state / SERVER, os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX)
    os.close(lock)


def answers(server: Server) -> bool:
    request = urllib.request.Request(f"{server.url}/_sandbox/clock")
    request.add_header("x-sandbox-token", server.control_token)
    context = ssl.create_default_context(cafile=server.ca_file)
    with urllib.request.urlopen(request, context=context) as answer:
        return bool(answer.status == 200)


def test_users_share_one_server_that_ends_with_the_last(state: Path) -> None:
    first, second = launch(state), launch(state)
    assert second.pid == first.pid
    assert find(first.url).control_token == first.control_token
    first.close()
    assert answers(second)
    second.close()
    wait_until_gone(state)
    assert not is_served(state)


def test_a_server_ends_when_its_last_user_is_killed(state: Path) -> None:
    words = [sys.executable, "-c", ONE_USER, str(state)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as user:
        assert user.stdout is not None
        user.stdout.readline()
        user.send_signal(signal.SIGKILL)
    wait_until_gone(state)


def test_a_signal_as_soon_as_a_server_is_ready_ends_it_well(state: Path) -> None:
    """What is in the log of its database is in the database then: nobody needs the log."""
    words = [sys.executable, "-m", "reconciler.sandbox", "serve", "--state", str(state)]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        server.stdout.readline()
        server.send_signal(signal.SIGTERM)
    assert server.returncode == 0
    assert not (state / "state.db-wal").exists()


def test_who_comes_while_a_server_ends_gets_another_one(
    state: Path, somebody_elses: Server, tmp_path: Path
) -> None:
    """What is on disk still names a server that answers: only the lock says that it ends."""
    shutil.copy(tmp_path / "other" / "server.json", state / "server.json")
    ending = [locked(state / SERVER), locked(state / USERS)]
    waited = []

    def goes(seconds: float) -> None:
        waited.append(seconds)
        while ending:
            os.close(ending.pop())

    with launch(state, clock="instant", pause=goes) as server:
        assert len(waited) == 1
        assert server.pid != somebody_elses.pid
        assert answers(server)


def test_who_comes_while_another_starts_the_server_joins_it(state: Path) -> None:
    starting = [locked(state / STARTING)]
    started: list[Server] = []

    def starts(_: float) -> None:
        if starting:
            os.close(starting.pop())
            started.append(launch(state, clock="instant"))

    with launch(state, clock="instant", pause=starts) as server:
        assert server.pid == started[0].pid
    started[0].close()


def test_many_that_come_at_once_share_one_server(state: Path) -> None:
    found: list[Server] = []
    threads = [
        threading.Thread(target=lambda: found.append(launch(state, clock="instant")))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({server.pid for server in found}) == 1
    assert len(found) == len(threads)
    for server in found:
        server.close()


@pytest.mark.parametrize("used", range(LOOKS_UNUSED))
def test_a_server_that_is_used_at_any_of_its_looks_does_not_end(state: Path, used: int) -> None:
    """Somebody comes just before one look and leaves just after it."""
    looks: list[int] = []
    lease: list[int] = []

    async def look(_: float) -> None:
        looks.append(len(looks))
        if lease:
            os.close(lease.pop())
        if len(looks) == used + 1:
            lease.append(locked(state / USERS, shared=True))

    alone = asyncio.run(until_unused(state, look))
    assert len(looks) == used + 1 + LOOKS_UNUSED
    assert try_lock(state / USERS, shared=True) is None
    os.close(alone)


def test_a_server_that_never_gets_ready_is_one_clear_line(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reconciler.sandbox.launch.READY_S", 0.0)
    lock = locked(state / SERVER)
    with pytest.raises(LaunchError, match="is held by a process that is not ready"):
        launch(state, pause=lambda _: None)
    os.close(lock)
