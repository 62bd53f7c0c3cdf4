"""Slow down together: what one thread is told holds for all that ask the same thing.

Azure counts requests by subscription, principal and region in buckets of 250 reads, 200 writes
and 200 deletes, which refill with 25 and 10 a second, and says with every answer how many are
left (learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling).
Near the bottom requests go at the pace of the refill, so that a long run meets no 429; resource
providers have limits of their own, of which only a 429 tells. Without this every one of thirty
threads would run into the same empty bucket, and again after each wait.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from reconciler.cloud.backoff import MAX_WAIT_S, wait_seconds
from reconciler.cloud.traffic import Traffic

READ_SPACING_S = 0.04
WRITE_SPACING_S = 0.1
CAREFUL_S = 60.0
"""How long after the last 429 requests are still spaced."""
LOW = 40
"""So few requests left is near the bottom: a few more than the threads of a run, since each may
have a request under way of which no answer tells yet."""
SLOWEST = 2.0
REMAINING = "x-ms-ratelimit-remaining-"
_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)

Scope = tuple[str, str, bool]
Bucket = tuple[str, str, str]


@dataclass
class _Pace:
    """When the next request of a scope may go, and until when they are spaced (monotonic)."""

    next_s: float = 0.0
    careful_until_s: float = 0.0
    left: int = LOW

    def turn(self, now: float, spacing_s: float) -> float:
        """Take the next turn, and let the one after it come no sooner than the spacing."""
        turn = max(now, self.next_s)
        self.next_s = turn + spacing_s
        return turn


class Throttle:
    """The pace of all runs: per bucket by what is left in it, per scope after a 429."""

    def __init__(self) -> None:
        """Know of no limit yet. `traffic` counts what passes."""
        self.traffic = Traffic()
        self._lock = threading.Lock()
        self._paces: dict[Scope, _Pace] = {}
        self._buckets: dict[Bucket, _Pace] = {}

    def heard(self, method: str, url: str, headers: Mapping[str, str]) -> None:
        """Take in what an answer says is left; `headers` have lower-case names."""
        bucket = bucket_of(method, url)
        for owner in ("subscription", "tenant"):
            text = headers.get(f"{REMAINING}{owner}-{bucket[2]}", "")
            if _NUMBER.fullmatch(text):
                with self._lock:
                    self._buckets.setdefault(bucket, _Pace()).left = int(text)

    def slow_down(self, method: str, url: str, asked_s: float | None, attempt: int) -> None:
        """Hold everything of a scope for as long as a 429 asked, longer with each attempt."""
        now = time.monotonic()
        with self._lock:
            pace = self._paces.setdefault(scope_of(method, url), _Pace())
            pace.next_s = max(pace.next_s, now + wait_seconds(asked_s, attempt))
            pace.careful_until_s = pace.next_s + CAREFUL_S

    def wait(self, method: str, url: str, sleep: Callable[[float], None]) -> None:
        """Wait for the turn of a request with its run's `sleep`; no wait while enough is left."""
        if not self._paces and not self._buckets:
            return
        now = time.monotonic()
        with self._lock:
            turn = max(now, self._turn_of_scope(method, url, now), self._turn(method, url, now))
        if turn > now:
            seconds = min(turn - now, MAX_WAIT_S)
            self.traffic.held(seconds)
            sleep(seconds)

    def _turn_of_scope(self, method: str, url: str, now: float) -> float:
        scope = scope_of(method, url)
        pace = self._paces.get(scope)
        if pace is None or now > pace.careful_until_s:
            return now
        return pace.turn(now, WRITE_SPACING_S if scope[2] else READ_SPACING_S)

    def _turn(self, method: str, url: str, now: float) -> float:
        """Return the turn by what is left in the bucket: the emptier, the slower, down to half.

        So two runs that share one find their shares.
        """
        bucket = bucket_of(method, url)
        pace = self._buckets.get(bucket)
        if pace is None or pace.left >= LOW:
            return now
        spacing_s = READ_SPACING_S if bucket[2] == "reads" else WRITE_SPACING_S
        return pace.turn(now, spacing_s * min(LOW / max(1, pace.left), SLOWEST))


def scope_of(method: str, url: str) -> Scope:
    """Return what Azure counts together: host, resource provider, and whether it writes."""
    parts = urlsplit(url)
    _, _, last = parts.path.lower().rpartition("/providers/")
    namespace = last.partition("/")[0] if last != parts.path.lower() else ""
    return parts.netloc, namespace, method not in ("GET", "HEAD")


def bucket_of(method: str, url: str) -> Bucket:
    """Return the bucket that a request draws from: host, subscription, and what it does."""
    parts = urlsplit(url)
    _, _, rest = parts.path.lower().partition("/subscriptions/")
    kind = "reads" if method in ("GET", "HEAD") else "deletes" if method == "DELETE" else "writes"
    return parts.netloc, rest.partition("/")[0], kind
