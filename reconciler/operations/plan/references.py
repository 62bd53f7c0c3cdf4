"""Which things need which others by their ids: what prune must leave, whoever states it.

A spec may use what exists by its id; a workspace, and what it reports to, hold the ids of what
they cannot work without. Names and addresses of the data plane (a blob's URL, an endpoint's)
are not followed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from reconciler.engine.decisions import Change
from reconciler.engine.diff import overlay
from reconciler.engine.ids import is_within
from reconciler.engine.types import Address, JsonObject
from reconciler.kinds import KINDS
from reconciler.operations.load import Loaded

Read = Callable[[str, str], JsonObject | None]
"""Reads one resource by id and api-version; None when there is none."""

ARM_LINKS = ("userAssignedIdentity", "userAssignedIdentities")
"""Properties that hold what a resource of any type, known here or not, acts as or encrypts with.

Source: ARM's `identity` and `encryption.identity`.
"""
LINKS = frozenset(
    name.casefold() for name in (*ARM_LINKS, *(name for kind in KINDS for name in kind.links))
)
"""Properties, folded, whose ids a resource cannot work without.

Others only tell who uses it (a hub's `associatedWorkspaces`), or belong to it.
"""
READ_FOR_LINKS = {
    kind.type.casefold(): kind.api_version for kind in KINDS if kind.links and not kind.shows_links
}
"""Types, and the version to read them with, whose links a group's list does not show."""
_ARM_ID = re.compile(r"/subscriptions/[^\s\"'`,;?#|]+", re.IGNORECASE)


def ids_in(value: Any) -> Iterator[str]:
    """Yield every ARM id in the texts of a value, folded; names of maps are texts too."""
    if isinstance(value, str):
        yield from (found.rstrip("/").casefold() for found in _ARM_ID.findall(value))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from ids_in(key)
            yield from ids_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from ids_in(item)


def ids_of_spec(loaded: Loaded) -> frozenset[str]:
    """Return every ARM id that a spec stands for, writes, or sends."""
    resources = loaded.resources.values()
    own = (resource.resource_id for resource in resources)
    sent = (resource.desired for resource in resources)
    return frozenset(ids_in([*own, *sent, loaded.document.data]))


def with_outer(ids: Iterable[str]) -> frozenset[str]:
    """Return folded ids and the id of everything that one of them lies in."""
    found: set[str] = set()
    for one in ids:
        while one and one not in found:
            found.add(one)
            one = one.rpartition("/")[0]
    return frozenset(found)


def needs(wanted: Iterable[str], resource_id: str) -> bool:
    """Return whether ids name a resource, or something in it."""
    one = resource_id.casefold()
    return any(other == one or is_within(other, one) for other in wanted)


def links(body: Any) -> frozenset[str]:
    """Return the ids that a body's links hold."""
    return frozenset(_links(body))


def _links(value: Any) -> Iterator[str]:
    for key, item in value.items() if isinstance(value, Mapping) else ():
        yield from ids_in(item) if str(key).casefold() in LINKS else _links(item)
    for item in value if isinstance(value, list) else ():
        yield from _links(item)


class Shown:
    """The bodies of what stays, with their links as they will be after this apply."""

    def __init__(self, read: Read, changes: Mapping[Address, Change]) -> None:
        """Use what a plan has read; read the rest when it is asked for."""
        self._read = read
        self._planned = {c.resource.resource_id.casefold(): c for c in changes.values()}

    def name(self, body: JsonObject) -> str:
        """Return what people call a listed thing: its address in the spec, or its name."""
        change = self._planned.get(str(body["id"]).casefold())
        return change.address if change else str(body["id"]).rpartition("/")[2]

    def body(self, listed: JsonObject) -> JsonObject:
        """Return the body of a listed thing; raises `ApiError` when it cannot be read."""
        resource_id = str(listed["id"])
        change = self._planned.get(resource_id.casefold())
        if change:
            seen = change.observed.body if change.observed else {}
            desired = change.resource.desired
            body: JsonObject = overlay(seen, desired)
            # Of several identities that it acts as, those that it is not to keep are let go.
            return {**body, "identity": desired["identity"]} if "identity" in desired else body
        version = READ_FOR_LINKS.get(str(listed.get("type")).casefold())
        live = self._read(resource_id, version) if version else None
        return live or listed
