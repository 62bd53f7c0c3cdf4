"""azure-ai-ml: workspaces, hubs and projects.

Source: learn.microsoft.com/azure/machine-learning/how-to-manage-workspace and
learn.microsoft.com/azure/ai-foundry/how-to/develop/create-hub-project-sdk.
"""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError

from tests.clients.azure_ml import GROUP, WORKSPACES, Arm, client


@pytest.fixture
def ml(azure_ml: Arm, monkeypatch: pytest.MonkeyPatch) -> Any:
    from azure.ai.ml.constants._common import LROConfigurations

    monkeypatch.setattr(LROConfigurations, "SLEEP_TIME", 0.05)  # between looks; 5 s otherwise
    azure_ml.put(GROUP, "2024-11-01", location="eastus")
    return client(azure_ml.served)


def test_a_workspace_comes_with_what_it_needs(ml: Any, azure_ml: Arm) -> None:
    from azure.ai.ml.entities import Workspace

    wanted = Workspace(
        name="mlw-example",
        location="eastus",
        display_name="Basic workspace-example",
        description="This example shows how to create a basic workspace",
        hbi_workspace=False,
        tags={"purpose": "demo"},
    )
    made = ml.workspaces.begin_create(wanted).result()
    assert (made.name, made.tags["purpose"]) == ("mlw-example", "demo")
    held = azure_ml.get(f"{WORKSPACES}/mlw-example")
    assert held["kind"] == "Default"
    assert held["properties"]["friendlyName"] == "Basic workspace-example"
    assert held["properties"]["hbiWorkspace"] is False
    for linked in ("storageAccount", "keyVault", "applicationInsights"):
        assert held["properties"][linked].startswith(GROUP)
    deployments = f"{GROUP}/providers/Microsoft.Resources/deployments"
    [deployment] = azure_ml.get(deployments, "2024-11-01")["value"]
    assert deployment["properties"]["provisioningState"] == "Succeeded"
    assert len(deployment["properties"]["outputResources"]) == 5


def test_a_hub_comes_with_storage_and_vault(ml: Any, azure_ml: Arm) -> None:
    from azure.ai.ml.entities import Hub

    hub = Hub(name="hub-example", location="eastus", display_name="Hub", description="A hub")
    made = ml.workspaces.begin_create(hub).result()
    held = azure_ml.get(f"{WORKSPACES}/hub-example")
    assert held["kind"] == "Hub"
    assert made.storage_account == held["properties"]["storageAccount"]
    assert [one.name for one in ml.workspaces.list(filtered_kinds=["hub"])] == ["hub-example"]


def test_a_workspace_is_listed_updated_and_deleted(ml: Any, azure_ml: Arm) -> None:
    azure_ml.workspace("ws1")
    found = ml.workspaces.get("ws1")
    found.display_name = "renamed"
    ml.workspaces.begin_update(found).result()
    assert azure_ml.get(f"{WORKSPACES}/ws1")["properties"]["friendlyName"] == "renamed"
    assert [one.name for one in ml.workspaces.list()] == ["ws1"]
    keys = ml.workspaces.get_keys("ws1")
    assert keys.user_storage_key
    ml.workspaces.begin_delete("ws1", delete_dependent_resources=False).result()
    assert azure_ml.send("GET", f"{WORKSPACES}/ws1").status_code == 404


def test_a_template_that_azure_refuses_is_refused(ml: Any, azure_ml: Arm) -> None:
    from azure.ai.ml.entities import Workspace

    wanted = Workspace(name="x", location="eastus")
    with pytest.raises(HttpResponseError):
        ml.workspaces.begin_create(wanted).result()
    assert azure_ml.send("GET", f"{WORKSPACES}/x").status_code == 404


def test_a_project_finds_its_hub_in_another_resource_group(ml: Any, azure_ml: Arm) -> None:
    from azure.ai.ml.entities import Project

    hub = azure_ml.workspace("hub1", kind="Hub", group="rg-hubs")
    project = Project(name="project1", location="eastus", display_name="Mine", hub_id=hub["id"])
    made = ml.workspaces.begin_create(project).result()
    assert made.hub_id == hub["id"]
    held = azure_ml.get(f"{WORKSPACES}/project1")
    assert (held["kind"], held["properties"]["hubResourceId"]) == ("Project", hub["id"])
    assert azure_ml.get(hub["id"])["properties"]["associatedWorkspaces"] == [held["id"]]


def test_a_project_beside_its_hub_is_refused_as_arm_documents(ml: Any, azure_ml: Arm) -> None:
    """azure-ai-ml 1.35 sends the hub's setting as `PublicNetworkAccessType.ENABLED`, which is not
    among its own template's allowedValues (Learn, "Parameters in ARM templates").
    """
    from azure.ai.ml.entities import Project

    hub = azure_ml.workspace("hub1", kind="Hub")
    project = Project(name="project1", location="eastus", hub_id=hub["id"])
    with pytest.raises(HttpResponseError, match=r"PublicNetworkAccessType\.ENABLED"):
        ml.workspaces.begin_create(project).result()
