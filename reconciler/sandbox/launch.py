"""Starts a sandbox as a child process, or joins one that runs; standard library only.

The product imports nothing else of the sandbox. A server that `launch` started ends by itself
when its last user is gone, however that user ended; `locks` says why nobody can be left without.
"""

from __future__ import annotations

import os
import time

from reconciler.sandbox.locks import STARTING, USERS, is_served, try_lock
from reconciler.sandbox.private import private_folder

TYPE_CHECKING = False
if TYPE_CHECKING:  # the standard imports of `json` and `pathlib` alone would cost 30 ms
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

READY_S = 20.0
LOOK_AGAIN_S = 0.02
TAKEN = 3
"""Exit code of a server that was started for a state directory which another one serves."""


class LaunchError(Exception):
    """The sandbox could not be started or reached; the message is for the user."""


class Server:
    """A running sandbox, kept up until `close` if `launch` gave it."""

    def __init__(self, record: dict[str, Any], lease: int | None = None) -> None:
        self.url: str = record["url"]
        self.ca_file: str = record["ca_file"]
        self.control_token: str = record["control_token"]
        self.tenant_id: str = record["tenant_id"]
        self.client_id: str = record["client_id"]
        self.client_secret: str = record["client_secret"]
        self.pid: int = record["pid"]
        self._lease = lease

    def run_code(self) -> None:
        """Let it run the commands of jobs, for as long as it is up. Raises LaunchError."""
        port = int(self.url.rpartition(":")[2])
        try:
            status = _asked(
                port, self.ca_file, self.control_token, "POST", "code", '{"runs": true}'
            )
        except OSError as error:
            raise LaunchError(f"the sandbox cannot be told to run code: {error}") from error
        if status != 200:
            raise LaunchError("the sandbox at this URL cannot run code: it is another version")

    def close(self) -> None:
        """Leave; a server that was started for its users ends within half a second of the last."""
        if self._lease is not None:
            os.close(self._lease)
            self._lease = None

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def launch(
    state: Path, *, clock: str = "auto", pause: Callable[[float], object] = time.sleep
) -> Server:
    """Join the sandbox that serves `state`, starting one if there is none.

    Raises LaunchError with a sentence for the user. Where a server already runs, its clock stays.
    `pause` is called with seconds while another process starts or ends a server there.
    """
    state = state.absolute()
    patience = _Patience(state, pause)
    _make_folder(state)
    while (lease := try_lock(state / USERS, shared=True)) is None:
        patience.wait()
    try:
        while (record := _running(state) if is_served(state) else _start(state, clock)) is None:
            patience.wait()
    except BaseException:
        os.close(lease)
        raise
    return Server(record, lease)


class _Patience:
    """How long to wait for another process that holds a state directory."""

    def __init__(self, state: Path, pause: Callable[[float], object]) -> None:
        self._state, self._pause = state, pause
        self._deadline = time.monotonic() + READY_S

    def wait(self) -> None:
        """Wait a moment. Raises LaunchError when it has been too long."""
        if time.monotonic() > self._deadline:
            raise LaunchError(
                f"the sandbox of {self._state} is held by a process that is not ready"
            )
        self._pause(LOOK_AGAIN_S)


def _make_folder(state: Path) -> None:
    try:
        private_folder(state)
    except OSError as error:
        reason = "Not a directory" if isinstance(error, FileExistsError) else error.strerror
        text = f"cannot use {state} for the sandbox: {reason}"
        raise LaunchError(f"the sandbox could not start: {text}") from error


def find(url: str) -> Server:
    """Return the running sandbox at a URL. Raises LaunchError if there is no record of one."""
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


def _running(state: Path) -> dict[str, Any] | None:
    """Return the record of the server that holds a state directory; None until it answers."""
    record = _read(state / "server.json")
    return record if record is not None and _answers(record) else None


def _answers(record: dict[str, Any]) -> bool:
    """Whether the server of a record is there: the record may be of one that was killed."""
    import http.client

    port, token = int(record["port"]), record["control_token"]
    try:
        return _asked(port, record["ca_file"], token, "GET", "clock") == 200
    except (OSError, http.client.HTTPException):
        return False


def _asked(port: int, ca_file: str, token: str, method: str, name: str, body: str = "") -> int:
    """Return the status that the control plane answers with."""
    import http.client
    import ssl

    context = ssl.create_default_context(cafile=ca_file)
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=5)
    headers = {"x-sandbox-token": token}
    connection.request(method, f"/_sandbox/{name}", body=body or None, headers=headers)
    status = connection.getresponse().status
    connection.close()
    return status


def _start(state: Path, clock: str) -> dict[str, Any] | None:
    """Start a server and return its record; None if another process does. Raises LaunchError."""
    starting = try_lock(state / STARTING)
    if starting is None:
        return None
    try:
        return None if is_served(state) else _child(state, clock)
    finally:
        os.close(starting)


def _child(state: Path, clock: str) -> dict[str, Any] | None:
    """Start a detached child and return its record once it answers; None if it came second."""
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
    record: dict[str, Any] = json.loads(line)
    return record


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
    if child.returncode == TAKEN:
        return
    complaints.seek(0)
    lines = complaints.read().decode(errors="replace").strip().splitlines()
    text = lines[-1] if lines else f"it was not ready after {READY_S:.0f} s"
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
