"""The HTTP server in a thread of its own, with an event loop of its own: no pass waits for it.

Each connection serves one request and lives for half a minute at most, so that whoever sends
slowly, or nothing, holds one of a hundred places for that long and nothing else.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable

from aiohttp import web

from reconciler.diagnostics import LocalError
from reconciler.gitops.debounce import Debounce
from reconciler.gitops.http import Told, application

MOST_CONNECTIONS = 100
LIFETIME_S = 30.0
LONGEST_STOP_S = 1.0
SILENT = logging.Logger("reconcile.http", logging.CRITICAL + 1)
"""What aiohttp says of requests that nobody can read: whoever sends such gets a 400."""


class HttpThread:
    """Listens from `start` to `stop`. `port` is where, also when it was asked for any (0)."""

    def __init__(self, told: Told, listen: str, *, lifetime_s: float = LIFETIME_S) -> None:
        """Listen at nothing yet; `listen` is ADDRESS:PORT."""
        host, _, port = listen.rpartition(":")
        self._told, self._host, self.port = told, host.strip("[]"), int(port)
        self._lifetime_s = lifetime_s
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="http", daemon=True)
        self._began: threading.Event = threading.Event()
        self._failure: OSError | None = None
        self._runner: web.AppRunner | None = None
        self._server: asyncio.Server | None = None

    def start(self) -> None:
        """Listen. Raises `LocalError` where that address cannot be had."""
        self._thread.start()
        self._began.wait()
        if self._failure is not None:
            self._thread.join()
            raise LocalError.because(
                f"cannot listen at {self._host}:{self.port}: {self._failure.strerror}",
                hint="choose another address for `listen` in the configuration",
            ) from self._failure

    def stop(self) -> None:
        """Answer nobody any more. Returns within a second."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(LONGEST_STOP_S)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._listen())
        except OSError as error:
            self._failure = error
        self._began.set()
        if self._failure is None:
            self._loop.run_forever()
        self._loop.run_until_complete(self._close())
        self._loop.close()

    async def _listen(self) -> None:
        debounce = Debounce(self._later)
        self._runner = web.AppRunner(
            application(self._told, debounce),
            access_log=None,
            logger=SILENT,
            shutdown_timeout=LONGEST_STOP_S / 2,
        )
        await self._runner.setup()
        handlers = self._runner.server
        if handlers is None:
            raise AssertionError("the runner was set up")
        factory = self._bounded(handlers)
        self._server = await self._loop.create_server(factory, self._host, self.port, backlog=64)
        self.port = self._server.sockets[0].getsockname()[1]

    def _bounded(self, handlers: web.Server) -> Callable[[], asyncio.Protocol]:
        def connected() -> asyncio.Protocol:
            handler = handlers()

            def close_one_too_many() -> None:
                if len(handlers.connections) > MOST_CONNECTIONS:
                    handler.force_close()

            self._loop.call_later(0, close_one_too_many)  # not before it is connected
            self._loop.call_later(self._lifetime_s, handler.force_close)
            return handler

        return connected

    def _later(self, seconds: float, do: Callable[[], None]) -> object:
        return self._loop.call_later(seconds, do)

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
        if self._runner is not None:
            await self._runner.cleanup()
