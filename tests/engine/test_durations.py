"""Durations: nearest ranks of enough finished runs, and nothing of fewer."""

from __future__ import annotations

from decimal import Decimal

import pytest

from reconciler.engine.durations import Duration, duration_of
from reconciler.engine.money import RunCost, Sum


@pytest.mark.parametrize(
    ("seconds", "found"),
    [
        ([], None),
        ([60, 61], None),
        ([3, 1, 2], Duration(2, 3, 3)),
        ([4, 3, 2, 1], Duration(2, 4, 4)),
        (range(1, 11), Duration(5, 9, 10)),
        (range(1, 101), Duration(50, 90, 100)),
        ([5] * 3, Duration(5, 5, 3)),
    ],
)
def test_by_nearest_rank(seconds: list[float], found: Duration | None) -> None:
    assert duration_of(seconds) == found


def test_a_run_costs_its_hours_and_unknown_stays_unknown() -> None:
    run = RunCost("jobs.j", Sum(Decimal("3.673")))
    assert run.of(7200) == Sum(Decimal("7.346"))
    assert run.of(1800).amount == Decimal("1.8365")
    assert RunCost("jobs.j", Sum(unknown=("jobs.j",))).of(3600) == Sum(unknown=("jobs.j",))
