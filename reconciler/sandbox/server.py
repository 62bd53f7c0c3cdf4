"""The server process before its first request: state directory, lock, port."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import socket
import time
from pathlib import Path

from reconciler.sandbox.locks import SERVER, try_lock
from reconciler.sandbox.private import OTHERS, private_folder
from reconciler.sandbox.ready import HOST, Options
from reconciler.sandbox.store import StateError

TRIES = 10
BETWEEN_TRIES_S = 0.02


def serve(options: Options) -> None:
    """Serve until told to stop. Raises StateError with a user-ready sentence."""
    os.umask(OTHERS)
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
        private_folder(state)
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
