"""Microsoft.ContainerRegistry: registries and the name check.

Sources: recorded ASO acr_crud.json (PUT 200 when ready, DELETE 202 + Location), azure-cli
acr_check_name.json; azure-facts section 6.
"""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm import identities
from reconciler.sandbox.arm.errors import ArmError, conflict
from reconciler.sandbox.arm.ids import parse
from reconciler.sandbox.arm.types import (
    Answer,
    Call,
    Lro,
    ResourceType,
    Route,
    Write,
    schema,
    versions,
)
from reconciler.sandbox.store import Record

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

Json = dict[str, Any]
REGISTRY = "Microsoft.ContainerRegistry/registries"
VERSIONS = versions(
    "2019-12-01p 2021-09-01 2022-02-01p 2022-12-01 2023-01-01p 2023-06-01p 2023-07-01 2023-08-01p "
    "2023-11-01p 2024-11-01p 2025-03-01p 2025-04-01 2025-05-01p 2025-06-01p 2025-11-01 "
    "2026-01-01p 2026-03-01p"
)
TIERS = {"Basic": (10, 2), "Standard": (100, 10), "Premium": (500, 500)}  # GiB, webhooks
NAME = r"^[a-zA-Z0-9]{5,50}$"
_PROPERTIES = """
  adminUserEnabled: bool
  anonymousPullEnabled: bool
  dataEndpointEnabled: bool
  encryption: <acr.EncryptionProperty>
  networkRuleBypassOptions: AzureServices|None
  networkRuleSet: <acr.NetworkRuleSet>
  policies: <acr.Policies>
    softDeletePolicy:  # in previews only, yet stable answers show it (recorded acr_crud)
      retentionDays: int
      status: enabled|disabled
      lastUpdatedTime-: str
  publicNetworkAccess: Enabled|Disabled
  roleAssignmentMode@2025-11-01/2025-03-01: LegacyRegistryPermissions|AbacRepositoryPermissions
  zoneRedundancy: Enabled|Disabled
  creationDate-: str
  dataEndpointHostNames-: any
  loginServer-: str
  privateEndpointConnections-: any
  provisioningState-: str
  status-: any
"""


def _taken(name: str) -> Exception:
    return conflict(
        "AlreadyInUse",
        f"The registry DNS name {name.lower()}.azurecr.io is already in use. You can check if the "
        "name is already claimed using following API: "
        "https://docs.microsoft.com/rest/api/containerregistry/registries/checknameavailability",
    )


def _prepare(write: Write) -> None:
    identities.prepare(write, separator=", ")
    now = write.world.clock.iso()
    write.hidden.setdefault("created", now)
    if write.body["sku"]["name"] == "Premium" and not write.properties.get("networkRuleSet"):
        write.properties["networkRuleSet"] = {"defaultAction": "Allow", "ipRules": []}
    for key, value in _defaults(now).items():
        if write.properties.get(key) is None:
            write.properties[key] = write.old_properties.get(key, value)


def _defaults(now: str) -> Json:
    return {
        "adminUserEnabled": False,
        "anonymousPullEnabled": False,
        "dataEndpointEnabled": False,
        "encryption": {"status": "disabled"},
        "networkRuleBypassOptions": "AzureServices",
        "policies": {
            "quarantinePolicy": {"status": "disabled"},
            "trustPolicy": {"type": "Notary", "status": "disabled"},
            "retentionPolicy": {"days": 7, "lastUpdatedTime": now, "status": "disabled"},
            "exportPolicy": {"status": "enabled"},
            "azureADAuthenticationAsArmPolicy": {"status": "enabled"},
            "softDeletePolicy": {"retentionDays": 7, "lastUpdatedTime": now, "status": "disabled"},
        },
        "publicNetworkAccess": "Enabled",
        "roleAssignmentMode": "LegacyRegistryPermissions",
        "zoneRedundancy": "Disabled",
    }


def _present(world: World, record: Record, body: Json) -> None:
    identities.present(world, record, body)
    body["sku"]["tier"] = body["sku"]["name"]
    body.setdefault("tags", {})
    body["properties"] |= {
        "loginServer": f"{record.name.lower()}.azurecr.io",
        "creationDate": record.hidden["created"],
        "dataEndpointHostNames": [],
        "privateEndpointConnections": [],
    }


def _list_credentials(world: World, record: Record, call: Call) -> Answer:
    """The admin user's passwords. The refusal's code and text are known from issue threads of
    azure-cli and Terraform; they are not among the recordings.
    """
    if not record.body["properties"].get("adminUserEnabled"):
        raise ArmError(
            400,
            "UnAuthorizedForCredentialOperations",
            f"Cannot perform credential operations for {record.id} as admin user is disabled. "
            "Kindly enable admin user as per docs: "
            "https://docs.microsoft.com/en-us/azure/container-registry/"
            "container-registry-authentication#admin-account",
        )
    if "passwords" not in record.hidden:
        record.hidden["passwords"] = [secrets.token_urlsafe(32), secrets.token_urlsafe(32)]
        world.store.put(record)
    first, second = record.hidden["passwords"]
    passwords = [{"name": "password", "value": first}, {"name": "password2", "value": second}]
    return Answer(200, {"username": record.name, "passwords": passwords})


def _usages(world: World, call: Call, path: dict[str, str]) -> Answer:
    """What a tier allows (learn.microsoft.com: Azure Container Registry service tiers)."""
    target = parse(call.path.rsplit("/", 1)[0])
    if target is None:
        return Answer(404)
    record = world.arm.find(target, REGISTRIES)
    gib, hooks = TIERS[record.body["sku"]["name"]]
    size = {"name": "Size", "limit": gib * 2**30, "currentValue": 0, "unit": "Bytes"}
    webhooks = {"name": "Webhooks", "limit": hooks, "currentValue": 0, "unit": "Count"}
    return Answer(200, {"value": [size, webhooks]})


def _check_name(world: World, call: Call, path: dict[str, str]) -> Answer:
    name = str((call.body or {}).get("name", ""))
    if not re.fullmatch(NAME, name):
        message = (
            "The specified registry name is not valid: 5 to 50 alphanumeric characters are needed."
        )
        return Answer(200, {"nameAvailable": False, "reason": "Invalid", "message": message})
    if world.store.find_named(REGISTRY, name) is None:
        return Answer(200, {"nameAvailable": True})
    message = f"The registry {name} is already in use."
    return Answer(200, {"nameAvailable": False, "reason": "AlreadyExists", "message": message})


REGISTRIES = ResourceType(
    type=REGISTRY,
    versions=VERSIONS,
    schema=schema(
        """
        location!: str
        sku!:
          name!: Basic|Standard|Premium
          tier-: str
        tags: map
        """,
        identities.SCHEMA,
        "properties:" + _PROPERTIES,
    ),
    patch_schema=schema(
        """
        sku:
          name: Basic|Standard|Premium
          tier-: str
        tags: map
        """,
        identities.SCHEMA,
        "properties:" + _PROPERTIES,
    ),
    name_pattern=NAME,
    create=Lro.BODY,
    create_status=200,
    delete=Lro.LOCATION,
    create_s=25.0,
    delete_s=15.0,
    immutable=("properties.zoneRedundancy",),
    global_name=_taken,
    prepare=_prepare,
    present=_present,
    actions={"listCredentials": _list_credentials},
)
TYPES = (REGISTRIES,)
ROUTES = (
    Route(
        "GET",
        "/subscriptions/{sub}/resourceGroups/{group}/providers/Microsoft.ContainerRegistry/"
        "registries/{name}/listUsages",
        VERSIONS,
        _usages,
    ),
    Route(
        "POST",
        "/subscriptions/{sub}/providers/Microsoft.ContainerRegistry/checkNameAvailability",
        VERSIONS,
        _check_name,
    ),
)
