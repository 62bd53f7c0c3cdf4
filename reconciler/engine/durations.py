"""How long a run takes, by those that were like it. Pure.

Of too few of them nothing is said: two runs tell no spread. Percentiles are by nearest rank, so each
is the time of a run that there was.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil

ENOUGH = 3
"""As few finished runs as a duration is told of."""


@dataclass(frozen=True)
class Duration:
    """Half of so many finished runs took no longer than `p50_s` seconds, nine of ten no longer
    than `p90_s`.
    """

    p50_s: float
    p90_s: float
    runs: int


def duration_of(seconds: Iterable[float]) -> Duration | None:
    """Return what the times of finished runs say of the next one; None of fewer than `ENOUGH`."""
    times = sorted(seconds)
    if len(times) < ENOUGH:
        return None
    return Duration(_rank(times, 50), _rank(times, 90), len(times))


def _rank(times: list[float], percent: int) -> float:
    return times[ceil(len(times) * percent / 100) - 1]
