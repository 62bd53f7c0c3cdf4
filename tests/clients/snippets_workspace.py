"""Snippets: connecting, workspaces, clusters and datastores."""

from __future__ import annotations

import json

from azure.core.exceptions import ResourceNotFoundError

from tests.clients.azure_ml import (
    GROUP,
    RESOURCE_GROUP,
    WORKSPACES,
    client,
    cloud_keywords,
    credential,
)
from tests.clients.conftest import SUBSCRIPTION
from tests.clients.snippets import WORKSPACE, Notebook, snippet


@snippet("machine-learning/how-to-configure-environment")
def connect_with_a_configuration_file(cell: Notebook) -> None:
    from azure.ai.ml import MLClient

    names = ("subscription_id", "resource_group", "workspace_name")
    content = dict(zip(names, (SUBSCRIPTION, RESOURCE_GROUP, "ws1"), strict=True))
    cell.file(".azureml/config.json", json.dumps(content))
    served = cell.arm.served
    ml = MLClient.from_config(credential(served), path=str(cell.folder), **cloud_keywords(served))
    found = ml.workspaces.get(ml.workspace_name)
    assert found.id == cell.arm.get(WORKSPACE)["id"]
    assert (found.location, found.resource_group) == ("eastus", RESOURCE_GROUP)


@snippet("machine-learning/how-to-manage-workspace")
def create_a_workspace_over_what_exists(cell: Notebook) -> None:
    from azure.ai.ml.entities import Workspace

    links = cell.arm.get(WORKSPACE)["properties"]
    wanted = Workspace(
        name="ws-existing",
        location="eastus",
        display_name="Bring your own dependent resources",
        storage_account=links["storageAccount"],
        key_vault=f"{GROUP}/providers/Microsoft.KeyVault/vaults/ws1-vault",
        tags={"purpose": "demonstration"},
    )
    client(cell.arm.served).workspaces.begin_create(wanted).result()
    held = cell.arm.get(f"{WORKSPACES}/ws-existing")
    assert held["properties"]["storageAccount"] == links["storageAccount"]
    assert held["properties"]["friendlyName"] == "Bring your own dependent resources"
    assert held["tags"]["purpose"] == "demonstration"
    accounts = cell.arm.get(f"{GROUP}/providers/Microsoft.Storage/storageAccounts", "2023-05-01")
    assert [one["name"] for one in accounts["value"]] == ["ws1storage"]


@snippet("machine-learning/how-to-manage-workspace")
def change_a_workspace(cell: Notebook) -> None:
    found = cell.ml.workspaces.get("ws1")
    found.description = "A test workspace"
    found.tags = {"cost-center": "42"}
    cell.ml.workspaces.begin_update(found).result()
    held = cell.arm.get(WORKSPACE)
    assert held["properties"]["description"] == "A test workspace"
    assert held["tags"] == {"cost-center": "42"}
    assert [one.name for one in cell.ml.workspaces.list()] == ["ws1"]


@snippet("machine-learning/how-to-manage-workspace")
def delete_a_workspace_for_good(cell: Notebook) -> None:
    cell.ml.workspaces.begin_delete(
        name="ws1", delete_dependent_resources=False, permanently_delete=True
    ).result()
    assert cell.arm.send("GET", WORKSPACE).status_code == 404
    again = cell.arm.workspace("ws1")  # its name is free at once
    assert again["properties"]["provisioningState"] == "Succeeded"


@snippet("machine-learning/how-to-create-attach-compute-cluster")
def get_a_cluster_or_create_it(cell: Notebook) -> None:
    from azure.ai.ml.entities import AmlCompute

    name = "cpu-cluster"
    try:
        cell.ml.compute.get(name)
    except ResourceNotFoundError:
        wanted = AmlCompute(name=name, type="amlcompute", size="STANDARD_DS3_V2", max_instances=4)
        cell.ml.compute.begin_create_or_update(wanted).result()
    found = cell.ml.compute.get(name)
    assert (found.provisioning_state, found.min_instances) == ("Succeeded", 0)
    assert cell.held(f"computes/{name}")["properties"]["scaleSettings"]["maxNodeCount"] == 4


@snippet("machine-learning/how-to-create-attach-compute-cluster")
def create_a_low_priority_cluster(cell: Notebook) -> None:
    from azure.ai.ml.entities import AmlCompute

    wanted = AmlCompute(
        name="low-pri-example",
        size="STANDARD_DS3_v2",
        min_instances=0,
        max_instances=2,
        idle_time_before_scale_down=120,
        tier="low_priority",
    )
    cell.ml.begin_create_or_update(wanted).result()
    held = cell.held("computes/low-pri-example")["properties"]
    assert held["vmPriority"] == "LowPriority"
    assert cell.ml.compute.get("low-pri-example").tier == "low_priority"


@snippet("machine-learning/how-to-create-attach-compute-cluster")
def give_a_cluster_an_identity(cell: Notebook) -> None:
    from azure.ai.ml.entities import AmlCompute, IdentityConfiguration

    wanted = AmlCompute(
        name="identity-cluster",
        size="STANDARD_DS3_v2",
        max_instances=1,
        identity=IdentityConfiguration(type="SystemAssigned"),
    )
    cell.ml.compute.begin_create_or_update(wanted).result()
    held = cell.arm.get(f"{WORKSPACE}/computes/identity-cluster")["identity"]
    assert held["type"] == "SystemAssigned"
    assert cell.ml.compute.get("identity-cluster").identity.principal_id == held["principalId"]


@snippet("machine-learning/how-to-create-attach-compute-cluster")
def delete_a_cluster(cell: Notebook) -> None:
    from azure.ai.ml.entities import AmlCompute

    wanted = AmlCompute(name="short-lived", size="STANDARD_DS3_v2", max_instances=1)
    cell.ml.compute.begin_create_or_update(wanted).result()
    assert [one.name for one in cell.ml.compute.list()] == ["short-lived"]
    cell.ml.compute.begin_delete("short-lived").wait()
    assert cell.is_gone("computes/short-lived")


@snippet("machine-learning/how-to-datastore")
def register_a_container_with_a_sas_token(cell: Notebook) -> None:
    from azure.ai.ml.entities import AzureBlobDatastore, SasTokenConfiguration

    store = AzureBlobDatastore(
        name="blob_sas_example",
        description="Datastore pointing to a blob container using a SAS token.",
        account_name="ws1storage",
        container_name="data-container",
        credentials=SasTokenConfiguration(sas_token="?sv=2024-11-04&sr=c&sp=rl&sig=made-up"),
    )
    cell.ml.create_or_update(store)
    held = cell.held("datastores/blob_sas_example")
    assert (held["datastoreType"], held["credentials"]) == (
        "AzureBlob",
        {"credentialsType": "Sas"},
    )
    shown = cell.ml.datastores.get("blob_sas_example", include_secrets=True)
    assert shown.credentials.sas_token.endswith("sig=made-up")


@snippet("machine-learning/how-to-datastore")
def register_a_container_without_a_credential(cell: Notebook) -> None:
    from azure.ai.ml.entities import AzureBlobDatastore

    store = AzureBlobDatastore(
        name="blob_credless_example",
        description="Credential-less datastore pointing to a blob container.",
        account_name="ws1storage",
        container_name="data-container",
    )
    cell.ml.create_or_update(store)
    held = cell.held("datastores/blob_credless_example")
    assert held["credentials"]["credentialsType"] == "None"
    assert held["description"].startswith("Credential-less")


@snippet("machine-learning/how-to-datastore")
def register_a_file_share(cell: Notebook) -> None:
    from azure.ai.ml.entities import AccountKeyConfiguration, AzureFileDatastore

    store = AzureFileDatastore(
        name="file_example",
        account_name="ws1storage",
        file_share_name="my-share",
        credentials=AccountKeyConfiguration(account_key="Zm9vYmFy" * 10 + "AAAA=="),
    )
    cell.ml.create_or_update(store)
    held = cell.held("datastores/file_example")
    assert (held["datastoreType"], held["fileShareName"]) == ("AzureFile", "my-share")
    cell.ml.datastores.delete("file_example")
    assert cell.is_gone("datastores/file_example")


@snippet("machine-learning/how-to-datastore")
def register_a_data_lake_with_a_service_principal(cell: Notebook) -> None:
    from azure.ai.ml.entities import AzureDataLakeGen2Datastore, ServicePrincipalConfiguration

    served = cell.arm.served
    store = AzureDataLakeGen2Datastore(
        name="adls_gen2_example",
        account_name="ws1storage",
        filesystem="my-gen2-container",
        credentials=ServicePrincipalConfiguration(
            tenant_id=served.tenant_id, client_id=served.client_id, client_secret="kept-secret"
        ),
    )
    cell.ml.create_or_update(store)
    held = cell.held("datastores/adls_gen2_example")
    assert (held["datastoreType"], held["filesystem"]) == (
        "AzureDataLakeGen2",
        "my-gen2-container",
    )
    assert held["credentials"]["clientId"] == served.client_id
    assert "kept-secret" not in json.dumps(held)
