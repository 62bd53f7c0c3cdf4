"""The last pass of each spec: what the metrics, the status page and its JSON are made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from threading import Lock

from reconciler.gitops.records import (
    ConditionStatus,
    ConditionType,
    Event,
    PassEnd,
    Working,
    transitions,
)
from reconciler.gitops.results import Result, result_of, waits_for_approval


@dataclass(frozen=True)
class LastPass:
    """How the last pass of a spec ended, and since when some of it is so.

    `succeeded`: when one last ended without a failure, which one that waits for Azure does too;
    `waiting_since`: since when the same plan waits for an approval, None where none does. `cost`:
    the currency, and what all of it costs an hour while it serves, by the last plan that told.
    `working` is what Azure works on, and since when it was seen to.
    """

    end: PassEnd
    succeeded: datetime | None = None
    waiting_since: datetime | None = None
    cost: tuple[str, Decimal] | None = None
    working: tuple[tuple[Working, datetime], ...] = ()


class LastPasses:
    """A `Listener` that keeps them. Safe to use from any thread."""

    def __init__(self) -> None:
        """Know of no pass."""
        self._lock = Lock()
        self._of: dict[str, LastPass] = {}

    def __len__(self) -> int:
        """Return how many specs have had a pass."""
        return len(self._of)

    def passed(self, end: PassEnd) -> None:
        """Keep how a pass ended; one that was not ours to make changes only who holds the lease."""
        with self._lock:
            self._of[end.spec] = _after(self._of.get(end.spec), end)

    def happened(self, event: Event) -> None:
        """Keep nothing: what is wrong now is in the conditions."""

    def forget(self, specs: Iterable[str]) -> None:
        """Forget specs that are no longer configured."""
        with self._lock:
            for spec in specs:
                self._of.pop(spec, None)

    def all(self) -> list[LastPass]:
        """Return all, by the names of their specs."""
        with self._lock:
            return [self._of[spec] for spec in sorted(self._of)]

    def of(self, spec: str) -> LastPass | None:
        """Return that of one spec, None before its first."""
        with self._lock:
            return self._of.get(spec)


def _after(before: LastPass | None, end: PassEnd) -> LastPass:
    known = before.end.conditions if before else ()
    end = replace(end, conditions=transitions(known, end.conditions, end.ended))
    before = before or LastPass(end)
    if _is_of_another(end):
        lease = (c for c in end.conditions if c.type is ConditionType.LEASE_HELD)
        others = (c for c in known if c.type is not ConditionType.LEASE_HELD)
        return replace(before, end=replace(before.end, conditions=(*others, *lease)))
    succeeded = before.succeeded if result_of(end) is Result.FAILURE else end.ended
    return LastPass(
        end,
        succeeded,
        _waiting_since(before, end),
        _cost_of(end) or before.cost,
        tuple(_working(before, end)),
    )


def _is_of_another(end: PassEnd) -> bool:
    lease = end.condition(ConditionType.LEASE_HELD)
    return lease is not None and lease.status is ConditionStatus.FALSE


def _waiting_since(before: LastPass, end: PassEnd) -> datetime | None:
    if not waits_for_approval(end):
        return None
    is_same = before.end.effect == end.effect and before.waiting_since is not None
    return before.waiting_since if is_same else end.ended


def _cost_of(end: PassEnd) -> tuple[str, Decimal] | None:
    """Return it from a plan; one that changes no machine says nothing of costs."""
    match end.plan:
        case {"cost": {"currency": str(currency), "per_hour_serving": {"amount": amount}}}:
            return _amount(currency, amount)
        case _:
            return None


def _working(before: LastPass, end: PassEnd) -> Iterator[tuple[Working, datetime]]:
    since = {one.address: at for one, at in before.working}
    return ((one, since.get(one.address, end.ended)) for one in end.working)


def _amount(currency: str, amount: object) -> tuple[str, Decimal] | None:
    try:
        return currency, Decimal(str(amount))
    except InvalidOperation:
        return None
