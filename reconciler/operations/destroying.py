"""Plan a destroy: what is ours, exists and is not protected, and nothing that those need.

`apply` carries it out like any plan, on the reversed graph. The resource group goes last,
and only when nothing of anybody else's is left in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from reconciler.cloud.connection import Connection
from reconciler.diagnostics import Diagnostic
from reconciler.engine.graph import with_dependencies
from reconciler.engine.types import Action, Address, Change, Observed, Owner, Resource
from reconciler.kinds import HANDLERS
from reconciler.kinds.resource_group import ADDRESS as GROUP
from reconciler.operations.loading import Loaded
from reconciler.operations.observing import PARALLELISM, Sight, observe_all
from reconciler.operations.planning import Plan

RESOURCES_API = "2025-04-01"


def plan_destroy(
    loaded: Loaded,
    connection: Connection,
    *,
    only: Iterable[str] = (),
    parallelism: int = PARALLELISM,
) -> Plan:
    """Return the deletion of all that is ours, or of the named resources and what is in them.

    A resource that is protected, not ours, or cannot be read stays, and so does everything
    it depends on; the plan says why. What was not named keeps nothing that was: a
    connection may outlive the endpoint that it points to.
    """
    chosen = _chosen(loaded, list(only))
    addresses = list(loaded.resources)
    sight = observe_all(loaded, connection, addresses, parallelism=parallelism)
    changes = {a: _decide(loaded.resources[a], sight, chosen) for a in addresses}
    staying = (a for a in addresses if a in chosen and _must_stay(changes[a]))
    kept = with_dependencies(loaded.graph, staying)
    for address in kept:
        if changes[address].action is Action.DELETE:
            note = "kept: something that stays needs it"
            changes[address] = replace(changes[address], action=Action.NO_OP, notes=(note,))
    changes = _group_last(loaded, connection, changes)
    graph = {a: _group_waits(loaded, a) for a in addresses}
    return Plan(
        loaded.spec.name,
        loaded.spec.target,
        tuple(changes[a] for a in reversed(addresses)),
        graph,
        loaded.warnings,
        destroys=True,
    )


def _chosen(loaded: Loaded, only: list[str]) -> frozenset[Address]:
    """Return the addresses to delete: the named ones and all that lives inside them."""
    if not only:
        return frozenset(loaded.resources)
    named = loaded.select(only, "--only")
    roots = [loaded.resources[a].resource_id.casefold() + "/" for a in named if a != GROUP]
    inside = {
        a
        for a, resource in loaded.resources.items()
        if any(resource.resource_id.casefold().startswith(root) for root in roots)
    }
    return frozenset({*named, *inside})


def _decide(resource: Resource, sight: Sight, chosen: frozenset[Address]) -> Change:
    problem = sight.problems.get(resource.address)
    if problem:
        first = problem.diagnostics[0]
        blocked = Diagnostic(
            f"`{resource.address}` cannot be read, so it stays: {first.summary}",
            resource.position,
            first.detail,
            first.hint,
        )
        return Change(resource, Action.NO_OP, blocked=blocked)
    observed = sight.observed[resource.address]
    if observed is None or resource.address not in chosen:
        return Change(resource, Action.NO_OP, observed)
    reason = _reason_to_stay(resource, observed)
    if reason:
        return Change(resource, Action.NO_OP, observed, notes=(f"kept: {reason}",))
    return Change(resource, Action.DELETE, observed)


def _reason_to_stay(resource: Resource, observed: Observed) -> str:
    if not HANDLERS[resource.kind].deletable:
        return "it cannot be deleted"
    if observed.owner is Owner.FOREIGN:
        return f"it belongs to the spec {observed.owner_name!r}"
    if observed.owner is Owner.NOBODY:
        return "it is not marked as ours"
    return "it is protected" if resource.protected else ""


def _must_stay(change: Change) -> bool:
    """Whether a change keeps a resource that exists or may exist (unreadable)."""
    stays = change.action is Action.NO_OP and (change.observed is not None or change.blocked)
    return bool(stays and HANDLERS[change.resource.kind].deletable)


def _group_waits(loaded: Loaded, address: Address) -> frozenset[Address]:
    """Let everything hang on the group, so that it is deleted after all else."""
    before = loaded.graph[address]
    return before if address == GROUP else before | {GROUP}


def _group_last(
    loaded: Loaded, connection: Connection, changes: dict[Address, Change]
) -> dict[Address, Change]:
    """Keep the group when it holds anything that this destroy does not delete."""
    group = changes[GROUP]
    if group.action is not Action.DELETE:
        return changes
    items = connection.arm.list(f"{group.resource.resource_id}/resources", RESOURCES_API)
    ours = {
        c.resource.resource_id.casefold() for c in changes.values() if c.action is Action.DELETE
    }
    others = [str(i["id"]) for i in items if str(i["id"]).casefold() not in ours]
    if not others:
        return changes
    names = ", ".join(other.rpartition("/")[2] for other in others[:3])
    more = f" and {len(others) - 3} more" if len(others) > 3 else ""
    note = f"kept: it holds things that are not deleted here ({names}{more})"
    return {**changes, GROUP: replace(group, action=Action.NO_OP, notes=(note,))}
