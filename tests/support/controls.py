"""The controls of a running sandbox, and the sandboxes that a test process has running."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import ssl
import threading
import urllib.error
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from reconciler.sandbox.launch import Server, launch
from tests.support import survey
from tests.support.outages import outages


class Controls:
    """A sandbox's controls, on one connection that stays open; threads take turns on it."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._url = server.url
        self._address = urlsplit(server.url).netloc
        self._tls = ssl.create_default_context(cafile=server.ca_file)
        self._line: http.client.HTTPSConnection | None = None
        self._turn = threading.Lock()

    def control(self, method: str, name: str, body: Any = None) -> str:
        """Call one of the controls and return its answer. Raises HTTPError where it refuses."""
        outages.used(self._url, self._ask)
        return self._ask(method, name, body)

    def _ask(self, method: str, name: str, body: Any = None) -> str:
        data = None if body is None else json.dumps(body)
        headers = {
            "x-sandbox-token": self.server.control_token,
            "content-type": "application/json",
        }
        path = f"/_sandbox/{name}"
        with self._turn:
            try:
                status, text = self._asked(method, path, data, headers)
            except (http.client.HTTPException, OSError):
                # An idle connection that the server closed meanwhile.
                self._line = None
                status, text = self._asked(method, path, data, headers)
        if status != 200:
            found = io.BytesIO(text.encode())
            raise urllib.error.HTTPError(path, status, text, http.client.HTTPMessage(), found)
        return text

    def _asked(
        self, method: str, path: str, data: str | None, headers: dict[str, str]
    ) -> tuple[int, str]:
        if self._line is None:
            self._line = http.client.HTTPSConnection(self._address, context=self._tls)
        self._line.request(method, path, data, headers)
        reply = self._line.getresponse()
        return reply.status, reply.read().decode()

    def entries(self, since: int = 0, kind: str = "") -> list[dict[str, Any]]:
        """Return the journal after a place in it: of one kind, or of every plane."""
        query = f"since={since}" + (f"&kind={kind}" if kind else "")
        return [json.loads(line) for line in self.control("GET", f"journal?{query}").splitlines()]

    def clear_journal(self) -> None:
        """Forget what was asked until now."""
        self._keep()
        self.control("DELETE", "journal")

    def _keep(self) -> None:
        """Hand the journal, before it is emptied, to those who read that of every test."""
        if survey.is_wanted():
            survey.keep(self.control("GET", "journal"))
        outages.note(self._url, self._ask)

    def arm_fault(self, **fault: Any) -> None:
        """Let requests fail as a fault says; see docs/sandbox.md."""
        self.control("POST", "faults", fault)

    def clear_faults(self) -> None:
        """Let everything be answered again."""
        self.control("DELETE", "faults")

    def clock(self, mode: str) -> None:
        """Set how virtual time passes: `instant`, `frozen`, `auto`."""
        self.control("POST", "clock", {"mode": mode})

    def snapshot(self) -> Any:
        """Return all that there is, with the bytes of blobs and shares."""
        return json.loads(self.control("GET", "snapshot?bytes=1"))

    def restore(self, snapshot: Any) -> None:
        """Become what `snapshot` returned, in instant time, with an empty journal."""
        self.clear_journal()
        self.control("POST", "restore", snapshot)
        self.control("DELETE", "journal")
        self.clock("instant")

    def empty(self, clock: str = "instant") -> None:
        """Become an empty subscription, with no fault armed and an empty journal."""
        self._keep()
        self.control("POST", "reset", {})
        self.clock(clock)


class Pool:
    """The sandboxes of one test process: each is started once and lent, empty, again and again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._all: list[Server] = []
        self._free: list[Server] = []

    @contextlib.contextmanager
    def lent(self, clock: str = "instant") -> Iterator[Server]:
        """Lend a sandbox, empty, until the end of the block."""
        server = self._free.pop() if self._free else self._started()
        Controls(server).empty(clock)
        try:
            yield server
        finally:
            self._free.append(server)

    def _started(self) -> Server:
        server = launch(self._folder / f"sandbox-{len(self._all)}", clock="instant")
        self._all.append(server)
        return server

    def close(self) -> None:
        """Let go of all of them: they end by themselves."""
        for server in self._all:
            server.close()


def state_of(server: Server) -> Path:
    """Return the folder that holds the state of a sandbox."""
    return Path(server.ca_file).parent
