"""Prices that come with the package: of a day, for half a year, and never nothing."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from reconciler.cloud.price_snapshot import HOLDS_FOR, Snapshot, read_snapshot, snapshot
from reconciler.engine.money import Rate, Unpriced

DAY = date(2026, 6, 1)
A100 = "Standard_NC24ads_A100_v4"
HELD = Snapshot(DAY, {"eastus": {A100: Decimal("3.673")}})


@pytest.mark.parametrize(
    ("days", "known"), [(0, True), (1, True), (180, True), (181, False), (-1, False)]
)
def test_it_holds_for_half_a_year(days: int, *, known: bool) -> None:
    found = HELD.price(A100, "eastus", "USD", DAY + timedelta(days=days))
    assert isinstance(found, Rate) == known
    assert found == Rate(Decimal("3.673"), "USD", "list price", "2026-06-01") or not known


@pytest.mark.parametrize(
    ("size", "region", "currency"),
    [(A100, "westeurope", "USD"), ("Standard_X", "eastus", "USD"), (A100, "eastus", "EUR")],
)
def test_what_is_not_in_it_is_unknown(size: str, region: str, currency: str) -> None:
    assert isinstance(HELD.price(size, region, currency, DAY), Unpriced)


@pytest.mark.parametrize("text", ["0", "-1", "NaN", "Infinity"])
def test_a_price_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a price"):
        read_snapshot({"as_of": "2026-06-01", "prices": {"eastus": {A100: text}}})


def test_that_of_the_package_can_be_read_and_ages() -> None:
    held = snapshot()
    region, sizes = next(iter(held.prices.items()))
    (size, amount), *_ = sizes.items()
    assert held.price(size, region, "USD", held.as_of) == Rate(
        amount, "USD", "list price", held.as_of.isoformat()
    )
    late = held.as_of + HOLDS_FOR + timedelta(days=1)
    assert isinstance(held.price(size, region, "USD", late), Unpriced)
