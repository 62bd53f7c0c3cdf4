"""The fine-tuning tutorial as an azapi configuration: 22 blocks, and one that turns on traffic.

Bodies after Microsoft's "Terraform (AzAPI provider)" reference pages of each type
(learn.microsoft.com/azure/templates); api-versions are the newest that have published types, as
azapi's own schemas offer them first.
"""

from __future__ import annotations

import uuid
from typing import Any

from tests.clients.azapi import Block, Output
from tests.clients.conftest import SUBSCRIPTION

SUB = f"/subscriptions/{SUBSCRIPTION}"
ROLES = f"{SUB}/providers/Microsoft.Authorization/roleDefinitions"
ML, ML_VERSION = "Microsoft.MachineLearningServices/workspaces", "2026-05-15-preview"
FAMILY, SIZE = "standardNCADSA100v4Family", "Standard_NC24ads_A100_v4"
BASE_MODEL = "azureml://registries/azureml/models/Phi-3-mini-4k-instruct/versions/14"
# In full, as Azure answers: azapi takes the short form of a URI for another value.
DATASTORES = (
    f"azureml://subscriptions/{SUBSCRIPTION}/resourcegroups/rg-azapi/workspaces/azapi-workspace"
    "/datastores"
)
TRAINED = f"{DATASTORES}/workspaceartifactstore/paths/ExperimentRun/dcid.finetune-1/outputs"
GROUP, ACCOUNT, WORKSPACE = Output("group"), Output("storage"), Output("workspace")
ROBOT = Output("robot")
LOCATION = "eastus"
TAGS = {"team": "ml-platform"}
ACCOUNT_BODY = {
    "kind": "StorageV2",
    "sku": {"name": "Standard_LRS"},
    "properties": {
        "accessTier": "Hot",
        "allowBlobPublicAccess": False,
        "minimumTlsVersion": "TLS1_2",
        "supportsHttpsTrafficOnly": True,
        "networkAcls": {"defaultAction": "Allow", "bypass": "AzureServices"},
    },
}
VAULT_PROPERTIES = {
    "sku": {"family": "A", "name": "standard"},
    "accessPolicies": [],
    "enableRbacAuthorization": True,
    "enableSoftDelete": True,
    "softDeleteRetentionInDays": 7,
}


def placed(label: str, type_: str, version: str, name: str, **more: Any) -> Block:
    """A resource of the group that has a location and tags."""
    return Block(label, type_, version, name, GROUP, location=LOCATION, tags=TAGS, **more)


def child(label: str, type_: str, name: str, parent: Any = WORKSPACE, **more: Any) -> Block:
    """A resource of a workspace."""
    return Block(label, f"{ML}/{type_}", ML_VERSION, name, parent, **more)


def grant(label: str, role: str, scope: Output) -> Block:
    """A role assignment of the tutorial's identity."""
    properties = {
        "roleDefinitionId": f"{ROLES}/{role}",
        "principalId": Output("robot", "properties.principalId"),
        "principalType": "ServicePrincipal",
    }
    name = str(uuid.uuid5(uuid.NAMESPACE_URL, label))
    type_ = "Microsoft.Authorization/roleAssignments"
    return Block(label, type_, "2022-04-01", name, scope, {"properties": properties})


def foundation(tenant: str) -> list[Block]:
    """Group, quota, storage, vault, logs, insights, registry, identity and its three grants."""
    limit = {"limitObjectType": "LimitValue", "value": 48}
    quota = {"properties": {"limit": limit, "name": {"value": FAMILY}}}
    regional = f"{SUB}/providers/Microsoft.MachineLearningServices/locations/{LOCATION}"
    group = ("group", "Microsoft.Resources/resourceGroups", "2025-04-01", "rg-azapi", SUB)
    asked = ("quota", "Microsoft.Quota/quotas", "2026-09-01-preview", FAMILY, regional, quota)
    return [
        Block(*group, location=LOCATION, tags=TAGS),
        Block(*asked, updates=True),
        placed(
            *("storage", "Microsoft.Storage/storageAccounts", "2026-04-01", "azapistorage"),
            body=ACCOUNT_BODY,
        ),
        placed(
            *("vault", "Microsoft.KeyVault/vaults", "2026-03-01-preview", "azapi-vault"),
            body={"properties": {"tenantId": tenant, **VAULT_PROPERTIES}},
        ),
        *monitoring(),
        placed(
            *("registry", "Microsoft.ContainerRegistry/registries", "2026-03-01-preview"),
            "azapiregistry",
            body={"sku": {"name": "Standard"}, "properties": {"adminUserEnabled": True}},
        ),
        placed(
            *("robot", "Microsoft.ManagedIdentity/userAssignedIdentities", "2025-05-31-preview"),
            "azapi-robot",
        ),
        grant("contributor", "b24988ac-6180-42a0-ab88-20f7382dd24c", GROUP),
        grant("blob_reader", "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1", ACCOUNT),
        grant("acr_pull", "7f951dda-4ed3-4680-a7ca-43fe172d538d", Output("registry")),
    ]


def monitoring() -> list[Block]:
    """The Log Analytics workspace, and Application Insights over it."""
    insights = {"Application_Type": "web", "WorkspaceResourceId": Output("logs")}
    return [
        placed(
            *("logs", "Microsoft.OperationalInsights/workspaces", "2025-07-01", "azapi-logs"),
            body={"properties": {"sku": {"name": "PerGB2018"}, "retentionInDays": 30}},
        ),
        placed(
            *("insights", "Microsoft.Insights/components", "2020-02-02", "azapi-insights"),
            body={"kind": "web", "properties": {**insights, "RetentionInDays": 90}},
        ),
    ]


def workspaces() -> list[Block]:
    """The workspace, the hub and its project."""
    links = {"storageAccount": ACCOUNT, "keyVault": Output("vault")}
    more = {"applicationInsights": Output("insights"), "containerRegistry": Output("registry")}
    found = {
        "workspace": ("Default", {**links, **more, "friendlyName": "Fine-tuning"}),
        "hub": ("Hub", {**links, "publicNetworkAccess": "Enabled"}),
        "project": ("Project", {"hubResourceId": Output("hub"), "description": "Chat"}),
    }
    return [
        placed(
            *(label, ML, ML_VERSION, f"azapi-{label}"),
            identity={"type": "SystemAssigned"},
            ignore_casing=True,  # Azure answers with `Microsoft.Keyvault`
            body={"kind": kind, "properties": properties},
        )
        for label, (kind, properties) in found.items()
    ]


def data_uri(label: str) -> str:
    return f"{DATASTORES}/workspaceblobstore/paths/ultrachat/{label}.jsonl"


def training() -> list[Block]:
    """The cluster and both data versions."""
    scale = {"minNodeCount": 0, "maxNodeCount": 1, "nodeIdleTimeBeforeScaleDown": "PT2M"}
    inner = {"vmSize": SIZE.upper(), "vmPriority": "Dedicated", "scaleSettings": scale}
    data = [
        child(
            *(label, "data/versions", "1", Output("workspace", below=f"/data/{label}")),
            body={"properties": {"dataType": "uri_file", "dataUri": data_uri(label)}},
        )
        for label in ("train", "test")
    ]
    cluster = child(
        *("cluster", "computes", "gpu-cluster"),
        location=LOCATION,
        tags=TAGS,
        identity={"type": "UserAssigned", "userAssignedIdentities": {ROBOT: {}}},
        body={"properties": {"computeType": "AmlCompute", "properties": inner}},
        delete_query={"underlyingResourceAction": "Delete"},
    )
    return [cluster, *data]


def job() -> Block:
    """The fine-tuning job."""

    def data(label: str) -> dict[str, Any]:
        return {"jobInputType": "uri_file", "uri": Output(label)}

    details = {
        "modelProvider": "Custom",
        "taskType": "ChatCompletion",
        "model": {"jobInputType": "mlflow_model", "uri": BASE_MODEL},
        "trainingData": data("train"),
        "validationData": data("test"),
        "hyperParameters": {"num_train_epochs": "1", "learning_rate": "0.00002"},
    }
    output = {"jobOutputType": "mlflow_model", "assetName": "phi3-ultrachat"}
    properties = {
        "jobType": "FineTuning",
        "experimentName": "finetune",
        "displayName": "phi3",
        "computeId": Output("cluster"),
        "fineTuningDetails": details,
        "outputs": {"registered_model": output},
    }
    return child("job", "jobs", "finetune-1", body={"properties": properties})


def serving() -> list[Block]:
    """The model, its endpoint and deployment, the traffic, and the project's connection."""
    model = {
        "modelType": "mlflow_model",
        "modelUri": f"{TRAINED}/registered_model",
        "jobName": "finetune-1",
    }
    endpoint = {"authMode": "Key", "publicNetworkAccess": "Enabled"}
    served = {
        "endpointComputeType": "Managed",
        "model": Output("model"),
        "instanceType": SIZE,
        "egressPublicNetworkAccess": "Enabled",
    }
    connection = {
        "category": "CustomKeys",
        "authType": "CustomKeys",
        "target": Output("endpoint", "properties.scoringUri"),
        "credentials": {"keys": {"key": "a-key-of-the-endpoint"}},
    }
    system = {"type": "SystemAssigned"}
    where: dict[str, Any] = {"location": LOCATION, "tags": TAGS}
    blue = {"sku": {"name": "Default", "capacity": 1}, "properties": served}
    return [
        child(
            *("model", "models/versions", "1", Output("workspace", below="/models/phi3")),
            body={"properties": model},
        ),
        child(
            *("endpoint", "onlineEndpoints", "ep-azapi"),
            **where,
            identity=system,
            body={"properties": endpoint},
        ),
        child(
            *("deployment", "onlineEndpoints/deployments", "blue", Output("endpoint")),
            **where,
            body=blue,
        ),
        child(
            *("connection", "connections", "phi3-connection", Output("project")),
            body={"properties": connection},
        ),
        child(
            *("traffic", "onlineEndpoints", "ep-azapi"),
            body={"properties": {"traffic": {"blue": 100}}},
            updates=True,
        ),
    ]
