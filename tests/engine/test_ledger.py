"""The ledger of cores: Azure's own arithmetic, and the peak against every order there is."""

from __future__ import annotations

import itertools
import random

import pytest

from reconciler.engine.ledger import NO_LIMIT, Account, Claim, balances, peak, reserve


@pytest.mark.parametrize(
    ("count", "exempt", "machines"),
    [(1, False, 2), (4, False, 5), (5, False, 6), (6, False, 8), (10, False, 12), (5, True, 5)],
)
def test_endpoints_reserve_a_fifth_more_machines(
    count: int, machines: int, *, exempt: bool
) -> None:
    assert reserve(count, exempt=exempt) == machines


def test_one_instance_of_four_cores_needs_eight() -> None:
    """As Azure says of Standard_DS3_v2: "Current usage/limit: 0/6. Additional needed: 8"."""
    cores = 4 * reserve(1, exempt=False)
    claim = Claim("deployments.blue", ("DSv2",), during=cores, after=cores, most=cores)
    (found,) = balances([claim], {"DSv2": Account(0, 6)}, {})
    assert (found.need, found.free, found.short) == (8, 6, 2)
    (enough,) = balances([claim], {"DSv2": Account(0, 8)}, {})
    assert enough.short == 0


def test_what_is_ours_already_is_free_to_us() -> None:
    claim = Claim("deployments.blue", ("F",), now=24, during=48, after=48, most=48)
    (found,) = balances([claim], {"F": Account(24, 48)}, {})
    assert (found.free, found.short) == (48, 0)
    (others,) = balances([claim], {"F": Account(25, 48)}, {})
    assert others.short == 1


def test_a_pool_without_limit_is_never_short() -> None:
    claim = Claim("compute.big", ("F", "all"), during=10**6, after=10**6, most=10**6)
    found = balances([claim], {"F": Account(9, NO_LIMIT), "all": Account(0, 10)}, {})
    assert [(one.pool, one.short > 0) for one in found] == [("F", False), ("all", True)]


def test_a_pool_that_azure_does_not_tell_of_is_left_out() -> None:
    assert balances([Claim("compute.x", ("F",), most=1)], {}, {}) == ()


def test_a_cluster_at_its_largest_is_short_one_day_only() -> None:
    cluster = Claim("compute.c", ("F",), most=48)
    served = Claim("deployments.blue", ("F",), during=24, after=24, most=24)
    (found,) = balances([cluster, served], {"F": Account(0, 48)}, {})
    assert (found.peak, found.short, found.short_one_day) == (24, 0, 24)


def test_what_is_deleted_after_its_successor_is_there_counts_beside_it() -> None:
    blue = Claim("deployments.blue", ("F",), now=24, during=24, after=0)
    green = Claim("deployments.green", ("F",), during=24, after=24, most=24)
    first_green = {"deployments.blue": frozenset({"deployments.green"})}
    first_blue = {"deployments.green": frozenset({"deployments.blue"})}
    assert peak([blue, green], first_green) == 48
    assert peak([blue, green], first_blue) == 24


def graph_of(draw: random.Random, names: list[str]) -> dict[str, frozenset[str]]:
    """A random order; between the claims are steps that hold nothing, as in a plan."""
    every = [one for name in names for one in (name, f"{name}-link")]
    draw.shuffle(every)
    share = draw.choice((0.0, 0.1, 0.3, 0.6))
    return {
        name: frozenset(other for other in every[:index] if draw.random() < share)
        for index, name in enumerate(every)
    }


def reached(graph: dict[str, frozenset[str]], name: str) -> set[str]:
    found: set[str] = set()
    for other in graph[name]:
        found |= {other} | reached(graph, other)
    return found


def worst(claims: list[Claim], graph: dict[str, frozenset[str]]) -> int:
    """Every combination of before, under way and done that the order allows."""
    names = [claim.address for claim in claims]
    before = {name: reached(graph, name) & set(names) for name in names}
    most = 0
    for states in itertools.product(("before", "now", "done"), repeat=len(claims)):
        state = dict(zip(names, states, strict=True))
        begun = (name for name in names if state[name] != "before")
        if all(state[other] == "done" for name in begun for other in before[name]):
            held = {"before": "now", "now": "during", "done": "after"}
            cores = sum(getattr(claim, held[state[claim.address]]) for claim in claims)
            most = max(most, cores)
    return most


def test_the_peak_is_that_of_every_order_of_ten_thousand_graphs() -> None:
    draw = random.Random(11)
    for _ in range(10_000):
        names = [f"r.{index}" for index in range(draw.randint(1, 4))]
        claims = []
        for name in names:
            now, after = draw.choice((0, 0, 4, 24)), draw.choice((0, 8, 24, 40))
            during = max(now, after) + draw.choice((0, 0, 12))
            during = during if draw.random() < 0.8 else min(now, after)
            claims.append(Claim(name, ("F",), now, during, after, max(after, draw.choice((0, 48)))))
        graph = graph_of(draw, names)
        limit, used = draw.choice((NO_LIMIT, 24, 60, 100)), draw.randint(0, 40)
        (found,) = balances(claims, {"F": Account(used, limit)}, graph)
        highest = worst(claims, graph)
        assert found.peak == highest, (claims, graph)
        free = limit - used + sum(claim.now for claim in claims)
        assert found.short == (0 if limit == NO_LIMIT else max(0, highest - free))
        assert found.need == sum(claim.most for claim in claims)
