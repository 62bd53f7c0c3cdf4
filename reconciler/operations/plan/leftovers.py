"""Look for what may carry our mark, in every list where things of our kinds can stand.

What to look through each kind says itself: the list of the group shows what has tags, and those
of a parent what lives inside it (`Handler.within`). Each list is asked for once, beside the reads
of the plan and out of the same answers. Looked through is what exists and is ours, and what the
spec names by its id (a workspace of somebody else), in which things of ours may stand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from reconciler.diagnostics import FORM_ERRORS, MalformedError, ReconcileError
from reconciler.engine.types import Address, JsonObject, Observed, Owner, Resource
from reconciler.kinds import HANDLERS, children, kind_of
from reconciler.kinds.base import Handler, HandlerContext
from reconciler.kinds.ownership import is_ours
from reconciler.operations.load import Loaded


@dataclass(frozen=True)
class Listed:
    """A body out of a list, and the kind that it is of; None for a type that no kind knows."""

    handler: Handler | None
    body: JsonObject

    @property
    def resource_id(self) -> str:
        """Its id, as the list shows it."""
        return str(self.body["id"])

    def is_ours(self, owner: str) -> bool:
        """Return whether it carries the mark of a spec, bound to this very id."""
        if self.handler is None:
            return False
        return self.handler.owner_in(self.body, owner, self.resource_id)[0] is Owner.OURS


Lookup = Callable[[], list[Listed]]
"""Asks for one list."""


def lookups(
    loaded: Loaded, context: HandlerContext
) -> Iterator[tuple[Address, Callable[[], object]]]:
    """Yield what asks for the lists in the resources of a spec, each as soon as that was read.

    With the address that it waits for, "" for what the spec only uses.

    The answers are kept in the context's reads: `everything_listed` takes them from there. So
    are failures.
    """
    for resource in loaded.resources.values():
        for ask in _lists(context, resource.kind, resource.resource_id):
            yield resource.address, partial(_ask, context, resource, ask)
    for kind, resource_id in _used(loaded):
        yield from (("", ask) for ask in _lists(context, kind, resource_id))


def everything_listed(
    context: HandlerContext, loaded: Loaded, seen: Mapping[Address, Observed | None]
) -> list[Listed]:
    """Return everything in the lists of what may hold things of ours, and of what is found there.

    Raises `ReconcileError` for a list that cannot be read, or has a shape that nobody foresees.
    """
    try:
        own = [r for r in loaded.resources.values() if _holds_ours(r, seen.get(r.address))]
        parents = [(r.kind, r.resource_id) for r in own]
        return list(_listed(context, [*parents, *_used(loaded)]))
    except ReconcileError:
        raise
    except FORM_ERRORS as error:
        raise MalformedError.of(error) from error


def _used(loaded: Loaded) -> list[tuple[str, str]]:
    """Return kind and id of all that the spec only uses, each once."""
    own = {resource.resource_id.casefold() for resource in loaded.resources.values()}
    used = {item.resource_id.casefold(): item for item in loaded.existing}
    return [(item.kind, item.resource_id) for folded, item in used.items() if folded not in own]


def _ask(context: HandlerContext, resource: Resource, ask: Lookup) -> None:
    if _holds_ours(resource, context.others(resource.address)):
        ask()


def _holds_ours(resource: Resource, observed: Observed | None) -> bool:
    """Whether things of ours may be in it: it is ours, or it is simply used (a group)."""
    uses = HANDLERS[resource.kind].policy.uses_existing
    return observed is not None and (uses or is_ours(observed))


def _listed(context: HandlerContext, parents: list[tuple[str, str]]) -> Iterator[Listed]:
    known = {parent_id.casefold() for _, parent_id in parents}
    for kind, parent_id in parents:
        for one in (one for ask in _lists(context, kind, parent_id) for one in ask()):
            yield one
            is_new = one.resource_id.casefold() not in known
            if one.handler and is_new and one.is_ours(context.owner):
                known.add(one.resource_id.casefold())
                parents.append((one.handler.kind, one.resource_id))


def _lists(context: HandlerContext, kind: str, parent_id: str) -> Iterator[Lookup]:
    """Yield what asks for each list of a parent."""
    if HANDLERS[kind].contents:
        yield partial(_contents, context, HANDLERS[kind], parent_id)
    for child, place in children(kind):
        if place.by_us:
            yield partial(_children, context, child, parent_id, place.collection)


def _contents(context: HandlerContext, handler: Handler, parent_id: str) -> list[Listed]:
    path = f"{parent_id}/{handler.contents}"
    bodies = context.reads.list(path, handler.api_version)
    return [Listed(kind_of(body), body) for body in bodies]


def _children(
    context: HandlerContext, child: Handler, parent_id: str, collection: str
) -> list[Listed]:
    return [Listed(child, body) for body in child.listed(context, parent_id, collection)]
