"""How long to wait before asking Azure again: its own word, capped, or a growing guess."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

MAX_WAIT_S = 120.0
SHORTEST_WAIT_S = 0.001
FIRST_WAIT_S = 1.0
LONGEST_OWN_WAIT_S = 15.0
MANY = 50
"""More attempts make no difference to a wait, but overflow its power."""

_NUMBER = re.compile(r"[0-9]{1,12}", re.ASCII)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return how long Azure asks us to wait, in seconds; None when it does not say.

    Understands `retry-after-ms`, `x-ms-retry-after-ms` and `Retry-After` in seconds or as
    a date; anything else, no time at all and a time that is over count as not said.
    """
    for name in ("retry-after-ms", "x-ms-retry-after-ms"):
        if _NUMBER.fullmatch(headers.get(name, "")) and int(headers[name]):
            return int(headers[name]) / 1000
    text = headers.get("retry-after", "")
    if _NUMBER.fullmatch(text):
        return float(text) or None
    try:
        seconds = parsedate_to_datetime(text).timestamp() - time.time()
    except (ValueError, TypeError, OverflowError):
        return None
    return seconds if seconds > 0 else None


def wait_seconds(asked: float | None, attempt: int) -> float:
    """Return how long to wait: what Azure asked for, capped; otherwise 1 s and growing.

    Whoever asks for milliseconds again and again gets a growing wait all the same.
    """
    attempt = min(attempt, MANY)
    if asked is not None:
        least = min(SHORTEST_WAIT_S * 1.3**attempt, FIRST_WAIT_S)
        return min(max(asked, least), MAX_WAIT_S)
    return float(min(FIRST_WAIT_S * 1.6 ** (attempt - 1), LONGEST_OWN_WAIT_S))
