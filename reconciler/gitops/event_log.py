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

Group = tuple[ConditionReason, Address]


@dataclass
class _Open:
    """Something that is wrong since `began`: the last event of each code, as it was told.

    `untold` is how often each came since then.
    """

    began: datetime
    told: dict[str, Event]
    untold: Counter[str]

    @property
    def last(self) -> Event:
        """What was told last."""
        return next(reversed(self.told.values()))


class EventLog:
    """Sifts the events of all specs."""

    def __init__(self) -> None:
        """Know of nothing."""
        self._open: dict[str, dict[Group, _Open]] = {}

    def at_end_of(self, end: PassEnd) -> list[Event]:
        """Return what is to be told of a pass: what is new, due again, done, or over."""
        now = states_of(end)
        told = [event for state in now for event in self.sift(state)]
        return [*self._over(end, now), *told, *deeds_of(end)]

    def sift(self, event: Event) -> list[Event]:
        """Return the event where it is to be told now, with how often it came since."""
        of_spec = self._open.setdefault(event.spec, {})
        found = of_spec.setdefault(_group(event), _Open(event.time, {}, Counter()))
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
        found = self._open.get(spec, {}).pop((reason, address), None)
        return [_recovered(found, at)] if found else []

    def forget(self, specs: Iterable[str]) -> None:
        """Forget the specs that are no longer configured."""
        for spec in specs:
            self._open.pop(spec, None)

    def _over(self, end: PassEnd, now: list[Event]) -> list[Event]:
        here, of_spec = {_group(event) for event in now}, self._open.get(end.spec, {})
        gone = [group for group in of_spec if group not in here]
        ended = [group for group in gone if is_over(of_spec[group].last, end)]
        told = [_recovered(of_spec.pop(group), end.ended) for group in ended]
        return [replace(one, revision=end.revision, effect=end.effect) for one in told]


def _recovered(found: _Open, at: datetime) -> Event:
    last = found.last
    message = recovered_text(last.reason.value, last.address, (at - found.began).total_seconds())
    told = replace(last, time=at, reason=ConditionReason.RECOVERED, message=message, count=1)
    return replace(told, severity=Severity.NOTE, code=last.reason.value, changed_by="")


def _group(event: Event) -> Group:
    return event.reason, event.address


def _within(event: Event, found: _Open) -> Event:
    return event if len(found.told) < MOST_CODES else replace(event, code="")
