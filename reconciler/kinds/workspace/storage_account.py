"""Storage account: where a workspace keeps data, models and code.

Secure settings are stated, never left to defaults that changed over the years. Source:
learn.microsoft.com/rest/api/storagerp/storage-accounts; immutable fields as in the
published type and the Terraform provider.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from reconciler.diagnostics import ApiError, Diagnostic, NameBlockedError
from reconciler.engine.decide import Policy
from reconciler.engine.decisions import Change, Preflight
from reconciler.engine.diff import same_folded
from reconciler.engine.types import JsonObject, Resource
from reconciler.kinds.arm_fields import Arm, rules_of
from reconciler.kinds.base import HandlerContext
from reconciler.kinds.expansion import Expansion
from reconciler.kinds.extensions import Contact
from reconciler.kinds.workspace.linked import LinkedHandler
from reconciler.reasons import NameNotChecked
from reconciler.spec.model import SpecModel, Tags, matching

UPGRADABLE = ("storage", "blobstorage")
SERVICES = ("blob", "file", "table", "queue")
API_VERSION = "2026-04-01"
UNREGISTERED = ("MissingSubscriptionRegistration", "SubscriptionNotRegistered")

READ_ONLY = frozenset(
    {
        "sku.tier",
        *(f"properties.encryption.services.{name}.lastEnabledTime" for name in SERVICES),
        "properties.encryption.keyvaultproperties.currentVersionedKeyIdentifier",
        "properties.encryption.keyvaultproperties.lastKeyRotationTimestamp",
        "properties.encryption.keyvaultproperties.currentVersionedKeyExpirationTimestamp",
        "properties.networkAcls.virtualNetworkRules.state",
        "properties.provisioningState",
        "properties.primaryEndpoints",
        "properties.primaryLocation",
        "properties.statusOfPrimary",
        "properties.lastGeoFailoverTime",
        "properties.secondaryLocation",
        "properties.statusOfSecondary",
        "properties.creationTime",
        "properties.keyCreationTime",
        "properties.secondaryEndpoints",
        "properties.geoReplicationStats",
        "properties.failoverInProgress",
        "properties.privateEndpointConnections",
        "properties.blobRestoreStatus",
        "properties.storageAccountSkuConversionStatus",
        "properties.isSkuConversionBlocked",
        "properties.accountMigrationInProgress",
    }
)
"""What Azure fills in and a PUT must not send back, as in the published type."""


class StorageAccount(SpecModel):
    """A storage account to create."""

    name: Annotated[str, matching(r"^[a-z0-9]{3,24}$", "3 to 24 lower-case letters and digits")]
    """The name, unique across Azure: 3 to 24 lower-case letters and digits."""
    sku: Annotated[
        Literal[
            "Standard_LRS",
            "Standard_ZRS",
            "Standard_GRS",
            "Standard_RAGRS",
            "Standard_GZRS",
            "Standard_RAGZRS",
        ],
        Arm("sku.name"),
    ] = "Standard_LRS"
    """How the data is replicated."""
    allow_shared_key_access: Annotated[bool, Arm("properties.allowSharedKeyAccess")] = True
    """Whether access with account keys is allowed. Azure ML's default datastores use them unless
    `system_datastores_auth_mode` is `identity`."""
    public_network_access: Annotated[
        Literal["enabled", "disabled"], Arm("properties.publicNetworkAccess")
    ] = "enabled"
    """Whether it can be reached from the internet (never anonymously)."""
    tags: Tags = Field(default_factory=dict)
    """Tags added to those of the whole spec."""


class StorageAccountHandler(LinkedHandler[StorageAccount]):
    """Knows storage accounts."""

    kind = "storage account"
    section = "workspace.storage_account"
    field = "storage_account"
    type = "Microsoft.Storage/storageAccounts"
    holds_data = True
    costs_money = True
    api_version = API_VERSION
    read_only = READ_ONLY
    policy: ClassVar[Policy] = Policy(
        rules_of(
            StorageAccount,
            immutable=("location", "kind", "properties.isHnsEnabled"),
            same={"sku.name": same_folded, "kind": same_folded},
        )
    )

    def body(self, settings: StorageAccount, owner: str, expansion: Expansion) -> JsonObject:
        """Return an account of the kind that Azure ML works with, its secure settings stated."""
        return {
            "kind": "StorageV2",
            "sku": {"name": settings.sku},
            "properties": {
                "minimumTlsVersion": "TLS1_2",
                "supportsHttpsTrafficOnly": True,
                "allowBlobPublicAccess": False,
                "allowSharedKeyAccess": settings.allow_shared_key_access,
                "publicNetworkAccess": settings.public_network_access.capitalize(),
                "isHnsEnabled": False,
            },
        }

    def review(self, change: Change) -> Change:
        """Refuse to delete an account of an older kind, which its owner can upgrade in place.

        Source: learn.microsoft.com/azure/storage/common/storage-account-upgrade.
        """
        kind = next((str(f.before) for f in change.fields if f.path == "kind"), "")
        if kind.casefold() not in UPGRADABLE:
            return change
        group, name = (change.resource.resource_id.split("/")[i] for i in (4, -1))
        return change.blocked_by(
            Diagnostic(
                f"`{change.address}` is of the older kind {kind!r}",
                change.resource.position,
                detail="an upgrade keeps its data, and cannot be undone",
                hint=f"upgrade it: `az storage account update --resource-group {group} "
                f"--name {name} --set kind=StorageV2 --access-tier Hot`",
            ),
        )

    def preflight(self, context: HandlerContext, resource: Resource) -> Preflight:
        """Refuse a name that somebody else in Azure has."""
        return refuse_taken(context, resource, self.type, self.api_version)

    def contacts(self, context: HandlerContext, resource: Resource) -> Iterator[Contact]:
        """Yield its blob service, whose address Azure tells once the account is there."""
        body = context.reads.get(resource.resource_id, self.api_version) or {}
        endpoints = (body.get("properties") or {}).get("primaryEndpoints") or {}
        yield Contact(f"blobs of {resource.address}", str(endpoints.get("blob") or ""))


def refuse_taken(
    context: HandlerContext, resource: Resource, resource_type: str, api_version: str
) -> Preflight:
    """Ask whether a globally unique name is free. Raises `NameBlockedError` when it is not.

    Asking needs a right on the subscription, which who may only write in a group has not,
    and a registered provider: without these the create tells.
    """
    provider = resource_type.partition("/")[0]
    path = f"/subscriptions/{context.subscription_id}/providers/{provider}/checkNameAvailability"
    body = {"name": resource.known["name"], "type": resource_type}
    try:
        reply = context.run.arm.post(path, api_version, body)
    except ApiError as error:
        if error.status == 403 or error.code in UNREGISTERED:
            return Preflight(notes=(NameNotChecked(error.code or str(error.status)),))
        raise
    if reply.get("nameAvailable", True):
        return Preflight()
    raise NameBlockedError(
        Diagnostic(
            f"the name {resource.known['name']!r} of `{resource.address}` is taken",
            detail=str(reply.get("message") or reply.get("reason") or ""),
            hint="choose another `name`: it must be unique across Azure",
        ),
        check="name",
    )
