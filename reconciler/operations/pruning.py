"""Find what carries our mark and left the spec: the deletions that `--prune` adds to a plan.

Only tracked resources of the target group and compute clusters are looked for. Records of
work (jobs, data versions, models) are history and never pruned. Nothing is deleted on the
word of a list: apply reads each one again, mark and all, before it deletes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from reconciler.cloud.connection import Connection
from reconciler.diagnostics import Diagnostic, RefusedError
from reconciler.engine.protection import NO, PROTECT_TAG, why_kept, words
from reconciler.engine.types import Action, Address, Change, Observed, Owner, Resource
from reconciler.kinds import KINDS
from reconciler.kinds.base import ArmHandler
from reconciler.kinds.marks import tag_owner
from reconciler.kinds.resource_group import ADDRESS as GROUP
from reconciler.operations.loading import Loaded

RESOURCES_API = "2025-04-01"
CAP = 20
"""More deletions than this in one run are refused: a spec that lost its content looks so."""


def prunable(loaded: Loaded, connection: Connection) -> list[Change]:
    """Return a DELETE for each thing of ours that the spec does not name any more.

    Children come before parents. Beyond `CAP` every one of them is blocked. What is
    protected, by its tag or because it holds data, is returned as kept. Raises
    `RefusedError` for a spec that states nothing: one that lost its content looks so.
    """
    if not loaded.resources.keys() - {GROUP}:
        raise RefusedError.because(
            "this spec states nothing, so --prune would delete everything of it",
            hint="check that the spec is whole; `reconcile destroy` deletes on purpose",
        )
    wanted = {r.resource_id.casefold() for r in loaded.resources.values()}
    found = [
        _change(body, handler, loaded)
        for body, handler in _marked(loaded, connection)
        if str(body["id"]).casefold() not in wanted
    ]
    found.sort(key=lambda c: -c.resource.resource_id.count("/"))
    found = _with_parents_kept(found)
    going = sum(1 for c in found if c.action is Action.DELETE)
    return found if going <= CAP else [_too_many(c, going) for c in found]


def _with_parents_kept(found: list[Change]) -> list[Change]:
    """Keep what something kept lives in: a delete would take it along."""
    kept = [c.resource.resource_id.casefold() for c in found if c.action is Action.NO_OP]

    def checked(change: Change) -> Change:
        inside = change.resource.resource_id.casefold() + "/"
        if change.action is Action.DELETE and any(i.startswith(inside) for i in kept):
            return replace(change, action=Action.NO_OP, notes=("kept: something in it stays",))
        return change

    return [checked(change) for change in found]


def _marked(loaded: Loaded, connection: Connection) -> Iterator[tuple[Any, ArmHandler]]:
    target = loaded.spec.target
    group = f"/subscriptions/{target.subscription_id}/resourceGroups/{target.resource_group}"
    listed = connection.arm.list(f"{group}/resources", RESOURCES_API)
    for body in (*listed, *_computes(loaded, connection)):
        handler = _handler_for(body)
        owner, _ = tag_owner(body, loaded.spec.name, str(body["id"]))
        if handler and owner is Owner.OURS:
            yield body, handler


def _computes(loaded: Loaded, connection: Connection) -> Iterable[Any]:
    """Return the clusters of the spec's workspace: a proxy type that no group list shows."""
    handler = next(h for h in KINDS if h.kind == "compute cluster")
    workspace = loaded.resources.get("workspace")
    if workspace is None or not isinstance(handler, ArmHandler):
        return ()
    return connection.arm.list(f"{workspace.resource_id}/computes", handler.api_version)


def _handler_for(body: Any) -> ArmHandler | None:
    wanted = str(body.get("type", "")).casefold()
    fitting = [
        h
        for h in KINDS
        if isinstance(h, ArmHandler) and getattr(h, "type", "").casefold() == wanted and h.deletable
    ]
    if len(fitting) > 1:
        word = str(body.get("kind") or "Default").casefold()
        names = {"default": "workspace", "hub": "hub", "project": "project"}
        fitting = [h for h in fitting if h.kind == names.get(word)]
    return fitting[0] if fitting else None


def _change(body: Any, handler: ArmHandler, loaded: Loaded) -> Change:
    resource_id, name = str(body["id"]), str(body["id"]).rpartition("/")[2]
    address: Address = f"{handler.section}.{name}"
    if address in loaded.resources:
        address = f"{address} ({handler.kind})"
    observed = Observed(body, {"id": resource_id}, Owner.OURS)
    # The spec's word went with the block; what it said last stands in the tag.
    released = list(words(body)) == [NO]
    holds_data = handler.holds_data and not released
    resource = Resource(address, handler.kind, resource_id, {}, holds_data=holds_data)
    why = why_kept(resource, observed)
    if why:
        hint = f"to delete it, set its tag `{PROTECT_TAG}` to `{NO}`"
        note = f"kept: it left the spec, but {why} ({hint})"
        return Change(resource, Action.NO_OP, observed, notes=(note,))
    reason = "it is ours and no longer in the spec (--prune)"
    return Change(resource, Action.DELETE, observed, reason=reason)


def _too_many(change: Change, count: int) -> Change:
    if change.action is not Action.DELETE:
        return change
    problem = Diagnostic(
        f"`{change.address}` would be pruned with {count - 1} others: more than {CAP} at once",
        hint="check that the spec is whole; delete by hand what really has to go",
    )
    return Change(change.resource, Action.NO_OP, change.observed, blocked=problem)
