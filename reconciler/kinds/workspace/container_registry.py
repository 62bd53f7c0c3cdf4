"""Container registry: the images that jobs and endpoints start from.

`roleAssignmentMode` is stated: in the ABAC mode, which newer portals choose, `AcrPull`
means nothing. Source: learn.microsoft.com/azure/container-registry/
container-registry-rbac-abac-repository-permissions.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from reconciler.engine.decide import Policy
from reconciler.engine.decisions import Preflight
from reconciler.engine.diff import same_folded
from reconciler.engine.types import JsonObject, Resource
from reconciler.kinds.arm_fields import Arm, rules_of
from reconciler.kinds.base import HandlerContext
from reconciler.kinds.expansion import Expansion
from reconciler.kinds.workspace.linked import LinkedHandler
from reconciler.kinds.workspace.storage_account import refuse_taken
from reconciler.spec.model import SpecModel, Tags, matching

READ_ONLY = frozenset(
    {
        "sku.tier",
        "properties.loginServer",
        "properties.creationDate",
        "properties.provisioningState",
        "properties.status",
        "properties.policies.retentionPolicy.lastUpdatedTime",
        "properties.policies.softDeletePolicy",
        "properties.encryption.keyVaultProperties.versionedKeyIdentifier",
        "properties.encryption.keyVaultProperties.keyRotationEnabled",
        "properties.encryption.keyVaultProperties.lastKeyRotationTimestamp",
        "properties.dataEndpointHostNames",
        "properties.privateEndpointConnections",
    }
)
"""What Azure fills in and a PUT must not send back, as in the published type.

Registries show a soft-delete policy that this api-version's type does not know.
"""


class ContainerRegistry(SpecModel):
    """A container registry to create."""

    name: Annotated[str, matching(r"^[a-zA-Z0-9]{5,50}$", "5 to 50 letters and digits")]
    """The name, unique across Azure: 5 to 50 letters and digits."""
    sku: Annotated[Literal["Basic", "Standard", "Premium"], Arm("sku.name")] = "Standard"
    """The tier."""
    admin_user_enabled: Annotated[bool, Arm("properties.adminUserEnabled")] = False
    """Whether the admin user and its password are enabled. Leave it off: Entra ID is safer."""
    public_network_access: Annotated[
        Literal["enabled", "disabled"], Arm("properties.publicNetworkAccess")
    ] = "enabled"
    """Whether it can be reached from the internet."""
    tags: Tags = Field(default_factory=dict)
    """Tags added to those of the whole spec."""


class ContainerRegistryHandler(LinkedHandler[ContainerRegistry]):
    """Knows container registries."""

    kind = "container registry"
    section = "workspace.container_registry"
    field = "container_registry"
    type = "Microsoft.ContainerRegistry/registries"
    api_version = "2025-11-01"
    read_only = READ_ONLY
    costs_money = True
    policy: ClassVar[Policy] = Policy(
        rules_of(
            ContainerRegistry,
            immutable=("location",),
            same={"sku.name": same_folded, "properties.roleAssignmentMode": same_folded},
        )
    )

    def body(self, settings: ContainerRegistry, owner: str, expansion: Expansion) -> JsonObject:
        """Return a registry in which roles for pulling images hold."""
        return {
            "sku": {"name": settings.sku},
            "properties": {
                "adminUserEnabled": settings.admin_user_enabled,
                "publicNetworkAccess": settings.public_network_access.capitalize(),
                "roleAssignmentMode": "LegacyRegistryPermissions",
            },
        }

    def preflight(self, context: HandlerContext, resource: Resource) -> Preflight:
        """Refuse a name that somebody else in Azure has."""
        return refuse_taken(context, resource, self.type, self.api_version)
