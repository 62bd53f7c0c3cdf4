"""Look before each create of a plan for what would make it fail.

A soft-deleted twin, or a name that somebody else has, is told by the plan and not in the
middle of an apply. What is asked for only reads (`extensions.Preflights`).
"""

from __future__ import annotations

from collections.abc import Container
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import assert_never

from reconciler.cloud.run_scope import RunScope
from reconciler.diagnostics import ReconcileError, RefusedError
from reconciler.engine.decide import resolve
from reconciler.engine.decisions import (
    Adopt,
    Blocked,
    Change,
    Create,
    Delete,
    NoOp,
    Preflight,
    Replace,
    Run,
    Update,
    Wait,
)
from reconciler.engine.types import Action, Address, Observed, Resource
from reconciler.kinds import HANDLERS
from reconciler.kinds.base import HandlerContext, Reads
from reconciler.kinds.extensions import Preflights
from reconciler.operations.diagnostics import at_resource
from reconciler.operations.load import Loaded
from reconciler.operations.plan.decide import decide_one, known
from reconciler.operations.progress import NullProgress
from reconciler.operations.refresh import Snapshot, context_of, observe_fresh


def with_preflight(
    loaded: Loaded,
    run: RunScope,
    changes: dict[Address, Change],
    snapshot: Snapshot,
    parallelism: int,
    unprepared: Container[Address],
) -> dict[Address, Change]:
    """Return the changes, with what stands in the way of each create, or is to be told of it.

    Not looked for before what is `unprepared`: its provider must be registered before it answers.
    """
    begins = (Action.CREATE, Action.RUN)
    creates = [
        c
        for c in changes.values()
        if c.action in begins and not c.is_blocked and c.address not in unprepared
    ]
    if not creates:
        return changes

    def world(reads: Reads) -> HandlerContext:
        return context_of(loaded, run, reads, lambda a: snapshot.observed.get(a), NullProgress())

    def looked_at(change: Change) -> Change:
        resource, before = change.resource, dict(changes)
        try:
            found = _preflight(shared, resource)
        except RefusedError as error:
            seen = _seen_after_all(world(Reads(run, fresh=True)), resource)
            if seen is None:
                return change.blocked_by(*at_resource(error, change))
            desired = resolve(resource.desired, lambda r: known(r, loaded, snapshot, before))
            return decide_one(resource, desired, seen)
        return _told(change, found)

    shared = world(snapshot.reads)
    with ThreadPoolExecutor(max(1, parallelism), thread_name_prefix="preflight") as pool:
        for change in pool.map(looked_at, creates):
            changes[change.address] = change
    return changes


def _preflight(context: HandlerContext, resource: Resource) -> Preflight:
    handler = HANDLERS[resource.kind]
    return handler.preflight(context, resource) if isinstance(handler, Preflights) else Preflight()


def _told(change: Change, found: Preflight) -> Change:
    """Return the change with what its kind knows of it before it begins."""
    match change.decision:
        case (Create() | Run()) as work:
            reason = work.reason or found.reason
            return change.deciding(replace(work, reason=reason, notes=found.notes))
        case NoOp() | Adopt() | Update() | Replace() | Delete() | Wait() | Blocked():
            return change
        case never:
            assert_never(never)


def _seen_after_all(context: HandlerContext, resource: Resource) -> Observed | None:
    """Look once more at what cannot be created: its name may be taken by itself.

    The read that did not find it may have been behind. One that fails confirms nothing.
    """
    try:
        return observe_fresh(context, resource)
    except ReconcileError:
        return None
