"""What Resource Graph knows of changes: each write of a resource that it has, and who made it.

Source: learn.microsoft.com/azure/governance/resource-graph/changes/get-resource-changes (members of
`properties`, the paths of `changes`, 14 days) and .../reference/supported-tables-resources (which
types the table `resources` has: of Azure ML workspaces, endpoints and deployments alone). What
Azure does by itself (a provisioning state that moves on) is not told here.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm.ids import GROUPS
from reconciler.sandbox.store import Record

if TYPE_CHECKING:
    from reconciler.sandbox.calls import Call
    from reconciler.sandbox.world import World

Json = dict[str, Any]
SPACE = "resource_changes"
KEPT_S = 14 * 86_400
MOST_KEPT = 5_000
_ML = "microsoft.machinelearningservices/workspaces"
_NESTED = {
    f"{_ML}/onlineendpoints",
    f"{_ML}/onlineendpoints/deployments",
    f"{_ML}/batchendpoints",
    f"{_ML}/batchendpoints/deployments",
}
_CLIENTS = {"azurecli": "Azure CLI", "powershell": "Azure PowerShell", "portal": "Azure Portal"}
_PORTAL_APP = "c44b4083-3bb0-49c1-b47d-974e53cbdf3c"
"""The application of the portal (learn.microsoft.com/troubleshoot/entra: first-party apps)."""


def note(world: World, call: Call) -> None:
    """Keep what a write has changed, for `changes`."""
    for before, after in world.store.replaced():
        record = after or before
        if record is None or not _is_known(world, record):
            continue
        gone = after is None or (call.method == "DELETE" and record.id.lower() == call.path.lower())
        kind = "Delete" if gone else "Update" if before else "Create"
        changes = _changes(before, after) if kind == "Update" else {}
        if kind == "Update" and not changes:
            continue
        _keep(world, _change(world, call, record, kind, changes))


def changes(world: World, after: float, now: float) -> list[Json]:
    """Return what is known by now of the time after `after`, oldest first (virtual seconds)."""
    visible = now - float(world.settings["change_feed_delay_s"])
    known = world.store.documents(SPACE).values()
    return [one["row"] for one in known if max(after, now - KEPT_S) < one["at"] <= visible]


def _is_known(world: World, record: Record) -> bool:
    type_ = world.arm.types.get(record.type.lower())
    if type_ is None or not type_.tracked or record.type.lower() == GROUPS.lower():
        return False
    return record.type.count("/") == 1 or record.type.lower() in _NESTED


def _keep(world: World, row: Json) -> None:
    kept = world.store.documents(SPACE)
    number = 1 + int(next(reversed(kept), 0))
    now = world.clock.now()
    world.store.put_document(SPACE, str(number), {"at": now, "row": row})
    for key, old in kept.items():
        if number - int(key) < MOST_KEPT and now - old["at"] < KEPT_S:
            break
        world.store.delete_document(SPACE, key)


def _change(world: World, call: Call, record: Record, kind: str, changes: Json) -> Json:
    unique = str(uuid.uuid4())
    return {
        "id": f"{record.id}/providers/Microsoft.Resources/changes/{unique}",
        "targetResourceId": record.id,
        "changeType": kind,
        "changes": changes,
        "changeAttributes": {
            "correlationId": str(uuid.uuid5(uuid.NAMESPACE_OID, unique)),
            "changedByType": "User" if call.app_id == _PORTAL_APP else "Application",
            "changesCount": len(changes),
            "clientType": _client(call),
            "changedBy": call.principal_id if call.app_id == _PORTAL_APP else call.app_id,
            "operation": f"{record.type.lower()}/{'delete' if kind == 'Delete' else 'write'}",
            "timestamp": _time(world.clock.now()),
        },
    }


def _client(call: Call) -> str:
    if call.app_id == _PORTAL_APP:
        return "Azure Portal"
    agent = call.headers.get("user-agent", "").lower()
    return next((name for word, name in _CLIENTS.items() if word in agent), "Unspecified")


def _time(at: float) -> str:
    moment = datetime.fromtimestamp(at, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"


def _changes(before: Record | None, after: Record | None) -> Json:
    old = dict(_leaves(before.body if before else {}, ""))
    new = dict(_leaves(after.body if after else {}, ""))
    return {
        path: _property(old.get(path), new.get(path))
        for path in sorted(old.keys() | new.keys())
        if old.get(path) != new.get(path)
    }


def _property(old: Any, new: Any) -> Json:
    kind = "Insert" if old is None else "Remove" if new is None else "Update"
    return {
        "previousValue": None if old is None else str(old),
        "newValue": None if new is None else str(new),
        "changeCategory": "User",
        "propertyChangeType": kind,
        "isTruncated": "false",
    }


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield each value that is neither object nor list, with its path."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _leaves(item, f"{path}[{index}]")
    elif value is not None:
        yield path, value
