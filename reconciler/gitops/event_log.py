"""What was told already: a state is told once, again after a day, and when it is over.

In memory only: a restart tells once more what is still wrong. Pure but for what it remembers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from reconciler.diagnostics import Severity
from reconciler.engine.types import Address
from reconciler.gitops.events import deeds_of, is_over, states_of
from reconciler.gitops.records import ConditionReason, Event, PassEnd
from reconciler.render.event_text import recovered_text

REPEAT = timedelta(hours=24)
MOST_CODES = 20
"""So many codes of one resource are told apart; a service that makes up ever new ones is not."""

Group = tuple[str, ConditionReason, Address]


@dataclass
class _Open:
    """Something that is wrong since `began`: the last event of each code, as it was told.

    `untold` is how often each came since then.
    """

    began: datetime
    told: dict[str, Event]
    untold: Counter[str]


class EventLog:
    """Sifts the events of all specs."""

    def __init__(self) -> None:
        """Know of nothing."""
        self._open: dict[Group, _Open] = {}

    def at_end_of(self, end: PassEnd) -> list[Event]:
        """Return what is to be told of a pass: what is new, due again, done, or over."""
        now = states_of(end)
        told = [event for state in now for event in self.sift(state)]
        return [*self._over(end, now), *told, *deeds_of(end)]

    def sift(self, event: Event) -> list[Event]:
        """Return the event where it is to be told now, with how often it came since."""
        found = self._open.setdefault(_group(event), _Open(event.time, {}, Counter()))
        event = event if event.code in found.told else _within(event, found)
        last = found.told.get(event.code)
        found.untold[event.code] += 1
        if last and event.time - last.time < REPEAT:
            return []
        found.told[event.code] = replace(event, count=found.untold.pop(event.code))
        return [found.told[event.code]]

    def over(
        self, spec: str, reason: ConditionReason, at: datetime, address: Address = ""
    ) -> list[Event]:
        """Return that something that is not of one pass is over; nothing where it was not told."""
        group = (spec, reason, address)
        return [self._recovered(group, at)] if group in self._open else []

    def forget(self, specs: Iterable[str]) -> None:
        """Forget the specs that are no longer configured."""
        gone = set(specs)
        self._open = {group: one for group, one in self._open.items() if group[0] not in gone}

    def _over(self, end: PassEnd, now: list[Event]) -> list[Event]:
        here = {_group(event) for event in now}
        mine = [group for group in self._open if group[0] == end.spec and group not in here]
        ended = [group for group in mine if is_over(self._last(group), end)]
        return [self._recovered(group, end.ended, end) for group in ended]

    def _recovered(self, group: Group, at: datetime, end: PassEnd | None = None) -> Event:
        last = self._last(group)
        lasted_s = (at - self._open.pop(group).began).total_seconds()
        message = recovered_text(last.reason.value, last.address, lasted_s)
        told = replace(last, time=at, reason=ConditionReason.RECOVERED, message=message, count=1)
        told = replace(told, severity=Severity.NOTE, code=last.reason.value, changed_by="")
        return replace(told, revision=end.revision, effect=end.effect) if end else told

    def _last(self, group: Group) -> Event:
        return next(reversed(self._open[group].told.values()))


def _group(event: Event) -> Group:
    return event.spec, event.reason, event.address


def _within(event: Event, found: _Open) -> Event:
    return event if len(found.told) < MOST_CODES else replace(event, code="")
