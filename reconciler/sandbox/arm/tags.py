"""Microsoft.Resources/tags: the tags of a subscription or a resource as a resource of their own.

Source: azure-rest-api-specs Microsoft.Resources 2024-07-01 (PUT replaces the set, PATCH merges,
replaces or deletes, DELETE empties it; all may answer 200); a tag is found by its name in any case
(`tag_limits`). Not recorded against real Azure.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm.api_versions import api_versions
from reconciler.sandbox.arm.errors import ContentError, group_not_found
from reconciler.sandbox.arm.ids import parse
from reconciler.sandbox.arm.schema import Check
from reconciler.sandbox.arm.tag_limits import check_tags, merged, without
from reconciler.sandbox.arm.types import Answer, Call, Route, schema
from reconciler.sandbox.store import Record

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

Json = dict[str, Any]
OF_SUBSCRIPTIONS = "subscription_tags"
_PUT = schema("properties!:\n  tags: map")
_PATCH = schema("operation: Replace|Merge|Delete\nproperties:\n  tags: map")


def _record(world: World, scope: str) -> Record | None:
    """Return the tagged resource, None for a subscription. Raises ArmError 404."""
    target = parse(scope)
    if target is None or target.is_collection:
        if scope.count("/") == 2:
            return None
        raise group_not_found(scope.rsplit("/", 1)[-1])
    return world.arm.record(target.id)


def _tags(world: World, scope: str, record: Record | None) -> dict[str, str]:
    if record is None:
        return dict(world.store.document(OF_SUBSCRIPTIONS, scope.lower()) or {})
    return dict(record.body.get("tags") or {})


def _keep(world: World, scope: str, record: Record | None, tags: dict[str, str]) -> None:
    if record is None:
        world.store.put_document(OF_SUBSCRIPTIONS, scope.lower(), tags)
        return
    record.body["tags"] = tags
    record.hidden["etag"] = f'"{uuid.uuid4()}"'
    world.store.put(record)


def _shown(scope: str, record: Record | None, tags: dict[str, str]) -> Answer:
    owner = record.id if record is not None else scope
    body = {
        "id": f"{owner}/providers/Microsoft.Resources/tags/default",
        "name": "default",
        "type": "Microsoft.Resources/tags",
        "properties": {"tags": tags},
    }
    return Answer(200, body)


def _get(world: World, call: Call, path: dict[str, str]) -> Answer:
    record = _record(world, path["scope"])
    return _shown(path["scope"], record, _tags(world, path["scope"], record))


def _put(world: World, call: Call, path: dict[str, str]) -> Answer:
    body = _checked(call, _PUT, partial=False)
    return _changed(world, path["scope"], "replace", body["properties"].get("tags") or {})


def _patch(world: World, call: Call, path: dict[str, str]) -> Answer:
    body = _checked(call, _PATCH, partial=True)
    sent = (body.get("properties") or {}).get("tags") or {}
    return _changed(world, path["scope"], str(body.get("operation") or "Merge").lower(), sent)


def _checked(call: Call, node: Any, *, partial: bool) -> Json:
    if not isinstance(call.body, dict):
        raise ContentError("A JSON object is needed.")
    body = {name: value for name, value in call.body.items() if name not in ("id", "name", "type")}
    return Check(call.version, partial=partial).body(node, body, None)


def _changed(world: World, scope: str, operation: str, sent: dict[str, str]) -> Answer:
    record = _record(world, scope)
    tags = _tags(world, scope, record)
    match operation:
        case "replace":
            tags = dict(sent)
        case "merge":
            tags = merged(tags, sent)
        case _:
            tags = without(tags, sent)
    check_tags(tags, record.type if record is not None else "")
    _keep(world, scope, record, tags)
    return _shown(scope, record, tags)


def _delete(world: World, call: Call, path: dict[str, str]) -> Answer:
    _keep(world, path["scope"], _record(world, path["scope"]), {})
    return Answer(200)


_PATH = "{scope*}/providers/Microsoft.Resources/tags/default"
ROUTES = tuple(
    Route(method, _PATH, api_versions("Microsoft.Resources/tags"), handler)
    for method, handler in (("GET", _get), ("PUT", _put), ("PATCH", _patch), ("DELETE", _delete))
)
