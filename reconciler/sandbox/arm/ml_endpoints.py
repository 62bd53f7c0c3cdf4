"""Managed online endpoints: keys, tokens, traffic.

Sources: azure-facts section 16 (201 with Azure-AsyncOperation, AzureAsyncOperationUri in the
properties, traffic sums to 0 or 100 over healthy deployments, names unique per region).
"""

from __future__ import annotations

import secrets
import uuid
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm import identities, ml
from reconciler.sandbox.arm.errors import invalid_request, user_error
from reconciler.sandbox.arm.types import Answer, Call, Lro, ResourceType, Write, schema
from reconciler.sandbox.store import Record

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

Json = dict[str, Any]
TYPE = f"{ml.WORKSPACE}/onlineEndpoints"
NAME = r"^[a-zA-Z](?=.{2,31}$)[-a-zA-Z0-9]*[a-zA-Z0-9]$"
TOKEN_S = 43200


def _prepare(write: Write) -> None:
    identities.prepare(write, default="SystemAssigned")
    properties = write.properties
    keys = properties.pop("keys", None) or {}
    known = write.hidden.setdefault("keys", {"primaryKey": _key(), "secondaryKey": _key()})
    known |= {name: value for name, value in keys.items() if value}
    if write.old is None:
        _check_region(write)
    write.body.setdefault("kind", "Managed")
    properties["traffic"] = _traffic(write, properties.get("traffic"))
    properties["mirrorTraffic"] = properties.get("mirrorTraffic") or {}
    defaults: Json = {
        "publicNetworkAccess": "Enabled",
        "description": None,
        "properties": {},
        "compute": None,
    }
    for key, value in defaults.items():
        if properties.get(key) is None:
            properties[key] = write.old_properties.get(key, value)
    write.hidden.setdefault("endpoint", str(uuid.uuid4()))


def _key() -> str:
    return secrets.token_urlsafe(24)


def _check_region(write: Write) -> None:
    for other in write.world.store.of_type(TYPE):
        same = other.name.lower() == write.name.lower()
        if same and other.body["location"] == write.body["location"]:
            text = (
                '{"errors":{"":["There is already an endpoint with this name, Endpoint name needs '
                'to be unique within a region. Try some other name."]},'
                '"title":"One or more validation errors occurred."}'
            )  # Azure/azureml-examples#1930, Azure/azure-cli-extensions#7107
            raise invalid_request("InferencingClientCallFailed", text)


def _traffic(write: Write, wanted: Json | None) -> Json:
    traffic = {str(name).lower(): int(share or 0) for name, share in (wanted or {}).items()}
    traffic = {name: share for name, share in traffic.items() if share}
    if any(share < 0 for share in traffic.values()) or sum(traffic.values()) not in (0, 100):
        raise user_error(
            f"The sum of traffic percentages must be 0 or 100, not {sum(traffic.values())}.",
            "BadArgument/InvalidTraffic",
        )
    for name in traffic:
        record = write.world.store.get(f"{write.id}/deployments/{name}")
        if record is not None:
            record = write.world.arm.lifecycle.settle(record)
        state = record.body["properties"]["provisioningState"] if record else None
        if state not in ("Succeeded", "Updating"):
            raise user_error(
                f"Traffic cannot be sent to deployment '{name}': "
                + ("it does not exist." if state is None else f"its state is {state}."),
                "BadArgument/InvalidTraffic",
            )
    return traffic


def _present(world: World, record: Record, body: Json) -> None:
    identities.present(world, record, body)
    region, properties = body["location"].replace(" ", "").lower(), body["properties"]
    base = f"{world.base_url}/_inference/{region}/{record.name}"
    properties |= {"scoringUri": f"{base}/score", "swaggerUri": f"{base}/swagger.json"}
    properties["properties"] = {
        **properties["properties"],
        "azureml.onlineendpointid": record.id.lower(),
        "AzureAsyncOperationUri": operation_uri(world, record),
    }
    body.setdefault("tags", {})


def operation_uri(world: World, record: Record) -> str:
    """Return where the last operation of an endpoint or deployment can be read."""
    subscription, location = record.id.split("/")[2], record.body["location"]
    operation = record.hidden.get("operation", record.hidden["etag"].strip('"'))
    return (
        f"{world.base_url}/subscriptions/{subscription}/providers/{ml.NAMESPACE}/locations/"
        f"{location}/operationStatuses/{operation}?api-version=2022-02-01-preview"
    )


def _list_keys(world: World, record: Record, call: Call) -> Answer:
    if record.body["properties"]["authMode"] != "Key":
        raise user_error("listKeys is supported only for authMode Key.", "BadArgument")
    return Answer(200, dict(record.hidden["keys"]))


def _regenerate(world: World, record: Record, call: Call) -> Answer:
    body = call.body if isinstance(call.body, dict) else {}
    name = {"primary": "primaryKey", "secondary": "secondaryKey"}.get(
        str(body.get("keyType", "")).lower()
    )
    if name is None:
        raise user_error("keyType must be Primary or Secondary.", "BadArgument")
    record.hidden["keys"][name] = body.get("keyValue") or _key()
    world.store.put(record)
    return Answer(200)


def _token(world: World, record: Record, call: Call) -> Answer:
    now = int(world.clock.now())
    token = world.identity.token(
        "https://ml.azure.com",
        oid=call.principal_id,
        appid=call.app_id,
        lifetime_s=int(world.settings["token_lifetime_s"]),
    )
    return Answer(
        200,
        {
            "accessToken": token,
            "tokenType": "Bearer",
            "expiryTimeUtc": now + TOKEN_S,
            "refreshAfterTimeUtc": now + TOKEN_S // 2,
        },
    )


ENDPOINTS = ResourceType(
    type=TYPE,
    running_word="Updating",  # UNVERIFIED: as issue 3 states it; in none of our recordings
    bad_content=ml.bad_content,
    drops_unpublished=True,
    schema=schema(
        """
        location!: str
        kind: str
        sku: <ml.Sku>
        tags: map
        """,
        identities.SCHEMA,
        """
        properties!:
          authMode!: AMLToken|Key|AADToken
          compute: str
          description: str
          keys:
            primaryKey: str
            secondaryKey: str
          mirrorTraffic@2023-04-01/2022-02-01: {int}
          traffic: {int}
          publicNetworkAccess@2022-10-01/2022-02-01: Enabled|Disabled
          properties: map
          provisioningState-: str
          scoringUri-: str
          swaggerUri-: str
        """,
    ),
    patch_schema=schema("tags: map", identities.SCHEMA),
    name_pattern=NAME,
    create=Lro.BOTH,
    update=Lro.BOTH,
    delete=Lro.BOTH,
    create_s=90.0,
    update_s=20.0,
    delete_s=60.0,
    says_retry_after=False,
    immutable=("identity.type",),
    immutable_error=lambda path, name: user_error(
        f"Endpoint property '{path}' cannot be changed after creation.", "BadArgument/Immutable"
    ),
    not_found=ml.not_found("online endpoint"),
    prepare=_prepare,
    present=_present,
    actions={"listKeys": _list_keys, "regenerateKeys": _regenerate, "token": _token},
)
TYPES = (ENDPOINTS,)
