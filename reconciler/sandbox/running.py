"""The server while it runs: from the open port to the last attached user or a signal."""

from __future__ import annotations

import asyncio
import gc
import json
import signal
import socket
from typing import Any

import uvloop
from aiohttp import web

from reconciler.sandbox import app as application
from reconciler.sandbox.control import ATTACH_COUNT, ATTACHED
from reconciler.sandbox.server import HOST, Options, describe, publish, unpublish
from reconciler.sandbox.tls import server_context

DETACH_GRACE_S = 0.3
FIRST_ATTACH_S = 15.0
YOUNG_OBJECTS = 50_000


def run(options: Options, listener: socket.socket) -> None:
    """Serve on an open port until a signal or, if asked, the end of the last attached user."""
    # The resources stay for good: looking through them for garbage after every few hundred
    # requests would slow a sandbox of ten thousand by half.
    gc.set_threshold(YOUNG_OBJECTS, 50, 50)
    uvloop.run(_run(options, listener))


async def _run(options: Options, listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    world = application.open_world(options.state, f"https://{HOST}:{port}", options.clock)
    app = application.build(world)
    app[ATTACHED], app[ATTACH_COUNT] = asyncio.Event(), [0]
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    await web.SockSite(runner, listener, ssl_context=server_context(options.state)).start()
    record = describe(world, options, port)
    publish(options.state, record)
    print(json.dumps(record), flush=True)  # noqa: T201 - the ready line is this program's output
    await _until_over(app, attached=options.attached)
    await runner.cleanup()
    world.clock.save()
    world.journal.flush()
    world.store.close()
    unpublish(port)


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
