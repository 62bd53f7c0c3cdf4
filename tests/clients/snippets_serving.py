"""Snippets: endpoints, deployments, traffic, keys, and connections."""

from __future__ import annotations

import json
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError

from tests.clients.snippets import Notebook, snippet

DEPLOY_PAGE = "machine-learning/how-to-deploy-online-endpoints"
ROLLOUT_PAGE = "machine-learning/how-to-safely-rollout-online-endpoints"
CONNECTIONS_PAGE = "ai-foundry/how-to/develop/connections-add-sdk"
SIZE = "Standard_DS3_v2"
BASE_MODEL = "azureml://registries/azureml/models/Phi-3-mini-4k-instruct/versions/14"


def endpoint(cell: Notebook, **more: Any) -> Any:
    from azure.ai.ml.entities import ManagedOnlineEndpoint

    wanted = ManagedOnlineEndpoint(name="my-endpoint", **{"auth_mode": "key", **more})
    return cell.ml.online_endpoints.begin_create_or_update(wanted).result()


def deployment(cell: Notebook, name: str, **more: Any) -> Any:
    from azure.ai.ml.entities import ManagedOnlineDeployment

    more = {"instance_type": SIZE, **more}
    wanted = ManagedOnlineDeployment(
        name=name,
        endpoint_name="my-endpoint",
        model=more.pop("model", None) or registered(cell),
        instance_count=1,
        **more,
    )
    return cell.ml.online_deployments.begin_create_or_update(wanted).result()


def registered(cell: Notebook) -> str:
    """Register a model of a local folder, and return how a deployment names it."""
    from azure.ai.ml.entities import Model

    cell.file("model/MLmodel", "flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n")
    model = Model(path=str(cell.folder / "model"), type="mlflow_model", name="m", version="1")
    cell.ml.models.create_or_update(model)
    return "azureml:m:1"


def held(cell: Notebook) -> dict[str, Any]:
    return cell.held("onlineEndpoints/my-endpoint")


@snippet(DEPLOY_PAGE)
def create_an_endpoint_and_show_it(cell: Notebook) -> None:
    made = endpoint(cell, description="this is a sample endpoint", tags={"foo": "bar"})
    found = cell.ml.online_endpoints.get(name="my-endpoint")
    assert held(cell)["scoringUri"] == found.scoring_uri == made.scoring_uri
    assert cell.arm.get(found.id)["tags"] == {"foo": "bar"}
    assert found.provisioning_state == "Succeeded"


@snippet("machine-learning/how-to-authenticate-online-endpoint")
def ask_for_a_token_of_an_endpoint(cell: Notebook) -> None:
    endpoint(cell, auth_mode="aml_token")
    assert held(cell)["authMode"] == "AMLToken"
    token = cell.ml.online_endpoints.get_keys(name="my-endpoint")
    assert token.access_token
    assert token.expiry_time_utc > 0


@snippet("machine-learning/how-to-authenticate-online-endpoint")
def renew_the_primary_key(cell: Notebook) -> None:
    endpoint(cell)
    before = cell.ml.online_endpoints.get_keys(name="my-endpoint")
    cell.ml.online_endpoints.begin_regenerate_keys(name="my-endpoint", key_type="primary").result()
    after = cell.ml.online_endpoints.get_keys(name="my-endpoint")
    assert after.secondary_key == before.secondary_key
    assert held(cell).get("keys") is None


@snippet(DEPLOY_PAGE)
def deploy_a_registered_model(cell: Notebook) -> None:
    endpoint(cell)
    made = deployment(cell, "blue")
    found = cell.held("onlineEndpoints/my-endpoint/deployments/blue")
    assert (made.provisioning_state, found["instanceType"]) == ("Succeeded", SIZE)
    assert found["model"].endswith("/models/m/versions/1")
    logs = cell.ml.online_deployments.get_logs(name="blue", endpoint_name="my-endpoint", lines=50)
    assert logs


@snippet(DEPLOY_PAGE)
def send_all_traffic_and_invoke(cell: Notebook) -> None:
    cell.arm.cores("standardNCADSA100v4Family", 48)
    made = endpoint(cell)
    deployment(cell, "blue", model=BASE_MODEL, instance_type="Standard_NC24ads_A100_v4")
    made.traffic = {"blue": 100}
    cell.ml.online_endpoints.begin_create_or_update(made).result()
    assert held(cell)["traffic"] == {"blue": 100}
    asked = {"input_string": [{"role": "user", "content": "Hello?"}]}
    request = cell.file("request.json", json.dumps({"input_data": asked}))
    answer = cell.ml.online_endpoints.invoke(
        endpoint_name="my-endpoint", deployment_name="blue", request_file=request
    )
    assert json.loads(answer)["output"]


@snippet(ROLLOUT_PAGE)
def mirror_traffic_to_the_second_deployment(cell: Notebook) -> None:
    made = endpoint(cell)
    deployment(cell, "blue")
    deployment(cell, "green")
    made.traffic = {"blue": 100}
    made.mirror_traffic = {"green": 10}
    cell.ml.online_endpoints.begin_create_or_update(made).result()
    assert held(cell)["mirrorTraffic"] == {"green": 10}
    made.mirror_traffic = {"green": 0}
    made.traffic = {"blue": 90, "green": 10}
    cell.ml.online_endpoints.begin_create_or_update(made).result()
    assert held(cell)["traffic"] == {"blue": 90, "green": 10}
    assert not any((held(cell).get("mirrorTraffic") or {}).values())


@snippet(ROLLOUT_PAGE)
def take_the_first_deployment_away(cell: Notebook) -> None:
    made = endpoint(cell)
    deployment(cell, "blue")
    deployment(cell, "green")
    made.traffic = {"blue": 0, "green": 100}
    cell.ml.online_endpoints.begin_create_or_update(made).result()
    cell.ml.online_deployments.begin_delete(name="blue", endpoint_name="my-endpoint").wait()
    assert cell.names("onlineEndpoints/my-endpoint/deployments") == ["green"]
    cell.ml.online_endpoints.begin_delete(name="my-endpoint").wait()
    assert cell.is_gone("onlineEndpoints/my-endpoint")


@snippet(ROLLOUT_PAGE)
def scale_a_deployment(cell: Notebook) -> None:
    endpoint(cell)
    made = deployment(cell, "blue", environment_variables={"LEVEL": "debug"})
    made.instance_count = 2
    cell.ml.online_deployments.begin_create_or_update(made).result()
    found = cell.arm.get(made.id)
    assert found["sku"]["capacity"] == 2
    assert found["properties"]["environmentVariables"] == {"LEVEL": "debug"}


@snippet(ROLLOUT_PAGE)
def be_refused_shares_that_do_not_add_up(cell: Notebook) -> None:
    made = endpoint(cell)
    deployment(cell, "blue")
    made.traffic = {"blue": 90}
    with pytest.raises(HttpResponseError):
        cell.ml.online_endpoints.begin_create_or_update(made).result()
    assert not held(cell)["traffic"]


@snippet(CONNECTIONS_PAGE)
def connect_azure_openai(cell: Notebook) -> None:
    from azure.ai.ml.entities import AzureOpenAIConnection

    wanted = AzureOpenAIConnection(
        name="my-aoai", azure_endpoint="https://x.openai.azure.com/", api_key="secret-1"
    )
    cell.ml.connections.create_or_update(wanted)
    found = cell.held("connections/my-aoai")
    assert (found["category"], found["target"]) == ("AzureOpenAI", "https://x.openai.azure.com/")
    assert found["metadata"]["ApiType"].lower() == "azure"
    assert "secret-1" not in json.dumps(found)


@snippet(CONNECTIONS_PAGE)
def connect_azure_ai_search(cell: Notebook) -> None:
    from azure.ai.ml.entities import AzureAISearchConnection

    wanted = AzureAISearchConnection(
        name="my-search", endpoint="https://x.search.windows.net", api_key="secret-2"
    )
    cell.ml.connections.create_or_update(wanted)
    assert cell.held("connections/my-search")["category"] == "CognitiveSearch"
    assert cell.ml.connections.get("my-search", populate_secrets=True).credentials.key == "secret-2"


@snippet(CONNECTIONS_PAGE)
def connect_a_serverless_model(cell: Notebook) -> None:
    from azure.ai.ml.entities import ServerlessConnection

    wanted = ServerlessConnection(
        name="my-maas", endpoint="https://x.eastus2.inference.ai.azure.com/", api_key="secret-3"
    )
    cell.ml.connections.create_or_update(wanted)
    assert cell.held("connections/my-maas")["category"] == "Serverless"
    assert [one.name for one in cell.ml.connections.list(connection_type="serverless")] == [
        "my-maas"
    ]


@snippet("machine-learning/how-to-connection")
def connect_a_git_repository(cell: Notebook) -> None:
    from azure.ai.ml.entities import PatTokenConfiguration, WorkspaceConnection

    wanted = WorkspaceConnection(
        name="git-pat",
        type="git",
        target="https://github.com/example/private.git",
        credentials=PatTokenConfiguration(pat="secret-4"),
    )
    cell.ml.connections.create_or_update(workspace_connection=wanted)
    found = cell.held("connections/git-pat")
    assert (found["category"], found["authType"]) == ("Git", "PAT")
    cell.ml.connections.delete(name="git-pat")
    assert cell.names("connections") == []


@snippet("machine-learning/how-to-connection")
def connect_a_feed_of_packages(cell: Notebook) -> None:
    from azure.ai.ml.entities import UsernamePasswordConfiguration, WorkspaceConnection

    wanted = WorkspaceConnection(
        name="feed",
        type="python_feed",
        target="https://pkgs.dev.azure.com/example/_packaging/feed",
        credentials=UsernamePasswordConfiguration(username="robot", password="secret-5"),
    )
    cell.ml.connections.create_or_update(workspace_connection=wanted)
    found = cell.held("connections/feed")
    assert (found["category"], found["authType"]) == ("PythonFeed", "UsernamePassword")
    assert "secret-5" not in json.dumps(found)
