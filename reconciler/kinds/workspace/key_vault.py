"""Key vault: a workspace's secrets. Deleting one only hides it for its retention time.

Who may read is decided by roles (RBAC), which is stated since its default changed with
api-version 2026-02-01. Source: learn.microsoft.com/rest/api/keyvault/keyvault/vaults and
/azure/key-vault/general/soft-delete-overview.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from reconciler.diagnostics import (
    ApiError,
    Diagnostic,
    NameBlockedError,
    ReconcileError,
    RefusedError,
)
from reconciler.engine.decide import Policy
from reconciler.engine.decisions import Change, Preflight
from reconciler.engine.diff import same_folded, same_id
from reconciler.engine.numbers import whole_number_in
from reconciler.engine.types import JsonObject, Resource
from reconciler.kinds.arm_fields import Arm, rules_of
from reconciler.kinds.base import HandlerContext
from reconciler.kinds.connection.vault_secrets import read
from reconciler.kinds.expansion import Attributes, Expansion
from reconciler.kinds.soft_delete import kept_until, refuse_replace
from reconciler.kinds.workspace.linked import LinkedHandler
from reconciler.kinds.workspace.storage_account import refuse_taken
from reconciler.reasons import Recovered
from reconciler.secrets import Secret
from reconciler.spec.model import SpecModel, Tags, matching
from reconciler.spec.vault_secrets import SecretIdentifier

TWIN_EXISTS = "ConflictError"
"""What Azure answers where a soft-deleted vault has the name."""


class KeyVault(SpecModel):
    """A key vault to create."""

    name: Annotated[
        str,
        matching(
            r"^[a-zA-Z](?:-?[a-zA-Z0-9])+$",
            "3 to 24 letters, digits and single hyphens, a letter first",
            min_length=3,
            max_length=24,
        ),
    ]
    """The name, unique across Azure: 3 to 24 letters, digits and single hyphens."""
    sku: Annotated[Literal["standard", "premium"], Arm("properties.sku.name")] = "standard"
    """The tier; premium keeps keys in hardware."""
    soft_delete_retention_days: Annotated[
        int, Field(ge=7, le=90), Arm("properties.softDeleteRetentionInDays", immutable=True)
    ] = 90
    """How many days Azure keeps it after deletion. Cannot be changed later."""
    purge_protection: Annotated[bool, Arm("properties.enablePurgeProtection")] = False
    """Forbid purging during the retention period. Cannot be switched off again."""
    public_network_access: Annotated[
        Literal["enabled", "disabled"], Arm("properties.publicNetworkAccess")
    ] = "enabled"
    """Whether it can be reached from the internet."""
    recover: bool = False
    """Recover a soft-deleted vault of this name instead of refusing to create one."""
    tags: Tags = Field(default_factory=dict)
    """Tags added to those of the whole spec."""


class KeyVaultHandler(LinkedHandler[KeyVault]):
    """Knows key vaults and their soft-deleted twins."""

    kind = "key vault"
    section = "workspace.key_vault"
    field = "key_vault"
    holds_data = True
    type = "Microsoft.KeyVault/vaults"
    api_version = "2026-02-01"
    attributes = Attributes(vault=True)
    read_only = frozenset(
        {
            "properties.provisioningState",
            "properties.vaultUri",
            "properties.hsmPoolResourceId",
            "properties.privateEndpointConnections",
        }
    )
    policy: ClassVar[Policy] = Policy(
        rules_of(KeyVault, immutable=("location",), same={"properties.sku.name": same_folded})
    )

    def body(self, settings: KeyVault, owner: str, expansion: Expansion) -> JsonObject:
        """Return the vault without its tenant, which only Azure can tell."""
        properties: JsonObject = {
            "sku": {"family": "A", "name": settings.sku},
            "enableRbacAuthorization": True,
            "softDeleteRetentionInDays": settings.soft_delete_retention_days,
            "publicNetworkAccess": settings.public_network_access.capitalize(),
        }
        if settings.purge_protection:
            # Azure refuses an explicit false: once on, it stays on.
            properties["enablePurgeProtection"] = True
        return {"properties": properties}

    def preflight(self, context: HandlerContext, resource: Resource[KeyVault]) -> Preflight:
        """Tell of a soft-deleted vault of the same name before a create runs into it."""
        twin = self._soft_deleted(context, resource)
        if twin is None:
            return refuse_taken(context, resource, self.type, self.api_version)
        properties = twin.get("properties") or {}
        when = properties.get("scheduledPurgeDate", "an unknown date")
        if resource.settings.recover:
            _refuse_elsewhere(str(properties.get("vaultId") or ""), resource)
            return Preflight(notes=(Recovered(when),))
        raise _blocked_by_twin(resource, f"Azure keeps it until {when}")

    def create(
        self, context: HandlerContext, resource: Resource[KeyVault], desired: JsonObject
    ) -> None:
        """PUT the vault, or recover its twin where the spec says so.

        Only the refusal shows the twin to who may not read tombstones.
        """
        arm = context.run.arm
        body = {
            **desired,
            "properties": {**desired["properties"], "tenantId": self._tenant(context)},
        }
        try:
            arm.put(resource.resource_id, self.api_version, body)
        except ApiError as error:
            if error.code != TWIN_EXISTS:
                raise
            if not resource.settings.recover:
                raise _blocked_by_twin(resource, error.diagnostics[0].summary) from error
            recovering = {**body["properties"], "createMode": "recover"}
            arm.put(resource.resource_id, self.api_version, {**body, "properties": recovering})
            arm.put(resource.resource_id, self.api_version, body)

    def review(self, change: Change) -> Change:
        """Refuse a replace, which its own soft-deleted twin would stop half-way."""
        return refuse_replace(change, _kept_days(change))

    def reveal(self, context: HandlerContext, resource: Resource, attribute: str) -> Secret:
        """Return the value of `secrets.NAME`; raises `ReconcileError` when it cannot be used."""
        name = attribute.removeprefix("secrets.")
        identifier = SecretIdentifier.in_vault(resource.known["name"], name)
        if identifier is None:
            raise ReconcileError.because(f"`{resource.address}` has no secret `{name}`")
        return read(context.run, identifier)

    def remains(self, resource: Resource[KeyVault | None]) -> str:
        """Say how long the deleted vault keeps its name."""
        settings = resource.settings
        days = settings.soft_delete_retention_days if settings else 90
        name = resource.resource_id.rpartition("/")[2]
        told = f"key vault {name}: soft-deleted until {kept_until(days)}, its name stays taken"
        if settings and settings.purge_protection:
            return f"{told}; purge protection is on"
        return f"{told}; to purge it: `az keyvault purge --name {name}`"

    def _soft_deleted(self, context: HandlerContext, resource: Resource) -> JsonObject | None:
        """Return the tombstone of this name; None when there is none or we may not look."""
        name = resource.known["name"]
        path = (
            f"/subscriptions/{context.subscription_id}/providers/Microsoft.KeyVault"
            f"/locations/{context.location}/deletedVaults/{name}"
        )
        try:
            return context.run.arm.get(path, self.api_version)
        except ApiError as error:
            # Reading tombstones needs a right on the subscription that few have: the
            # create then tells, with Azure's own words.
            if error.status == 403:
                return None
            raise

    @staticmethod
    def _tenant(context: HandlerContext) -> str:
        """Return the tenant of the subscription, which a vault must name."""
        path = f"/subscriptions/{context.subscription_id}"
        found = context.run.arm.get(path, "2022-12-01") or {}
        return str(found.get("tenantId") or "")


def _kept_days(change: Change) -> int:
    """Return the retention of the vault that is there, which its tombstone would have."""
    properties = (change.observed.body.get("properties") if change.observed else None) or {}
    return whole_number_in(properties, "softDeleteRetentionInDays", 90)


def _blocked_by_twin(resource: Resource, detail: str) -> NameBlockedError:
    name = resource.known["name"]
    return NameBlockedError(
        Diagnostic(
            f"a soft-deleted key vault {name!r} blocks `{resource.address}`",
            resource.position,
            detail=detail,
            hint="set `recover: true` to recover it with its secrets, choose another `name`, or "
            f"purge it yourself: `az keyvault purge --name {name}`",
        ),
        check="soft-deleted",
    )


def _refuse_elsewhere(vault_id: str, resource: Resource) -> None:
    """Raise `RefusedError` where the twin was in another group: it comes back only there."""
    if not vault_id or same_id(vault_id, resource.resource_id):
        return
    raise RefusedError.because(
        f"the soft-deleted key vault of `{resource.address}` cannot be recovered here",
        detail=f"it was {vault_id}",
        hint="choose another `name`",
    )
