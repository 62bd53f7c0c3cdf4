"""The server process before its first request: state directory, lock, port, ready record."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.sandbox.locks import SERVER, try_lock
from reconciler.sandbox.store import VERSION, StateError
from reconciler.sandbox.tls import ca_file
from reconciler.sandbox.world import World

Json = dict[str, Any]
HOST = "127.0.0.1"
TRIES = 10
BETWEEN_TRIES_S = 0.02


@dataclass(frozen=True)
class Options:
    """What the command line asked for; port 0 means the remembered one, else any free one."""

    state: Path
    port: int = 0
    attached: bool = False
    clock: str = "auto"


def serve(options: Options) -> None:
    """Serve until told to stop. Raises StateError with a user-ready sentence."""
    lock = lock_state(options.state)
    try:
        with listen(options) as listener:
            # aiohttp reads the system's certificates when it is imported, which costs 100 ms;
            # this process opens no connection of its own.
            os.environ["SSL_CERT_FILE"] = os.devnull
            from reconciler.sandbox.running import run

            run(options, listener)
    finally:
        os.close(lock)


class TakenError(StateError):
    """Another server holds the state directory."""


def lock_state(state: Path) -> int:
    """Create and lock a state directory; returns the lock's file descriptor."""
    try:
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = _patiently(state / SERVER)
    except OSError as error:
        raise StateError(f"cannot use {state} for the sandbox: {error.strerror}") from error
    if lock is None:
        hint = "give this one another --state, or use that one: --sandbox URL"
        raise TakenError(f"another sandbox already serves {state}", hint)
    return lock


def _patiently(file: Path) -> int | None:
    """Lock the file of the server: whoever asks whether it is held holds it for a moment."""
    for _ in range(TRIES - 1):
        lock = try_lock(file)
        if lock is not None:
            return lock
        time.sleep(BETWEEN_TRIES_S)
    return try_lock(file)


def listen(options: Options) -> socket.socket:
    """Return a listening socket: the asked port, else the remembered one, else a free one."""
    if options.port:
        return _bind(options.port)
    remembered = _remembered_port(options.state)
    if remembered:
        with contextlib.suppress(StateError):
            return _bind(remembered)
    return _bind(0)


def _bind(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        taken = error.errno == errno.EADDRINUSE
        reason = "it is in use" if taken else str(error.strerror)
        hint = "choose another --port, or leave it out for a free one"
        raise StateError(f"cannot listen on port {port}: {reason}", hint) from error
    return listener


def _remembered_port(state: Path) -> int:
    try:
        return int(json.loads((state / "server.json").read_text())["port"])
    except (OSError, ValueError, KeyError):
        return 0


def describe(world: World, options: Options, port: int) -> Json:
    """Return the ready record, as printed and as kept in server.json."""
    identity = world.identity
    return {
        "url": world.base_url,
        "port": port,
        "pid": os.getpid(),
        "state": str(options.state.resolve()),
        "ca_file": str(ca_file(options.state.resolve())),
        "control_token": identity.control_token,
        "tenant_id": identity.tenant_id,
        "client_id": identity.client_id,
        "client_secret": identity.client_secret,
        "identity_header": identity.identity_header,
        "version": VERSION,
    }


def records_dir() -> Path:
    """Return where running sandboxes are recorded by port."""
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base) / "reconcile" / "sandboxes"


def publish(state: Path, record: Json) -> None:
    """Record a running server in its state directory and by port."""
    _write_private(state / "server.json", record)
    folder = records_dir()
    with contextlib.suppress(OSError):  # only `find(url)` needs it; a read-only home is no reason
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write_private(folder / f"{record['port']}.json", record)


def unpublish(port: int) -> None:
    """Forget the record by port."""
    with contextlib.suppress(OSError):
        (records_dir() / f"{port}.json").unlink()


def _write_private(file: Path, record: Json) -> None:
    fresh = file.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        json.dump(record, stream)
    fresh.replace(file)
