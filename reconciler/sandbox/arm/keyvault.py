"""Microsoft.KeyVault: vaults and their soft-deleted twins.

Source: azure-facts section 3 (defaults, `createMode` never comes back, RBAC default by
api-version, tombstones by location, purge, recover); published types and examples.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm import later
from reconciler.sandbox.arm.api_versions import api_versions
from reconciler.sandbox.arm.errors import ArmError, ContentError, conflict
from reconciler.sandbox.arm.ids import parse
from reconciler.sandbox.arm.paging import page
from reconciler.sandbox.arm.schema import Check
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
from reconciler.sandbox.vault import secrets

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

Json = dict[str, Any]
VAULT = "Microsoft.KeyVault/vaults"
DELETED = "deleted_vaults"
RBAC_DEFAULT_SINCE = "2026-02-01"
DAY_S = 86400.0
PURGE_S = 15.0
VERSIONS = api_versions("Microsoft.KeyVault/vaults")


def _taken(name: str) -> Exception:
    return conflict(
        "VaultAlreadyExists",
        f"The vault name '{name}' is already in use. Vault names are globally unique so it is "
        "possible that the name is already taken.",
    )


def _bad_content(error: ContentError, body: Any) -> Exception:
    """Source: Azure/azure-cli#8840, Azure/azure-resource-manager-schemas#1378."""
    return ArmError(400, "BadRequest", "Bad JSON content found in the request.")


def _bad_name(name: str) -> Exception:
    """Source: OfficeDev/microsoft-teams-apps-newemployeeonboarding#28."""
    return ArmError(
        400,
        "VaultNameNotValid",
        f"The vault name '{name}' is invalid. A vault's name must be between 3-24 alphanumeric "
        "characters. The name must begin with a letter, end with a letter or digit, and not "
        "contain consecutive hyphens. Follow this link for more information: "
        "https://go.microsoft.com/fwlink/?linkid=2147742",
    )


def _prepare(write: Write) -> None:
    properties = write.properties
    mode = properties.pop("createMode", None)
    _expire(write.world)
    tombstone = write.world.store.document(DELETED, write.name.lower())
    if write.old is None and tombstone is not None:
        _reuse(write, tombstone, mode)
    elif mode == "recover" and write.old is None:
        raise ArmError(
            404,
            "DeletedVaultNotFound",
            f"The specified deleted vault '{write.name}' does not exist.",
        )
    _check_flags(write)
    properties = write.properties
    rbac = write.call.version[:10] >= RBAC_DEFAULT_SINCE
    defaults: Json = {
        "accessPolicies": [],
        "enabledForDeployment": False,
        "enabledForDiskEncryption": False,
        "enabledForTemplateDeployment": False,
        "enableSoftDelete": True,
        "softDeleteRetentionInDays": 90,
        "enableRbacAuthorization": rbac,
        "publicNetworkAccess": "Enabled",
    }
    for key, value in defaults.items():
        if properties.get(key) is None:
            properties[key] = write.old_properties.get(key, value)


def _reuse(write: Write, tombstone: Json, mode: str | None) -> None:
    if mode != "recover":
        raise conflict(
            "ConflictError",
            "A vault with the same name already exists in deleted state. You need to either "
            "recover or purge existing key vault. Follow this link "
            "https://go.microsoft.com/fwlink/?linkid=2149745 for more information on soft delete.",
        )
    if tombstone["id"].lower() != write.id.lower():
        raise conflict("ConflictError", "The deleted vault belongs to another resource group.")
    write.body.clear()
    write.body.update(tombstone["body"])
    write.world.store.delete_document(DELETED, write.name.lower())


def _check_flags(write: Write) -> None:
    """Purge protection cannot be taken away; soft delete is on, whatever is sent (recorded)."""
    write.properties["enableSoftDelete"] = True
    if write.properties.get("enablePurgeProtection") is False:
        raise ArmError(
            400,
            "BadRequest",
            'The property "enablePurgeProtection" cannot be set to false. Enabling the purge '
            "protection for a vault is an irreversible action.",
        )


def _present(world: World, record: Record, body: Json) -> None:
    body.setdefault("tags", {})
    body["properties"]["vaultUri"] = f"{world.base_url}/_vault/{record.name.lower()}/"


def _removed(world: World, record: Record) -> None:
    days = int(record.body["properties"]["softDeleteRetentionInDays"])
    now = world.clock.now()
    body = {key: value for key, value in record.body.items() if key != "systemData"}
    document = {
        "id": record.id,
        "name": record.name,
        "body": body,
        "location": record.body["location"],
        "deleted": now,
        "purge": now + days * DAY_S,
    }
    world.store.put_document(DELETED, record.name.lower(), document)


def _tombstone(world: World, sub: str, found: Json) -> Json:
    location = found["location"]
    name = found["name"]
    base = f"/subscriptions/{sub}/providers/Microsoft.KeyVault/locations/{location}"
    properties: Json = {
        "vaultId": found["id"],
        "location": location,
        "tags": found["body"].get("tags") or {},
        "deletionDate": world.clock.iso(found["deleted"]),
        "scheduledPurgeDate": world.clock.iso(found["purge"]),
    }
    if found["body"]["properties"].get("enablePurgeProtection"):
        properties["purgeProtectionEnabled"] = True
    return {
        "id": f"{base}/deletedVaults/{name}",
        "name": name,
        "type": "Microsoft.KeyVault/deletedVaults",
        "properties": properties,
    }


def _expire(world: World, *, polled: bool = False) -> None:
    for key, found in world.store.documents(DELETED).items():
        purging = found.get("purging")
        is_purged = purging is not None and later.is_over(world, purging, polled=polled)
        if is_purged or found["purge"] <= world.clock.now():
            _forget(world, key)
            world.store.commit()  # a request that fails for it does not bring it back


def _forget(world: World, name: str) -> None:
    """Lose a tombstone for good, and the secrets with it."""
    world.store.delete_document(DELETED, name)
    secrets.forget(world, name)


def _find(world: World, path: dict[str, str]) -> Json:
    _expire(world, polled=True)
    found: Json | None = world.store.document(DELETED, path["name"].lower())
    if found is None or found["location"] != path["location"].lower():
        raise ArmError(
            404,
            "DeletedVaultNotFound",
            f"The specified deleted vault '{path['name']}' does not exist.",
        )
    return found


def _get_deleted(world: World, call: Call, path: dict[str, str]) -> Answer:
    return Answer(200, _tombstone(world, path["sub"], _find(world, path)))


def _list_deleted(world: World, call: Call, path: dict[str, str]) -> Answer:
    _expire(world)
    found = world.store.documents(DELETED).values()
    return Answer(200, page(world, call, [_tombstone(world, path["sub"], one) for one in found]))


def _purge(world: World, call: Call, path: dict[str, str]) -> Answer:
    found = _find(world, path)
    if found["body"]["properties"].get("enablePurgeProtection"):
        raise ArmError(
            400,
            "MethodNotAllowed",
            f"Operation 'DeletedVaultPurge' is not allowed: '{found['name']}' has purge protection.",
        )
    operation = found.setdefault("purging", later.begin(world, call, PURGE_S))
    world.store.put_document(DELETED, path["name"].lower(), found)
    return later.accepted(world, call, operation)


def _check_name(world: World, call: Call, path: dict[str, str]) -> Answer:
    _expire(world)
    name = str((call.body or {}).get("name", "")).lower()
    used = world.store.find_named(VAULT, name) or world.store.document(DELETED, name)
    if not used:
        return Answer(200, {"nameAvailable": True})
    message = f"The vault name '{name}' is already in use."
    return Answer(200, {"nameAvailable": False, "reason": "AlreadyExists", "message": message})


VAULTS = ResourceType(
    type=VAULT,
    schema=schema(
        """
        location!: str
        tags: map
        properties!:
          tenantId!: str
          sku!:
            family!: A
            name!: standard|premium
          tokenBindingParameters@never/2026-03-01: any
          createMode: recover|default
          accessPolicies: [<keyvault.AccessPolicyEntry>]
          enabledForDeployment: bool
          enabledForDiskEncryption: bool
          enabledForTemplateDeployment: bool
          enableSoftDelete: bool
          softDeleteRetentionInDays: int
          enableRbacAuthorization: bool
          enablePurgeProtection: bool
          networkAcls: <keyvault.NetworkRuleSet>
          publicNetworkAccess: str
          vaultUri: str
          provisioningState: str
          hsmPoolResourceId-: str
          privateEndpointConnections-: any
        """
    ),
    name_pattern=r"^(?!.*--)[a-zA-Z][a-zA-Z0-9-]{1,22}[a-zA-Z0-9]$",
    create=Lro.BODY,
    create_status=200,
    creating_state="RegisteringDns",
    create_s=20.0,
    says_retry_after=False,
    immutable=("properties.softDeleteRetentionInDays",),
    bad_content=_bad_content,
    bad_name=_bad_name,
    global_name=_taken,
    prepare=_prepare,
    present=_present,
    removed=_removed,
)
_ENVELOPE = ("id", "name", "type", "location")
_POLICIES = schema("properties!:\n  accessPolicies!: [<keyvault.AccessPolicyEntry>]")


def _update_policies(world: World, call: Call, path: dict[str, str]) -> Answer:
    """Add, replace or remove access policies, by tenant, object and application."""
    target = parse(call.path.rsplit("/", 2)[0])
    if target is None or path["kind"].lower() not in ("add", "replace", "remove"):
        raise ArmError(400, "BadRequest", f"'{path['kind']}' is no kind of policy update.")
    record = world.arm.record(target.id)
    if not isinstance(call.body, dict):
        raise ArmError(400, "BadRequest", "Bad JSON content found in the request.")
    body = {key: value for key, value in call.body.items() if key not in _ENVELOPE}
    sent = Check(call.version).body(_POLICIES, body, None)["properties"]["accessPolicies"]
    keys = {_policy_key(one) for one in sent}
    old = record.body["properties"].get("accessPolicies") or []
    kept = [one for one in old if _policy_key(one) not in keys]
    policies = {"add": kept + sent, "replace": sent, "remove": kept}[path["kind"].lower()]
    record.body["properties"]["accessPolicies"] = policies
    world.store.put(record)
    shown = {"id": f"{record.id}/accessPolicies/", "type": f"{VAULT}/accessPolicies"}
    return Answer(200, {**shown, "properties": {"accessPolicies": policies}})


def _policy_key(policy: Json) -> tuple[Any, ...]:
    return tuple(policy.get(name) for name in ("tenantId", "objectId", "applicationId"))


_DELETED = "/subscriptions/{sub}/providers/Microsoft.KeyVault/locations/{location}/deletedVaults"
TYPES = (VAULTS,)
ROUTES = (
    Route(
        "PUT",
        "/subscriptions/{sub}/resourceGroups/{group}/providers/Microsoft.KeyVault/vaults/{name}/"
        "accessPolicies/{kind}",
        api_versions("Microsoft.KeyVault/vaults/accessPolicies"),
        _update_policies,
    ),
    Route(
        "GET",
        "/subscriptions/{sub}/providers/Microsoft.KeyVault/deletedVaults",
        VERSIONS,
        _list_deleted,
    ),
    Route("GET", _DELETED + "/{name}", VERSIONS, _get_deleted),
    Route("POST", _DELETED + "/{name}/purge", VERSIONS, _purge),
    Route(
        "POST",
        "/subscriptions/{sub}/providers/Microsoft.KeyVault/checkNameAvailability",
        VERSIONS,
        _check_name,
    ),
)
