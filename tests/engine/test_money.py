"""Money: worked examples by hand, differences that add up, unknown that stays unknown."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.engine.money import Cost, CostLine, Rate, Sum, Unpriced, cost_of, significant

A100 = Rate(Decimal("3.673"), "USD", "price list")
CPU = Rate(Decimal("0.293"), "USD", "price list")
REGISTRY = Rate(Decimal("0.6666") / 24, "USD", "price list")
NONE = Unpriced("not in the list")


def line(name: str, price: Rate | Unpriced, **units: str | None) -> CostLine:
    held = {key: None if value is None else Decimal(value) for key, value in units.items()}
    return CostLine(name, name, price, **held)  # type: ignore[arg-type]  # names of fields


WORKED = [
    ([], "0", "0", "0", "0"),
    ([line("deployments.a", A100, serving="1")], "3.673", "0", "2681.29", "0"),
    ([line("deployments.a", A100, serving="2")], "7.346", "0", "5362.58", "0"),
    ([line("deployments.a", A100, serving="0")], "0", "0", "0", "0"),
    ([line("compute.c", A100, always="0")], "0", "0", "0", "0"),
    ([line("compute.c", A100, always="1")], "3.673", "3.673", "2681.29", "0"),
    ([line("compute.c", CPU, always="3")], "0.879", "0.879", "641.67", "0"),
    ([line("jobs.j", A100, run_hours="2")], "0", "0", "0", "7.346"),
    ([line("jobs.j", A100, run_hours="0.5")], "0", "0", "0", "1.8365"),
    ([line("jobs.j", CPU, run_hours="48")], "0", "0", "0", "14.064"),
    ([line("deployments.a", CPU, serving="4")], "1.172", "0", "855.56", "0"),
    (
        [line("deployments.a", A100, serving="1"), line("deployments.b", CPU, serving="2")],
        "4.259",
        "0",
        "3109.07",
        "0",
    ),
    (
        [line("compute.c", CPU, always="1"), line("deployments.b", CPU, serving="1")],
        "0.586",
        "0.293",
        "427.78",
        "0",
    ),
    (
        [line("compute.c", A100, always="0"), line("jobs.j", A100, run_hours="2")],
        "0",
        "0",
        "0",
        "7.346",
    ),
    (
        [line("jobs.i", A100, run_hours="2"), line("jobs.j", CPU, run_hours="10")],
        "0",
        "0",
        "0",
        "10.276",
    ),
    ([line("registry", REGISTRY, always="1")], "0.027775", "0.027775", "20.27575", "0"),
    ([line("deployments.a", A100, serving="10")], "36.73", "0", "26812.9", "0"),
    ([line("compute.c", CPU, always="0.5")], "0.1465", "0.1465", "106.945", "0"),
    ([line("deployments.a", NONE, serving="0")], "0", "0", "0", "0"),
    ([line("jobs.j", NONE, run_hours="0")], "0", "0", "0", "0"),
]


@pytest.mark.parametrize(("lines", "serving", "idle", "month", "run"), WORKED)
def test_worked_by_hand(
    lines: list[CostLine], serving: str, idle: str, month: str, run: str
) -> None:
    found = cost_of(lines, "USD")
    known = [found.serving, found.idle, found.month, found.run]
    assert known == [Sum(Decimal(text)) for text in (serving, idle, month, run)]


def test_what_is_not_known_is_said_and_never_nothing() -> None:
    lines = [line("deployments.a", A100, serving="1"), line("deployments.b", NONE, serving="1")]
    found = cost_of(lines, "USD")
    assert found.serving == Sum(Decimal("3.673"), ("deployments.b",))
    assert found.month.unknown == ("deployments.b",)
    assert found.idle == Sum()
    unbounded = cost_of([line("jobs.j", A100, run_hours=None)], "USD")
    assert unbounded.run == Sum(unknown=("jobs.j",))
    assert cost_of([line("a.b", A100, serving="1")], "EUR").serving.unknown == ("a.b",)


prices = st.one_of(
    st.decimals("0.001", "90", places=4).map(lambda d: Rate(d, "USD", "x")), st.just(NONE)
)
lines_of = st.lists(
    st.builds(
        CostLine,
        st.sampled_from(["a.a", "b.b", "c.c"]),
        st.just("x"),
        prices,
        st.integers(0, 9).map(Decimal),
        st.integers(0, 9).map(Decimal),
        st.integers(0, 99).map(Decimal),
    ),
    max_size=5,
)


def figures(cost: Cost) -> list[Decimal]:
    return [cost.serving.amount, cost.idle.amount, cost.month.amount, cost.run.amount]


@given(lines_of, lines_of)
def test_there_and_back_cost_the_same(one: list[CostLine], other: list[CostLine]) -> None:
    a, b = cost_of(one, "USD"), cost_of(other, "USD")
    assert figures(a - b) == [-amount for amount in figures(b - a)]
    assert set((a - b).run.unknown) == set((b - a).run.unknown)
    assert figures(a - a) == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("3.673", "3.67"),
        ("2681.29", "2,680"),
        ("7.346", "7.35"),
        ("0", "0"),
        ("0.0846", "0.0846"),
        ("0.00123456", "0.00123"),
        ("999.6", "1,000"),
        ("9.999", "10.0"),
        ("12.25", "12.3"),
        ("123456", "123,000"),
        ("-3.673", "-3.67"),
        ("730", "730"),
    ],
)
def test_three_significant_figures(amount: str, shown: str) -> None:
    assert significant(Decimal(amount)) == shown
