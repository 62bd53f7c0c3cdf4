"""Find what carries our mark and left the spec: the deletions that `--prune` adds to a plan.

Only tracked resources of the target group and compute clusters are looked for. Records of
work (jobs, data versions, models) are history and never pruned. Nothing is deleted on the
word of a list: apply reads each one again, mark and all, before it deletes.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping

from reconciler.cloud.run_scope import RunScope
from reconciler.diagnostics import Diagnostic, RefusedError
from reconciler.engine.decisions import Blocked, Change, Delete, NoOp
from reconciler.engine.ids import is_within
from reconciler.engine.protection import NO, PROTECT_TAG, why_kept, words
from reconciler.engine.types import Action, Address, JsonObject, Observed, Owner, Resource
from reconciler.kinds import KINDS
from reconciler.kinds.arm_handler import ArmHandler
from reconciler.kinds.compute import ComputeHandler
from reconciler.kinds.ownership import tag_owner
from reconciler.kinds.resource_group import ADDRESS as GROUP
from reconciler.kinds.resource_group import RESOURCES_API
from reconciler.operations.load import Loaded
from reconciler.operations.plan.references import Shown, ids_of_spec, links, needs
from reconciler.reasons import Kept, LinkedFrom, NoLongerInSpec, SomethingInside

CAP = 20
"""More deletions than this in one run are refused: a spec that lost its content looks so."""


def prunable(loaded: Loaded, run: RunScope, changes: Mapping[Address, Change]) -> list[Change]:
    """Return a DELETE for each thing of ours that the spec does not name any more.

    Children come before parents. Beyond `CAP` every one of them is blocked. What is
    protected, by its tag or because it holds data, is returned as kept, and so is what is
    needed by something that stays. `changes` are those of the spec. Raises
    `RefusedError` for a spec that states nothing: one that lost its content looks so.
    """
    if not loaded.resources.keys() - {GROUP}:
        raise RefusedError.because(
            "this spec states nothing, so --prune would delete everything of it",
            hint="check that the spec is whole; `reconcile destroy` deletes on purpose",
        )
    return leftovers(_listed(loaded, run), loaded, Shown(run.arm.get, changes))


def leftovers(
    bodies: Iterable[JsonObject], loaded: Loaded, shown: Shown | None = None
) -> list[Change]:
    """Return a change for each body that is ours and not in the spec.

    A DELETE, or a NO_OP that says why it stays or why it is refused. Without `shown` only
    the lists are gone by for what is linked to what.
    """
    bodies = list(bodies)
    wanted = ids_of_spec(loaded)
    taken = set(loaded.resources)
    found: list[Change] = []
    for body in bodies:
        resource_id = str(body["id"])
        handler = _handler_of(body)
        owner, _ = tag_owner(body, loaded.spec.name, resource_id)
        if handler and owner is Owner.OURS and not needs(wanted, resource_id):
            found.append(_change(body, handler, taken))
            taken.add(found[-1].address)
    found.sort(key=lambda c: -c.resource.resource_id.count("/"))
    found = _with_needed_kept(found, bodies, shown or Shown(lambda one, version: None, {}))
    going = sum(1 for c in found if c.action is Action.DELETE)
    return found if going <= CAP else [_too_many(c, going) for c in found]


def _with_needed_kept(
    found: list[Change], bodies: Iterable[JsonObject], shown: Shown
) -> list[Change]:
    """Keep what something that stays lives in or is linked to, and what that needs in turn.

    A delete of the first would take the other along; one of the second would break it.
    """
    going = {_id(c): c for c in found if c.action is Action.DELETE}
    staying = [body for body in bodies if str(body["id"]).casefold() not in going]
    why: dict[str, Kept] = {}
    while going and staying:
        body = staying.pop()
        linked = links(shown.body(body))
        for one in list(going):
            kept: Kept | None = None
            if is_within(str(body["id"]), one):
                kept = Kept(SomethingInside())
            elif needs(linked, one):
                kept = Kept(LinkedFrom(shown.name(body)), left_spec=True)
            if kept:
                observed = going.pop(one).observed
                why[one] = kept
                staying.append(observed.body if observed else {"id": one})
    return [c.deciding(NoOp(why[_id(c)])) if _id(c) in why else c for c in found]


def _id(change: Change) -> str:
    return change.resource.resource_id.casefold()


def _listed(loaded: Loaded, run: RunScope) -> Iterable[JsonObject]:
    target = loaded.spec.target
    group = f"/subscriptions/{target.subscription_id}/resourceGroups/{target.resource_group}"
    resources = run.arm.list(f"{group}/resources", RESOURCES_API)
    return (*resources, *_computes(loaded, run))


def _computes(loaded: Loaded, run: RunScope) -> Iterable[JsonObject]:
    """Return the clusters of the spec's workspace: a proxy type that no group list shows."""
    workspace = loaded.resources.get("workspace")
    if workspace is None:
        return ()
    return run.arm.list(f"{workspace.resource_id}/computes", ComputeHandler.api_version)


def _handler_of(body: JsonObject) -> ArmHandler | None:
    """Return who knows a listed thing, None for a type, or a `kind` of it, that nobody knows."""
    known = (h for h in KINDS if isinstance(h, ArmHandler) and h.deletable and h.has_tags)
    return next((handler for handler in known if handler.knows(body)), None)


def _change(body: JsonObject, handler: ArmHandler, taken: Container[Address]) -> Change:
    resource_id, name = str(body["id"]), str(body["id"]).rpartition("/")[2]
    address: Address = f"{handler.section}.{name}"
    if address in taken:
        address = f"{address} ({handler.kind})"
    observed = Observed(body, {"id": resource_id}, Owner.OURS)
    # The spec's word went with the block; what it said last stands in the tag.
    released = list(words(body)) == [NO]
    holds_data = handler.holds_data and not released
    resource = Resource(address, handler.kind, resource_id, {}, holds_data=holds_data)
    why = why_kept(resource, observed)
    if why:
        hint = f"to delete it, set its tag `{PROTECT_TAG}` to `{NO}`"
        return Change(resource, observed, NoOp(Kept(why, hint, left_spec=True)))
    return Change(resource, observed, Delete(NoLongerInSpec()))


def _too_many(change: Change, count: int) -> Change:
    if change.action is not Action.DELETE:
        return change
    problem = Diagnostic(
        f"`{change.address}` would be pruned with {count - 1} others: more than {CAP} at once",
        hint="check that the spec is whole; delete by hand what really has to go",
    )
    return Change(change.resource, change.observed, Blocked((problem,)))
