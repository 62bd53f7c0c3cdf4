"""Microsoft.ManagedIdentity: user-assigned identities and their federated credentials.

Source: recorded ASO uai_export.json (201/200, ids with `resourcegroups` in lower case, server-made
principalId, clientId, tenantId); azure-facts section 7.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm import identities
from reconciler.sandbox.arm.errors import ArmError
from reconciler.sandbox.arm.types import ResourceType, Route, Write, schema
from reconciler.sandbox.store import Record

if TYPE_CHECKING:
    from reconciler.sandbox.world import World


def _prepare(write: Write) -> None:
    if "principal" not in write.hidden:
        write.hidden["principal"] = identities.mint(write.world, write.id)
        write.hidden["client"] = str(uuid.uuid4())


def _present(world: World, record: Record, body: dict[str, Any]) -> None:
    body["id"] = record.id.replace("/resourceGroups/", "/resourcegroups/")
    body.setdefault("tags", {})
    body.setdefault("properties", {}).update(
        tenantId=world.identity.tenant_id,
        principalId=record.hidden["principal"],
        clientId=record.hidden["client"],
    )


def _removed(world: World, record: Record) -> None:
    world.store.delete_document(identities.PRINCIPALS, record.hidden["principal"])


def _no_credential(name: str, resource_id: str) -> Exception:
    return ArmError(404, "NotFound", f"The federated identity credential '{name}' was not found.")


USER_ASSIGNED = ResourceType(
    type=identities.UAI,
    schema=schema(
        """
        location!: str
        tags: map
        properties:
          assignmentRestrictions@never/2025-05-31: any
          isolationScope@2024-11-30: None|Regional
          principalId-: str
          clientId-: str
          tenantId-: str
        """
    ),
    name_pattern=r"^[a-zA-Z0-9][\w-]{2,127}$",
    names_created=True,
    shows_state=False,
    system_data=False,
    prepare=_prepare,
    present=_present,
    removed=_removed,
)
FEDERATED = ResourceType(
    type=f"{identities.UAI}/federatedIdentityCredentials",
    schema=schema(
        """
        properties!:
          issuer!: str
          subject!: str
          claimsMatchingExpression@never/2025-01-31: any
          audiences!: [str]
        """
    ),
    name_pattern=r"^[a-zA-Z0-9][\w-]{2,119}$",
    not_found=_no_credential,
    tracked=False,
    shows_state=False,
    system_data=False,
    can_patch=False,
)
TYPES = (USER_ASSIGNED, FEDERATED)
ROUTES: tuple[Route, ...] = ()
