"""What must not be deleted or replaced, and who says so. The strictest word wins.

The spec says it (`lifecycle: {ADDRESS: {protect: true}}`), the kind says it (it holds data
that no apply can make again), or the resource itself does, by a tag: that word stays when the
block, or the whole resource, is taken out of the spec. A value of the tag that nobody knows
means protected.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.diagnostics import Diagnostic
from reconciler.engine.decisions import Change
from reconciler.engine.types import JsonObject, Observed, Resource
from reconciler.reasons import HoldsData, ProtectedBySpec, ProtectedByTag, Protection

PROTECT_TAG = "reconcile-protect"
YES, NO = "true", "false"
PLACES = ("tags", "metadata")
"""Where a body may carry the tag; a connection has metadata in place of tags."""


def kept_by_word(resource: Resource, observed: Observed | None) -> Protection | None:
    """Return whether the spec or the resource's own tag wants it kept, None when neither does."""
    if resource.protected:
        return ProtectedBySpec()
    strict = next((w for w in words(observed.body if observed else None) if w != NO), None)
    return None if strict is None else ProtectedByTag(strict)


def why_kept(resource: Resource, observed: Observed | None) -> Protection | None:
    """Return why a resource must not be deleted or replaced, None when it may be."""
    by_word = kept_by_word(resource, observed)
    if by_word or resource.protected is False or not resource.holds_data:
        return by_word
    return HoldsData()


def why_missed(resource: Resource, observed: Observed | None) -> Protection | None:
    """Return why its loss is told before it is made again, None where it may simply be."""
    return HoldsData(gone=True) if resource.holds_data else kept_by_word(resource, observed)


def way_out(resource: Resource, observed: Observed | None) -> str:
    """Return what lifts the protection of a resource."""
    line = f"`lifecycle: {{{resource.address}: {{protect: false}}}}`"
    if any(word != NO for word in words(observed.body if observed else None)):
        return f"set {line} and apply that first"
    return f"set {line}"


def words(body: Any) -> Iterator[str]:
    """Yield what the protection tags of a body say, lower-cased; names match in any case."""
    for holder in _holders(body):
        for place in PLACES:
            tags = holder.get(place)
            for name, value in tags.items() if isinstance(tags, Mapping) else ():
                if str(name).casefold() == PROTECT_TAG:
                    yield str(value).strip().casefold()


def add_beside(desired: JsonObject, mark: str, name: str, word: str) -> JsonObject:
    """Return a desired body with a tag beside our mark, wherever that stands in it.

    `mark` is the name of the tag that says "ours".
    """
    found: JsonObject = {}
    for key, value in desired.items():
        if isinstance(value, dict):
            beside = {name: word} if key in PLACES and mark in value else {}
            found[key] = {**add_beside(value, mark, name, word), **beside}
        else:
            found[key] = value
    return found


def block_if_protected(change: Change, *, by_kind: bool = True) -> Change:
    """Return the change, blocked where it would destroy something protected.

    With `by_kind` false only the spec's word and the tag count.
    """
    if change.is_blocked or not change.action.is_destructive:
        return change
    why = (why_kept if by_kind else kept_by_word)(change.resource, change.observed)
    if why is None:
        return change
    return change.blocked_by(
        Diagnostic(
            f"`{change.address}` is protected and would have to be {change.action.value}d",
            change.resource.position,
            because=why,
            details=change.causes,
            hint=f"undo the change, or {way_out(change.resource, change.observed)}",
        )
    )


def _holders(body: Any, depth: int = 0) -> Iterator[Mapping[str, Any]]:
    """Yield a body, its properties, and the parts of a thing that is several in Azure."""
    if isinstance(body, Mapping):
        yield body
        for value in body.values() if depth < 2 else ():
            yield from _holders(value, depth + 1)
