"""The server while it runs: from the open port to its last user or a signal."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import uvloop
from aiohttp import web

from reconciler.sandbox import app as application
from reconciler.sandbox.locks import USERS, try_lock
from reconciler.sandbox.ready import HOST, Options, describe, for_people, publish, unpublish
from reconciler.sandbox.tls import server_context

LOOK_S = 0.1
LOOKS_UNUSED = 4
"""A server ends when nobody has used it so often in a row: the next command may come at once."""
YOUNG_OBJECTS = 50_000


def run(options: Options, listener: socket.socket) -> None:
    """Serve on an open port until a signal or, if asked, until nobody uses the server."""
    # The resources stay for good: looking through them for garbage after every few hundred
    # requests would slow a sandbox of ten thousand by half.
    gc.set_threshold(YOUNG_OBJECTS, 50, 50)
    uvloop.run(_run(options, listener))


async def _run(options: Options, listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    url = f"https://{HOST}:{port}"
    world = application.open_world(
        options.state,
        url,
        options.clock,
        serves_forge=options.forge,
        serves_git=options.git,
    )
    app = application.build(world)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    await web.SockSite(runner, listener, ssl_context=server_context(options.state)).start()
    stopped = _stopped_by_signal()  # before anybody knows of us: they may send one at once
    record = describe(world, options, port)
    publish(options.state, record)
    told = json.dumps(record) if options.tells_keys else for_people(record)
    sys.stdout.write(f"{told}\n")
    sys.stdout.flush()
    await _until_over(stopped, options.state if options.attached else None)
    await runner.cleanup()
    world.clock.save()
    world.journal.flush()
    world.store.close()
    unpublish(port)


def _stopped_by_signal() -> asyncio.Event:
    """Return an event that SIGTERM and SIGINT set from now on, in place of ending the process."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    return stopped


async def _until_over(stopped: asyncio.Event, used: Path | None) -> None:
    """Wait for a signal or for the last user of a state directory, if one is named."""
    waits: list[asyncio.Task[Any]] = [asyncio.create_task(stopped.wait())]
    if used is not None:
        waits.append(asyncio.create_task(until_unused(used)))
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()


async def until_unused(
    state: Path, pause: Callable[[float], Awaitable[object]] = asyncio.sleep
) -> int:
    """Wait until nobody uses the server.

    Returns the lock that keeps newcomers out: it is held until this process is gone.
    """
    unused = 0
    while True:
        await pause(LOOK_S)
        alone = try_lock(state / USERS)
        if alone is None:
            unused = 0
            continue
        unused += 1
        if unused == LOOKS_UNUSED:
            return alone
        os.close(alone)
