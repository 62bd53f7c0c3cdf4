"""Managed online deployments: model, identity and quota are checked before the container starts.

Sources: azure-facts section 17 (defaults, failure codes BadArgument, OutOfQuota, ResourceNotReady;
PATCH of capacity and tags; 0 traffic before delete). Error codes inside `UserError` were not
recorded against real Azure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm import (
    barred,
    capacity,
    catalog,
    deployment_assets,
    gpu_memory,
    identities,
    ml,
)
from reconciler.sandbox.arm.authorization import holds_role
from reconciler.sandbox.arm.errors import ArmError, user_error
from reconciler.sandbox.arm.ml_endpoints import NAME, operation_uri
from reconciler.sandbox.arm.ml_endpoints import TYPE as ENDPOINT
from reconciler.sandbox.arm.ml_workspaces_shown import linked
from reconciler.sandbox.arm.schema import Check
from reconciler.sandbox.arm.types import Answer, Call, Lro, ResourceType, Route, Write, schema
from reconciler.sandbox.store import Record

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

Json = dict[str, Any]
PROBE: Json = {
    "failureThreshold": 30,
    "successThreshold": 1,
    "timeout": "PT2S",
    "period": "PT10S",
    "initialDelay": "PT10S",
}
REQUESTS: Json = {
    "requestTimeout": "PT5S",
    "maxConcurrentRequestsPerInstance": 1,
    "maxQueueWait": "PT0.5S",
}
BLOB_ROLES = (
    "Storage Blob Data Reader",
    "Storage Blob Data Contributor",
    "Storage Blob Data Owner",
)
MAX_INSTANCES = 50


def _prepare(write: Write) -> None:
    identities.prepare(write)
    properties = write.properties
    endpoint = write.world.store.get(write.id.rsplit("/deployments/", 1)[0])
    if endpoint is not None:
        endpoint = write.world.arm.lifecycle.settle(endpoint)
    if endpoint is not None and endpoint.body["properties"]["provisioningState"] == "Creating":
        raise user_error("The endpoint is still being created.", "BadArgument/EndpointNotReady")
    if not write.body.get("location") and endpoint is not None:
        write.body["location"] = endpoint.body["location"]
    sku = write.body["sku"] = {"name": "Default", "capacity": 1, **_given(write.body.get("sku"))}
    sku["tier"] = "Standard"
    _check_size(write, int(sku["capacity"]))
    deployment_assets.check(write)
    for probe in ("livenessProbe", "readinessProbe"):
        properties[probe] = PROBE | _given(properties.get(probe))
    properties["requestSettings"] = REQUESTS | _given(properties.get("requestSettings"))
    defaults: Json = {
        "scaleSettings": {"scaleType": "Default"},
        "appInsightsEnabled": False,
        "egressPublicNetworkAccess": "Enabled",
        "environmentVariables": {},
        "properties": {},
        "description": None,
        "environmentId": None,
        "codeConfiguration": None,
        "modelMountPath": None,
    }
    for key, value in defaults.items():
        if properties.get(key) is None:
            properties[key] = value


def _given(value: Json | None) -> Json:
    return {key: item for key, item in (value or {}).items() if item is not None}


def _check_size(write: Write, count: int) -> None:
    properties = write.properties
    name = properties.get("instanceType") or "Standard_F4s_v2"
    size = catalog.vm_size(str(name))
    location = str(write.body["location"])
    is_known = size is not None and catalog.is_offered(size, location) and size.serves
    if size is None or not is_known or barred.is_barred(write.world, size, location):
        raise user_error(f"Instance type {name} is not supported.", "BadArgument/InvalidSku")
    if not 1 <= count <= MAX_INSTANCES:
        raise user_error(
            f"The instance count must be between 1 and {MAX_INSTANCES}.", "BadArgument"
        )
    properties["instanceType"] = size.name
    needed = capacity.reserved(size, count)
    need = capacity.Held(capacity.pools_of_deployment(size), needed)
    short = capacity.shortage(write.world, write.id, location, need)
    if short is not None:
        raise user_error(
            f"Not enough quota available for {size.name} in SubscriptionId "
            f"{write.id.split('/')[2]}. Current usage/limit: {short.used}/{short.limit}. "
            f"Additional needed: {needed} Please see troubleshooting guide, available here: "
            "https://aka.ms/oe-tsg#error-outofquota",
            "OutOfQuota",
        )


def _ready(world: World, record: Record) -> None:
    """The image is pulled and the model mounted: what the endpoint's identity may not read
    fails the deployment (a system-assigned identity got its roles with the endpoint).
    """
    endpoint = world.store.get(record.id.rsplit("/deployments/", 1)[0])
    if endpoint is None:
        raise user_error("The endpoint was deleted.", "OperationCanceled")
    workspace = ml.workspace_of(world, record.id)
    if (endpoint.body.get("identity") or {}).get("type") == "UserAssigned":
        _check_identity(world, endpoint, workspace)
    _check_files(world, record, workspace)
    gpu_memory.check(record.body["properties"])


def _check_identity(world: World, endpoint: Record, workspace: Record) -> None:
    registry = linked(world, workspace, "containerRegistry")
    account = linked(world, workspace, "storageAccount")
    for principal in identities.principals(world, endpoint):
        if registry is not None:
            mode = registry.body["properties"].get("roleAssignmentMode")
            is_abac = mode == "AbacRepositoryPermissions"
            pull = "Container Registry Repository Reader" if is_abac else "AcrPull"
            if not holds_role(world, principal, registry.id, (pull,)):
                raise _lacks(principal, pull, registry.id)
        if account is not None and not holds_role(world, principal, account.id, BLOB_ROLES):
            raise _lacks(principal, BLOB_ROLES[0], account.id)


def _lacks(principal: str, role: str, scope: str) -> ArmError:
    return ArmError(
        400,
        "BadArgument",
        f"The endpoint's user-assigned identity (principal {principal}) does not have the role "
        f"'{role}' on {scope}. Grant it and create the deployment again.",
    )


def _check_files(world: World, record: Record, workspace: Record) -> None:
    model = world.store.get(str(record.body["properties"].get("model")))
    if model is None:
        return
    properties = model.body["properties"]
    place = ml.locate(world, workspace.id, properties["modelUri"])
    if place is None and ml.datastore_path(properties["modelUri"]) is None:
        return  # the address of a blob: the sandbox holds nothing of other accounts
    if place is None or not world.blobs.list(place[0], place[1], place[2]):
        raise ArmError(
            400,
            "ResourceNotReady",
            f"The model's files were not found at {properties['modelUri']}.",
        )


def _present(world: World, record: Record, body: Json) -> None:
    body.setdefault("tags", {})
    body.setdefault("kind", None)
    body["properties"]["properties"] = {
        **body["properties"]["properties"],
        "AzureAsyncOperationUri": operation_uri(world, record),
    }


def _before_delete(world: World, record: Record, call: Call) -> None:
    endpoint = world.store.get(record.id.rsplit("/deployments/", 1)[0])
    traffic = (endpoint.body["properties"].get("traffic") or {}) if endpoint else {}
    share = int(traffic.get(record.name.lower(), 0))
    if share:
        raise user_error(
            f"Deployment {record.name} has {share} % of the endpoint's traffic. Set it to 0 before "
            "deleting.",
            "BadArgument/DeploymentHasTraffic",
        )


_LOGS = schema("containerType: StorageInitializer|InferenceServer\ntail: int")


def _logs(world: World, record: Record, call: Call) -> Answer:
    sent = Check(call.version).body(_LOGS, call.body or {}, None)
    tail = int(sent.get("tail") or 200)
    state = record.body["properties"]["provisioningState"]
    lines = [
        f"{world.clock.iso(record.created)} | INFO | Starting deployment {record.name}",
        f"{world.clock.iso(record.created)} | INFO | Model {record.body['properties']['model']}",
        f"{world.clock.iso()} | INFO | State {state}",
    ]
    return Answer(200, {"content": "\n".join(lines[-tail:]) + "\n"})


def _skus(world: World, call: Call, path: dict[str, str]) -> Answer:
    capacity_text = {"default": 1, "minimum": 1, "maximum": MAX_INSTANCES, "scaleType": "Manual"}
    sku = {"name": "Default", "tier": "Standard"}
    resource_type = f"{ENDPOINT}/deployments"
    return Answer(
        200, {"value": [{"resourceType": resource_type, "sku": sku, "capacity": capacity_text}]}
    )


_PROBE_SCHEMA = """
    failureThreshold: int
    initialDelay: str
    period: str
    successThreshold: int
    timeout: str
"""
DEPLOYMENTS = ResourceType(
    type=capacity.DEPLOYMENTS,
    running_word="Updating",  # UNVERIFIED: as issue 3 states it; in none of our recordings
    bad_content=ml.bad_content,
    drops_unpublished=True,
    schema=schema(
        """
        location!: str
        kind: str
        tags: map
        sku: <ml.Sku>
        """,
        identities.SCHEMA,
        f"""
properties!:
  endpointComputeType!: Managed
  appInsightsEnabled: bool
  codeConfiguration: <ml.CodeConfiguration>
  dataCollector@2024-04-01/2023-04-01: <ml.DataCollector>
  description: str
  egressPublicNetworkAccess@2022-10-01/2022-02-01: Enabled|Disabled
  environmentId: str
  environmentVariables: map
  instanceType: str
  model: str
  modelMountPath: str
  properties: map
  provisioningState-: str
  privateNetworkConnection@never/2022-02-01..2022-02-01: bool
  livenessProbe:{_PROBE_SCHEMA}
  readinessProbe:{_PROBE_SCHEMA}
  startupProbe@2024-10-01:{_PROBE_SCHEMA}
  requestSettings:
    maxConcurrentRequestsPerInstance: int
    maxQueueWait: str
    requestTimeout: str
  scaleSettings: <ml.OnlineScaleSettings>
""",
    ),
    patch_schema=schema(
        """
        tags: map
        sku: <ml.Sku>
        """
    ),
    name_pattern=NAME,
    create=Lro.BOTH,
    update=Lro.BOTH,
    delete=Lro.BOTH,
    create_s=600.0,
    update_s=200.0,
    delete_s=60.0,
    says_retry_after=False,
    retry_after_s=30,
    immutable=("properties.instanceType", "properties.egressPublicNetworkAccess"),
    immutable_error=lambda path, name: user_error(
        f"Deployment property '{path}' cannot be changed; create a new deployment.",
        "BadArgument/Immutable",
    ),
    not_found=ml.not_found("online deployment"),
    prepare=_prepare,
    ready=_ready,
    before_delete=_before_delete,
    present=_present,
    actions={"getLogs": _logs},
)
TYPES = (DEPLOYMENTS,)
ROUTES = (
    Route(
        "GET",
        "/subscriptions/{sub}/resourceGroups/{group}/providers/Microsoft.MachineLearningServices/"
        "workspaces/{workspace}/onlineEndpoints/{endpoint}/deployments/{name}/skus",
        ml.VERSIONS,
        _skus,
    ),
)
