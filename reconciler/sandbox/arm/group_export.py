"""A resource group as a template: `exportTemplate`.

Sources: recorded azure-cli resource_group.json (an empty group, 200), published example
ExportResourceGroup (a parameter for each name).
"""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm.api_versions import api_versions
from reconciler.sandbox.arm.errors import group_not_found
from reconciler.sandbox.arm.ids import GROUPS
from reconciler.sandbox.arm.types import Answer, Call, Route
from reconciler.sandbox.store import Record

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

Json = dict[str, Any]
_SCHEMA = "https://schema.management.azure.com/schemas/2015-01-01/deploymentTemplate.json#"


def _export(world: World, call: Call, path: dict[str, str]) -> Answer:
    group = f"/subscriptions/{path['sub']}/resourceGroups/{path['group']}"
    if world.store.get(group) is None:
        raise group_not_found(path["group"])
    asked = [str(one).lower() for one in (call.body or {}).get("resources") or ["*"]]
    found = [
        record
        for record in world.store.below(group)
        if world.arm.types[record.type.lower()].tracked
        and record.type.count("/") == 1
        and ("*" in asked or record.id.lower() in asked)
    ]
    fills = "includeparameterdefaultvalue" in str((call.body or {}).get("options")).lower()
    template = {
        "$schema": _SCHEMA,
        "contentVersion": "1.0.0.0",
        "parameters": {
            _parameter(one): {"type": "String"} | ({"defaultValue": one.name} if fills else {})
            for one in found
        },
        "variables": {},
        "resources": [_resource(world, one) for one in found],
    }
    return Answer(200, {"template": template})


def _parameter(record: Record) -> str:
    plain = re.sub(r"\W", "_", f"{record.type.split('/', 1)[1]}_{record.name}")
    return f"{plain}_name"


def _resource(world: World, record: Record) -> Json:
    body = copy.deepcopy(record.body)
    (body.get("properties") or {}).pop("provisioningState", None)
    return {
        "type": record.type,
        "apiVersion": world.arm.types[record.type.lower()].versions[-1],
        "name": f"[parameters('{_parameter(record)}')]",
        **body,
    }


ROUTES = (
    Route(
        "POST",
        "/subscriptions/{sub}/resourceGroups/{group}/exportTemplate",
        api_versions(GROUPS),
        _export,
    ),
)
