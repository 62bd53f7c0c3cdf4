"""Microsoft.Resources/deployments in a resource group: a template carried out, in order.

The whole deployment happens inside its PUT, which answers 201 Succeeded or Failed at once;
virtual time moves on by what its resources take. Source: Microsoft Learn, "ARM template syntax".
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm.errors import ArmError, group_not_found
from reconciler.sandbox.arm.ids import GROUPS
from reconciler.sandbox.arm.resources import VERSIONS
from reconciler.sandbox.arm.template import Template
from reconciler.sandbox.arm.types import Answer, Call, Route

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

Json = dict[str, Any]
SPACE = "deployments"


def _put(world: World, call: Call, path: dict[str, str]) -> Answer:
    group = world.resource(f"/subscriptions/{path['sub']}/resourceGroups/{path['group']}")
    if group is None or group["type"] != GROUPS:
        raise group_not_found(path["group"])
    sent = (call.body or {}).get("properties") or {}
    template = Template(world, group, sent.get("template") or {}, sent.get("parameters") or {})
    started, operations = world.clock.now(), []
    error = None
    for resource in template.resources():
        error = _deploy(world, call, resource)
        operations.append(_operation(resource, error))
        if error is not None:
            break
    body = _body(group, path["name"], error)
    body["properties"] |= {
        "mode": sent.get("mode", "Incremental"),
        "timestamp": world.clock.iso(),
        "duration": f"PT{world.clock.now() - started:.1f}S",
    }
    stored = {"body": body, "operations": operations}
    world.store.put_document(SPACE, body["id"].lower(), stored)
    return Answer(201, body)


def _deploy(world: World, call: Call, resource: Json) -> Json | None:
    """Write one resource and wait for it; returns the error it failed with."""
    body = {k: v for k, v in resource.items() if k in _SENT and v is not None}
    query = {"api-version": resource["apiVersion"]}
    write = Call("PUT", resource["id"], query, body, {}, call.principal_id, call.app_id)
    try:
        world.arm.handle(write)
    except ArmError as error:
        found: Json = error.body()["error"]
        return found
    return _wait(world, resource["id"])


def _wait(world: World, resource_id: str) -> Json | None:
    record = world.store.get(resource_id)
    while record is not None and "pending" in record.hidden:
        pending = record.hidden["pending"]
        world.clock.advance(pending["wait"]["ends"][-1] - world.clock.now())
        record = world.arm.lifecycle.settle(record, polled=True)
        if record is not None and "pending" not in record.hidden:
            document = world.store.document("operations", pending["op"])
            error: Json | None = document["error"]
            return error
    return None


def _operation(resource: Json, error: Json | None) -> Json:
    parts = resource["id"].split("/")
    target = {"id": resource["id"], "resourceType": resource["type"], "resourceName": parts[-1]}
    properties: Json = {
        "provisioningOperation": "Create",
        "provisioningState": "Failed" if error else "Succeeded",
        "duration": "PT1S",
        "serviceRequestId": str(uuid.uuid4()),
        "statusCode": "Conflict" if error else "OK",
        "targetResource": target,
    }
    if error is not None:
        properties["statusMessage"] = {"error": error}
    return {"operationId": uuid.uuid4().hex[:16].upper(), "properties": properties}


def _body(group: Json, name: str, error: Json | None) -> Json:
    properties: Json = {"provisioningState": "Failed" if error else "Succeeded"}
    if error is not None:
        message = "At least one resource deployment operation failed."
        properties["error"] = {"code": "DeploymentFailed", "message": message, "details": [error]}
    return {
        "id": f"{group['id']}/providers/Microsoft.Resources/deployments/{name}",
        "name": name,
        "type": "Microsoft.Resources/deployments",
        "properties": properties,
    }


def _stored(world: World, path: dict[str, str]) -> Json:
    id_ = (
        f"/subscriptions/{path['sub']}/resourceGroups/{path['group']}"
        f"/providers/Microsoft.Resources/deployments/{path['name']}"
    )
    found: Json | None = world.store.document(SPACE, id_.lower())
    if found is None:
        message = f"Deployment '{path['name']}' could not be found."
        raise ArmError(404, "DeploymentNotFound", message)
    return found


def _get(world: World, call: Call, path: dict[str, str]) -> Answer:
    return Answer(200, _stored(world, path)["body"])


def _operations(world: World, call: Call, path: dict[str, str]) -> Answer:
    return Answer(200, {"value": _stored(world, path)["operations"]})


_SENT = ("location", "tags", "kind", "sku", "identity", "properties", "zones", "plan")
_GROUP = "/subscriptions/{sub}/resourceGroups/{group}"
_ONE = _GROUP + "/providers/Microsoft.Resources/deployments/{name}"
ROUTES = (
    Route("PUT", _ONE, VERSIONS, _put),
    Route("GET", _ONE, VERSIONS, _get),
    Route("GET", _ONE + "/operations", VERSIONS, _operations),
    Route("GET", _GROUP + "/deployments/{name}/operations", VERSIONS, _operations),
)
