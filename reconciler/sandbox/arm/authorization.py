"""Microsoft.Authorization/roleAssignments: who has which role, at any scope.

Sources: azure-facts sections 8 and (g) (errors, GUIDs, propagation), published examples. A fresh
principal is unknown to the directory for a while: without `principalType` that is
PrincipalNotFound.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm import conditions, roles
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
DEFINITIONS = f"/providers/{roles.DEFINITION}"
VERSIONS = api_versions("Microsoft.Authorization/roleAssignments")
_GUID = re.compile(r"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)


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
    if roles.known(write.world, guid) is None:
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


def holds_role(world: World, principal_id: str, scope: str, names: tuple[str, ...]) -> bool:
    """Whether an effective assignment of one of the roles (by name) covers the scope."""
    return not roles_at(world, principal_id, scope).isdisjoint(names)


def roles_at(world: World, principal_id: str, scope: str) -> set[str]:
    """Return the names of the roles whose effective assignments to a principal cover a scope."""
    return {name for name, _ in held_at(world, principal_id, scope)}


def held_at(world: World, principal_id: str, scope: str) -> set[tuple[str, str]]:
    """Return the roles that a principal has at a scope, each with its condition, "" without."""
    place, now = scope.lower().rstrip("/") + "/", world.clock.now()
    return {
        (
            role_of(world, record),
            str(record.body["properties"].get("condition") or ""),
        )
        for record in world.store.of_type(ASSIGNMENT)
        if record.body["properties"]["principalId"].lower() == principal_id.lower()
        and place.startswith(record.hidden["scope"].lower().rstrip("/") + "/")
        and record.hidden["effective"] <= now
    }


def role_of(world: World, assignment: Record) -> str:
    """Return the role of an assignment: a built-in one by name, a custom one by its id."""
    guid = _guid(assignment.body["properties"]["roleDefinitionId"])
    return roles.known(world, guid) or guid


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
TYPES = (ASSIGNMENTS,)
ROUTES = (
    Route("GET", "{scope*}/providers/Microsoft.Authorization/roleAssignments", VERSIONS, _list),
)
