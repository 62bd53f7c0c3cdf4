"""Plan a destroy: what is ours, exists and is not protected, and nothing that those need.

`apply` carries it out like any plan, on the reversed graph. The resource group goes last,
and only when nothing of anybody else's is left in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from reconciler.cloud.run_scope import RunScope
from reconciler.diagnostics import ReconcileError
from reconciler.engine.decisions import Change, Delete, NoOp
from reconciler.engine.graph import with_dependencies
from reconciler.engine.ids import is_within
from reconciler.engine.protection import way_out, why_kept
from reconciler.engine.types import Action, Address, Observed, Owner, Resource
from reconciler.kinds import HANDLERS
from reconciler.kinds.resource_group import ADDRESS as GROUP
from reconciler.operations.diagnostics import unread
from reconciler.operations.load import Loaded
from reconciler.operations.plan.build import Plan
from reconciler.operations.plan.checks.facts import Asking
from reconciler.operations.plan.checks.run import Allowed, blocked_by, checked
from reconciler.operations.plan.dependents import foreign_children, foreign_contents, shortened
from reconciler.operations.plan.users import everything_linked, may_be_used, named, used_by_others
from reconciler.operations.refresh import PARALLELISM, Snapshot, observe_all
from reconciler.reasons import (
    EndpointStays,
    HoldsData,
    HoldsForeign,
    Kept,
    KeptBecause,
    LinkedFrom,
    NeededByOthers,
    NotDeletable,
    NotOurs,
    OwnedBy,
)


def plan_destroy(
    loaded: Loaded,
    run: RunScope,
    *,
    only: Iterable[str] = (),
    unprotect: Iterable[str] = (),
    allow_outage: Iterable[str] = (),
    parallelism: int = PARALLELISM,
) -> Plan:
    """Return the deletion of all that is ours, or of the named resources and what is in them.

    A resource that is protected or not ours stays, and so does everything it depends on; the plan
    says why. One that cannot be read, or looked into, is blocked: nothing is begun. What was not
    named keeps nothing that was: a connection may outlive the endpoint that it points to.
    `unprotect` names what holds data and may go nevertheless; the word of the spec, or of a
    resource's own tag, it does not lift. `allow_outage` names what may go although jobs run on it.
    """
    loaded = _with_unprotected(loaded, loaded.select(unprotect, "--unprotect"))
    chosen = _chosen(loaded, list(only))
    addresses = list(loaded.resources)
    snapshot = observe_all(loaded, run, addresses, parallelism=parallelism)
    changes = {a: _decide(loaded.resources[a], snapshot, chosen) for a in addresses}
    staying = (a for a in addresses if a in chosen and _must_stay(changes[a]))
    _keep_what_they_need(loaded, changes, staying)
    changes = _with_foreign_children(loaded, run, changes)
    changes = _with_users(loaded, changes, snapshot)
    changes = {a: _with_endpoint(c, changes) for a, c in changes.items()}
    changes = _group_last(run, changes)
    graph = {a: _group_waits(loaded, a) for a in addresses}
    asking = Asking(loaded, run, snapshot.reads, parallelism)
    allowed = Allowed(frozenset(allow_outage), outages=True)
    findings = checked(loaded, run, changes, graph, asking, allowed)
    changes = blocked_by(changes, findings)
    return Plan(
        loaded.spec.name,
        loaded.spec.target,
        tuple(changes[a] for a in reversed(addresses)),
        graph,
        loaded.warnings,
        destroys=True,
        findings=findings,
        allowed_outages=allowed.addresses,
    )


def _with_unprotected(loaded: Loaded, addresses: Iterable[Address]) -> Loaded:
    """Return the spec with what the user named no longer protected by its kind."""
    freed = {a: replace(loaded.resources[a], holds_data=False) for a in addresses}
    return replace(loaded, resources={**loaded.resources, **freed})


def _keep_what_they_need(
    loaded: Loaded, changes: dict[Address, Change], staying: Iterable[Address]
) -> None:
    """Keep everything that something which stays depends on."""
    for address in with_dependencies(loaded.graph, staying):
        if changes[address].action is Action.DELETE:
            changes[address] = _kept(changes[address], NeededByOthers())


def _kept(change: Change, why: KeptBecause) -> Change:
    return change.deciding(NoOp(Kept(why)))


def _chosen(loaded: Loaded, only: list[str]) -> frozenset[Address]:
    """Return the addresses to delete: the named ones and all that lives inside them."""
    if not only:
        return frozenset(loaded.resources)
    named = loaded.select(only, "--only")
    roots = [loaded.resources[a].resource_id for a in named if a != GROUP]
    inside = {
        a
        for a, resource in loaded.resources.items()
        if any(is_within(resource.resource_id, root) for root in roots)
    }
    return frozenset({*named, *inside})


def _decide(resource: Resource, snapshot: Snapshot, chosen: frozenset[Address]) -> Change:
    problem = snapshot.problems.get(resource.address)
    if problem:
        return unread(resource, problem)
    observed = snapshot.observed[resource.address]
    if observed is None or resource.address not in chosen:
        return Change(resource, observed, NoOp())
    kept = _reason_to_stay(resource, observed)
    return Change(resource, observed, NoOp(kept) if kept else Delete())


def _reason_to_stay(resource: Resource, observed: Observed) -> Kept | None:
    if not HANDLERS[resource.kind].deletable:
        return Kept(NotDeletable())
    if observed.owner is Owner.FOREIGN:
        return Kept(OwnedBy(observed.owner_name))
    if observed.owner is Owner.NOBODY:
        return Kept(NotOurs())
    why = why_kept(resource, observed)
    if why is None:
        return None
    flag = f", or pass `--unprotect {resource.address}`" if isinstance(why, HoldsData) else ""
    return Kept(why, hint=f"to delete it, {way_out(resource, observed)}{flag}")


def _must_stay(change: Change) -> bool:
    """Whether a change keeps a resource that exists or may exist (unreadable)."""
    stays = change.action is Action.NO_OP and (change.observed is not None or change.is_blocked)
    return bool(stays and HANDLERS[change.resource.kind].deletable)


def _is_kept(change: Change) -> bool:
    """Whether something was found that keeps a resource, and it was not just left out."""
    is_told = isinstance(change.decision, NoOp) and change.decision.note is not None
    return is_told and _must_stay(change)


def _group_waits(loaded: Loaded, address: Address) -> frozenset[Address]:
    """Let everything hang on the group, so that it is deleted after all else."""
    before = loaded.graph[address]
    return before if address == GROUP else before | {GROUP}


def _with_foreign_children(
    loaded: Loaded, run: RunScope, changes: dict[Address, Change]
) -> dict[Address, Change]:
    """Keep what holds something that this destroy does not delete, and all that it needs."""
    result = dict(changes)
    going = {c.resource.resource_id for c in changes.values() if c.action is Action.DELETE}
    for address, change in changes.items():
        if change.action is not Action.DELETE:
            continue
        looked = _looked_into(change, partial(foreign_children, run, change, going))
        if looked is not change:
            result[address] = looked
            _keep_what_they_need(loaded, result, [address])
    return result


def _with_users(
    loaded: Loaded, changes: dict[Address, Change], snapshot: Snapshot
) -> dict[Address, Change]:
    """Keep what others in the subscription use, and all that it needs.

    Lists that cannot be read are told by the checks.
    """
    result = dict(changes)
    if not any(map(may_be_used, changes.values())):
        return result
    try:
        bodies = everything_linked(snapshot.reads, loaded.spec.target.subscription_id)
    except ReconcileError:
        return result
    for address, ids in used_by_others(changes.values(), bodies).items():
        result[address] = _kept(result[address], LinkedFrom(named(ids)))
        _keep_what_they_need(loaded, result, [address])
    return result


def _looked_into(change: Change, inside: Callable[[], Sequence[str]]) -> Change:
    """Keep what holds something of others; block what cannot be looked into."""
    try:
        found = inside()
    except ReconcileError as error:
        return unread(change.resource, error)
    if not found:
        return change
    return _kept(change, HoldsForeign(shortened(found)))


def _with_endpoint(change: Change, changes: Mapping[Address, Change]) -> Change:
    """Let traffic stay with an endpoint that stays, for those that it still leads to.

    Each deployment that goes hands over its own share.
    """
    resource = change.resource
    if not HANDLERS[resource.kind].is_setting or change.action is not Action.DELETE:
        return change
    stays = any(
        c.resource.resource_id == resource.resource_id.rpartition("/")[0] and _is_kept(c)
        for c in changes.values()
    )
    return _kept(change, EndpointStays()) if stays else change


def _group_last(run: RunScope, changes: dict[Address, Change]) -> dict[Address, Change]:
    """Keep the group when it holds anything that this destroy does not delete."""
    group = changes[GROUP]
    if group.action is not Action.DELETE:
        return changes
    going = {c.resource.resource_id for c in changes.values() if c.action is Action.DELETE}
    return {
        **changes,
        GROUP: _looked_into(group, partial(foreign_contents, run, group.resource, going)),
    }
