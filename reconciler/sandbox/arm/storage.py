"""Microsoft.Storage: accounts, their keys, the check of a name; services in `storage_services`.

Sources: recorded ASO storage_before_rg.json (202 + Location, then the account), azure-cli
storage_404.json, azure-facts section 2; published types.
"""

from __future__ import annotations

import base64
import json
import re
import secrets
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm import identities, storage_services
from reconciler.sandbox.arm.api_versions import api_versions
from reconciler.sandbox.arm.errors import ArmError, ContentError, conflict
from reconciler.sandbox.arm.storage_services import ACCOUNT
from reconciler.sandbox.arm.types import (
    Answer,
    Call,
    Lro,
    ResourceType,
    Route,
    Write,
    schema,
)
from reconciler.sandbox.store import Record

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

Json = dict[str, Any]
_NAME_RULE = (
    "{} is not a valid storage account name. Storage account name must be between 3 and 24 "
    "characters in length and use numbers and lower-case letters only."
)  # MicrosoftDocs/azure-docs#48724
_SKUS = (
    "Standard_LRS|Standard_GRS|Standard_RAGRS|Standard_ZRS|Premium_LRS|Premium_ZRS|Standard_GZRS|"
    "Standard_RAGZRS|StandardV2_LRS|StandardV2_GRS|StandardV2_ZRS|StandardV2_GZRS|PremiumV2_LRS|"
    "PremiumV2_ZRS"
)
_SCHEMA = schema(
    f"""
    location!: str
    kind!: Storage|StorageV2|BlobStorage|FileStorage|BlockBlobStorage
    sku!:
      name!: {_SKUS}
      tier: Standard|Premium  # read-only, yet every exported template sends it
    tags: map
    zones@2025-01-01: [str]
    placement@2025-01-01: <storage.Placement>
    extendedLocation: <storage.ExtendedLocation>
    """,
    identities.SCHEMA,
    """
    properties:
      accessTier: Hot|Cool|Premium|Cold|Smart
      allowedCopyScope: AAD|PrivateLink|All
      allowSharedKeyAccessForServices@2025-08-01: <storage.StorageAccountSharedKeyAccessProperties>
      customDomain: <storage.CustomDomain>
      dataCollaborationPolicyProperties@2025-08-01: <storage.StorageDataCollaborationPolicyProperties>
      dualStackEndpointPreference@2025-01-01: <storage.DualStackEndpointPreference>
      geoPriorityReplicationStatus@2025-06-01: <storage.GeoPriorityReplicationStatus>
      allowBlobPublicAccess: bool
      allowCrossTenantReplication: bool
      allowSharedKeyAccess: bool
      defaultToOAuthAuthentication: bool
      minimumTlsVersion: TLS1_0|TLS1_1|TLS1_2|TLS1_3
      supportsHttpsTrafficOnly: bool
      publicNetworkAccess: Enabled|Disabled|SecuredByPerimeter
      isHnsEnabled: bool
      isNfsV3Enabled: bool
      isSftpEnabled: bool
      isLocalUserEnabled: bool
      enableExtendedGroups@2023-05-01: bool
      largeFileSharesState: Disabled|Enabled
      dnsEndpointType: Standard|AzureDnsZone
      encryption: <storage.Encryption>
      networkAcls: <storage.NetworkRuleSet>
        ipv6Rules@2025-01-01: ~
      keyPolicy: <storage.KeyPolicy>
      sasPolicy: <storage.SasPolicy>
        requireUserBoundUserDelegationSas@2026-09-01: ~
        requireUserBoundUserDelegationSasAction@2026-09-01: ~
      routingPreference: <storage.RoutingPreference>
      azureFilesIdentityBasedAuthentication: <storage.AzureFilesIdentityBasedAuthentication>
        smbOAuthSettings@2025-01-01: ~
      immutableStorageWithVersioning: <storage.ImmutableStorageAccount>
      provisioningState-: str
      primaryEndpoints-: any
      secondaryEndpoints-: any
      primaryLocation-: str
      secondaryLocation-: str
      statusOfPrimary-: str
      statusOfSecondary-: str
      creationTime-: str
      keyCreationTime-: any
      privateEndpointConnections-: any
    """,
)


def taken(name: str) -> Exception:
    """Return the error for an account name in use anywhere."""
    return conflict(
        "StorageAccountAlreadyTaken", f"The storage account named {name} is already taken."
    )


def _immutable(path: str, name: str) -> Exception:
    return ArmError(
        409, "PropertyChangeNotAllowed", f"The property '{path}' of '{name}' cannot be changed."
    )


def _bad_content(error: ContentError, body: Any) -> Exception:
    """A body it cannot read is "no valid Json" (hashicorp/terraform#18715, Azure/bicep#9712);
    InvalidValuesForRequestParameters is known but not recorded (UNVERIFIED).
    """
    if error.is_missing or error.is_choice:
        name = error.path.rsplit(".", 1)[-1]
        text = f"Values for request parameters are invalid: {name}."
        return ArmError(400, "InvalidValuesForRequestParameters", text)
    text = f"The request cannot be interpreted as valid Json: {json.dumps(body)}."
    return ArmError(400, "RequestIsNotValidJson", text)


def _bad_name(name: str) -> Exception:
    return ArmError(400, "AccountNameInvalid", _NAME_RULE.format(name))


def _check_changes(write: Write) -> None:
    """A kind changes to StorageV2 alone, a tier never (azure-facts section 2, UNVERIFIED codes)."""
    if write.old is None:
        return
    old, kind = write.old.body["kind"], write.body.get("kind")
    if kind not in (None, old) and not (kind == "StorageV2" and old in ("Storage", "BlobStorage")):
        raise _immutable("kind", write.name)
    was, now = write.old.body["sku"]["name"], write.body["sku"]["name"]
    if was.startswith("Premium") != now.startswith("Premium"):
        raise _immutable("sku.name", write.name)


NETWORK_RULES: Json = {
    "bypass": "AzureServices",
    "virtualNetworkRules": [],
    "ipRules": [],
    "defaultAction": "Allow",
}


def _prepare(write: Write) -> None:
    _check_changes(write)
    identities.prepare(write)
    now = write.world.clock.iso()
    write.hidden.setdefault("keys", [_key(), _key()])
    write.hidden.setdefault("created", now)
    defaults: Json = {
        "accessTier": "Hot",
        "allowBlobPublicAccess": False,
        "allowCrossTenantReplication": False,
        "minimumTlsVersion": "TLS1_2",
        "supportsHttpsTrafficOnly": True,
        "networkAcls": NETWORK_RULES,
        "encryption": {
            "services": {
                name: {"keyType": "Account", "enabled": True, "lastEnabledTime": now}
                for name in ("file", "blob")
            },
            "keySource": "Microsoft.Storage",
        },
    }
    for key, value in defaults.items():
        if write.properties.get(key) is None:
            write.properties[key] = write.old_properties.get(key) or value
    write.properties["networkAcls"] = NETWORK_RULES | write.properties["networkAcls"]
    encryption = write.properties["encryption"]
    encryption["services"] = defaults["encryption"]["services"] | (encryption.get("services") or {})
    encryption.setdefault("keySource", "Microsoft.Storage")


def _key() -> str:
    return base64.b64encode(secrets.token_bytes(64)).decode()


def _present(world: World, record: Record, body: Json) -> None:
    identities.present(world, record, body)
    properties = body["properties"]
    name, location = record.name, body["location"]
    body["sku"]["tier"] = "Premium" if body["sku"]["name"].startswith("Premium") else "Standard"
    body["tags"] = body.get("tags") or {}
    created = record.hidden["created"]
    properties |= {
        "keyCreationTime": {"key1": created, "key2": created},
        "privateEndpointConnections": [],
        "creationTime": created,
        "primaryEndpoints": {
            **{
                kind: f"https://{name}.{kind}.core.sandbox.test/"
                for kind in ("dfs", "web", "queue", "table")
            },
            "blob": f"{world.base_url}/_blob/{name}/",
            "file": f"{world.base_url}/_file/{name}/",
        },
        "primaryLocation": location,
        "statusOfPrimary": "available",
    }


def _removed(world: World, record: Record) -> None:
    world.blobs.delete_account(record.name)
    world.files.delete_account(record.name)


def _check_ready(record: Record) -> None:
    """Recorded: an account under creation has no keys yet."""
    if record.hidden.get("pending", {}).get("verb") == STORAGE_ACCOUNT.creating_state:
        raise conflict(
            "StorageAccountIsNotProvisioned",
            "The storage account provisioning state must be 'Succeeded' before executing the "
            "operation.",
        )


def _list_keys(world: World, record: Record, call: Call) -> Answer:
    _check_ready(record)
    created = record.hidden["created"]
    keys = [
        {"creationTime": created, "keyName": f"key{i}", "value": key, "permissions": "FULL"}
        for i, key in enumerate(record.hidden["keys"], 1)
    ]
    return Answer(200, {"keys": keys})


def _regenerate(world: World, record: Record, call: Call) -> Answer:
    _check_ready(record)
    name = (call.body or {}).get("keyName")
    if name not in ("key1", "key2"):
        raise ArmError(400, "InvalidRequestPropertyValue", f"The key name '{name}' is invalid.")
    record.hidden["keys"][int(name[-1]) - 1] = _key()
    world.store.put(record)
    return _list_keys(world, record, call)


def _check_name(world: World, call: Call, path: dict[str, str]) -> Answer:
    name = str((call.body or {}).get("name", ""))
    if not re.fullmatch(r"[a-z0-9]{3,24}", name):
        message = _NAME_RULE.format(name)
        body = {"nameAvailable": False, "reason": "AccountNameInvalid", "message": message}
        return Answer(200, body)
    if world.store.find_named(ACCOUNT, name) is None:
        return Answer(200, {"nameAvailable": True})
    message = f"The storage account named {name} is already taken."
    return Answer(200, {"nameAvailable": False, "reason": "AlreadyExists", "message": message})


STORAGE_ACCOUNT = ResourceType(
    type=ACCOUNT,
    schema=_SCHEMA,
    name_pattern=r"^[a-z0-9]{3,24}$",
    create=Lro.LOCATION,
    create_status=202,
    retry_after_s=17,
    immutable=(
        "properties.isHnsEnabled",
        "properties.isNfsV3Enabled",
        "properties.dnsEndpointType",
        "properties.encryption.requireInfrastructureEncryption",
    ),
    immutable_error=_immutable,
    bad_content=_bad_content,
    bad_name=_bad_name,
    global_name=taken,
    system_data=False,
    prepare=_prepare,
    ready=storage_services.begin,
    present=_present,
    removed=_removed,
    actions={"listKeys": _list_keys, "regenerateKey": _regenerate},
)
TYPES = (STORAGE_ACCOUNT, *storage_services.TYPES)
ROUTES = (
    Route(
        "POST",
        "/subscriptions/{sub}/providers/Microsoft.Storage/checkNameAvailability",
        api_versions(ACCOUNT),
        _check_name,
    ),
)
