"""Who else writes the same field again and again: then the loop stops correcting it. Pure.

Two controllers that correct each other never end, and each of their writes may cost an outage.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from reconciler.engine.diff import Path
from reconciler.engine.types import Address

Field = tuple[Address, Path]
"""A field of a resource by its body path; `()` is the resource itself, that somebody deletes."""
MOST = 3
WITHIN = timedelta(hours=1)
REST = timedelta(hours=6)


@dataclass(frozen=True)
class Corrections:
    """When which field was corrected lately, and until when which one is left alone."""

    times: Mapping[Field, tuple[datetime, ...]] = field(default_factory=dict)
    rests: Mapping[Field, datetime] = field(default_factory=dict)

    def after(self, corrected: Iterable[Field], now: datetime) -> Corrections:
        """Return what is known once these fields were corrected."""
        times = {one: _recent(known, now) for one, known in self.times.items()}
        rests = {one: until for one, until in self.rests.items() if until > now}
        for one in corrected:
            times[one] = (*times.get(one, ()), now)
            if len(times[one]) >= MOST:
                rests[one] = now + REST
                del times[one]
        return Corrections({one: known for one, known in times.items() if known}, rests)

    def resting(self, now: datetime) -> frozenset[Field]:
        """Return the fields that are left alone now."""
        return frozenset(one for one, until in self.rests.items() if until > now)


def _recent(times: Iterable[datetime], now: datetime) -> tuple[datetime, ...]:
    return tuple(time for time in times if now - time < WITHIN)
