"""All checks of a plan, and the plan with what they found: blockers block their changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from reconciler.cloud.run_scope import RunScope
from reconciler.diagnostics import RefusedError
from reconciler.engine.decisions import Change
from reconciler.engine.findings import Finding, Level
from reconciler.engine.graph import Edges
from reconciler.engine.types import Address
from reconciler.kinds.base import Reads
from reconciler.operations.load import Loaded
from reconciler.operations.plan.checks import (
    azure_policy,
    clusters,
    cores,
    existing,
    grants,
    hosts,
    locks,
    memory,
    network,
    outage,
    rights,
    sizes,
)
from reconciler.operations.plan.checks.consequences import check_consequences
from reconciler.operations.plan.checks.core_claims import claims_of
from reconciler.operations.plan.checks.facts import Asking, Facts
from reconciler.operations.plan.checks.running import check_running
from reconciler.operations.plan.checks.users import check_users
from reconciler.operations.plan.preflight import blocked_now

LENIENT = frozenset(
    {
        cores.CHECK,
        clusters.COUNT,
        clusters.CAP,
        sizes.NOT_HERE,
        sizes.NOT_FOR_THIS,
        sizes.BARRED,
        memory.CHECK,
        locks.CHECK,
        rights.CHECK,
        grants.CHECK,
        existing.CHECK,
    }
)
"""Checks by Azure's lists, which may be wrong: what somebody may go on in spite of."""


class Planned(Protocol):
    """What is asked of a plan."""

    @property
    def changes(self) -> tuple[Change, ...]:
        """Every change."""

    @property
    def graph(self) -> Edges:
        """What comes before what."""

    @property
    def allowed_outages(self) -> frozenset[Address]:
        """What may take an endpoint out of service."""

    @property
    def destroys(self) -> bool:
        """Whether it only deletes, as was asked for."""

    @property
    def lenient(self) -> bool:
        """Whether what would fail is to be tried all the same."""

    @property
    def held(self) -> frozenset[Address]:
        """What is left as it is for now."""


@dataclass(frozen=True)
class Allowed:
    """What the user lets happen: these addresses may end runs and take endpoints out of service.

    `outages`: any may do the latter, since that is the point of it (a destroy).
    """

    addresses: frozenset[Address] = frozenset()
    outages: bool = False


def findings_of(run: RunScope, region: cores.Region, allowed: Allowed) -> tuple[Finding, ...]:
    """Return everything that would keep the changes from being carried out, and what is unknown.

    Without anything to change there is nothing to find.
    """
    changes, facts = region.changes, region.facts
    planned = tuple(changes.values())
    if not any(change.action.is_change for change in planned):
        return ()
    return (
        *existing.check_existing(region.loaded, changes, facts.existing),
        *rights.check_rights(run, planned, facts),
        *rights.not_checked(facts.rights),
        *grants.check_grants(changes, facts.assignments),
        *grants.not_checked(facts.assignments),
        *network.check_network(region.loaded, changes, facts.existing),
        *_of_policies(changes, facts),
        *hosts.check_hosts(run.cloud, planned, facts.hosts),
        *locks.check_locks(planned, facts.locks),
        *locks.not_checked(facts.locks),
        *_outages(planned, facts, allowed),
        *check_users(planned, facts.users),
        *check_running(planned, facts.runs, allowed.addresses),
        *check_consequences(planned),
        *findings_of_machines(region),
    )


def _of_policies(changes: Mapping[Address, Change], facts: Facts) -> Iterator[Finding]:
    told = {address: answer.items for address, answer in facts.policies.items()}
    yield from azure_policy.check_policies(changes, told)
    problems = (one.problem for one in facts.policies.values() if one.problem is not None)
    for problem in islice(problems, 1):
        yield azure_policy.not_checked(problem.diagnostics[0].summary)


def _outages(planned: Iterable[Change], facts: Facts, allowed: Allowed) -> Iterable[Finding]:
    if allowed.outages:
        return ()
    return outage.check_outages(planned, facts.endpoints, allowed.addresses)


def checked(
    loaded: Loaded,
    run: RunScope,
    changes: Mapping[Address, Change],
    graph: Edges,
    asking: Asking,
    allowed: Allowed,
) -> tuple[Finding, ...]:
    """Ask what it takes, and return what is found."""
    with asking:
        asking.about(changes.values())
    return findings_of(run, region_of(loaded, changes, graph, asking.facts), allowed)


def findings_of_machines(region: cores.Region) -> list[Finding]:
    """Return what is found of cores, sizes and clusters, by what a region says."""
    loaded, uses, limits, facts = region.loaded, region.uses, region.limits, region.facts
    found = list(sizes.check_sizes(loaded, uses, region.sizes))
    found += sizes.check_barred(loaded, uses, facts.skus)
    if any(use.change.action.is_change for use in uses):
        found += [*sizes.not_checked(facts.sizes), *cores.not_checked(facts.usages)]
    found += cores.check_cores(region)
    found += cores.check_families(region)
    found += memory.check_memory(region)
    found += clusters.check_clusters(region, {finding.address for finding in found})
    found += clusters.check_count(uses, limits.accounts)
    claims = claims_of(uses, region.changes, region.sizes)
    return [*found, *clusters.check_caps(region, uses, claims, facts.quotas)]


def region_of(
    loaded: Loaded, changes: Mapping[Address, Change], graph: Edges, facts: Facts
) -> cores.Region:
    """Return what the facts say of the region that the spec goes to, and what a plan makes of it."""
    return cores.Region(
        loaded,
        sizes.sizes_of(facts.sizes),
        cores.limits_of(facts.usages, changes.values()),
        sizes.uses_of(changes.values()),
        changes,
        graph,
        facts,
    )


def blocked_by(
    changes: Mapping[Address, Change], findings: Iterable[Finding]
) -> dict[Address, Change]:
    """Return the changes, those that a finding blocks as blocked with all that was found."""
    found = dict(changes)
    for address in dict.fromkeys(f.address for f in findings if f.level is Level.BLOCKER):
        change = found[address]
        told = [f.diagnostic for f in findings if f.level is Level.BLOCKER and f.address == address]
        found[address] = change.blocked_by(*change.problems, *told)
    return found


def refuse_what_fails_now(loaded: Loaded, run: RunScope, plan: Planned, parallelism: int) -> None:
    """Ask once more, just before the first write: others may have been faster.

    Raises `RefusedError` with everything that would make the plan fail by now.
    """
    changes = {change.address: change for change in plan.changes}
    allowed = Allowed(plan.allowed_outages, outages=plan.destroys)
    asking = Asking(loaded, run, Reads(run), parallelism, only_checks=True)
    found = [
        *blocked_now(loaded, run, plan.changes, plan.graph, parallelism),
        *checked(loaded, run, changes, plan.graph, asking, allowed),
    ]
    blockers = [
        finding.diagnostic
        for finding in found
        if finding.level is Level.BLOCKER
        and finding.address not in plan.held
        and not (plan.lenient and finding.id in LENIENT)
    ]
    if blockers:
        raise RefusedError(*blockers)
