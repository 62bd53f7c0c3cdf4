"""What azure-ai-ml does with workspaces, clusters, assets, connections and endpoints."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.sandbox import Sandbox
from tests.support.scenario import workspace


@pytest.fixture
def ground(sandbox: Sandbox, put: Any, ml: Any) -> Any:
    workspace(put, sandbox.server.tenant_id)
    return ml


def test_a_workspace_is_updated_in_place(ground: Any) -> None:
    found = ground.workspaces.get("ws1")
    found.description = "new"
    assert ground.workspaces.begin_update(found).result().description == "new"
    assert [one.name for one in ground.workspaces.list()] == ["ws1"]


def test_a_cluster_is_made_resized_and_deleted(ground: Any) -> None:
    from azure.ai.ml.entities import AmlCompute

    wanted = AmlCompute(
        name="cpu",
        size="Standard_DS3_v2",
        min_instances=0,
        max_instances=2,
        idle_time_before_scale_down=120,
    )
    made = ground.compute.begin_create_or_update(wanted).result()
    made.max_instances = 3
    assert ground.compute.begin_update(made).result().max_instances == 3
    ground.compute.begin_delete("cpu").result()
    assert list(ground.compute.list()) == []


def test_datastores_give_their_secrets_on_demand(ground: Any) -> None:
    names = {one.name for one in ground.datastores.list()}
    assert names == {
        "workspaceblobstore",
        "workspaceartifactstore",
        "workspacefilestore",
        "workspaceworkingdirectory",
    }
    store = ground.datastores.get("workspaceblobstore", include_secrets=True)
    assert store.credentials.account_key


def test_data_versions_count_up_and_have_a_latest(ground: Any) -> None:
    from azure.ai.ml.entities import Data

    versions = [
        ground.data.create_or_update(
            Data(
                name="d",
                type="uri_file",
                path=f"azureml://datastores/workspaceblobstore/paths/{name}",
            )
        ).version
        for name in "xy"
    ]
    assert versions == ["1", "2"]
    assert ground.data.get("d", label="latest").version == "2"


def test_a_connection_returns_its_key_when_asked(ground: Any) -> None:
    from azure.ai.ml.entities import ApiKeyConfiguration, WorkspaceConnection

    key = ApiKeyConfiguration(key="k")
    wanted = WorkspaceConnection(name="conn", type="custom", target="https://x", credentials=key)
    assert ground.connections.create_or_update(wanted).name == "conn"
    assert ground.connections.get("conn", populate_secrets=True).credentials.key == "k"


def test_an_endpoint_is_made_and_deleted(ground: Any) -> None:
    from azure.ai.ml.entities import ManagedOnlineEndpoint

    wanted = ManagedOnlineEndpoint(name="ep-x", auth_mode="key")
    assert ground.online_endpoints.begin_create_or_update(wanted).result().scoring_uri
    ground.online_endpoints.begin_delete("ep-x").result()
    assert list(ground.online_endpoints.list()) == []


def test_a_purged_workspace_leaves_no_tombstone(sandbox: Sandbox, put: Any, ground: Any) -> None:
    ground.workspaces.begin_delete(
        "ws1", delete_dependent_resources=False, permanently_delete=True
    ).result()
    assert workspace(put, sandbox.server.tenant_id)["name"] == "ws1"
