"""A grant of the spec as a node of the graph, whoever it is granted to.

Its name is a uuid5 of scope, holder and role, so that the same spec never makes two.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import Any

from reconciler.engine.types import Address, JsonObject, Reference, Resource
from reconciler.kinds.access.assignment_match import TYPE
from reconciler.kinds.access.assignment_settings import PRINCIPAL_TYPES, RoleAssignment
from reconciler.kinds.access.identity import RoleGrant
from reconciler.kinds.access.roles import role_guid
from reconciler.kinds.expansion import Expansion
from reconciler.kinds.ownership import mark
from reconciler.spec.document import Keys

KIND = "role assignment"
NAMESPACE = uuid.UUID("6a1f6f3c-0d53-5a0c-9f3e-2f0f4b9f1c55")
OWN_IDENTITY = ("workspace", "hub", "project", "online endpoint")
"""Kinds of which Azure makes an identity of their own."""


@dataclass(frozen=True)
class Holder:
    """Who is granted a role. `seed`: what tells the holder in the name of the assignment."""

    principal: str | Reference
    seed: str
    type: str | None = "ServicePrincipal"

    @property
    def address(self) -> Address:
        """The resource of the spec that acts under it; "" for anybody else."""
        return self.principal.address if isinstance(self.principal, Reference) else ""


def holder_of(grant: RoleAssignment, expansion: Expansion, path: Keys) -> Holder | None:
    """Return who a grant of the section is for; None where that is a problem, which is noted."""
    place = (*path, "principal")
    if "${{" not in grant.principal:
        principal = grant.principal.lower()
        return Holder(principal, principal, PRINCIPAL_TYPES.get(grant.type or ""))
    found = expansion.reference(grant.principal, place, kinds=OWN_IDENTITY, attribute="identity")
    if not isinstance(found, Reference):
        _tell_external(found, expansion, place)
        return None
    if not _is_sound(found, grant, expansion, place):
        return None
    return Holder(found, expansion.known_id(found.address))


def _tell_external(found: Any, expansion: Expansion, place: Keys) -> None:
    if found:
        expansion.problem(
            "this spec does not make it, so its identity is not known here",
            place,
            hint="give the object id: `az resource show --ids ID --query identity.principalId`",
        )


def _is_sound(found: Reference, grant: RoleAssignment, expansion: Expansion, place: Keys) -> bool:
    """Return whether a reference is to an identity that there will be; else the problem is noted."""
    made = expansion.resources.get(found.address)
    if made is None:
        _tell_external(found, expansion, place)
        return False
    if found.attribute != "identity":
        expansion.problem(
            f"`{grant.principal}` is not an identity",
            place,
            hint=f"write `${{{{ {found.address}.identity }}}}`",
        )
        return False
    block = str((made.desired.get("identity") or {}).get("type") or "SystemAssigned")
    if "systemassigned" not in block.casefold():
        expansion.problem(
            f"`{found.address}` acts as identities that are assigned to it: it has none of its own",
            place,
            hint="grant the role under `identities.NAME.role_assignments`",
        )
        return False
    return True


def assignment(
    address: Address,
    holder: Holder,
    grant: RoleGrant,
    place: tuple[str, frozenset[Address]],
    expansion: Expansion,
    path: Keys,
) -> Resource[RoleGrant]:
    """Return the assignment of a role at a place."""
    guid, (where, needs) = role_guid(grant.role), place
    seed = f"{where}|{holder.seed}|{guid}".lower()
    resource_id = f"{where}/providers/{TYPE}/{uuid.uuid5(NAMESPACE, seed)}"
    definitions = f"/subscriptions/{expansion.subscription_id}/providers/Microsoft.Authorization"
    properties: JsonObject = {
        "roleDefinitionId": f"{definitions}/roleDefinitions/{guid}",
        "principalId": holder.principal,
        "description": f"made by reconcile {mark(expansion.owner, resource_id)}",
    }
    if holder.type:
        properties["principalType"] = holder.type
    if grant.condition:
        properties |= {"condition": grant.condition, "conditionVersion": "2.0"}
    return Resource(
        address,
        KIND,
        resource_id,
        {"properties": properties},
        settings=grant,
        position=expansion.document.position(path),
        depends_on=frozenset({*needs, *((holder.address,) if holder.address else ())}),
    )


def before_its_work(made: Resource, holder: Holder, expansion: Expansion) -> None:
    """Let what works under the identity of its parent wait for the grant: deployments of an endpoint.

    A role that is missing when a container starts cannot be mended afterwards.
    """
    inside = f"{expansion.known_id(holder.address)}/deployments/".casefold()
    for address, one in list(expansion.resources.items()):
        if one.resource_id.casefold().startswith(inside) and address not in made.depends_on:
            expansion.resources[address] = replace(one, depends_on=one.depends_on | {made.address})
