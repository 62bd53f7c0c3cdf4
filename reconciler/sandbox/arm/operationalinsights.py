"""Microsoft.OperationalInsights: Log Analytics workspaces.

Sources: azure-facts section 4 (defaults that come back, 201 with provisioningState, soft delete of
14 days after which the same name comes back); published types.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm.types import Lro, ResourceType, Route, Write, schema, versions
from reconciler.sandbox.store import Record

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

Json = dict[str, Any]
VERSIONS = versions("2020-08-01 2021-06-01 2022-10-01 2023-09-01 2025-02-01 2025-07-01")


def _prepare(write: Write) -> None:
    now = write.world.clock.iso()
    write.hidden.setdefault("customer", str(uuid.uuid4()))
    write.hidden.setdefault("created", now)
    write.hidden["modified"] = now
    properties = write.properties
    properties.setdefault("sku", {"name": "PerGB2018"})
    properties.setdefault("retentionInDays", 30)
    properties["features"] = {
        "legacy": 0,
        "searchVersion": 1,
        "enableLogAccessUsingOnlyResourcePermissions": True,
        **(properties.get("features") or {}),
    }
    properties.setdefault("workspaceCapping", {"dailyQuotaGb": -1.0})
    properties.setdefault("publicNetworkAccessForIngestion", "Enabled")
    properties.setdefault("publicNetworkAccessForQuery", "Enabled")


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


WORKSPACE = ResourceType(
    type="Microsoft.OperationalInsights/workspaces",
    versions=VERSIONS,
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
    update=Lro.SYNC,
    delete=Lro.LOCATION,
    create_s=20.0,
    delete_s=20.0,
    etag_in_body=True,
    system_data=False,
    prepare=_prepare,
    present=_present,
)
TYPES = (WORKSPACE,)
ROUTES: tuple[Route, ...] = ()
