"""One deadline for a whole request, held by the socket itself: from the first byte to the last.

A timeout of `requests` or `httpx` bounds the wait for the next bytes, so that headers, a body or
`100 Continue` at a byte a second never end. Here each read and write of a socket waits no longer
than what is left of its request, whoever reads: our client, Microsoft's, Hugging Face's.
"""

from __future__ import annotations

import math
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import create_connection
from urllib3.util.ssl_ import create_urllib3_context

from reconciler.cloud.uninterruptible import addresses_of
from reconciler.limits import SLOWEST_BYTES_A_SECOND

TOO_LONG = "the whole request took too long"


@dataclass
class RequestDeadline:
    """When the request of a thread must have ended, by the monotonic clock.

    `run_end` is final. `end` is moved by what is sent, so that a large upload over a slow line is
    not cut off; with `is_download` also by what comes. `check` raises what ends the run; `fence`,
    asked before each piece of it that is written, what ends the right to send it.
    """

    run_end: float = math.inf
    end: float = math.inf
    is_download: bool = False
    check: Callable[[], object] = lambda: None
    fence: Callable[[], object] = lambda: None

    def left(self) -> float:
        """Return the seconds until then. Raises `TimeoutError` when it is past."""
        left = min(self.run_end, self.end) - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"timed out: {TOO_LONG}")
        return left

    def begin(self, seconds: float) -> None:
        """Give the next request so long. Raises what ends the run, where that is over."""
        self.check()
        self.end = time.monotonic() + seconds

    def moved(self, count: int) -> None:
        """Give time for bytes that were sent or came."""
        self.end += count / SLOWEST_BYTES_A_SECOND


_here = threading.local()


def current() -> RequestDeadline:
    """Return the deadline of this thread's request; none by default."""
    found: RequestDeadline = getattr(_here, "deadline", None) or RequestDeadline()
    return found


@contextmanager
def run_ends(
    end: float, check: Callable[[], object], *, is_download: bool = False
) -> Iterator[RequestDeadline]:
    """Let every request that this thread sends within be over by the end of a run."""
    with _as_current(RequestDeadline(end, is_download=is_download, check=check)) as made:
        yield made


@contextmanager
def fenced(fence: Callable[[], object]) -> Iterator[None]:
    """Let no byte be sent by this thread, within `run_ends`, once `fence` raises."""
    with _as_current(replace(current(), fence=fence)):
        fence()
        yield


@contextmanager
def within(seconds: float) -> Iterator[RequestDeadline]:
    """Give one request so long, and no longer than its run."""
    outer = current()
    made = RequestDeadline(outer.run_end, time.monotonic() + seconds, fence=outer.fence)
    with _as_current(made):
        yield made


@contextmanager
def _as_current(made: RequestDeadline) -> Iterator[RequestDeadline]:
    outer = getattr(_here, "deadline", None)
    _here.deadline = made
    try:
        yield made
    finally:
        _here.deadline = outer


class _Bounded:
    """A socket that waits as long as it is told to, and never past the end of its request."""

    _usual: float | None = None

    def settimeout(self, value: float | None) -> None:
        """Keep how long one read or write may take."""
        self._usual = value
        super().settimeout(value)  # type: ignore[misc]  # a socket's

    def _deadline(self) -> RequestDeadline:
        """Set how long the next read or write may take. Raises `TimeoutError` past the end."""
        deadline = current()
        left = deadline.left()
        if left != math.inf:
            usual = left if self._usual is None else min(self._usual, left)
            super().settimeout(usual)  # type: ignore[misc]
        return deadline

    def recv(self, *given: Any, **options: Any) -> Any:
        """Read, in time."""
        deadline = self._deadline()
        found = super().recv(*given, **options)  # type: ignore[misc]
        if deadline.is_download:
            deadline.moved(len(found))
        return found

    def recv_into(self, *given: Any, **options: Any) -> Any:
        """Read, in time."""
        self._deadline()
        return super().recv_into(*given, **options)  # type: ignore[misc]

    def send(self, *given: Any, **options: Any) -> Any:
        """Write, in time."""
        deadline = self._deadline()
        deadline.fence()
        sent = super().send(*given, **options)  # type: ignore[misc]
        deadline.moved(sent)
        return sent

    def do_handshake(self, *given: Any, **options: Any) -> None:
        """Agree on keys, in time."""
        self._deadline()
        super().do_handshake(*given, **options)  # type: ignore[misc]


class BoundedSocket(_Bounded, socket.socket):
    """A socket in the clear: the way to a proxy, and what TLS is put upon."""


class BoundedTlsSocket(_Bounded, ssl.SSLSocket):
    """A socket with TLS. Its `sendall` sends with `send`."""


def bounded(context: ssl.SSLContext) -> ssl.SSLContext:
    """Return a context whose sockets hold the deadline."""
    context.sslsocket_class = BoundedTlsSocket
    return context


class _Connecting:
    timeout: float | None
    host: str
    port: int
    source_address: tuple[str, int] | None
    socket_options: Any

    def _new_conn(self) -> socket.socket:
        """Look up the name and connect, within what is left of the request."""
        try:
            plain = self._connected()
        except TimeoutError as error:
            raise ConnectTimeoutError(self, str(error)) from error
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error  # type: ignore[arg-type]
        except OSError as error:
            what = f"Failed to establish a new connection: {error}"
            raise NewConnectionError(self, what) from error  # type: ignore[arg-type]
        made = BoundedSocket(plain.family, plain.type, plain.proto, plain.detach())
        made.settimeout(self.timeout)
        return made

    def _connected(self) -> socket.socket:
        failure = OSError("the name has no address")
        for address in addresses_of(self.host, self.port, self._time_left()):
            where, wait = (address, self.port), self._time_left()
            try:
                return create_connection(where, wait, self.source_address, self.socket_options)
            except OSError as error:
                failure = error
        raise failure

    def _time_left(self) -> float:
        """Return how long the next step may take. Raises `TimeoutError` where the request is over."""
        left = current().left()
        self.timeout = left if self.timeout is None else min(self.timeout, left)
        return self.timeout


class _BoundedHttp(_Connecting, HTTPConnection):
    pass


class _BoundedHttps(_Connecting, HTTPSConnection):
    def connect(self) -> None:
        """Connect with a context of its own, as urllib3 does without one."""
        if self.ssl_context is None:
            self.ssl_context = bounded(create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED))
        super().connect()


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _BoundedHttp


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _BoundedHttps


POOLS = {"http": _HttpPool, "https": _HttpsPool}
"""For urllib3's pool managers, by scheme."""
