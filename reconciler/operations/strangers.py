"""What would go with a resource although nobody said so: the things of others inside it.

Azure deletes a group with all that is in it, a workspace with its clusters and endpoints, an
endpoint with its deployments. So what is to be deleted is looked into first, by lists; a list
that cannot be read stops the deletion, since what it holds is then unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reconciler.cloud.connection import Connection
from reconciler.engine.types import Change
from reconciler.kinds import HANDLERS

RESOURCES_API = "2025-04-01"
INSIDE = {
    "workspace": ("computes", "onlineEndpoints"),
    "online endpoint": ("deployments",),
}
"""The collections, by kind, whose items cost or serve something and go with their parent."""


def left_in_group(connection: Connection, group_id: str, going: Iterable[str]) -> list[str]:
    """Return the ids of everything in a group that is not among those that go."""
    items = connection.arm.list(f"{group_id}/resources", RESOURCES_API)
    return _others((str(i["id"]) for i in items), going)


def strangers(connection: Connection, change: Change, going: Iterable[str]) -> list[str]:
    """Return the ids of what is inside a resource and not among those that go."""
    resource = change.resource
    found = [
        str(item["id"])
        for name in INSIDE.get(resource.kind, ())
        for item in connection.arm.list(
            f"{resource.resource_id}/{name}", HANDLERS[resource.kind].api_version
        )
    ]
    return _others(found, going)


def shortened(ids: Sequence[str]) -> str:
    """Return the last parts of the first three ids, and how many more there are."""
    names = ", ".join(one.rpartition("/")[2] for one in ids[:3])
    return f"{names} and {len(ids) - 3} more" if len(ids) > 3 else names


def _others(ids: Iterable[str], going: Iterable[str]) -> list[str]:
    gone = {one.casefold() for one in going}
    return [one for one in ids if one.casefold() not in gone]
