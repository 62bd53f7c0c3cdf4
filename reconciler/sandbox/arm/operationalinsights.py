"""Microsoft.OperationalInsights: Log Analytics workspaces.

Sources: azure-facts section 4 (defaults that come back, soft delete of 14 days, within which
the same name comes back); recordings (PUT and DELETE are 200); published types (the actions
sharedKeys and regenerateSharedKey). How long data is kept, and the refusal:
github.com/Azure/azure-powershell/issues/12524, hashicorp/terraform-provider-azurerm/issues/2949.
"""

from __future__ import annotations

import base64
import secrets
import uuid
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm.api_versions import api_versions
from reconciler.sandbox.arm.errors import ArmError
from reconciler.sandbox.arm.paging import page
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
VERSIONS = api_versions("Microsoft.OperationalInsights/workspaces")


DELETED = "deleted_log_workspaces"
KEPT_S = 14 * 86400.0


def _prepare(write: Write) -> None:
    now = write.world.clock.iso()
    former = write.world.store.document(DELETED, write.id.lower()) if write.old is None else None
    if former is not None:  # the same name in the same group brings the old one back
        write.hidden |= {"customer": former["customer"], "created": former["created"]}
        write.world.store.delete_document(DELETED, write.id.lower())
    write.hidden.setdefault("customer", str(uuid.uuid4()))
    write.hidden.setdefault("created", now)
    write.hidden["modified"] = now
    properties = write.properties
    properties.setdefault("sku", {"name": "PerGB2018"})
    free = str(properties["sku"]["name"]).lower() == "free"
    properties.setdefault("retentionInDays", 7 if free else 30)
    _check_retention(int(properties["retentionInDays"]), free=free)
    properties["features"] = {
        "legacy": 0,
        "searchVersion": 1,
        "enableLogAccessUsingOnlyResourcePermissions": True,
        **(properties.get("features") or {}),
    }
    properties.setdefault("workspaceCapping", {"dailyQuotaGb": -1.0})
    properties.setdefault("publicNetworkAccessForIngestion", "Enabled")
    properties.setdefault("publicNetworkAccessForQuery", "Enabled")


def _check_retention(days: int, *, free: bool) -> None:
    lowest, highest = (7, 7) if free else (30, 730)
    if not lowest <= days <= highest:
        raise ArmError(
            400,
            "BadRequest",
            "The value provided for retention is invalid. the expected value should be between "
            f"{lowest} to {highest}. see https://docs.microsoft.com/azure/azure-monitor/platform/"
            "manage-cost-storage#change-the-data-retention-period for more information",
        )


def _present(world: World, record: Record, body: Json) -> None:
    created, modified = record.hidden["created"], record.hidden["modified"]
    properties = body["properties"]
    properties["sku"] = {"lastSkuUpdate": created, **properties["sku"]}
    properties["workspaceCapping"] = {
        "quotaNextResetTime": created,
        "dataIngestionStatus": "RespectQuota",
        **properties["workspaceCapping"],
    }
    properties |= {
        "customerId": record.hidden["customer"],
        "createdDate": created,
        "modifiedDate": modified,
    }
    body.setdefault("tags", {})


def _before_delete(world: World, record: Record, call: Call) -> None:
    record.hidden["purge"] = call.query.get("force", "false").lower() == "true"


def _removed(world: World, record: Record) -> None:
    if record.hidden.get("purge"):
        return
    document = {
        "id": record.id,
        "body": record.body,
        "customer": record.hidden["customer"],
        "created": record.hidden["created"],
        "until": world.clock.now() + KEPT_S,
    }
    world.store.put_document(DELETED, record.id.lower(), document)


def _list_deleted(world: World, call: Call, path: dict[str, str]) -> Answer:
    under = call.path.lower().split("/providers/")[0] + "/"
    items = [
        {
            "id": found["id"],
            "name": found["id"].rsplit("/", 1)[-1],
            "type": WORKSPACE.type,
            "location": found["body"].get("location"),
            "tags": found["body"].get("tags") or {},
            "properties": {
                **found["body"]["properties"],
                "customerId": found["customer"],
                "createdDate": found["created"],
            },
        }
        for key, found in world.store.documents(DELETED).items()
        if key.startswith(under) and found["until"] > world.clock.now()
    ]
    return Answer(200, page(world, call, items))


def _shared_keys(world: World, record: Record, call: Call) -> Answer:
    if "keys" not in record.hidden:
        record.hidden["keys"] = [_new_key(), _new_key()]
        world.store.put(record)
    names = ("primarySharedKey", "secondarySharedKey")
    return Answer(200, dict(zip(names, record.hidden["keys"], strict=True)))


def _regenerate(world: World, record: Record, call: Call) -> Answer:
    record.hidden["keys"] = [_new_key(), _new_key()]
    world.store.put(record)
    return _shared_keys(world, record, call)


def _new_key() -> str:
    return base64.b64encode(secrets.token_bytes(64)).decode()


WORKSPACE = ResourceType(
    type="Microsoft.OperationalInsights/workspaces",
    schema=schema(
        """
        location!: str
        kind: ignored  # this and Application_Type: azure-ai-ml's ARM template sends them
        tags: map
        identity: <logs.Identity>
        properties:
          Application_Type: ignored
          sku:
            name!: Free|Standard|Premium|PerNode|PerGB2018|Standalone|CapacityReservation|LACluster
            capacityReservationLevel: int
            lastSkuUpdate-: str
          retentionInDays: int
          features: <logs.WorkspaceFeatures>
            legacy: int  # shown by the service beyond its own type
            searchVersion: int
          workspaceCapping:
            dailyQuotaGb: num
            quotaNextResetTime-: str
            dataIngestionStatus-: str
          publicNetworkAccessForIngestion: Enabled|Disabled|SecuredByPerimeter
          publicNetworkAccessForQuery: Enabled|Disabled|SecuredByPerimeter
          forceCmkForQuery: bool
          failover@2025-02-01: <logs.WorkspaceFailoverProperties>
          replication@2025-02-01: <logs.WorkspaceReplicationProperties>
          defaultDataCollectionRuleResourceId: str
          provisioningState-: str
          customerId-: str
          createdDate-: str
          modifiedDate-: str
          privateLinkScopedResources-: any
        """
    ),
    name_pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]$",
    create=Lro.BODY,
    create_status=200,
    says_retry_after=False,
    create_s=20.0,
    etag_in_body=True,
    system_data=False,
    prepare=_prepare,
    present=_present,
    before_delete=_before_delete,
    removed=_removed,
    actions={"sharedKeys": _shared_keys, "regenerateSharedKey": _regenerate},
)
_DELETED = "providers/Microsoft.OperationalInsights/deletedWorkspaces"
TYPES = (WORKSPACE,)
ROUTES = (
    Route("GET", "/subscriptions/{sub}/" + _DELETED, VERSIONS, _list_deleted),
    Route(
        "GET", "/subscriptions/{sub}/resourceGroups/{group}/" + _DELETED, VERSIONS, _list_deleted
    ),
)
