"""Microsoft.Authorization/roleDefinitions: the built-in roles, and custom ones.

Sources: published example PutRoleDefinition (2022-04-01, 201); learn.microsoft.com/azure/
role-based-access-control/custom-roles and .../troubleshooting (RoleDefinitionHasAssignments,
RoleDefinitionWithSameNameExists). The wildcard and the limits of assignable scopes are not checked.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm import authorization, roles
from reconciler.sandbox.arm.api_versions import api_versions
from reconciler.sandbox.arm.errors import ArmError, conflict
from reconciler.sandbox.arm.paging import page
from reconciler.sandbox.arm.scoped import covers
from reconciler.sandbox.arm.types import Answer, Call, ResourceType, Route, Write, schema
from reconciler.sandbox.store import Record

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

Json = dict[str, Any]
VERSIONS = api_versions(roles.DEFINITION)
_PARTS = ("actions", "notActions", "dataActions", "notDataActions")


def _built_in(scope: str, name: str) -> Json:
    guid = roles.GUIDS[name]
    subscription = scope.split("/")[2] if scope.lower().startswith("/subscriptions/") else None
    prefix = f"/subscriptions/{subscription}" if subscription else ""
    return {
        "id": f"{prefix}/providers/{roles.DEFINITION}/{guid}",
        "name": guid,
        "type": roles.DEFINITION,
        "properties": {
            "roleName": name,
            "type": "BuiltInRole",
            "description": roles.DESCRIPTIONS.get(name, f"Built-in role {name}."),
            "assignableScopes": ["/"],
            "permissions": _permissions(name),
            "createdOn": "2015-02-02T21:55:09.8806423Z",
            "updatedOn": "2024-01-25T16:55:08.1395140Z",
            "createdBy": None,
            "updatedBy": None,
        },
    }


def _permissions(name: str) -> list[Json]:
    role = roles.ROLES.get(name)
    if role is None:
        return []
    lists: tuple[list[str], ...] = (list(role.actions), list(role.not_actions), [], [])
    return [dict(zip(_PARTS, lists, strict=True))]


def _list(world: World, call: Call, path: dict[str, str]) -> Answer:
    scope, text = path["scope"] or "", call.query.get("$filter", "")
    own = [
        world.arm.present(record, call.version)
        for record in world.store.of_type(roles.DEFINITION)
        if any(covers(one, scope) for one in record.body["properties"]["assignableScopes"])
    ]
    items = [*(_built_in(scope, name) for name in roles.GUIDS), *own]
    return Answer(200, page(world, call, [one for one in items if _passes(one, text)]))


def _passes(definition: Json, text: str) -> bool:
    properties = definition["properties"]
    for key, value in (("roleName", properties["roleName"]), ("type", properties["type"])):
        wanted = re.search(rf"{key}\s+eq\s+'([^']*)'", text, re.IGNORECASE)
        if wanted is not None and wanted[1].lower() != str(value).lower():
            return False
    return True


def _one(world: World, call: Call, path: dict[str, str]) -> Answer:
    guid = path["guid"].lower()
    name = roles.NAMES.get(guid)
    if name is not None:
        return Answer(200, _built_in(path["scope"] or "", name))
    record = roles.custom(world, guid)
    if record is None:
        raise _not_found(guid, "")
    return Answer(200, world.arm.present(record, call.version))


def _not_found(name: str, resource_id: str) -> ArmError:
    text = f"The specified role definition with ID '{name}' does not exist."
    return ArmError(404, "RoleDefinitionDoesNotExist", text)


def _prepare(write: Write) -> None:
    properties = write.properties
    if write.name.lower() in roles.NAMES:
        text = "Built-in role definitions cannot be changed."
        raise ArmError(400, "InvalidRoleDefinition", text)  # the code is UNVERIFIED
    for other in write.world.store.of_type(roles.DEFINITION):
        same = other.body["properties"]["roleName"].lower() == properties["roleName"].lower()
        if same and other.name.lower() != write.name.lower():
            raise conflict(
                "RoleDefinitionWithSameNameExists",
                f"A custom role with the same name '{properties['roleName']}' already exists in "
                "this directory. Use a different name.",
            )
    properties["type"] = "CustomRole"
    properties.setdefault("description", None)
    properties["permissions"] = [
        {part: list(one.get(part) or []) for part in _PARTS} for one in properties["permissions"]
    ]


def _present(world: World, record: Record, body: Json) -> None:
    stamp = record.hidden["systemData"]
    body["properties"] |= {
        "createdOn": stamp["createdAt"],
        "updatedOn": stamp["lastModifiedAt"],
        "createdBy": world.identity.object_id,
        "updatedBy": world.identity.object_id,
    }


def _before_delete(world: World, record: Record, call: Call) -> None:
    held = [
        one
        for one in world.store.of_type(authorization.ASSIGNMENT)
        if authorization.role_of(world, one) == record.name.lower()
    ]
    if held:
        raise ArmError(
            400,
            "RoleDefinitionHasAssignments",
            f"There are existing role assignments referencing role (count: {len(held)}). Remove "
            "them before deleting the role.",
        )


DEFINITIONS = ResourceType(
    type=roles.DEFINITION,
    schema=schema(
        """
        properties!:
          roleName!: str
          description: str
          type: str
          assignableScopes!: [str]
          permissions!: []
            actions: [str]
            notActions: [str]
            dataActions: [str]
            notDataActions: [str]
          createdOn-: str
          updatedOn-: str
          createdBy-: str
          updatedBy-: str
        """
    ),
    name_pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
    tracked=False,
    extension=True,
    can_patch=False,
    update_status=201,
    delete_shows=True,
    shows_state=False,
    system_data=False,
    not_found=_not_found,
    prepare=_prepare,
    present=_present,
    before_delete=_before_delete,
)
_PATH = "{scope*}/providers/" + roles.DEFINITION
TYPES = (DEFINITIONS,)
ROUTES = (Route("GET", _PATH, VERSIONS, _list), Route("GET", _PATH + "/{guid}", VERSIONS, _one))
