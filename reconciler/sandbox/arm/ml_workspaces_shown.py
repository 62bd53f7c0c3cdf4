"""What a workspace answers: its links, its projects, what it shows of itself, its keys.

Sources: azure-facts sections 10 and 11 (projects inherit); the published examples of
Workspace/listKeys and Workspace/diagnose.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm import containerregistry, identities, later, ml
from reconciler.sandbox.arm.errors import user_error
from reconciler.sandbox.arm.types import Answer, Call
from reconciler.sandbox.store import Record

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

Json = dict[str, Any]
DIAGNOSE_S = 20.0
LINKED = {
    "storageAccount": "Microsoft.Storage/storageAccounts",
    "keyVault": "Microsoft.KeyVault/vaults",
    "applicationInsights": "Microsoft.Insights/components",
    "containerRegistry": "Microsoft.ContainerRegistry/registries",
}
INHERITED = (*LINKED, "managedNetwork", "encryption")


def linked(world: World, record: Record, name: str) -> Record | None:
    """Return a workspace's linked resource, a project's through its hub."""
    owner = record
    if record.body.get("kind") == "Project":
        hub = world.store.get(record.body["properties"]["hubResourceId"])
        owner = hub or record
    return world.store.get(str(owner.body["properties"].get(name) or ""))


def projects(world: World, hub: Record) -> list[Record]:
    """Return the projects of a hub."""
    return [
        record
        for record in world.store.of_type(ml.WORKSPACE)
        if str(record.body["properties"].get("hubResourceId", "")).lower() == hub.id.lower()
    ]


def present(world: World, record: Record, body: Json) -> None:
    """Add what Azure adds to a workspace; a project shows what it inherits of its hub."""
    identities.present(world, record, body)
    properties = body["properties"]
    body.setdefault("tags", {})
    body["etag"] = None
    for name in ("containerRegistry", "imageBuildCompute"):
        properties.setdefault(name, None)
    properties["softDeleteEnabled"] = True
    if body["kind"] == "Project":
        hub = world.store.get(properties["hubResourceId"])
        for name in INHERITED:
            value = hub.body["properties"].get(name) if hub else None
            if value is not None:
                properties[name] = value
    if body["kind"] == "Hub":
        properties["associatedWorkspaces"] = [one.id for one in projects(world, record)]
    location = body["location"]
    properties |= {
        "workspaceId": record.hidden["workspace"],
        "tenantId": world.identity.tenant_id,
        "discoveryUrl": f"{world.base_url}/_aml/discovery",
        "mlFlowTrackingUri": f"azureml://{location}.api.azureml.ms/mlflow/v1.0{record.id}",
        "privateLinkCount": 0,
        "storageHnsEnabled": False,
        "notebookInfo": {
            "resourceId": record.hidden["workspace"].replace("-", ""),
            "fqdn": f"ml-{record.name.lower()}-{location}.{location}.notebooks.sandbox.test",
            "isPrivateLinkEnabled": False,
        },
    }


def list_keys(world: World, record: Record, call: Call) -> Answer:
    """Answer with the keys of what it links to (published example Workspace/listKeys)."""
    account = linked(world, record, "storageAccount")
    if account is None:
        raise user_error("The workspace's storage account was not found.", "NotFoundError", 404)
    insights = linked(world, record, "applicationInsights")
    keys = {
        "userStorageKey": account.hidden["keys"][0],
        "userStorageResourceId": account.id,
        "appInsightsInstrumentationKey": insights.hidden["key"] if insights else None,
        "containerRegistryCredentials": _registry_login(world, record),
        "notebookAccessKeys": {"primaryAccessKey": None, "secondaryAccessKey": None},
    }
    return Answer(200, keys)


def _registry_login(world: World, record: Record) -> Json:
    """Published example Workspace/listKeys; a registry without its admin user has no passwords."""
    registry = linked(world, record, "containerRegistry")
    if registry is None or not registry.body["properties"].get("adminUserEnabled"):
        return {"location": None, "username": None, "passwords": None}
    return {"location": registry.body["location"], **containerregistry.login(world, registry)}


def diagnose(world: World, record: Record, call: Call) -> Answer:
    """Nothing is ever wrong with a sandbox's network (published example Workspace/diagnose)."""
    checks = (
        "userDefinedRoute",
        "networkSecurityRule",
        "resourceLock",
        "dnsResolution",
        "storageAccount",
        "keyVault",
        "containerRegistry",
        "applicationInsights",
        "other",
    )
    results: Json = {"value": {f"{name}Results": [] for name in checks}}
    return later.accepted(world, call, later.begin(world, call, DIAGNOSE_S, results))
