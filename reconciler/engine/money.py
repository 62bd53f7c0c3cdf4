"""What a plan costs: prices of an hour, what runs how long, sums and differences. Pure.

Decimal throughout. What is not known is told and never counted as nothing: a sum names the
resources whose price is missing. Nothing here knows of discounts: these are list prices.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from reconciler.engine.durations import Duration
from reconciler.engine.types import Address

HOURS_OF_MONTH = Decimal(730)
"""As price calculators of clouds count a month: 365 days, 24 hours, a twelfth."""
SECONDS_OF_HOUR = Decimal(3600)
NOTHING = Decimal(0)
_FIGURES = 3


@dataclass(frozen=True)
class Rate:
    """The price of one unit for an hour, where it is from and the day it is of."""

    amount: Decimal
    currency: str
    source: str
    as_of: str = ""


@dataclass(frozen=True)
class Unpriced:
    """No price, and why."""

    why: str


Price = Rate | Unpriced


@dataclass(frozen=True)
class CostLine:
    """What one resource costs.

    `always` and `serving`: units that are paid for every hour, whether anything is asked of
    them (`serving`: of a deployment) or not; `run_hours`: hours of units that a run takes at
    most, None where nothing bounds it.
    """

    address: Address
    what: str
    price: Price
    always: Decimal = NOTHING
    serving: Decimal = NOTHING
    run_hours: Decimal | None = NOTHING


@dataclass(frozen=True)
class Sum:
    """An amount of money, and the addresses that are not in it because nobody knows theirs."""

    amount: Decimal = NOTHING
    unknown: tuple[Address, ...] = ()

    def __add__(self, other: Sum) -> Sum:
        """Return both together; what is unknown in either stays unknown."""
        return Sum(self.amount + other.amount, _both(self.unknown, other.unknown))

    def __sub__(self, other: Sum) -> Sum:
        """Return the difference; what is unknown in either stays unknown."""
        return Sum(self.amount - other.amount, _both(self.unknown, other.unknown))

    def __neg__(self) -> Sum:
        """Return the same amount with the other sign."""
        return Sum(-self.amount, self.unknown)


@dataclass(frozen=True)
class Cost:
    """The four figures of a set of cost lines, in one currency.

    `serving` an hour with everything up; `idle` an hour with no run; `month` of 730 hours if
    left on; `run` at most for all runs together.
    """

    currency: str
    serving: Sum
    idle: Sum
    month: Sum
    run: Sum

    def __sub__(self, other: Cost) -> Cost:
        """Return what this one costs more than the other, figure by figure."""
        return Cost(
            self.currency,
            self.serving - other.serving,
            self.idle - other.idle,
            self.month - other.month,
            self.run - other.run,
        )


@dataclass(frozen=True)
class RunCost:
    """What one run of a plan costs an hour, and how long it takes, where that is known."""

    address: Address
    hour: Sum
    duration: Duration | None = None

    def of(self, seconds: float) -> Sum:
        """Return what it costs where it takes so long."""
        return Sum(self.hour.amount * Decimal(str(seconds)) / SECONDS_OF_HOUR, self.hour.unknown)


@dataclass(frozen=True)
class PlanCost:
    """What a plan makes of the costs: now, once it is applied, and an hour of its runs.

    `running` are the runs; `sources` say where the prices are from, each once.
    """

    now: Cost
    then: Cost
    runs: Sum
    running: tuple[RunCost, ...] = ()
    sources: tuple[str, ...] = ()

    @property
    def delta(self) -> Cost:
        """What it costs more than now; less than nothing where it saves."""
        return self.then - self.now

    @property
    def is_nothing(self) -> bool:
        """Whether the plan changes no cost that is known or should be."""
        sums = (self.delta.serving, self.delta.idle, self.runs)
        return not any(one.amount or one.unknown for one in sums)


def cost_of(lines: Iterable[CostLine], currency: str) -> Cost:
    """Return what the lines cost together; a rate in another currency counts as unknown."""
    held = tuple(lines)
    idle = _total(_part(line, line.always, currency) for line in held)
    serving = idle + _total(_part(line, line.serving, currency) for line in held)
    month = Sum(serving.amount * HOURS_OF_MONTH, serving.unknown)
    run = _total(_part(line, line.run_hours, currency) for line in held)
    return Cost(currency, serving, idle, month, run)


def _part(line: CostLine, units: Decimal | None, currency: str) -> Sum:
    if units == NOTHING:
        return Sum()
    if units is None or isinstance(line.price, Unpriced) or line.price.currency != currency:
        return Sum(unknown=(line.address,))
    return Sum(line.price.amount * units)


def _total(parts: Iterable[Sum]) -> Sum:
    total = Sum()
    for part in parts:
        total += part
    return total


def _both(one: tuple[Address, ...], other: tuple[Address, ...]) -> tuple[Address, ...]:
    return tuple(dict.fromkeys((*one, *other)))


def significant(amount: Decimal) -> str:
    """Return an amount with three significant figures, and cents where it has whole units."""
    if not amount:
        return "0"
    exponent = amount.adjusted() - _FIGURES + 1
    rounded = amount.quantize(Decimal(1).scaleb(exponent), ROUND_HALF_UP)
    if rounded.adjusted() > amount.adjusted():
        rounded = rounded.quantize(Decimal(1).scaleb(exponent + 1), ROUND_HALF_UP)
    return f"{rounded:,f}" if exponent <= 0 else f"{int(rounded):,}"
