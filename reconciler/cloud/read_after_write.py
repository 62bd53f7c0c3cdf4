"""Reads that do not know yet what was just written.

ARM answers from replicas and caches: what was just made may be missing from a read, and what
was just changed may show its former body (Azure/azure-rest-api-specs and both Terraform
providers call it read-after-write lag; azapi retries the 404 for two minutes, Crossplane gives
a create 30 s of grace). So a run remembers what it wrote, and a read that contradicts it is
asked again for half a minute before it is believed. A read that agrees costs nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any, TypeVar
from urllib.parse import urlsplit

from reconciler.cloud.poll import Sleeper, poll

T = TypeVar("T")

GRACE_S = 30.0
"""How long after a write a read may not know of it."""
LOOKS = 24
"""How often a read is repeated in that time."""
_WRITTEN = ("PUT", "PATCH")


def pause_s(attempt: int) -> float:
    """Return how long to wait before a look is repeated: 0.1 s at first, five at most."""
    return min(0.1 * attempt, 5.0)


@dataclass
class _Write:
    """When something was written, and how new its newest known body is."""

    at: float
    stamp: datetime | None = None


class ReadAfterWrite:
    """What one run wrote, by address; safe to use from many threads."""

    def __init__(self, run: Sleeper) -> None:
        """Know of no write yet; the waits are those of the run."""
        self._run = run
        self._lock = Lock()
        self._writes: dict[str, _Write] = {}

    def wrote(self, method: str, url: str, body: Any = None) -> None:
        """Note an answer that was a success; whatever is no write of one resource is ignored."""
        path, now = _path(url), time.monotonic()
        with self._lock:
            if method == "DELETE":
                self._forget(path)
            elif method in _WRITTEN:
                known = self._writes.get(path)
                self._writes[path] = _Write(now, _newest(known, body))

    def failed(self, url: str) -> None:
        """Note that what was accepted came to nothing: it need not be there."""
        with self._lock:
            self._forget(_path(url))

    def is_behind(self, url: str, body: Any) -> bool:
        """Return whether a read, None for a 404, does not know what we wrote.

        A body is behind when Azure dates its last change before the newest that we have seen.
        """
        with self._lock:
            known = self._writes.get(_path(url))
            if known is None or time.monotonic() > known.at + GRACE_S:
                return False
            if body is None:
                return True
            stamp = _stamp(body)
            if stamp and known.stamp and stamp < known.stamp:
                return True
            known.stamp = stamp or known.stamp
            return False

    def waits(self, url: str, body: Any, looks: int) -> bool:
        """Wait before another look where a read is behind; return whether it was."""
        if looks > LOOKS or not self.is_behind(url, body):
            return False
        self._run.sleep(pause_s(looks))
        return True

    def until(self, ask: Callable[[], T], knows: Callable[[T], bool]) -> T:
        """Return the first answer that `knows`, or the last one of half a minute."""
        return poll(self._run, ask, knows, backoff=lambda n, _: pause_s(n), asks=LOOKS + 1)

    def _forget(self, path: str) -> None:
        """Forget a resource and all that is in it."""
        for one in [p for p in self._writes if p == path or p.startswith(f"{path}/")]:
            del self._writes[one]


def _path(url: str) -> str:
    """Return the address of a resource in the one form in which it is remembered."""
    return urlsplit(url).path.rstrip("/").casefold()


def _stamp(body: Any) -> datetime | None:
    """Return when Azure says that a body was changed last; None for the kinds that do not say."""
    held = body.get("systemData") if isinstance(body, dict) else None
    text = held.get("lastModifiedAt") if isinstance(held, dict) else None
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found if found and found.tzinfo else None


def _newest(known: _Write | None, body: Any) -> datetime | None:
    stamps = [s for s in (known.stamp if known else None, _stamp(body)) if s]
    return max(stamps, default=None)
