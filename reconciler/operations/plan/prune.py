"""Decide what becomes of what carries our mark and is not in the spec any more.

A plan names all of it; `--prune` deletes what can be. Records of work (runs, versions of data and
of models) are history and never pruned. Nothing is deleted on the word of a list: apply reads each
one again, mark and all, before it deletes.
"""

from __future__ import annotations

from collections.abc import Container, Iterable

from reconciler.diagnostics import Diagnostic, RefusedError
from reconciler.engine.decisions import Blocked, Change, Delete, NoOp
from reconciler.engine.ids import is_within
from reconciler.engine.protection import NO, PROTECT_TAG, why_kept, words
from reconciler.engine.types import Action, Address, Observed, Owner, Resource
from reconciler.kinds import HANDLERS, KINDS
from reconciler.kinds.base import Handler
from reconciler.kinds.resource_group import ADDRESS as GROUP
from reconciler.operations.load import Loaded
from reconciler.operations.plan.leftovers import Listed
from reconciler.operations.plan.references import Shown, ids_of_spec, links, needs, with_outer
from reconciler.reasons import (
    GoesWith,
    IsHistory,
    Kept,
    LinkedFrom,
    NoLongerInSpec,
    SomethingInside,
)

CAP = 20
"""More deletions than this in one run are refused: a spec that lost its content looks so."""
EMPTY_IT = "delete or move that first"
UNLINK = "let {name} use another one, or delete it first"
ARCHIVE = "archive it in the studio; plans then no longer list it"


def refuse_empty(loaded: Loaded) -> None:
    """Raise `RefusedError` for a spec that states nothing: one that lost its content looks so."""
    if not loaded.resources.keys() - {GROUP}:
        raise RefusedError.because(
            "this spec has no resources, so --prune would delete everything it created",
            hint="check that the spec is complete; to delete everything, use `reconcile destroy`",
        )


def leftovers(listed: Iterable[Listed], loaded: Loaded, shown: Shown | None = None) -> list[Change]:
    """Return a change for each listed thing that is ours and not in the spec, children first.

    A DELETE, or a NO_OP that says why it stays or why it is refused: it is protected, holds data,
    is history, holds something of the spec, or something that stays needs it. Beyond `CAP` each deletion is blocked. Without
    `shown` only the lists are gone by for what is linked to what.
    """
    everything = list(listed)
    stated = ids_of_spec(loaded)
    holding = with_outer(stated)
    taken = set(loaded.resources)
    records = {_record(HANDLERS[r.kind], a, r.resource_id) for a, r in loaded.resources.items()}
    found: list[Change] = []
    for one in everything:
        place = one.resource_id.rstrip("/").casefold()
        if one.handler is None or not _is_left(one, loaded) or place in stated:
            continue
        address = f"{one.handler.section}.{one.handler.key_in(one.body)}"
        record = _record(one.handler, address, one.resource_id)
        if one.handler.keeps_history and record in records:
            continue  # a newer one of it is told
        change = _change(one, one.handler, _free(address, one.handler, one, taken))
        found.append(_holding(change) if place in holding else change)
        taken.add(change.address)
        records.add(record)
    found.sort(key=lambda c: -c.resource.resource_id.count("/"))
    found = _with_needed_kept(found, everything, shown or Shown(lambda one, version: None, {}))
    found = _with_records_gone(found)
    going = sum(1 for c in found if c.action is Action.DELETE)
    return found if going <= CAP else [_too_many(c, going) for c in found]


def with_pruned(
    graph: dict[Address, frozenset[Address]], changes: dict[Address, Change], gone: list[Change]
) -> dict[Address, frozenset[Address]]:
    """Add the deletions: each after everything of the spec and all that may need it.

    A list shows no references, so what may need a kind is every kind that `KINDS` has after
    it: a hub goes after its projects, a storage account after its workspace.
    """
    spec = frozenset(changes)
    rank = {handler.kind: place for place, handler in enumerate(KINDS)}
    for change in gone:
        own = rank[change.resource.kind]
        later = {c.address for c in gone if rank[c.resource.kind] > own}
        graph[change.address] = spec | later
        changes[change.address] = change
    return graph


def _holding(change: Change) -> Change:
    """Return the leftover as kept, since something of the spec is in it."""
    return change.deciding(NoOp(Kept(SomethingInside(), EMPTY_IT, left_spec=True)))


def is_history(change: Change) -> bool:
    """Return whether a leftover is a record of work: there is nothing to do about it, ever."""
    return HANDLERS[change.resource.kind].keeps_history


def _is_left(one: Listed, loaded: Loaded) -> bool:
    can_go = one.handler is not None and (one.handler.deletable or one.handler.keeps_history)
    return can_go and one.is_ours(loaded.spec.name)


def _with_needed_kept(found: list[Change], everything: list[Listed], shown: Shown) -> list[Change]:
    """Keep what something that stays lives in or is linked to, and what that needs in turn.

    A delete of the first would take the other along; one of the second would break it.
    """
    going = {_id(c): c for c in found if c.action is Action.DELETE}
    staying = [one.body for one in everything if _stays(one, going)]
    why: dict[str, Kept] = {}
    while going and staying:
        body = staying.pop()
        linked = links(shown.body(body))
        for one in list(going):
            kept: Kept | None = None
            if is_within(str(body["id"]), one):
                kept = Kept(SomethingInside(), EMPTY_IT)
            elif needs(linked, one):
                name = shown.name(body)
                kept = Kept(LinkedFrom(name), UNLINK.format(name=name), left_spec=True)
            if kept:
                observed = going.pop(one).observed
                why[one] = kept
                staying.append(observed.body if observed else {"id": one})
    return [c.deciding(NoOp(why[_id(c)])) if _id(c) in why else c for c in found]


def _with_records_gone(found: list[Change]) -> list[Change]:
    """Say of each record of work in something that goes that it goes along."""
    going = {_id(c): c.address for c in found if c.action is Action.DELETE}

    def homes(change: Change) -> list[Address]:
        return [a for one, a in going.items() if is_history(change) and is_within(_id(change), one)]

    return [c.deciding(NoOp(GoesWith(h[0]))) if (h := homes(c)) else c for c in found]


def _id(change: Change) -> str:
    return change.resource.resource_id.casefold()


def _stays(one: Listed, going: Container[str]) -> bool:
    """Whether a listed thing keeps what it is in or linked to.

    What stands in the group itself does, and so does inside of another what would be missed, or is
    protected by its own tag. Records of work and role assignments go with what they are in.
    """
    if one.resource_id.casefold() in going:
        return False
    counts = one.handler is None or not one.handler.within or one.handler.would_be_missed
    return counts or any(word != NO for word in words(one.body))


def _record(handler: Handler, address: Address, resource_id: str) -> tuple[Address, str]:
    """Return what all versions or runs of one thing have in common: its name, and where it is."""
    folded = resource_id.casefold()
    homes = (folded.partition(f"/{place.collection.casefold()}/")[0] for place in handler.within)
    return address, min(homes, key=len, default=folded)


def _change(one: Listed, handler: Handler, address: Address) -> Change:
    """Return the change of one leftover."""
    body = one.body
    observed = Observed(body, {"id": one.resource_id}, Owner.OURS)
    if handler.keeps_history:
        resource = Resource(address, handler.kind, one.resource_id, {})
        return Change(resource, observed, NoOp(Kept(IsHistory(), ARCHIVE, left_spec=True)))
    resource = _resource(handler, one, address)
    why = why_kept(resource, observed)
    if why:
        hint = f"to delete it, set its tag `{PROTECT_TAG}` to `{NO}`"
        return Change(resource, observed, NoOp(Kept(why, hint, left_spec=True)))
    return Change(resource, observed, Delete(NoLongerInSpec()))


def _free(address: Address, handler: Handler, one: Listed, taken: Container[Address]) -> Address:
    """Return an address that nothing else in the plan has."""
    if address not in taken:
        return address
    named = f"{address} ({handler.kind})"
    return named if named not in taken else f"{address} ({one.resource_id})"


def _resource(handler: Handler, one: Listed, address: Address) -> Resource:
    # The spec's word went with the block; what it said last stands in the tag.
    released = list(words(one.body)) == [NO]
    return Resource(
        address,
        handler.kind,
        one.resource_id,
        handler.as_desired(one.body),
        holds_data=handler.holds_data and not released,
    )


def _too_many(change: Change, count: int) -> Change:
    if change.action is not Action.DELETE:
        return change
    problem = Diagnostic(
        f"`{change.address}` would be deleted with {count - 1} others, more than the limit of {CAP}",
        hint="check that the spec is complete; delete by hand what should really go",
    )
    return Change(change.resource, change.observed, Blocked((problem,)))
