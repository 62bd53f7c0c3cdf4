"""Microsoft.Authorization: role assignments at any scope, built-in role definitions.

Sources: azure-facts sections 8 and (g) (errors, GUIDs, propagation), published examples. A fresh
principal is unknown to the directory for a while: without `principalType` that is
PrincipalNotFound.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm import conditions
from reconciler.sandbox.arm.api_versions import api_versions
from reconciler.sandbox.arm.errors import ArmError, conflict
from reconciler.sandbox.arm.identities import PRINCIPALS
from reconciler.sandbox.arm.ids import parse
from reconciler.sandbox.arm.paging import page
from reconciler.sandbox.arm.types import (
    Answer,
    Call,
    ResourceType,
    Route,
    Write,
    schema,
)
from reconciler.sandbox.store import Record

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

Json = dict[str, Any]
ASSIGNMENT = "Microsoft.Authorization/roleAssignments"
DEFINITIONS = "/providers/Microsoft.Authorization/roleDefinitions"
VERSIONS = api_versions("Microsoft.Authorization/roleAssignments")
ROLES: dict[str, str] = {
    "Owner": "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
    "Contributor": "b24988ac-6180-42a0-ab88-20f7382dd24c",
    "Reader": "acdd72a7-3385-48ef-bd42-f606fba81ae7",
    "User Access Administrator": "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
    "Role Based Access Control Administrator": "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
    "AcrPull": "7f951dda-4ed3-4680-a7ca-43fe172d538d",
    "AcrPush": "8311e382-0749-4cb8-b61a-304f252e45ec",
    "Container Registry Repository Reader": "b93aa761-3e63-49ed-ac28-beffa264f7ac",
    "Storage Blob Data Reader": "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
    "Storage Blob Data Contributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "Storage Blob Data Owner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    "Storage File Data Privileged Contributor": "69566ab7-960f-475b-8e7c-b3118f30c6bd",
    "AzureML Data Scientist": "f6c7c914-8db3-469d-8ca1-694a8f32e121",
    "AzureML Compute Operator": "e503ece1-11d0-4e8e-8e2c-7a6c3bf38815",
    "AzureML Metrics Writer (preview)": "635dd51f-9968-44d3-b7fb-6d9a6bd613ae",
    "AzureML Registry User": "1823dd4f-9b8c-4ab6-ab4e-7397a3684615",
    "Azure AI Developer": "64702f94-c441-49e6-a78b-ef80e0188fee",
    "Azure AI User": "53ca6127-db72-4b80-b1b0-d745d6d5456d",
    "Azure AI Administrator": "b78c5d69-af96-48a3-bf8d-a8b4d589de94",
    "Foundry Project Manager": "eadc314b-1a2d-4efa-be10-5d325db5065e",
    "Foundry Account Owner": "e47c6f54-e4a2-4754-9501-8e0985b135e1",
    "Foundry Owner": "c883944f-8b7b-4483-af10-35834be79c4a",
    "Cognitive Services User": "a97b65f3-24c7-4388-baec-2e87135dc908",
    "Cognitive Services OpenAI User": "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd",
    "Cognitive Services Contributor": "25fbc0a9-bd7c-42a3-aa1a-3b75d497ee68",
    "Key Vault Administrator": "00482a5a-887f-4fb3-b363-3b7fe8e74483",
    "Key Vault Secrets Officer": "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
    "Key Vault Secrets User": "4633458b-17de-408a-b874-0445c86b69e6",
    "Key Vault Reader": "21090545-7ca7-4776-b22c-e363652d74d2",
    "Managed Identity Operator": "f1a07417-d97a-45cb-824c-7a7467783830",
    "Quota Request Operator": "0e5f05e5-9ab9-446b-b98d-1e2157c94125",
}
_GUID = re.compile(r"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
_NAMES = {guid: name for name, guid in ROLES.items()}


def scope_of(assignment_id: str) -> str:
    """Return the scope part of an assignment's id."""
    at = assignment_id.lower().rindex("/providers/microsoft.authorization/")
    return assignment_id[:at] or "/"


def _guid(definition_id: str) -> str:
    return definition_id.rsplit("/", 1)[-1].lower()


def _prepare(write: Write) -> None:
    properties = write.properties
    if not _GUID.fullmatch(properties["principalId"]):
        raise ArmError(
            400,
            "InvalidPrincipalId",
            "A valid principal ID must be provided for role assignment.",
        )
    scope = scope_of(write.id)
    check_scope(write.world, scope)
    guid = _guid(properties["roleDefinitionId"])
    if guid not in _NAMES:
        raise ArmError(
            404,
            "RoleDefinitionDoesNotExist",
            f"The specified role definition with ID '{guid.replace('-', '')}' does not exist.",
        )
    if properties.get("condition"):
        conditions.check(str(properties["condition"]))
    if write.old is not None:
        _check_update(write, guid)
    else:
        _check_duplicate(write, scope, guid)
        _check_principal(write)
        write.hidden["effective"] = write.world.clock.now() + write.world.clock.delay(
            float(write.world.settings["role_propagation_s"])
        )
    subscription = write.id.split("/")[2] if write.id.startswith("/subscriptions/") else None
    prefix = f"/subscriptions/{subscription}" if subscription else ""
    properties["roleDefinitionId"] = f"{prefix}{DEFINITIONS}/{guid}"
    properties.setdefault("principalType", "ServicePrincipal")
    properties.setdefault("condition", None)
    properties.setdefault("conditionVersion", None)
    properties.setdefault("description", None)
    properties.setdefault("delegatedManagedIdentityResourceId", None)
    write.hidden["scope"] = scope


def check_scope(world: World, scope: str) -> None:
    """Raise ArmError 404 for a scope that names a resource which is not there."""
    target = parse(scope)
    if target is None or scope.count("/") <= 2 or world.store.get(scope) is not None:
        return
    if target.type.lower() in world.arm.types:
        world.arm.record(target.id)


def _check_update(write: Write, guid: str) -> None:
    old = write.old_properties
    same = write.properties["principalId"].lower() == old["principalId"].lower() and guid == _guid(
        old["roleDefinitionId"]
    )
    if not same:
        raise ArmError(
            400,
            "RoleAssignmentUpdateNotPermitted",
            "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.",
        )
    changes = ("description", "condition", "conditionVersion")
    if any(write.properties.get(name) != old.get(name) for name in changes):
        write.status = 201


def _check_duplicate(write: Write, scope: str, guid: str) -> None:
    for other in write.world.store.of_type(ASSIGNMENT):
        properties = other.body["properties"]
        if (
            other.hidden["scope"].lower() == scope.lower()
            and _guid(properties["roleDefinitionId"]) == guid
            and properties["principalId"].lower() == write.properties["principalId"].lower()
        ):
            raise conflict(
                "RoleAssignmentExists",
                "The role assignment already exists. The ID of the conflicting role assignment is "
                f"{other.name.replace('-', '')}.",
            )


def _check_principal(write: Write) -> None:
    if write.properties.get("principalType"):
        return
    world, principal = write.world, write.properties["principalId"]
    if principal == world.identity.object_id:
        return
    known = world.store.document(PRINCIPALS, principal)
    delay = world.clock.delay(float(world.settings["directory_replication_s"]))
    if known is None or known["created"] + delay > world.clock.now():
        raise ArmError(
            400,
            "PrincipalNotFound",
            f"Principal {principal.replace('-', '')} does not exist in the directory "
            f"{world.identity.tenant_id}. Check that you have the correct principal ID. If you "
            "are creating this principal and then immediately assigning a role, this error might "
            "be related to a replication delay. In this case, set the role assignment "
            "principalType property to a value, such as ServicePrincipal, User, or Group.",
        )


def _present(world: World, record: Record, body: Json) -> None:
    stamp = record.hidden["systemData"]
    body["properties"] |= {
        "scope": record.hidden["scope"],
        "createdOn": stamp["createdAt"],
        "updatedOn": stamp["lastModifiedAt"],
        "createdBy": world.identity.object_id,
        "updatedBy": world.identity.object_id,
    }


def holds_role(world: World, principal_id: str, scope: str, roles: tuple[str, ...]) -> bool:
    """Whether an effective assignment of one of the roles (by name) covers the scope."""
    return not roles_at(world, principal_id, scope).isdisjoint(roles)


def roles_at(world: World, principal_id: str, scope: str) -> set[str]:
    """Return the names of the roles whose effective assignments to a principal cover a scope."""
    return {name for name, _ in held_at(world, principal_id, scope)}


def held_at(world: World, principal_id: str, scope: str) -> set[tuple[str, str]]:
    """Return the roles that a principal has at a scope, each with its condition, "" without."""
    place, now = scope.lower().rstrip("/") + "/", world.clock.now()
    return {
        (
            _NAMES[_guid(record.body["properties"]["roleDefinitionId"])],
            str(record.body["properties"].get("condition") or ""),
        )
        for record in world.store.of_type(ASSIGNMENT)
        if record.body["properties"]["principalId"].lower() == principal_id.lower()
        and place.startswith(record.hidden["scope"].lower().rstrip("/") + "/")
        and record.hidden["effective"] <= now
    }


def _list(world: World, call: Call, path: dict[str, str]) -> Answer:
    """Without a filter: at, above and below the scope; `atScope()` leaves out what is below."""
    scope = (path["scope"] or "").lower().rstrip("/")
    check_scope(world, scope)
    text = call.query.get("$filter", "")
    found = [
        record
        for record in world.store.of_type(ASSIGNMENT)
        if _covers(record.hidden["scope"].lower().rstrip("/"), scope, text)
        and _is_for(record, text)
    ]
    return Answer(
        200, page(world, call, found, lambda record: world.arm.present(record, call.version))
    )


def _covers(held: str, scope: str, text: str) -> bool:
    above = f"{scope}/".startswith(f"{held}/")
    below = f"{held}/".startswith(f"{scope}/")
    return above or (below and "atscope()" not in text.lower())


def _is_for(record: Record, text: str) -> bool:
    named = re.search(r"(?:principalId\s+eq|assignedTo\()\s*'([^']+)'", text, re.IGNORECASE)
    rest = re.sub(r"(principalId\s+eq|assignedTo\()\s*'[^']+'\)?|atScope\(\)|and|\s", "", text)
    if rest:
        raise ArmError(400, "UnsupportedQuery", f"The filter '{text}' is not supported.")
    return named is None or record.body["properties"]["principalId"].lower() == named[1].lower()


def _definition(scope: str, name: str) -> Json:
    guid = ROLES[name]
    subscription = scope.split("/")[2] if scope.lower().startswith("/subscriptions/") else None
    prefix = f"/subscriptions/{subscription}" if subscription else ""
    return {
        "id": f"{prefix}{DEFINITIONS}/{guid}",
        "name": guid,
        "type": "Microsoft.Authorization/roleDefinitions",
        "properties": {
            "roleName": name,
            "type": "BuiltInRole",
            "description": f"Built-in role {name}.",
            "assignableScopes": ["/"],
            "permissions": [],
            "createdOn": "2015-02-02T21:55:09.8806423Z",
            "updatedOn": "2024-01-25T16:55:08.1395140Z",
            "createdBy": None,
            "updatedBy": None,
        },
    }


def _list_definitions(world: World, call: Call, path: dict[str, str]) -> Answer:
    scope, text = path["scope"] or "", call.query.get("$filter", "")
    wanted = re.search(r"roleName\s+eq\s+'([^']*)'", text, re.IGNORECASE)
    names = [n for n in ROLES if wanted is None or n.lower() == wanted[1].lower()]
    return Answer(200, page(world, call, [_definition(scope, name) for name in names]))


def _one_definition(world: World, call: Call, path: dict[str, str]) -> Answer:
    name = _NAMES.get(path["guid"].lower())
    if name is None:
        raise ArmError(
            404,
            "RoleDefinitionDoesNotExist",
            f"The specified role definition with ID '{path['guid']}' does not exist.",
        )
    return Answer(200, _definition(path["scope"] or "", name))


ASSIGNMENTS = ResourceType(
    type=ASSIGNMENT,
    schema=schema(
        """
        properties!:
          roleDefinitionId!: str
          principalId!: str
          principalType: User|Group|ServicePrincipal|ForeignGroup|Device
          description: str
          condition: str
          conditionVersion: str
          delegatedManagedIdentityResourceId: str
          scope-: str
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
    delete_shows=True,
    shows_state=False,
    system_data=False,
    not_found=lambda name, id_: ArmError(
        404, "RoleAssignmentNotFound", f"The role assignment '{name}' is not found."
    ),
    prepare=_prepare,
    present=_present,
)
_RP = "{scope*}/providers/Microsoft.Authorization"
_ROLES = api_versions("Microsoft.Authorization/roleDefinitions")
TYPES = (ASSIGNMENTS,)
ROUTES = (
    Route("GET", _RP + "/roleAssignments", VERSIONS, _list),
    Route("GET", _RP + "/roleDefinitions", _ROLES, _list_definitions),
    Route("GET", _RP + "/roleDefinitions/{guid}", _ROLES, _one_definition),
)
