"""ARM's token buckets, off unless `/_sandbox/throttle` sets them.

Source: learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling:
a bucket of 250 reads (25 more a second), 200 writes and 200 deletes (10 more a second) for each
principal, subscription and region; `x-ms-ratelimit-remaining-subscription-*` (or `-tenant-*`) on
every answer; 429 with `Retry-After`. Time here is real, because clients wait in real time; moving
the clock by hand fills the buckets too, and a frozen clock lets them fill by that alone.
"""

from __future__ import annotations

import math
from typing import Any

from aiohttp import web

from reconciler.sandbox.clock import Clock
from reconciler.sandbox.fault_checks import known, number
from reconciler.sandbox.settings import Settings

AZURE = {"reads": (250, 25), "writes": (200, 10), "deletes": (200, 10)}
"""Size and refill a second of each bucket, as documented."""


class Throttle:
    """One bucket for reads, one for writes and one for deletes per owner."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._buckets: dict[tuple[str, str], tuple[float, float]] = {}
        self._set: Any = None

    def wait_s(self, owner: str, method: str) -> float:
        """Take a token; return 0, or the seconds until there is one again."""
        size, rate = self._limits(method)
        if not size:
            return 0.0
        key = (owner, bucket_of(method))
        now = self._clock.waited()
        tokens, then = self._buckets.get(key, (size, now))
        tokens = min(size, tokens + max(0.0, now - then) * rate)
        if tokens >= 1:
            self._buckets[key] = (tokens - 1, now)
            return 0.0
        self._buckets[key] = (tokens, now)
        return (1 - tokens) / rate if rate else 60.0

    def headers(self, owner: str, method: str, scope: str) -> dict[str, str]:
        """Return what is left in the bucket that a request drew from, as ARM tells it.

        `scope` is subscription, or tenant for a request that names no subscription.
        """
        bucket = bucket_of(method)
        left: float = AZURE[bucket][0] - 1
        if self._limits(method)[0]:
            left, _ = self._buckets.get((owner, bucket), (left, 0.0))
        return {f"x-ms-ratelimit-remaining-{scope}-{bucket}": str(int(left))}

    def _limits(self, method: str) -> tuple[float, float]:
        buckets = self._settings["throttle"] or {}
        if buckets != self._set:  # new limits begin with full buckets
            self._set = buckets
            self._buckets.clear()
        size, rate = buckets.get(bucket_of(method), (0, 0))
        return float(size), float(rate)


def bucket_of(method: str) -> str:
    """Return which bucket a request draws from."""
    if method in ("GET", "HEAD"):
        return "reads"
    return "deletes" if method == "DELETE" else "writes"


def throttled(method: str, wait_s: float) -> web.Response:
    """Return ARM's refusal of a request for which there is no token."""
    seconds = math.ceil(wait_s)
    message = (
        f"Number of '{bucket_of(method)}' requests exceeded the limit. Please try again after "
        f"'{seconds}' seconds after additional tokens are available. Refer to "
        "https://aka.ms/arm-throttling for additional information."
    )
    body = {"error": {"code": "TooManyRequests", "message": message}}
    return web.json_response(body, status=429, headers={"Retry-After": str(seconds)})


def buckets(body: Any) -> dict[str, list[float]]:
    """Return the buckets that a control request asks for, {} for none.

    `{"azure": true}`: as documented; `{"burst": 2, "per_s": 0}`: all alike, burst 0 for none;
    `{"writes": [5, 1]}`: size and refill of single ones. Raises ValueError.
    """
    body = known(body, {"azure", "burst", "per_s", *AZURE})
    if body.get("azure"):
        return {name: [float(one) for one in limits] for name, limits in AZURE.items()}
    found: dict[str, list[float]] = {}
    if body.get("burst"):
        found = {name: _pair([body["burst"], body.get("per_s", 0)], name) for name in AZURE}
    for name in AZURE.keys() & body.keys():
        found[name] = _pair(body[name], name)
    return found


def _pair(pair: Any, name: str) -> list[float]:
    if not isinstance(pair, list) or len(pair) != 2:
        raise ValueError(f"{name} has a size and a refill a second, such as [5, 1]")
    return [number(pair[0], f"the size of {name}"), number(pair[1], f"the refill of {name}")]
