"""Azure ML clusters (AmlCompute).

Sources: azure-facts section 12 (201 with Azure-AsyncOperation, PATCH of scaleSettings only,
`underlyingResourceAction`, upper-cased vmSize), published example get/AmlCompute.
Refusal codes of an immutable PUT and of nodes above the quota: not recorded against real Azure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm import barred, capacity, catalog, identities, ml, pools
from reconciler.sandbox.arm.errors import ArmError, user_error
from reconciler.sandbox.arm.types import Answer, Call, Lro, ResourceType, Write, schema
from reconciler.sandbox.store import Record

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

Json = dict[str, Any]
_INNER = "properties.properties"


def _prepare(write: Write) -> None:
    identities.prepare(write, separator=",")
    properties = write.properties
    inner = properties.get("properties")
    if not inner:
        raise user_error("AmlCompute needs properties.properties.", "ValidationError")
    workspace = ml.workspace_of(write.world, write.id)
    write.body.setdefault("location", workspace.body["location"])
    if write.body["location"] is None:
        write.body["location"] = workspace.body["location"]
    now = write.world.clock.iso()
    write.hidden.setdefault("created", now)
    write.hidden["modified"] = now
    _check_size(write, inner)
    _defaults(write, inner)


def _check_size(write: Write, inner: Json) -> None:
    size = catalog.vm_size(str(inner.get("vmSize") or ""))
    location = str(write.body["location"])
    is_known = size is not None and catalog.is_offered(size, location)
    if size is None or not is_known or barred.is_barred(write.world, size, location):
        raise user_error(
            f"VM size {inner.get('vmSize')} is not supported in {write.body['location']}.",
            "ValidationError/InvalidVmSize",
        )
    inner["vmSize"] = size.name.upper()
    scale = inner["scaleSettings"]
    minimum, maximum = int(scale.get("minNodeCount") or 0), int(scale["maxNodeCount"])
    if not 0 <= minimum <= maximum:
        raise user_error(
            "minNodeCount must be between 0 and maxNodeCount.", "ValidationError/InvalidNodeCount"
        )
    priority = inner.get("vmPriority")
    if str(priority or "").lower() == "lowpriority" and not size.low_priority:
        raise user_error(
            f"The VM size {size.name.upper()} is not allowed for LowPriority. Please convert to "
            "Dedicated or use a different VM size.",
            "ValidationError/InvalidVmSize",
        )
    pool = capacity.pools_of_cluster(size, priority)[0]
    _check_cores(write, pool, size, maximum)
    _check_count(write)


def _check_cores(write: Write, pool: str, size: catalog.VmSize, maximum: int) -> None:
    """A cluster may not be larger than its pool, whatever others use of it now."""
    subscription, location = write.id.split("/")[2], str(write.body["location"])
    limit = capacity.limit(write.world, subscription, location, pool)
    cap = pools.workspace_limit(write.world, ml.workspace_id(write.id), pool)
    limit = limit if cap is None or 0 <= limit < cap else cap
    if 0 <= limit < maximum * size.cores:
        raise user_error(
            f"The specified subscription has a total vCPU quota of {limit} for {pool} in "
            f"{location}; {maximum} nodes of {size.name} need {maximum * size.cores}.",
            "ClusterCoreQuotaReached",
        )


def _check_count(write: Write) -> None:
    subscription, location = write.id.split("/")[2], str(write.body["location"])
    limit = capacity.limit(write.world, subscription, location, pools.CLUSTERS)
    if write.old is None and capacity.clusters(write.world, subscription, location) >= limit:
        raise user_error(
            f"The specified subscription has reached its limit of {limit} clusters in {location}.",
            "ClusterQuotaReached",
        )


def _defaults(write: Write, inner: Json) -> None:
    scale = inner["scaleSettings"]
    if scale.get("minNodeCount") is None:
        scale["minNodeCount"] = 0
    if scale.get("nodeIdleTimeBeforeScaleDown") is None:
        scale["nodeIdleTimeBeforeScaleDown"] = "PT2M"
    defaults: Json = {
        "vmPriority": "Dedicated",
        "osType": "Linux",
        "isolatedNetwork": False,
        "remoteLoginPortPublicAccess": "Enabled",
        "enableNodePublicIp": True,
    }
    if str(inner.get("remoteLoginPortPublicAccess", "")).lower() == "notspecified":
        inner["remoteLoginPortPublicAccess"] = "Enabled"
    for key, value in defaults.items():
        if inner.get(key) is None:
            inner[key] = value
    credentials = inner.get("userAccountCredentials")
    if isinstance(credentials, dict):
        inner["userAccountCredentials"] = {"adminUserName": credentials.get("adminUserName")}
    properties = write.properties
    properties.setdefault("description", None)
    properties.setdefault("disableLocalAuth", False)
    properties.setdefault("resourceId", None)
    inner.setdefault("subnet", None)
    properties["computeLocation"] = write.body["location"]


def _present(world: World, record: Record, body: Json) -> None:
    identities.present(world, record, body)
    properties = body["properties"]
    nodes = capacity.cluster_nodes(world, record)
    minimum = int(properties["properties"]["scaleSettings"]["minNodeCount"])
    properties |= {
        "createdOn": record.hidden["created"],
        "modifiedOn": record.hidden["modified"],
        "isAttachedCompute": False,
        "provisioningErrors": None,
    }
    properties["properties"] |= {
        "allocationState": "Steady",
        "allocationStateTransitionTime": record.hidden["created"],
        "errors": None,
        "currentNodeCount": nodes,
        "targetNodeCount": nodes,
        "nodeStateCounts": {
            "preparingNodeCount": 0,
            "runningNodeCount": max(0, nodes - minimum),
            "idleNodeCount": min(nodes, minimum),
            "unusableNodeCount": 0,
            "leavingNodeCount": 0,
            "preemptedNodeCount": 0,
        },
    }
    body.setdefault("tags", {})


def _before_delete(world: World, record: Record, call: Call) -> None:
    """Published as required; recorded as taken without."""
    action = call.query.get("underlyingResourceAction", "Delete")
    if action.lower() not in ("delete", "detach"):
        raise ArmError(
            400,
            "BadRequest",
            "The query parameter underlyingResourceAction must be Delete or Detach.",
        )


def _list_nodes(world: World, record: Record, call: Call) -> Answer:
    """Return a node for each that the cluster has now (published example listNodes)."""
    count = capacity.cluster_nodes(world, record)
    nodes = [
        {
            "nodeId": f"tvmps_{record.name}_{number}",
            "privateIpAddress": f"10.0.0.{4 + number}",
            "publicIpAddress": None,
            "port": 50000 + number,
            "nodeState": "running",
            "runId": None,
        }
        for number in range(count)
    ]
    return Answer(200, {"nodes": nodes, "nextLink": None})


COMPUTES = ResourceType(
    type=capacity.COMPUTES,
    bad_content=ml.bad_content,
    drops_unpublished=True,
    schema=schema(
        """
        location: str
        tags: map
        sku: <ml.Sku>
        """,
        identities.SCHEMA,
        """
        properties!:
          computeType!: AmlCompute
          computeLocation: str
          description: str
          disableLocalAuth: bool
          resourceId: str
          provisioningState-: str
          createdOn-: str
          modifiedOn-: str
          isAttachedCompute-: bool
          provisioningErrors-: any
          properties:
            osType: Linux|Windows
            vmSize: str
            vmPriority: Dedicated|LowPriority
            virtualMachineImage: <ml.VirtualMachineImage>
            isolatedNetwork: bool
            scaleSettings!:
              maxNodeCount!: int
              minNodeCount: int
              nodeIdleTimeBeforeScaleDown: str
            userAccountCredentials: <ml.UserAccountCredentials>
            subnet: <ml.ResourceId>
            remoteLoginPortPublicAccess: Enabled|Disabled|NotSpecified
            enableNodePublicIp: bool
            propertyBag: any
            allocationState-: str
            allocationStateTransitionTime-: str
            errors-: any
            currentNodeCount-: int
            targetNodeCount-: int
            nodeStateCounts-: any
        """,
    ),
    patch_schema=schema(
        """
        properties:
          properties:
            scaleSettings:
              maxNodeCount: int
              minNodeCount: int
              nodeIdleTimeBeforeScaleDown: str
        """
    ),
    name_pattern=r"^[a-zA-Z](?![a-zA-Z0-9-]*-\d+$)[a-zA-Z0-9\-]{2,23}$",
    tracked=False,
    create=Lro.ASYNC_OPERATION,
    update_status=201,
    patch_status=200,
    update=Lro.ASYNC_OPERATION,
    delete=Lro.BOTH,
    create_s=60.0,
    update_s=15.0,
    delete_s=60.0,
    says_retry_after=False,
    immutable=(
        "properties.computeType",
        f"{_INNER}.vmSize",
        f"{_INNER}.vmPriority",
        f"{_INNER}.osType",
        f"{_INNER}.subnet",
        f"{_INNER}.enableNodePublicIp",
        f"{_INNER}.remoteLoginPortPublicAccess",
        "properties.disableLocalAuth",
        "identity.type",
        "identity.userAssignedIdentities",
    ),
    immutable_error=lambda path, name: user_error(
        f"Compute '{name}' already exists and its property '{path}' cannot be changed. Delete "
        "the compute and create it again.",
        "ValidationError/Immutable",
    ),
    not_found=ml.not_found("compute"),
    prepare=_prepare,
    before_delete=_before_delete,
    present=_present,
    actions={"listNodes": _list_nodes},
)
TYPES = (COMPUTES,)
