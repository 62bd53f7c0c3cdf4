"""Managed identities of resources: minting principals and showing them as Azure does.

A principal is a document {resource, created}: role checks and the directory (PrincipalNotFound)
read it. Sources: azure-facts sections 0.2 and 7; recorded uai_export.json.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm.errors import ArmError
from reconciler.sandbox.arm.types import Write
from reconciler.sandbox.store import Record

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

Json = dict[str, Any]
PRINCIPALS = "principals"
UAI = "Microsoft.ManagedIdentity/userAssignedIdentities"

SCHEMA = """
identity:
  principalId-: str
  tenantId-: str
  type!: str
  userAssignedIdentities: {any}
"""


def mint(world: World, resource_id: str) -> str:
    """Create a principal for a resource and return its object id."""
    principal = str(uuid.uuid4())
    document = {"resource": resource_id, "created": world.clock.now()}
    world.store.put_document(PRINCIPALS, principal, document)
    return principal


def prepare(write: Write, *, separator: str = ",", default: str | None = None) -> None:
    """Normalise `identity`, check that its user-assigned identities exist, mint the system's.

    `separator` joins the two type words as the provider writes them.
    """
    identity = write.body.get("identity")
    if identity is None and default is not None:
        identity = write.body["identity"] = {"type": default}
    if identity is None or not identity.get("type"):
        write.body.pop("identity", None)
        return
    words = {word.strip().lower() for word in str(identity["type"]).split(",")}
    identity["type"] = _type_text(words, separator)
    if "systemassigned" in words and "principal" not in write.hidden:
        write.hidden["principal"] = mint(write.world, write.id)
    wanted = identity.get("userAssignedIdentities") or {}
    if "userassigned" not in words:
        identity.pop("userAssignedIdentities", None)
        return
    identity["userAssignedIdentities"] = {_existing(write.world, id_): {} for id_ in wanted}
    if not wanted:
        raise ArmError(
            400, "InvalidIdentityValues", "User assigned identity requires at least one identity."
        )


def _type_text(words: set[str], separator: str) -> str:
    proper = {"systemassigned": "SystemAssigned", "userassigned": "UserAssigned", "none": "None"}
    unknown = words - proper.keys()
    if unknown:
        raise ArmError(
            400,
            "InvalidIdentityType",
            f"The identity type '{', '.join(sorted(unknown))}' is invalid.",
        )
    return separator.join(text for word, text in proper.items() if word in words)


def _existing(world: World, identity_id: str) -> str:
    record = world.store.get(identity_id)
    if record is None or record.type != UAI:
        raise ArmError(
            400,
            "FailedIdentityOperation",
            f"Identity operation failed: the user assigned identity '{identity_id}' was not found.",
        )
    return record.id


def present(world: World, record: Record, body: Json) -> None:
    """Fill in principal, client and tenant ids."""
    identity = body.get("identity")
    if not identity:
        return
    if "systemassigned" in identity["type"].lower():
        identity["principalId"] = record.hidden["principal"]
        identity["tenantId"] = world.identity.tenant_id
    for identity_id in identity.get("userAssignedIdentities") or {}:
        uai = world.store.get(identity_id)
        if uai is not None:
            identity["userAssignedIdentities"][identity_id] = {
                "principalId": uai.hidden["principal"],
                "clientId": uai.hidden["client"],
            }


def principals(world: World, record: Record) -> list[str]:
    """Return the object ids a resource acts as: its user-assigned ones, else the system's."""
    identity = record.body.get("identity") or {}
    assigned = [
        uai.hidden["principal"]
        for id_ in identity.get("userAssignedIdentities") or {}
        if (uai := world.store.get(id_)) is not None
    ]
    if assigned:
        return assigned
    own = record.hidden.get("principal")
    return [own] if own and "systemassigned" in identity.get("type", "").lower() else []
