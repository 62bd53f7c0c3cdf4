"""azure-ai-ml: compute, datastores, data from local files, connections, registry models.

Source: learn.microsoft.com/azure/machine-learning: how-to-create-attach-compute-cluster,
how-to-datastore, how-to-create-data-assets, how-to-connection, how-to-manage-models.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.clients.azure_ml import GROUP, WORKSPACES, Arm, client, registries

WORKSPACE = f"{WORKSPACES}/ws1"


@pytest.fixture
def ml(azure_ml: Arm) -> Any:
    azure_ml.workspace("ws1")
    return client(azure_ml.served, "ws1")


def test_a_cluster_is_made_changed_listed_and_deleted(ml: Any, azure_ml: Arm) -> None:
    from azure.ai.ml.entities import AmlCompute

    cluster = AmlCompute(
        name="cpu-cluster",
        type="amlcompute",
        size="STANDARD_DS3_v2",
        location="eastus",
        min_instances=0,
        max_instances=2,
        idle_time_before_scale_down=120,
    )
    ml.begin_create_or_update(cluster).result()
    held = azure_ml.get(f"{WORKSPACE}/computes/cpu-cluster")["properties"]
    assert held["computeType"] == "AmlCompute"
    assert held["properties"]["vmSize"] == "STANDARD_DS3_V2"
    assert held["properties"]["scaleSettings"] == {
        "minNodeCount": 0,
        "maxNodeCount": 2,
        "nodeIdleTimeBeforeScaleDown": "PT2M",
    }
    found = ml.compute.get("cpu-cluster")
    found.max_instances = 1
    ml.compute.begin_update(found).result()
    held = azure_ml.get(f"{WORKSPACE}/computes/cpu-cluster")["properties"]
    assert held["properties"]["scaleSettings"]["maxNodeCount"] == 1
    assert [(one.name, one.type) for one in ml.compute.list()] == [("cpu-cluster", "amlcompute")]
    assert ml.compute.list_usage() is not None
    ml.compute.begin_delete("cpu-cluster").wait()
    assert azure_ml.get(f"{WORKSPACE}/computes")["value"] == []


def test_sizes_of_the_region_can_be_asked_for(ml: Any) -> None:
    assert "Standard_NC24ads_A100_v4" in [one.name for one in ml.compute.list_sizes()]


def test_a_datastore_keeps_its_key_to_itself(ml: Any, azure_ml: Arm) -> None:
    from azure.ai.ml.entities import AccountKeyConfiguration, AzureBlobDatastore

    store = AzureBlobDatastore(
        name="blob_protocol_example",
        description="Datastore pointing to a blob container using https protocol.",
        account_name="ws1storage",
        container_name="data-container",
        protocol="https",
        credentials=AccountKeyConfiguration(account_key="Zm9vYmFy" * 10 + "AAAA=="),
    )
    ml.create_or_update(store)
    held = azure_ml.get(f"{WORKSPACE}/datastores/blob_protocol_example")["properties"]
    assert (held["datastoreType"], held["containerName"]) == ("AzureBlob", "data-container")
    assert held["credentials"] == {"credentialsType": "AccountKey"}
    with_key = ml.datastores.get("blob_protocol_example", include_secrets=True)
    assert with_key.credentials.account_key.startswith("Zm9v")
    assert "blob_protocol_example" in [one.name for one in ml.datastores.list()]
    assert ml.datastores.get_default().name == "workspaceblobstore"
    ml.datastores.delete("blob_protocol_example")
    gone = azure_ml.send("GET", f"{WORKSPACE}/datastores/blob_protocol_example")
    assert gone.status_code == 404


def test_a_local_file_is_uploaded_and_registered(ml: Any, azure_ml: Arm, tmp_path: Path) -> None:
    from azure.ai.ml.constants import AssetTypes
    from azure.ai.ml.entities import Data

    local = tmp_path / "titanic.csv"
    local.write_text("name,survived\nRose,1\n")
    data = Data(name="titanic", version="1", path=str(local), type=AssetTypes.URI_FILE)
    made = ml.data.create_or_update(data)
    held = azure_ml.get(f"{WORKSPACE}/data/titanic/versions/1")["properties"]
    assert held["dataType"] == "uri_file"
    assert held["dataUri"] == made.path
    assert azure_ml.blob(ml, held["dataUri"]) == local.read_bytes()
    assert [one.version for one in ml.data.list(name="titanic")] == ["1"]
    assert [one.name for one in ml.data.list()] == ["titanic"]


def test_a_local_folder_is_uploaded_whole(ml: Any, azure_ml: Arm, tmp_path: Path) -> None:
    from azure.ai.ml.entities import Data

    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(name)
    made = ml.data.create_or_update(Data(name="folder", path=str(tmp_path), type="uri_folder"))
    assert made.version == "1"
    held = azure_ml.get(f"{WORKSPACE}/data/folder/versions/1")["properties"]
    for name in ("a.txt", "b.txt"):
        assert azure_ml.blob(ml, held["dataUri"].rstrip("/") + "/" + name) == name.encode()
    again = ml.data.create_or_update(Data(name="folder", path=str(tmp_path), type="uri_folder"))
    assert again.version == "2"
    ml.data.archive("folder", version="1")
    assert azure_ml.get(f"{WORKSPACE}/data/folder/versions/1")["properties"]["isArchived"] is True


def test_a_connection_shows_its_key_only_when_asked(ml: Any, azure_ml: Arm) -> None:
    from azure.ai.ml.entities import ApiKeyConfiguration, WorkspaceConnection

    wanted = WorkspaceConnection(
        name="my-api",
        type="custom",
        target="https://api.example.test",
        credentials=ApiKeyConfiguration(key="the-key"),
    )
    ml.connections.create_or_update(workspace_connection=wanted)
    held = azure_ml.get(f"{WORKSPACE}/connections/my-api")["properties"]
    assert (held["category"], held["target"]) == ("CustomKeys", "https://api.example.test")
    assert "the-key" not in str(held)
    assert ml.connections.get("my-api").credentials.key is None
    assert ml.connections.get("my-api", populate_secrets=True).credentials.key == "the-key"
    assert [one.name for one in ml.connections.list()] == ["my-api"]
    ml.connections.delete(name="my-api")
    assert azure_ml.get(f"{WORKSPACE}/connections")["value"] == []


def test_a_registry_shows_its_models(azure_ml: Arm, ml: Any) -> None:
    registry = registries(azure_ml.served, "azureml")
    found = registry.models.get("Phi-3-mini-4k-instruct", label="latest")
    assert found.id.startswith("azureml://registries/azureml/models/Phi-3-mini-4k-instruct/")
    versions = [one.version for one in registry.models.list(name="Phi-3-mini-4k-instruct")]
    assert found.version in versions
    assert registry.models.get("Phi-3-mini-4k-instruct", version=versions[-1]).version
    assert "Phi-4" in [one.name for one in registry.models.list()]


def test_a_model_is_registered_from_a_local_folder(ml: Any, azure_ml: Arm, tmp_path: Path) -> None:
    from azure.ai.ml.constants import AssetTypes
    from azure.ai.ml.entities import Model

    (tmp_path / "weights.bin").write_bytes(b"\0" * 1000)
    model = Model(path=str(tmp_path), type=AssetTypes.CUSTOM_MODEL, name="local-model")
    made = ml.models.create_or_update(model)
    held = azure_ml.get(f"{WORKSPACE}/models/local-model/versions/{made.version}")["properties"]
    assert held["modelType"] == "custom_model"
    assert azure_ml.blob(ml, held["modelUri"].rstrip("/") + "/weights.bin") == b"\0" * 1000
    assert [one.name for one in ml.models.list()] == ["local-model"]
    assert GROUP in made.id
