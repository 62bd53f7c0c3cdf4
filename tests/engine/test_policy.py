"""A policy: each rule just under, at and over; what is unknown fails closed; typos are errors."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from reconciler.engine.money import Cost, Sum
from reconciler.engine.policy import Grant, Planned, Subject, violations
from reconciler.engine.policy_document import read_policy

NONE = Sum()


def cost(
    hour: str = "0",
    run: str = "0",
    month: str = "0",
    *,
    no_rate: tuple[str, ...] = (),
    no_end: tuple[str, ...] = (),
) -> Cost:
    known = Sum(Decimal(hour), no_rate), Sum(Decimal(month), no_rate), Sum(Decimal(run), no_end)
    return Cost("USD", known[0], NONE, known[1], known[2])


def plan(*subjects: Subject, found: Cost | None = None, **more: Any) -> Planned:
    return Planned("sub-1", "rg-ml-dev", subjects, found or cost(), **more)


def node(**more: Any) -> Subject:
    return Subject("compute.gpu", "compute cluster", **more)


def grant(role: str, *, of_spec: bool = True) -> Subject:
    return Subject("role_assignments.a", "role assignment", grant=Grant(role, of_spec))


ALLOW, LIMITS, DENY, REQUIRE = "allow", "limits", "deny", "require"
CASES: list[tuple[str, str, Any, Planned, bool]] = [
    (ALLOW, "subscriptions", ["sub-1"], plan(), True),
    (ALLOW, "subscriptions", ["sub-2"], plan(), False),
    (ALLOW, "subscriptions", ["SUB-*"], plan(), True),
    (ALLOW, "subscriptions", [], plan(), False),
    (ALLOW, "resource_groups", ["rg-ml-*"], plan(), True),
    (ALLOW, "resource_groups", ["rg-ml"], plan(), False),
    (ALLOW, "resource_groups", ["rg-ml-de?"], plan(), True),
    (ALLOW, "locations", ["eastus"], plan(node(location="eastus")), True),
    (ALLOW, "locations", ["eastus"], plan(node(location="EastUS")), True),
    (ALLOW, "locations", ["eastus"], plan(node(location="eastus2")), False),
    (ALLOW, "locations", ["eastus"], plan(node()), True),
    (ALLOW, "sizes", ["Standard_NC*"], plan(node(size="STANDARD_NC24ADS_A100_V4")), True),
    (ALLOW, "sizes", ["Standard_D*"], plan(node(size="Standard_NC24ads_A100_v4")), False),
    (ALLOW, "sizes", ["Standard_D*", "Standard_NC*"], plan(node(size="Standard_NC6")), True),
    (ALLOW, "roles", ["AcrPull"], plan(grant("AcrPull")), True),
    (ALLOW, "roles", ["AcrPull"], plan(grant("Owner")), False),
    (ALLOW, "roles", ["AcrPull"], plan(grant("AcrPush")), False),
    (ALLOW, "roles", ["Storage Blob Data *"], plan(grant("Storage Blob Data Reader")), True),
    (ALLOW, "principals", ["spec"], plan(grant("AcrPull")), True),
    (ALLOW, "principals", ["spec"], plan(grant("AcrPull", of_spec=False)), False),
    (LIMITS, "cost_per_hour", 20, plan(found=cost("19.999")), True),
    (LIMITS, "cost_per_hour", 20, plan(found=cost("20")), True),
    (LIMITS, "cost_per_hour", 20, plan(found=cost("20.001")), False),
    (LIMITS, "cost_per_hour", 0.1, plan(found=cost("0.1")), True),
    (LIMITS, "cost_per_hour", 0.1, plan(found=cost("0.1000001")), False),
    (LIMITS, "cost_per_hour", 20, plan(found=cost("-5")), True),
    (LIMITS, "cost_per_run", 100, plan(found=cost(run="99.99")), True),
    (LIMITS, "cost_per_run", 100, plan(found=cost(run="100")), True),
    (LIMITS, "cost_per_run", 100, plan(found=cost(run="100.01")), False),
    (LIMITS, "cost_per_month", 5000, plan(found=cost(month="4999")), True),
    (LIMITS, "cost_per_month", 5000, plan(found=cost(month="5000.00")), True),
    (LIMITS, "cost_per_month", 5000, plan(found=cost(month="5000.01")), False),
    (LIMITS, "max_instances", 4, plan(node(instances=3)), True),
    (LIMITS, "max_instances", 4, plan(node(instances=4)), True),
    (LIMITS, "max_instances", 4, plan(node(instances=5)), False),
    (LIMITS, "max_instances", 0, plan(node(instances=1)), False),
    (LIMITS, "runs_per_day", 3, plan(runs=1, runs_today=1), True),
    (LIMITS, "runs_per_day", 3, plan(runs=1, runs_today=2), True),
    (LIMITS, "runs_per_day", 3, plan(runs=1, runs_today=3), False),
    (LIMITS, "runs_per_day", 3, plan(runs=0, runs_today=9), True),
    (LIMITS, "currency", "EUR", plan(found=cost("1")), True),
    (DENY, "public_network", True, plan(node(public_network=True)), False),
    (DENY, "public_network", True, plan(node(public_network=False)), True),
    (DENY, "public_network", True, plan(node()), True),
    (DENY, "public_network", False, plan(node(public_network=True)), True),
    (DENY, "delete_kinds", ["compute cluster"], plan(node(is_deleted=True)), False),
    (DENY, "delete_kinds", ["workspace"], plan(node(is_deleted=True)), True),
    (DENY, "delete_kinds", ["compute cluster"], plan(node()), True),
    (DENY, "unknown_price", True, plan(found=cost("0")), True),
    (DENY, "unknown_price", True, plan(found=cost("1", no_rate=("a.b",))), False),
    (DENY, "unknown_price", True, plan(found=cost("1", no_end=("a.b",))), False),
    (DENY, "unknown_price", False, plan(found=cost("1", no_rate=("a.b",))), True),
    (REQUIRE, "tags", ["team"], plan(node(tags={"team": "x"})), True),
    (REQUIRE, "tags", ["team"], plan(node(tags={"team": ""})), False),
    (REQUIRE, "tags", ["team"], plan(node(tags={})), False),
    (REQUIRE, "tags", ["team"], plan(node(tags=None)), True),
    (REQUIRE, "tags", ["team"], plan(node(is_deleted=True, tags={})), True),
    (REQUIRE, "rollout", ["compute"], plan(node()), False),
    (REQUIRE, "rollout", ["compute"], plan(node(), rollouts=frozenset({"compute.gpu"})), True),
    (REQUIRE, "checks", ["compute"], plan(node()), False),
    (REQUIRE, "checks", ["endpoints"], plan(node()), True),
]


@pytest.mark.parametrize(("section", "rule", "value", "planned", "holds"), CASES)
def test_a_rule_holds_or_is_broken(
    section: str, rule: str, value: Any, planned: Planned, *, holds: bool
) -> None:
    policy, errors = read_policy({"version": 1, section: {rule: value}})
    assert errors == ()
    found = violations(policy, planned)
    assert bool(found) is not holds, found
    assert all(violation.rule == (section, rule) for violation in found)


def test_there_are_sixty_cases() -> None:
    assert len(CASES) >= 60


LIMIT = {"version": 1, "limits": {"cost_per_hour": 20, "cost_per_run": 9}}


def test_an_unknown_price_counts_as_over_the_limit_where_the_policy_says_so() -> None:
    unknown = plan(found=cost("1", "1", no_rate=("deployments.blue",), no_end=("jobs.j",)))
    lenient, _ = read_policy(LIMIT)
    assert violations(lenient, unknown) == ()
    strict, _ = read_policy({**LIMIT, "deny": {"unknown_price": True}})
    found = violations(strict, unknown)
    assert {one.address for one in found} == {"deployments.blue", "jobs.j"}


def test_another_currency_fails_closed() -> None:
    policy, _ = read_policy({"version": 1, "limits": {"cost_per_hour": 20, "currency": "EUR"}})
    (found,) = violations(policy, plan(found=cost("1")))
    assert "cannot be held against EUR" in found.summary
    assert violations(policy, plan(found=cost())) == ()


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (None, "is a mapping"),
        ([], "is a mapping"),
        ({}, "version"),
        ({"version": 2}, "version"),
        ({"version": True}, "version"),
        ({"version": 1, "alow": {}}, "unknown section `alow`"),
        ({"version": 1, "allow": {"size": ["x"]}}, "unknown rule `allow.size`"),
        ({"version": 1, "allow": ["x"]}, "`allow` is a mapping"),
        ({"version": 1, "allow": {"sizes": "Standard_*"}}, "cannot be"),
        ({"version": 1, "allow": {"sizes": [""]}}, "cannot be"),
        ({"version": 1, "allow": {"principals": ["all"]}}, "cannot be"),
        ({"version": 1, "limits": {"cost_per_hour": "dear"}}, "cannot be"),
        ({"version": 1, "limits": {"cost_per_hour": -1}}, "cannot be"),
        ({"version": 1, "limits": {"cost_per_hour": True}}, "cannot be"),
        ({"version": 1, "limits": {"cost_per_hour": float("nan")}}, "cannot be"),
        ({"version": 1, "limits": {"currency": "dollar"}}, "cannot be"),
        ({"version": 1, "deny": {"public_network": "yes"}}, "cannot be"),
        ({"version": 1, "require": {"tags": [1]}}, "cannot be"),
        ({"version": 1, "override": {"expires": "soon"}}, "cannot be"),
        ({"version": 1, "override": {"teams": "all"}}, "cannot be"),
    ],
)
def test_a_document_that_is_wrong_is_no_policy(document: Any, told: str) -> None:
    _, errors = read_policy(document)
    assert errors and told in errors[0].summary
