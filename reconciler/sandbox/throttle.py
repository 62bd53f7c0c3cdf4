"""ARM's token buckets, off unless `/_sandbox/throttle` sets them.

Source: azure-facts (d): a bucket and a refill per second, by principal, for reads and for writes;
429 with Retry-After. Time here is real, because clients wait in real time.
"""

from __future__ import annotations

import time

from reconciler.sandbox.settings import Settings


class Throttle:
    """One bucket for reads and one for writes per client."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._buckets: dict[tuple[str, bool], tuple[float, float]] = {}

    def wait_s(self, client: str, method: str) -> float:
        """Take a token; return 0, or the seconds until there is one again."""
        burst = float(self._settings["throttle_burst"])
        if not burst:
            return 0.0
        rate, key = float(self._settings["throttle_per_s"]), (client, method in ("GET", "HEAD"))
        tokens, then = self._buckets.get(key, (burst, time.monotonic()))
        now = time.monotonic()
        tokens = min(burst, tokens + (now - then) * rate)
        if tokens >= 1:
            self._buckets[key] = (tokens - 1, now)
            return 0.0
        self._buckets[key] = (tokens, now)
        return (1 - tokens) / rate if rate else 60.0
