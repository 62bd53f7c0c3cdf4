"""Look before each create of a plan for what would make it fail.

A soft-deleted twin, or a name that somebody else has, is told by the plan and not in the
middle of an apply. What is asked for only reads (`extensions.Preflights`).
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import assert_never

from reconciler.cloud.run_scope import RunScope
from reconciler.diagnostics import (
    ApiError,
    NameBlockedError,
    ReconcileError,
    RefusedError,
    UnavailableError,
)
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
from reconciler.engine.findings import Finding, Level
from reconciler.engine.graph import Edges
from reconciler.engine.types import Action, Address, Observed, Resource
from reconciler.kinds import HANDLERS
from reconciler.kinds.base import HandlerContext, Reads
from reconciler.kinds.extensions import Preflights
from reconciler.operations.diagnostics import at_resource
from reconciler.operations.load import Loaded
from reconciler.operations.plan.decide import decide_one, known
from reconciler.operations.progress import NullProgress
from reconciler.operations.refresh import Snapshot, context_of, observe_fresh

CHECKED_BY = "a question for the name, before its create"


def with_preflight(
    loaded: Loaded,
    run: RunScope,
    changes: dict[Address, Change],
    snapshot: Snapshot,
    parallelism: int,
    unprepared: Container[Address],
) -> tuple[dict[Address, Change], list[Finding]]:
    """Return the changes, with what stands in the way of each create, or is to be told of it.

    The findings say the same of what is in the way. Not looked for before what is `unprepared`:
    its provider must be registered before it answers.
    """
    begins = (Action.CREATE, Action.RUN)
    creates = [
        c
        for c in changes.values()
        if c.action in begins and not c.is_blocked and c.address not in unprepared
    ]
    found: list[Finding] = []
    if not creates:
        return changes, found

    def looked_at(change: Change) -> Change:
        resource, before = change.resource, dict(changes)
        try:
            known_of_it = _preflight(shared, resource)
        except RefusedError as error:
            seen = _seen_after_all(world(loaded, run, snapshot, fresh=True), resource)
            if seen is None:
                found.append(_finding(change, error))
                return change.blocked_by(*at_resource(error, change))
            desired = resolve(resource.desired, lambda r: known(r, loaded, snapshot, before))
            return decide_one(resource, desired, seen)
        return _told(change, known_of_it)

    shared = world(loaded, run, snapshot)
    with ThreadPoolExecutor(max(1, parallelism), thread_name_prefix="preflight") as pool:
        for change in pool.map(looked_at, creates):
            changes[change.address] = change
    return changes, found


def world(
    loaded: Loaded, run: RunScope, snapshot: Snapshot, *, fresh: bool = False
) -> HandlerContext:
    """Return what handlers see; `fresh`: past what the plan has read."""
    reads = Reads(run, fresh=True) if fresh else snapshot.reads
    return context_of(loaded, run, reads, snapshot.observed.get, NullProgress())


def blocked_now(
    loaded: Loaded,
    run: RunScope,
    changes: Iterable[Change],
    graph: Edges,
    parallelism: int,
) -> list[Finding]:
    """Return what stands in the way of the creates of a plan by now, just before the first write.

    A resource that is there by now stands in no way: its change is decided anew.
    """
    held = {change.address: change for change in changes}
    steps = {a for a, c in held.items() if HANDLERS[c.resource.kind].registers_provider}
    unprepared = {address for address, before in graph.items() if before & steps}
    creates = {a: c for a, c in held.items() if c.action is Action.CREATE}
    observed = {address: change.observed for address, change in held.items()}
    snapshot = Snapshot(observed, {}, Reads(run))
    try:
        return with_preflight(loaded, run, creates, snapshot, parallelism, unprepared)[1]
    except (ApiError, UnavailableError):
        return []  # the creates tell: the plan has looked already


def _finding(change: Change, error: RefusedError) -> Finding:
    """Return what is in the way of a create as a finding."""
    check = error.check if isinstance(error, NameBlockedError) else "create"
    first = error.diagnostics[0].at(change.resource.position)
    return Finding(
        check,
        Level.BLOCKER,
        change.address,
        first.summary,
        first.position,
        first.detail,
        first.hint,
        CHECKED_BY,
    )


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
