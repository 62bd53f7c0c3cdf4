"""Decide for each resource of a spec what a plan does with it, and why.

The decision over one resource is the engine's; here it gets what a plan may know of the other
ones, and what becomes of them reaches it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.engine.decide import decide, going_with, resolve
from reconciler.engine.decisions import Change, Replace, Run, Update
from reconciler.engine.ids import is_within
from reconciler.engine.protection import block_if_protected
from reconciler.engine.types import (
    Action,
    Address,
    JsonObject,
    Observed,
    Owner,
    Phase,
    Reference,
    Resource,
)
from reconciler.kinds import HANDLERS
from reconciler.kinds.extensions import Reviews
from reconciler.operations.diagnostics import unread
from reconciler.operations.load import Loaded
from reconciler.operations.plan.providers import is_unregistered
from reconciler.operations.refresh import Snapshot
from reconciler.reasons import DependencyReplaced, ParentReplaced, RetryOf

NEW = (Action.CREATE, Action.REPLACE, Action.RUN)


def decide_all(
    loaded: Loaded, snapshot: Snapshot, addresses: list[Address], retry: frozenset[Address]
) -> dict[Address, Change]:
    """Return the change of each address, in the order of the spec; `retry` names failed runs."""
    changes: dict[Address, Change] = {}
    taking: list[Change] = []
    for address in addresses:
        resource = loaded.resources[address]
        if address in snapshot.problems and not is_unregistered(snapshot.problems[address]):
            changes[address] = unread(resource, snapshot.problems[address])
            continue
        desired = resolve(resource.desired, lambda r: known(r, loaded, snapshot, changes))
        observed = snapshot.observed.get(address)
        decided = decide_one(resource, desired, observed, retry=address in retry)
        change = changes[address] = _cascaded(decided, loaded, changes, taking)
        if change.action is Action.REPLACE or _is_going(change):
            taking.append(change)
    return changes


def decide_one(
    resource: Resource, desired: JsonObject, observed: Observed | None, *, retry: bool = False
) -> Change:
    """Return the decision for one resource under its kind's policy."""
    handler = HANDLERS[resource.kind]
    policy = handler.policy
    decided = decide(resource, desired, observed, policy)
    reviewed = handler.review(decided) if isinstance(handler, Reviews) else decided
    change = block_if_protected(reviewed)
    if retry and change.is_blocked and policy.runs and observed and _is_our_failure(observed):
        return Change(resource, None, Run(RetryOf(str(observed.outputs.get("name", "")))))
    return change


def runs_again(change: Change) -> bool:
    """Return whether a change is what `--retry` asked for; its reason names the run that failed."""
    return isinstance(change.reason, RetryOf)


def known(
    reference: Reference, loaded: Loaded, snapshot: Snapshot, changes: Mapping[Address, Change]
) -> Any:
    """Return what a plan may know of a reference: never a secret, nothing of what is new."""
    target = loaded.resources.get(reference.address)
    if target and reference.attribute in target.known:
        return target.known[reference.attribute]
    change = changes.get(reference.address)
    observed = snapshot.observed.get(reference.address)
    if reference.secret or observed is None or (change and change.action in NEW):
        return None
    return observed.outputs.get(reference.attribute)


def _is_our_failure(observed: Observed) -> bool:
    """Whether `--retry` may follow it: never what another spec, or nobody that we know, ran."""
    return observed.owner is Owner.OURS and observed.phase is Phase.FAILED


def _cascaded(
    change: Change, loaded: Loaded, changes: Mapping[Address, Change], taking: Iterable[Change]
) -> Change:
    """Let the replacement of a parent or a dependency reach the resource.

    `taking` are those of the changes that take along what is in them. A parent that is being deleted is half of one: a run was killed in the middle of it.
    """
    resource = change.resource
    parents = [c for c in taking if is_within(resource.resource_id, c.resource.resource_id)]
    parent = next((c for c in parents if c.action is Action.REPLACE), None)
    if parent and change.observed:
        along = Replace(change.fields, ParentReplaced(parent.address))
        return block_if_protected(change.doing(along))
    gone = next((c for c in parents if _is_going(c)), None)
    if gone and not change.is_blocked:
        return going_with(gone.address, change)
    before = [changes[a] for a in loaded.graph[resource.address] if a in changes]
    replaced = [c.address for c in before if c.action in (Action.REPLACE, Action.RUN)]
    follows = HANDLERS[resource.kind].follows_replacement
    if follows and change.action is Action.NO_OP and change.observed and replaced:
        return change.doing(Update(change.fields, DependencyReplaced(replaced[0])))
    return change


def _is_going(change: Change) -> bool:
    return change.is_pending and change.observed is not None and change.observed.is_going
