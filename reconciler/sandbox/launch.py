"""Starts a sandbox as a child process, or attaches to one that runs; standard library only.

The product imports nothing else of the sandbox. A server that `launch` started ends by itself
when the last process attached to it is gone, however that process ended.
"""

from __future__ import annotations

import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:  # the standard imports of `json` and `pathlib` alone would cost 30 ms
    from pathlib import Path
    from typing import Any

READY_S = 20.0


class LaunchError(Exception):
    """The sandbox could not be started or reached; the message is for the user."""


class Server:
    """A running sandbox, kept alive by this object's open connection until `close`."""

    def __init__(self, record: dict[str, Any], connection: Any = None) -> None:
        self.url: str = record["url"]
        self.ca_file: str = record["ca_file"]
        self.control_token: str = record["control_token"]
        self.tenant_id: str = record["tenant_id"]
        self.client_id: str = record["client_id"]
        self.client_secret: str = record["client_secret"]
        self.pid: int = record["pid"]
        self._connection = connection

    def close(self) -> None:
        """Detach; an attached server without users ends within half a second."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def launch(state: Path, *, clock: str = "auto") -> Server:
    """Attach to the sandbox that serves `state`, starting one if there is none.

    Raises LaunchError with a sentence for the user. Where a server already runs, its clock stays.
    """
    state = state.absolute()
    deadline = time.monotonic() + READY_S
    found = _running(state)
    while found is None:
        found = _start(state, clock) or _running(state)
        if found is None:
            if time.monotonic() > deadline:
                raise LaunchError(f"the sandbox of {state} is held by a process that is not ready")
            time.sleep(0.05)
    return found


def find(url: str) -> Server:
    """Return the running sandbox at a URL. Raises LaunchError if no record of one is found."""
    from pathlib import Path

    own = os.environ.get("RECONCILE_SANDBOX_STATE")
    port = url.rstrip("/").rsplit(":", 1)[-1]
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    by_port = Path(base) / "reconcile" / "sandboxes" / f"{port}.json"
    for file in ([Path(own) / "server.json"] if own else []) + [by_port]:
        record = _read(file)
        if record is not None and record["url"] == url.rstrip("/") and _is_alive(record["pid"]):
            return Server(record)
    raise LaunchError(
        f"no running sandbox is known at {url}; start one with `reconcile sandbox serve`, or set "
        "RECONCILE_SANDBOX_STATE to its state directory"
    )


def _is_alive(pid: int) -> bool:
    """Whether the process is there: a record outlives a server that was killed."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _running(state: Path) -> Server | None:
    record = _read(state / "server.json")
    if record is None or not _is_locked(state):
        return None
    connection = _attach(record)
    return None if connection is None else Server(record, connection)


def _is_locked(state: Path) -> bool:
    import fcntl

    try:
        lock = os.open(state / "lock", os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(lock)
    return False


def _attach(record: dict[str, Any]) -> Any:
    """Open the connection that keeps the server up; None if nobody (or another one) answers."""
    import http.client
    import ssl

    try:
        context = ssl.create_default_context(cafile=record["ca_file"])
        port = int(record["port"])
        connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=5)
        headers = {"x-sandbox-token": record["control_token"]}
        connection.request("GET", "/_sandbox/attach", headers=headers)
        response = connection.getresponse()
    except (OSError, http.client.HTTPException):
        return None
    if response.status != 200:
        connection.close()
        return None
    response.readline()
    return _Held(connection, response)


class _Held:
    """An open attach connection (http.client hands the socket to the response)."""

    def __init__(self, connection: Any, response: Any) -> None:
        self._parts = (response, connection)

    def close(self) -> None:
        for part in self._parts:
            part.close()


def _start(state: Path, clock: str) -> Server | None:
    """Start a detached child; None if another process was faster. Raises LaunchError."""
    import json
    import select
    import subprocess
    import sys

    command = [sys.executable, "-m", "reconciler.sandbox", "serve", "--attached"]
    command += ["--state", str(state), "--clock", clock]
    complaints = _complaints()
    try:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
            start_new_session=True,  # Ctrl-C must not kill it before its user has finished
            cwd="/",
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )
    except OSError as error:
        raise LaunchError(f"cannot start the sandbox: {error.strerror}") from error
    assert child.stdout is not None
    ready, _, _ = select.select([child.stdout], [], [], READY_S)
    line = child.stdout.readline() if ready else b""
    if not line:
        _give_up(child, complaints)
        return None
    record = json.loads(line)
    connection = _attach(record)
    if connection is None:
        raise LaunchError(f"the sandbox at {record['url']} started but does not answer")
    return Server(record, connection)


def _complaints() -> Any:
    """Return a file for the child's stderr: a pipe that nobody reads blocks it when full."""
    import tempfile

    try:
        return tempfile.TemporaryFile()
    except OSError as error:
        text = f"cannot start the sandbox: no temporary file can be made ({error.strerror})"
        raise LaunchError(text) from error


def _give_up(child: Any, complaints: Any) -> None:
    """Raise LaunchError, unless another process serves the state directory by now."""
    child.kill()
    child.communicate()
    complaints.seek(0)
    lines = complaints.read().decode(errors="replace").strip().splitlines()
    text = lines[-1] if lines else f"it was not ready after {READY_S:.0f} s"
    if text.startswith("another sandbox already serves"):
        return
    raise LaunchError(f"the sandbox could not start: {text}")


def _read(file: Path) -> dict[str, Any] | None:
    import json

    try:
        record: dict[str, Any] = json.loads(file.read_text())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise LaunchError(f"cannot read {file}: {error.strerror}") from error
    except ValueError:
        return None
    return record
