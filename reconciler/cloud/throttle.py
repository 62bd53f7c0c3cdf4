"""Slow down together: what one thread is told by a 429 holds for all that ask the same thing.

Azure counts requests by subscription, principal and resource provider, reads apart from
writes (learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-
throttling: buckets that refill with 25 reads and 10 writes a second). Without this every
one of thirty threads would run into the same empty bucket, and again after each wait.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from reconciler.cloud.retry import MAX_WAIT_S, wait_seconds

READ_SPACING_S = 0.04
WRITE_SPACING_S = 0.1
CAREFUL_S = 60.0
"""How long after the last 429 requests are still spaced."""

Scope = tuple[str, str, bool]


@dataclass
class _Pace:
    """When the next request of a scope may go, and until when they are spaced (monotonic)."""

    next_s: float = 0.0
    careful_until_s: float = 0.0


class Throttle:
    """The pace of one run, per scope; nothing waits before there was a 429."""

    def __init__(self, sleep: Callable[[float], None]) -> None:
        """Wait with `sleep`, which knows the deadline and can be interrupted."""
        self._sleep = sleep
        self._lock = threading.Lock()
        self._paces: dict[Scope, _Pace] = {}

    def slow_down(self, method: str, url: str, asked_s: float | None, attempt: int) -> None:
        """Hold everything of a scope for as long as a 429 asked, longer with each attempt."""
        now = time.monotonic()
        with self._lock:
            pace = self._paces.setdefault(scope_of(method, url), _Pace())
            pace.next_s = max(pace.next_s, now + wait_seconds(asked_s, attempt))
            pace.careful_until_s = pace.next_s + CAREFUL_S

    def wait(self, method: str, url: str) -> None:
        """Wait for the turn of a request; at once while nobody was told to slow down."""
        if not self._paces:
            return
        scope, now = scope_of(method, url), time.monotonic()
        with self._lock:
            pace = self._paces.get(scope)
            if pace is None or now > pace.careful_until_s:
                return
            turn = max(now, pace.next_s)
            pace.next_s = turn + (WRITE_SPACING_S if scope[2] else READ_SPACING_S)
        if turn > now:
            self._sleep(min(turn - now, MAX_WAIT_S))


def scope_of(method: str, url: str) -> Scope:
    """Return what Azure counts together: host, resource provider, and whether it writes."""
    parts = urlsplit(url)
    _, _, last = parts.path.lower().rpartition("/providers/")
    namespace = last.partition("/")[0] if last != parts.path.lower() else ""
    return parts.netloc, namespace, method not in ("GET", "HEAD")
