"""List prices that come with the package, for where the price list cannot be reached.

Of Linux machines that are no spot, in US dollars, of the day that the file says. A snapshot older
than half a year tells nothing: a wrong price is worse than none. `python -m tools.price_snapshot`
asks the list and writes the file anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from reconciler.bounded_json import loads
from reconciler.cloud.prices import PRICE_LIST
from reconciler.engine.money import Price, Rate, Unpriced

FILE = Path(__file__).with_name("list_prices.json")
CURRENCY = "USD"
HOLDS_FOR = timedelta(days=180)


@dataclass(frozen=True)
class Snapshot:
    """The day of the prices, and each price of an hour by region and size."""

    as_of: date
    prices: dict[str, dict[str, Decimal]]

    def price(self, size: str, region: str, currency: str, today: date) -> Price:
        """Return the price of a size; unknown where there is none, or where it is too old."""
        if not timedelta() <= today - self.as_of <= HOLDS_FOR:
            return Unpriced(f"the list prices of {self.as_of} are too old")
        amount = self.prices.get(region, {}).get(size)
        if amount is None or currency != CURRENCY:
            return Unpriced(f"the list prices of {self.as_of} have none for {size}")
        return Rate(amount, currency, PRICE_LIST, self.as_of.isoformat())


@cache
def snapshot() -> Snapshot:
    """Return the snapshot of this package."""
    return read_snapshot(loads(FILE.read_bytes()))


def read_snapshot(document: Any) -> Snapshot:
    """Return the snapshot that a document is. Raises `ValueError` for a price that is none."""
    prices = {
        region: {size: _positive(text) for size, text in sizes.items()}
        for region, sizes in document["prices"].items()
    }
    return Snapshot(date.fromisoformat(document["as_of"]), prices)


def _positive(text: str) -> Decimal:
    amount = Decimal(text)
    if not (amount.is_finite() and amount > 0):
        raise ValueError(f"{text} is not a price")
    return amount
