"""A policy of the platform team, held against a plan. Pure.

It comes from outside the repository of the spec; who writes a spec cannot relax it. What cannot
be known (a price, a scope) counts as over its limit where the policy says so: it fails closed.
`policy_document` makes one of a document.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fnmatch import fnmatchcase

from reconciler.engine.money import Cost, Sum
from reconciler.engine.types import Address

Path = tuple[str, ...]


@dataclass(frozen=True)
class Violation:
    """One rule that a plan breaks: what, where in the plan, and where in the policy."""

    summary: str
    address: Address
    rule: Path


@dataclass(frozen=True)
class Grant:
    """A role that a plan assigns. `of_spec`: to an identity that the spec itself has."""

    role: str
    of_spec: bool


@dataclass(frozen=True)
class Subject:
    """What a policy asks of one resource of a plan that is to be made or changed."""

    address: Address
    kind: str
    is_deleted: bool = False
    size: str = ""
    location: str = ""
    instances: int = 0
    grant: Grant | None = None
    public_network: bool | None = None
    tags: Mapping[str, str] | None = None
    """None where it takes none."""


@dataclass(frozen=True)
class Planned:
    """What a policy asks of a plan: where it goes, what it changes, what it costs, its runs."""

    subscription: str
    resource_group: str
    subjects: tuple[Subject, ...]
    cost: Cost
    runs: int = 0
    runs_today: int = 0
    rollouts: frozenset[Address] = frozenset()
    checks: frozenset[Address] = frozenset()


@dataclass(frozen=True)
class Policy:
    """A checked policy. None, or an empty tuple of `allow`, is no rule."""

    allow: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    limits: Mapping[str, Decimal] = field(default_factory=dict)
    currency: str = "USD"
    public_network: bool = False
    delete_kinds: frozenset[str] = frozenset()
    unknown_price: bool = False
    tags: tuple[str, ...] = ()
    rollout: frozenset[str] = frozenset()
    checks: frozenset[str] = frozenset()

    def allows(self, rule: str, value: str) -> bool:
        """Return whether the policy allows a value: it is on the list, or there is no list."""
        patterns = self.allow.get(rule)
        if patterns is None:
            return True
        return any(fnmatchcase(value.casefold(), pattern.casefold()) for pattern in patterns)


NO_POLICY = Policy()
COSTS = ("cost_per_hour", "cost_per_run", "cost_per_month")


def violations(policy: Policy, planned: Planned) -> tuple[Violation, ...]:
    """Return every rule of the policy that the plan breaks, in the policy's order."""
    return (
        *_of_place(policy, planned),
        *(found for subject in planned.subjects for found in _of_subject(policy, subject)),
        *_of_limits(policy, planned),
        *_of_requirements(policy, planned),
    )


def _of_place(policy: Policy, planned: Planned) -> Iterator[Violation]:
    for rule, value in (
        ("subscriptions", planned.subscription),
        ("resource_groups", planned.resource_group),
    ):
        if not policy.allows(rule, value):
            yield Violation(f"{rule[:-1].replace('_', ' ')} `{value}`", "", ("allow", rule))


def _of_subject(policy: Policy, subject: Subject) -> Iterator[Violation]:
    if subject.is_deleted:
        if subject.kind in policy.delete_kinds:
            rule = ("deny", "delete_kinds")
            yield Violation(f"deletes a {subject.kind}", subject.address, rule)
        return
    for name, value in (("sizes", subject.size), ("locations", subject.location)):
        if value and not policy.allows(name, value):
            yield Violation(f"{name[:-1]} `{value}`", subject.address, ("allow", name))
    if subject.grant is not None:
        yield from _of_grant(policy, subject, subject.grant)
    if policy.public_network and subject.public_network:
        rule = ("deny", "public_network")
        yield Violation("is open to the public network", subject.address, rule)
    yield from _of_shape(policy, subject)


def _of_shape(policy: Policy, subject: Subject) -> Iterator[Violation]:
    most = policy.limits.get("max_instances")
    if most is not None and subject.instances > most:
        summary = f"{subject.instances} instances, at most {most}"
        yield Violation(summary, subject.address, ("limits", "max_instances"))
    for tag in policy.tags if subject.tags is not None else ():
        if not (subject.tags or {}).get(tag):
            yield Violation(f"has no tag `{tag}`", subject.address, ("require", "tags"))


def _of_grant(policy: Policy, subject: Subject, grant: Grant) -> Iterator[Violation]:
    if not policy.allows("roles", grant.role):
        yield Violation(f"grants `{grant.role}`", subject.address, ("allow", "roles"))
    if policy.allow.get("principals") is not None and not grant.of_spec:
        summary = "grants a role to an identity that is not in the spec"
        yield Violation(summary, subject.address, ("allow", "principals"))


def _of_limits(policy: Policy, planned: Planned) -> Iterator[Violation]:
    cost = planned.cost
    sums = {
        "cost_per_hour": ("an hour while serving", cost.serving),
        "cost_per_run": ("for training", cost.run),
        "cost_per_month": ("a month if left on", cost.month),
    }
    for rule, (words, found) in sums.items():
        if rule in policy.limits:
            yield from _of_cost(policy, rule, words, found, cost.currency)
    if policy.unknown_price and not set(COSTS) & set(policy.limits):
        yield from (
            Violation("its price is unknown", address, ("deny", "unknown_price"))
            for address in dict.fromkeys((*cost.month.unknown, *cost.run.unknown))
        )
    most = policy.limits.get("runs_per_day")
    if most is not None and planned.runs and planned.runs + planned.runs_today > most:
        summary = f"{planned.runs + planned.runs_today} runs today, at most {most}"
        yield Violation(summary, "", ("limits", "runs_per_day"))


def _of_cost(
    policy: Policy, rule: str, words: str, found: Sum, currency: str
) -> Iterator[Violation]:
    most, path = policy.limits[rule], ("limits", rule)
    if currency != policy.currency and (found.amount or found.unknown):
        yield Violation(f"costs in {currency} cannot be held against {policy.currency}", "", path)
        return
    if found.amount > most:
        summary = f"costs {found.amount:f} {currency} {words}, at most {most:f}"
        yield Violation(summary, "", path)
    if policy.unknown_price:
        for address in found.unknown:
            yield Violation(f"its price {words} is unknown", address, ("deny", "unknown_price"))


def _of_requirements(policy: Policy, planned: Planned) -> Iterator[Violation]:
    for rule, wanted, stated in (
        ("rollout", policy.rollout, planned.rollouts),
        ("checks", policy.checks, planned.checks),
    ):
        for subject in planned.subjects:
            section = subject.address.partition(".")[0]
            if section in wanted and not subject.is_deleted and subject.address not in stated:
                yield Violation(f"has no {rule}", subject.address, ("require", rule))
