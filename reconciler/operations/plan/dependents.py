"""What would go with a resource although nobody said so: the things of others inside it.

Azure deletes a group with all that is in it, a workspace, hub or project with its clusters and
endpoints, an endpoint with its deployments. So what is to be deleted, or replaced, is looked
into first, by lists; a list that cannot be read stops it, since what it holds is then unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from reconciler.cloud.run_scope import RunScope
from reconciler.diagnostics import Diagnostic, ReconcileError, RefusedError
from reconciler.engine.decisions import Change
from reconciler.engine.protection import NO, why_kept, words
from reconciler.engine.types import Action, Address, JsonObject, Observed, Resource
from reconciler.kinds import HANDLERS, children
from reconciler.operations.diagnostics import unread


def foreign_contents(run: RunScope, resource: Resource, going: Iterable[str]) -> list[str]:
    """Return the ids of everything in a resource that is not among those that go.

    Only for a kind with a list of all its contents (a resource group); none for any other.
    """
    handler = HANDLERS[resource.kind]
    if not handler.contents:
        return []
    path = f"{resource.resource_id}/{handler.contents}"
    return _others(run.arm.list(path, handler.api_version, parent_exists=True), going)


def foreign_children(run: RunScope, change: Change, going: Iterable[str]) -> list[str]:
    """Return the ids of what would be missed inside a resource and is not among those that go.

    What its own tag protects is never among those.
    """
    resource, gone = change.resource, tuple(going)
    items = _inside(run, resource.kind, resource.resource_id, gone)
    return _others(items, gone)


def refuse_to_lose(run: RunScope, change: Change, observed: Observed, going: Sequence[str]) -> None:
    """Look, just before a delete, for what came since the plan and would be lost.

    Raises `RefusedError` for another mark, a word that protects, and things of others inside.
    """
    resource = change.resource
    if observed.owner is not (change.observed.owner if change.observed else None):
        raise RefusedError.because(f"`{resource.address}` is no longer marked as ours")
    why = why_kept(resource, observed)
    if why:
        raise RefusedError(Diagnostic(f"`{resource.address}` is protected now", because=why))
    found = foreign_children(run, change, going) or foreign_contents(run, resource, going)
    if found:
        raise RefusedError.because(
            f"`{resource.address}` contains things that this run does not delete ({shortened(found)})",
            hint="make a new plan and review it",
        )


def shortened(ids: Sequence[str]) -> str:
    """Return the last parts of the first three ids, and how many more there are."""
    names = ", ".join(one.rpartition("/")[2] for one in ids[:3])
    return f"{names} and {len(ids) - 3} more" if len(ids) > 3 else names


def block_if_foreign_children(
    run: RunScope, changes: dict[Address, Change]
) -> dict[Address, Change]:
    """Block each replacement that would take along what is not replaced here."""
    going = [c.resource.resource_id for c in changes.values() if c.action is Action.REPLACE]
    return {
        address: _block_one(run, change, going)
        if change.action is Action.REPLACE and not change.is_blocked
        else change
        for address, change in changes.items()
    }


def _block_one(run: RunScope, change: Change, going: list[str]) -> Change:
    try:
        found = foreign_children(run, change, going)
    except ReconcileError as error:
        return unread(change.resource, error)
    if not found:
        return change
    return change.blocked_by(
        Diagnostic(
            f"`{change.address}` would have to be replaced, and things that are not part of it "
            f"would be deleted too ({shortened(found)})",
            change.resource.position,
            details=change.causes,
            hint="undo the change, or move them elsewhere first",
        )
    )


def _inside(
    run: RunScope,
    kind: str,
    resource_id: str,
    going: Sequence[str],
    *,
    exists: bool = True,
) -> Iterator[JsonObject]:
    """Yield what is inside a resource, and inside that of it which goes too.

    The resource itself was just read: that Azure finds no list of it does not mean that it is
    empty. What only a list showed may be gone.
    """
    gone = {one.casefold() for one in going}
    for child, place in children(kind):
        if not child.would_be_missed:
            continue
        path = f"{resource_id}/{place.collection}"
        for item in run.arm.list(path, child.api_version, parent_exists=exists):
            yield item
            if str(item["id"]).casefold() in gone:
                yield from _inside(run, child.kind, str(item["id"]), going, exists=False)


def _others(items: Iterable[JsonObject], going: Iterable[str]) -> list[str]:
    gone = {one.casefold() for one in going}
    return [
        str(item["id"])
        for item in items
        if str(item["id"]).casefold() not in gone or any(word != NO for word in words(item))
    ]
