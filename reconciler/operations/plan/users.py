"""Who else in the subscription uses what goes: workspaces, hubs, projects and insights of others.

They hold the ids of what they cannot work without, so the lists of the subscription tell. What
the plan already covers is left out: its order and its own checks take care of that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from reconciler.engine.decisions import Change
from reconciler.engine.types import Address, JsonObject
from reconciler.kinds import HANDLERS, KINDS
from reconciler.kinds.base import Reads
from reconciler.operations.plan.references import links

MOST_NAMED = 3
LISTS = tuple(
    dict.fromkeys((k.type, k.api_version) for k in KINDS if k.links and k.type and not k.within)
)
"""Types whose resources hold ids of what they cannot work without, and the version to list them."""


def may_be_used(change: Change) -> bool:
    """Return whether a change takes away something that others may be linked to."""
    handler = HANDLERS[change.resource.kind]
    is_linkable = bool(handler.type) and not (handler.within or handler.contents)
    return is_linkable and change.action.is_destructive and not change.is_blocked


def used_by_others(
    changes: Iterable[Change], bodies: Iterable[JsonObject]
) -> dict[Address, list[str]]:
    """Return for each change that takes something away the ids of those of others that use it."""
    planned = list(changes)
    own = {change.resource.resource_id.casefold() for change in planned}
    going = {c.resource.resource_id.casefold(): c.address for c in planned if may_be_used(c)}
    found: dict[Address, list[str]] = {}
    for body in bodies:
        user = str(body.get("id") or "")
        for used in links(body) & going.keys() if user.casefold() not in own else ():
            found.setdefault(going[used], []).append(user)
    return found


def named(ids: Sequence[str]) -> str:
    """Return the names of the first users with the groups they are in, and how many more."""
    parts = (one.split("/") for one in islice(ids, MOST_NAMED))
    shown = ", ".join(f"{one[-1]} in {one[4]}" for one in parts if len(one) > 4)
    more = len(ids) - MOST_NAMED
    return f"{shown} and {more} more" if more > 0 else shown


def everything_linked(reads: Reads, subscription_id: str) -> list[JsonObject]:
    """Return what in a subscription may be linked to others. Raises `ReconcileError`."""
    place = f"/subscriptions/{subscription_id}/providers"
    return [b for kind, version in LISTS for b in reads.list(f"{place}/{kind}", version)]
