"""Locks: what is deleted or changed only by who removes them first.

A lock holds for everything below its scope, and nothing can be deleted that has something
locked in it. Source: learn.microsoft.com/azure/azure-resource-manager/management/lock-resources.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from reconciler.engine.decisions import Change
from reconciler.engine.findings import Finding, Level
from reconciler.engine.ids import is_within
from reconciler.engine.types import Action, JsonObject
from reconciler.kinds import HANDLERS
from reconciler.operations.plan.checks.facts import Answer

CHECK = "lock"
CHECKED_BY = "the locks of the resource group (Microsoft.Authorization/locks)"
PROVIDER = "/providers/microsoft.authorization/locks/"
DELETES = (Action.DELETE, Action.REPLACE)


@dataclass(frozen=True)
class Lock:
    """One lock: its id, what it is on, and whether it forbids every change."""

    id: str
    scope: str
    read_only: bool
    notes: str


def check_locks(changes: Iterable[Change], locks: Answer) -> Iterator[Finding]:
    """Yield a blocker for each change that a lock forbids."""
    held = [_lock(item) for item in locks.items]
    for change in changes if held else ():
        own = HANDLERS[change.resource.kind].type
        if change.is_blocked or not change.action.is_change or "/" not in own:
            continue
        found = next((lock for lock in held if _forbids(lock, change)), None)
        if found is not None:
            yield _finding(change, found)


def _lock(item: JsonObject) -> Lock:
    lock_id, properties = str(item.get("id") or ""), item.get("properties") or {}
    at = lock_id.casefold().rfind(PROVIDER)
    level = str(properties.get("level") or "").casefold()
    return Lock(lock_id, lock_id[:at], level == "readonly", str(properties.get("notes") or ""))


def _forbids(lock: Lock, change: Change) -> bool:
    resource_id = change.resource.resource_id
    above = _covers(lock.scope, resource_id)
    if change.action in DELETES:
        return above or _covers(resource_id, lock.scope)
    return lock.read_only and above


def _covers(scope: str, resource_id: str) -> bool:
    return scope.casefold() == resource_id.casefold() or is_within(resource_id, scope)


def _finding(change: Change, lock: Lock) -> Finding:
    verb = "deleted" if change.action in DELETES else "changed"
    level = "ReadOnly" if lock.read_only else "CanNotDelete"
    notes = f": {lock.notes}" if lock.notes else ""
    return Finding(
        CHECK,
        Level.BLOCKER,
        change.address,
        f"`{change.address}` is locked and cannot be {verb}",
        change.resource.position,
        f"a {level} lock is on {lock.scope}{notes}",
        f"ask who set the lock, or remove it: `az lock delete --ids {lock.id}`",
        CHECKED_BY,
    )


def not_checked(locks: Answer) -> Iterator[Finding]:
    """Yield a warning where the locks could not be read."""
    if locks.problem is not None:
        yield Finding(
            CHECK,
            Level.WARNING,
            "",
            "not checked: whether a lock forbids what the plan would do",
            detail=locks.problem.diagnostics[0].summary,
            hint="give the identity `Microsoft.Authorization/locks/read` (Reader has it)",
            checked_by=CHECKED_BY,
        )
