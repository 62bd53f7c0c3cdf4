"""Microsoft.Storage below an account: the services of blobs and files, containers, shares.

Sources: azure-facts section 2; published types.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm.types import ResourceType, schema
from reconciler.sandbox.store import Record

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

Json = dict[str, Any]
ACCOUNT = "Microsoft.Storage/storageAccounts"


def _container_ready(world: World, record: Record) -> None:
    world.blobs.create_container(record.id.split("/")[8], record.name)


def _share_ready(world: World, record: Record) -> None:
    world.files.create_share(record.id.split("/")[8], record.name)


def _service_present(world: World, record: Record, body: Json) -> None:
    account = world.store.get(record.id.rsplit("/", 2)[0])
    if account is not None:
        name = account.body["sku"]["name"]
        body["sku"] = {"name": name, "tier": name.split("_")[0]}


def _service(leaf: str, text: str) -> ResourceType:
    return ResourceType(
        type=f"{ACCOUNT}/{leaf}",
        schema=schema(text),
        name_pattern="default",
        tracked=False,
        create_status=200,
        shows_state=False,
        system_data=False,
        can_patch=False,
        can_delete=False,
        present=_service_present,
    )


BLOB_SERVICE = _service(
    "blobServices",
    """
    properties:
      cors: <storage.CorsRules>
      defaultServiceVersion: str
      deleteRetentionPolicy:
        enabled: bool
        days: int
        allowPermanentDelete: bool
      isVersioningEnabled: bool
      automaticSnapshotPolicyEnabled: bool
      staticWebsite@2025-08-01: <storage.StaticWebsite>
      changeFeed: <storage.ChangeFeed>
      restorePolicy: <storage.RestorePolicyProperties>
      containerDeleteRetentionPolicy:
        enabled: bool
        days: int
        allowPermanentDelete: bool
      lastAccessTimeTrackingPolicy: <storage.LastAccessTimeTrackingPolicy>
    sku-: any
    """,
)
FILE_SERVICE = _service(
    "fileServices",
    """
    properties:
      cors: <storage.CorsRules>
      shareDeleteRetentionPolicy:
        enabled: bool
        days: int
        allowPermanentDelete: bool
      protocolSettings: <storage.ProtocolSettings>
    sku-: any
    """,
)


def begin(world: World, record: Record) -> None:
    """A new account has both services, with Azure's defaults of soft delete."""
    off: Json = {"enabled": False, "allowPermanentDelete": False}
    seven: Json = {"enabled": True, "days": 7}
    for type_, properties in (
        (BLOB_SERVICE, {"cors": {"corsRules": []}, "deleteRetentionPolicy": off}),
        (FILE_SERVICE, {"cors": {"corsRules": []}, "shareDeleteRetentionPolicy": seven}),
    ):
        identity = f"{record.id}/{type_.type.rsplit('/', 1)[1]}/default"
        if world.store.get(identity) is None:
            hidden: Json = {"etag": '"service"'}
            body: Json = {"properties": properties}
            world.store.put(Record(identity, type_.type, body, hidden, world.clock.now()))


BLOB_CONTAINER = ResourceType(
    type=f"{ACCOUNT}/blobServices/containers",
    schema=schema(
        """
  properties:
    publicAccess: Container|Blob|None
    metadata: map
    defaultEncryptionScope: str
    denyEncryptionScopeOverride: bool
    enableNfsV3AllSquash: bool
    enableNfsV3RootSquash: bool
    immutableStorageWithVersioning: <storage.ImmutableStorageWithVersioning>
    """
    ),
    name_pattern=r"^[a-z0-9$-]{3,63}$",
    tracked=False,
    shows_state=False,
    system_data=False,
    parent_required=False,
    ready=_container_ready,
)
FILE_SHARE = ResourceType(
    type=f"{ACCOUNT}/fileServices/shares",
    schema=schema(
        """
  properties:
    metadata: map
    shareQuota: int
    accessTier: str
    enabledProtocols: SMB|NFS
    rootSquash: NoRootSquash|RootSquash|AllSquash
    signedIdentifiers: [<storage.SignedIdentifier>]
    provisionedIops@2024-01-01: int
    provisionedBandwidthMibps@2024-01-01: int
    fileSharePaidBursting@2024-01-01: <storage.FileSharePropertiesFileSharePaidBursting>
    """
    ),
    name_pattern=r"^[a-z0-9-]{3,63}$",
    tracked=False,
    shows_state=False,
    system_data=False,
    parent_required=False,
    ready=_share_ready,
)

TYPES = (BLOB_SERVICE, FILE_SERVICE, BLOB_CONTAINER, FILE_SHARE)
