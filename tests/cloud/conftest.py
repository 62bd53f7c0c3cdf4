"""Two HTTPS servers under one authority: `azure`, which answers as a test tells it, and
`elsewhere`, which must never hear of us. Time passes only in the books.
"""

from __future__ import annotations

import contextlib
import json
import logging
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import trustme

from reconciler.cloud.azure import Azure
from reconciler.cloud.endpoints import Cloud, SandboxAccess
from reconciler.cloud.logging import fence_loggers
from reconciler.cloud.run_scope import RunScope

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv"


@dataclass(frozen=True)
class Reply:
    """One answer. `parts` are sent one after the other, `length` is what the header claims."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    parts: tuple[bytes, ...] = ()
    length: int | None = None
    cut: bool = False


@dataclass(frozen=True)
class Seen:
    """One request as the server got it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Server:
    """Answers with a script (the last answer is repeated); keeps what it was sent."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.seen: list[Seen] = []
        self.tokens = 0
        self._script: list[Reply] = [Reply(404)]
        self._lock = threading.Lock()
        handler = type("Handler", (_Handler,), {"owner": self})
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._http.daemon_threads = False  # so that closing waits for them
        self._open: set[Any] = set()
        self._http.socket = context.wrap_socket(
            self._http.socket, server_side=True, do_handshake_on_connect=False
        )
        self.host = f"127.0.0.1:{self._http.server_address[1]}"
        self.url = f"https://{self.host}"
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()

    def answers(self, *replies: Reply) -> None:
        """Set the script."""
        self._script = list(replies)

    def take(self, seen: Seen) -> Reply:
        with self._lock:
            self.seen.append(seen)
            return self._script.pop(0) if len(self._script) > 1 else self._script[0]

    @property
    def methods(self) -> list[str]:
        """The methods of all requests but those for tokens."""
        return [request.method for request in self.seen]

    def opened(self, connection: Any) -> None:
        with self._lock:
            self._open.add(connection)

    def close(self) -> None:
        """End every connection and thread: the fault tests fork, and must be alone for it."""
        self._http.shutdown()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        self._http.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    owner: Server

    def setup(self) -> None:
        super().setup()
        self.owner.opened(self.connection)

    def _answer(self) -> None:
        content = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.path.endswith("/oauth2/v2.0/token"):
            self.owner.tokens += 1
            body = {"access_token": f"t0ken-{self.owner.tokens}", "expires_in": 3600}
            self._send(Reply(body=body))
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        self._send(self.owner.take(Seen(self.command, self.path, headers, content)))

    def _send(self, reply: Reply) -> None:
        if reply.cut:
            self.close_connection = True
            self.connection.close()
            return
        parts = reply.parts
        if not parts and reply.body is not None:
            parts = (json.dumps(reply.body).encode(),)
        self.send_response(reply.status)
        if parts and "content-type" not in {name.lower() for name in reply.headers}:
            self.send_header("Content-Type", "application/json")
        for name, value in reply.headers.items():
            self.send_header(name, value)
        length = sum(map(len, parts)) if reply.length is None else reply.length
        self.send_header("Content-Length", str(length))
        self.end_headers()
        for part in parts if self.command != "HEAD" else ():
            self.wfile.write(part)
            self.wfile.flush()
        if reply.length is not None:
            self.close_connection = True

    do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = _answer  # noqa: N815 - its API

    def log_message(self, *_: Any) -> None:
        pass


class Waits(threading.Event):
    """A stop event that does not wait, and keeps how long it was asked to."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[float] = []
        self.then: Callable[[], None] = lambda: None

    def wait(self, timeout: float | None = None) -> bool:
        self.asked.append(timeout or 0.0)
        self.then()
        return self.is_set()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, str]:
    ca = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(context)
    file = tmp_path_factory.mktemp("authority") / "ca.pem"
    ca.cert_pem.write_to_path(str(file))
    return context, str(file)


@pytest.fixture
def azure(authority: tuple[ssl.SSLContext, str]) -> Iterator[Server]:
    server = Server(authority[0])
    yield server
    server.close()


@pytest.fixture
def elsewhere(authority: tuple[ssl.SSLContext, str]) -> Iterator[Server]:
    server = Server(authority[0])
    yield server
    server.close()


@pytest.fixture
def connect(azure: Server, authority: tuple[ssl.SSLContext, str]) -> Callable[..., RunScope]:
    """Return a function that connects to `azure`; its waits are only written down."""

    def make(**options: Any) -> RunScope:
        access = SandboxAccess(azure.url, authority[1], "tenant", "client", "s3cret")
        connection = RunScope(Azure(Cloud.of_sandbox(access)), SUBSCRIPTION, **options)
        connection.stop = Waits()
        return connection

    return make


@pytest.fixture
def everything_logged(monkeypatch):
    """Let a root handler at DEBUG keep all that is logged, as a notebook would, despite the fence."""
    fence_loggers()
    monkeypatch.setenv("AZURE_LOG_LEVEL", "DEBUG")
    root, kept = logging.getLogger(), []
    handler = logging.Handler()
    handler.emit = kept.append
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield kept
    root.removeHandler(handler)
    root.setLevel(before)


def arm_error(code: str, message: str = "told so") -> dict[str, Any]:
    """Return ARM's error document."""
    return {"error": {"code": code, "message": message}}
