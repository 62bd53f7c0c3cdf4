"""User-assigned managed identity: who clusters and endpoints are.

Making it anew gives it another principal id, and with it every role assignment must be
made anew. Source: learn.microsoft.com/rest/api/managedidentity.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import AfterValidator, Field, StringConstraints

from reconciler.engine.decide import Policy
from reconciler.engine.diff import Rules
from reconciler.engine.types import Address, JsonObject, Reference, Resource
from reconciler.kinds.access.federated_settings import FederatedCredential
from reconciler.kinds.arm_handler import ArmHandler
from reconciler.kinds.expansion import Attributes, Expansion
from reconciler.spec.document import Keys
from reconciler.spec.model import GUID, Identity, SpecModel, Tags, plain_id

if TYPE_CHECKING:
    from reconciler.kinds import Spec

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{2,127}", re.ASCII)

_ID = (
    rf"(azureml:)?/[sS]ubscriptions/{GUID[1:-1]}"
    r"(/[rR]esource[gG]roups/[^/]+(/[pP]roviders/[^/]+(/[^/]+/[^/]+)+)?)?/?"
)
SCOPE = rf"^(resource_group|subscription|workspace|\$\{{\{{[^}}]+\}}\}}|{_ID})$"


def _scope(text: str) -> str:
    if not re.fullmatch(SCOPE, text):
        raise ValueError(
            f"{text!r} is not a valid scope: write `resource_group`, `workspace`, a reference or an ARM id"
        )
    return plain_id(text)


class RoleGrant(SpecModel):
    """A role granted to the identity, and its scope."""

    role: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    """The name of a built-in role, for example `AcrPull`, or the GUID of any role."""
    scope: Annotated[str, AfterValidator(_scope), Field(json_schema_extra={"pattern": SCOPE})]
    """The scope: `resource_group`, `workspace`, a reference to a resource, or an ARM id."""
    condition: Annotated[str, StringConstraints(min_length=1, max_length=8192)] | None = None
    """A condition in Azure's language (ABAC) that narrows what the role allows. One that somebody
    else set on the assignment stays where the spec states none."""


class ManagedIdentity(SpecModel):
    """A user-assigned managed identity; the key is its name."""

    tags: Tags = Field(default_factory=dict)
    """Tags added to those of the whole spec."""
    role_assignments: list[RoleGrant] = Field(default_factory=list)
    """The roles it is granted. Each is a resource of its own in the plan."""
    federated_credentials: list[FederatedCredential] = Field(default_factory=list)
    """Whose tokens are accepted in place of a secret: a pipeline's. Each is a resource of its own."""


class IdentityHandler(ArmHandler):
    """Knows user-assigned identities."""

    kind = "managed identity"
    section = "identities"
    type = "Microsoft.ManagedIdentity/userAssignedIdentities"
    api_version = "2024-11-30"
    lists = True
    attributes = Attributes(frozenset({"id", "name", "principal_id", "client_id"}))
    policy: ClassVar[Policy] = Policy(Rules(immutable=frozenset({"location"})))

    def expand(self, spec: Spec, expansion: Expansion) -> None:
        """Add each identity; its roles are expanded by their own kind."""
        for name, settings in spec.identities.items():
            path: Keys = ("identities", name)
            if not NAME.fullmatch(name):
                expansion.problem(
                    f"invalid identity name `{name}`: 3 to 128 characters",
                    path,
                    hint="letters, digits, hyphens and underscores, a letter or digit first",
                )
            resource_id = expansion.id_in_group(self.type, name)
            own = settings.tags if settings else {}
            expansion.add(
                Resource(
                    f"identities.{name}",
                    self.kind,
                    resource_id,
                    {
                        "location": expansion.location,
                        "tags": expansion.tracked_tags(resource_id, own),
                    },
                    settings=settings,
                    position=expansion.document.position(path, of_key=True),
                    depends_on=frozenset({"resource_group"}),
                    known={"name": name},
                )
            )

    def outputs(self, body: JsonObject) -> dict[str, Any]:
        """Return what only Azure knows: the principal and client id."""
        properties = body.get("properties") or {}
        return {
            "name": body.get("name"),
            "principal_id": properties.get("principalId"),
            "client_id": properties.get("clientId"),
        }


def attached(
    identity: Identity, expansion: Expansion, path: Keys
) -> tuple[JsonObject, frozenset[Address], frozenset[Address]]:
    """Return an ARM identity block, the identities of this spec in it, and their role grants.

    Whoever starts to work under an identity depends on both: a role that is missing when
    a container starts cannot be mended afterwards.
    """
    if identity.type == "system_assigned":
        return {"type": "SystemAssigned"}, frozenset(), frozenset()
    ids: JsonObject = {}
    addresses: set[Address] = set()
    for index, text in enumerate(identity.assigned):
        place = (*path, "user_assigned_identities", index)
        found = expansion.reference(text, place, kinds=("managed identity",))
        if isinstance(found, Reference):
            addresses.add(found.address)
            found = expansion.known_id(found.address)
        if found:
            ids[found] = {}
    if not identity.assigned:
        expansion.problem(
            "`user_assigned` needs at least one identity",
            path,
            hint="list it under `user_assigned_identities`: `${{ identities.NAME }}` or a resource id",
        )
    block = {"type": "UserAssigned", "userAssignedIdentities": ids}
    return block, frozenset(addresses), frozenset(grants_of(addresses, expansion))


def grants_of(identities: set[Address], expansion: Expansion) -> list[Address]:
    """Return the addresses of the role assignments of some identities."""
    return [
        address
        for address, kind in expansion.kinds.items()
        if kind == "role assignment" and address.rpartition(".")[0] in identities
    ]
