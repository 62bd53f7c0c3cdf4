"""Many calls in a short time are one, or two: the first at once, the rest together at the end."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

INTERVAL_S = 5.0
MOST_KEYS = 20_000


class Debounce:
    """Calls of each key are apart. `later` runs something after so many seconds."""

    def __init__(
        self,
        later: Callable[[float, Callable[[], None]], object],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Have called nothing."""
        self._later, self._now, self._lock = later, now, Lock()
        self._free_at: dict[str, float] = {}
        self._waiting: set[str] = set()

    def call(self, key: str, do: Callable[[], None]) -> None:
        """Do it now, or once at the end of the interval in which it was done last."""
        with self._lock:
            wait_s = self._free_at.get(key, 0.0) - self._now()
            if wait_s > 0 and key in self._waiting:
                return
            self._keep(key, max(wait_s, 0.0))
        if wait_s <= 0:
            do()
        else:
            self._later(wait_s, lambda: self._at_end(key, do))

    def _keep(self, key: str, wait_s: float) -> None:
        if wait_s > 0:
            self._waiting.add(key)
            return
        if len(self._free_at) >= MOST_KEYS:
            self._free_at.clear()
        self._free_at[key] = self._now() + INTERVAL_S

    def _at_end(self, key: str, do: Callable[[], None]) -> None:
        with self._lock:
            self._waiting.discard(key)
            self._keep(key, 0.0)
        do()
