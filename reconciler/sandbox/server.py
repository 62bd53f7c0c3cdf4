"""The server process: state directory, lock, port, ready line, and when to end."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import json
import os
import signal
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from reconciler.sandbox import app as application
from reconciler.sandbox.control import ATTACH_COUNT, ATTACHED
from reconciler.sandbox.store import VERSION, StateError
from reconciler.sandbox.tls import ca_file, server_context
from reconciler.sandbox.world import World

Json = dict[str, Any]
HOST = "127.0.0.1"
DETACH_GRACE_S = 0.3
FIRST_ATTACH_S = 15.0


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
            asyncio.run(_run(options, listener))
    finally:
        os.close(lock)


def lock_state(state: Path) -> int:
    """Create and lock a state directory; returns the lock's file descriptor."""
    try:
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(state / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StateError(f"cannot use {state} for the sandbox: {error.strerror}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        raise StateError(f"another sandbox already serves {state}") from error
    return lock


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
        raise StateError(f"cannot listen on port {port}: {reason}") from error
    return listener


def _remembered_port(state: Path) -> int:
    try:
        return int(json.loads((state / "server.json").read_text())["port"])
    except (OSError, ValueError, KeyError):
        return 0


async def _run(options: Options, listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    world = application.open_world(options.state, f"https://{HOST}:{port}", options.clock)
    app = application.build(world)
    app[ATTACHED], app[ATTACH_COUNT] = asyncio.Event(), [0]
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    await web.SockSite(runner, listener, ssl_context=server_context(options.state)).start()
    record = describe(world, options, port)
    _publish(options.state, record)
    print(json.dumps(record), flush=True)  # noqa: T201 - the ready line is this program's output
    await _until_over(app, attached=options.attached)
    await runner.cleanup()
    world.clock.save()
    world.store.close()
    _unpublish(port)


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
        "version": VERSION,
    }


def records_dir() -> Path:
    """Return where running sandboxes are recorded by port."""
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base) / "reconcile" / "sandboxes"


def _publish(state: Path, record: Json) -> None:
    _write_private(state / "server.json", record)
    folder = records_dir()
    with contextlib.suppress(OSError):  # only `find(url)` needs it; a read-only home is no reason
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write_private(folder / f"{record['port']}.json", record)


def _unpublish(port: int) -> None:
    with contextlib.suppress(OSError):
        (records_dir() / f"{port}.json").unlink()


def _write_private(file: Path, record: Json) -> None:
    fresh = file.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        json.dump(record, stream)
    fresh.replace(file)


async def _until_over(app: web.Application, *, attached: bool) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    waits: list[asyncio.Task[Any]] = [asyncio.create_task(stopped.wait())]
    if attached:
        waits.append(asyncio.create_task(_until_detached(app)))
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()


async def _until_detached(app: web.Application) -> None:
    grace = FIRST_ATTACH_S
    while True:
        if app[ATTACH_COUNT][0]:
            app[ATTACHED].clear()
            await app[ATTACHED].wait()
            grace = DETACH_GRACE_S
            continue
        try:
            await asyncio.wait_for(app[ATTACHED].wait(), grace)
        except TimeoutError:
            return
        if not app[ATTACH_COUNT][0]:
            app[ATTACHED].clear()
