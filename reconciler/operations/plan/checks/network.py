"""Private networks: who could call an endpoint, and what the machine that runs this must reach.

By the settings of what is there and of what the spec makes of it, so a warning: from where this
runs, and from where people call, nobody can ask. Source: learn.microsoft.com/azure/
machine-learning/concept-secure-online-endpoint (an endpoint with public network access disabled is
reached through the private endpoint of its workspace only) and /azure/storage/common/
storage-network-security.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.engine.decisions import Change
from reconciler.engine.findings import Finding, Level
from reconciler.engine.ids import is_within
from reconciler.engine.types import Action, Address, JsonObject, Reference
from reconciler.kinds import HANDLERS
from reconciler.kinds.extensions import HasHost, uploads
from reconciler.operations.load import Loaded
from reconciler.operations.plan.checks.existing import Seen

CHECK = "private-network"
CHECKED_BY = "the network settings of the workspace and of what it is linked to"
WRITES = (Action.CREATE, Action.ADOPT, Action.REPLACE, Action.UPDATE)
UPLOADS = (*WRITES, Action.RUN)
ACCESS = "publicNetworkAccess"


@dataclass(frozen=True)
class Place:
    """Something by its address, and its properties as they will be."""

    address: Address
    properties: Mapping[str, Any]

    @property
    def is_closed(self) -> bool:
        """Whether nothing from the internet reaches it."""
        rules = self.properties.get("networkAcls") or {}
        is_denied = str(rules.get("defaultAction")).casefold() == "deny"
        return str(self.properties.get(ACCESS)).casefold() == "disabled" or is_denied

    @property
    def has_private_endpoint(self) -> bool:
        """Whether some network reaches it by a private endpoint that was approved."""
        held = self.properties.get("privateEndpointConnections") or ()
        states = [
            (one.get("properties") or {}).get("privateLinkServiceConnectionState") or {}
            for one in held
        ]
        return any(str(state.get("status")).casefold() == "approved" for state in states)


def check_network(
    loaded: Loaded, changes: Mapping[Address, Change], seen: Mapping[Address, Seen]
) -> Iterator[Finding]:
    """Yield a warning for each endpoint, and for what is uploaded, that a network may be between."""
    places = _places(loaded, changes, seen)
    for change in changes.values():
        if change.is_blocked or change.action not in UPLOADS:
            continue
        handler, own = HANDLERS[change.resource.kind], change.resource.resource_id
        if isinstance(handler, HasHost) and change.action in WRITES:
            outer = [place for id_, place in places.items() if is_within(own, id_)]
            yield from _of_endpoint(change, outer)
        elif uploads(handler, change.resource):
            yield from _of_upload(change, places)


def _places(
    loaded: Loaded, changes: Mapping[Address, Change], seen: Mapping[Address, Seen]
) -> dict[str, Place]:
    """Return what may be closed by its id: what the spec states, and what it only uses."""
    found = {
        item.resource_id: Place(item.address, _properties(read.body))
        for item in loaded.existing
        if (read := seen.get(item.address)) is not None and read.body is not None
    }
    for change in changes.values():
        before = _properties(change.observed.body if change.observed else None)
        after = {**before, **_properties(change.resource.desired)}
        found[change.resource.resource_id] = Place(change.address, after)
    return {id_: place for id_, place in found.items() if ACCESS in place.properties}


def _properties(body: JsonObject | None) -> dict[str, Any]:
    held = (body or {}).get("properties")
    return dict(held) if isinstance(held, Mapping) else {}


def _of_endpoint(change: Change, outer: list[Place]) -> Iterator[Finding]:
    own = Place(change.address, _properties(change.resource.desired))
    for place in outer:
        if place.is_closed and not own.is_closed:
            yield _finding(
                change,
                f"`{change.address}` accepts requests from any network, and "
                f"`{place.address}` does not",
                "set `public_network_access: disabled` if only private networks are to call it",
            )
        elif own.is_closed and not place.has_private_endpoint:
            yield _finding(
                change,
                f"`{change.address}` is called through a private endpoint of "
                f"`{place.address}`, and that has none",
                "make a private endpoint for it, or set `public_network_access: enabled`",
            )


def _of_upload(change: Change, places: Mapping[str, Place]) -> Iterator[Finding]:
    """Yield a warning where the storage of the workspace that is written to is closed."""
    by_address = {place.address: place for place in places.values()}
    by_id = {id_.casefold(): place for id_, place in places.items()}
    for id_, place in places.items():
        if not is_within(change.resource.resource_id, id_):
            continue
        linked = place.properties.get("storageAccount")
        storage = (
            by_address.get(linked.address)
            if isinstance(linked, Reference)
            else by_id.get(str(linked).casefold())
        )
        if storage is not None and storage.is_closed:
            yield _finding(
                change,
                f"`{change.address}` is uploaded to `{storage.address}`, which accepts no "
                "connection from the internet",
                "run this on a machine within its network, or let that in",
            )


def _finding(change: Change, what: str, hint: str) -> Finding:
    return Finding(
        CHECK,
        Level.WARNING,
        change.address,
        what,
        change.resource.position,
        hint=hint,
        checked_by=CHECKED_BY,
    )
