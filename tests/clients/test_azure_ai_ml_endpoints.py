"""azure-ai-ml: an online endpoint, its deployment, traffic, keys and requests.

Source: learn.microsoft.com/azure/machine-learning/how-to-deploy-online-endpoints and
how-to-safely-rollout-online-endpoints.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from tests.clients.azure_ml import WORKSPACES, Arm, client

WORKSPACE = f"{WORKSPACES}/ws1"
ENDPOINT = f"{WORKSPACE}/onlineEndpoints/my-endpoint"
GPU_SIZE = "Standard_NC24ads_A100_v4"
BASE_MODEL = "azureml://registries/azureml/models/Phi-3-mini-4k-instruct/versions/14"


@pytest.fixture
def ml(azure_ml: Arm) -> Any:
    azure_ml.workspace("ws1")
    azure_ml.cores("standardNCADSA100v4Family", 96)
    return client(azure_ml.served, "ws1")


def endpoint(ml: Any) -> Any:
    from azure.ai.ml.entities import ManagedOnlineEndpoint

    wanted = ManagedOnlineEndpoint(
        name="my-endpoint", description="this is a sample endpoint", auth_mode="key"
    )
    return ml.online_endpoints.begin_create_or_update(wanted).result()


def deployment(ml: Any, name: str, **more: Any) -> Any:
    from azure.ai.ml.entities import ManagedOnlineDeployment

    wanted = ManagedOnlineDeployment(
        name=name,
        endpoint_name="my-endpoint",
        model=more.pop("model", BASE_MODEL),
        instance_type=GPU_SIZE,
        instance_count=1,
        **more,
    )
    return ml.online_deployments.begin_create_or_update(wanted).result()


def test_an_endpoint_is_made_changed_listed_and_deleted(ml: Any, azure_ml: Arm) -> None:
    made = endpoint(ml)
    held = azure_ml.get(ENDPOINT)
    assert held["properties"]["authMode"] == "Key"
    assert held["properties"]["scoringUri"] == made.scoring_uri
    assert "keys" not in held["properties"] or held["properties"]["keys"] is None
    assert [one.name for one in ml.online_endpoints.list()] == ["my-endpoint"]
    made.tags = {"stage": "test"}
    ml.online_endpoints.begin_create_or_update(made).result()
    assert azure_ml.get(ENDPOINT)["tags"] == {"stage": "test"}
    ml.online_endpoints.begin_delete(name="my-endpoint").wait()
    assert azure_ml.send("GET", ENDPOINT).status_code == 404
    with pytest.raises(ResourceNotFoundError):
        ml.online_endpoints.get("my-endpoint")


def test_keys_are_given_and_renewed(ml: Any, azure_ml: Arm) -> None:
    endpoint(ml)
    before = ml.online_endpoints.get_keys("my-endpoint")
    # azure-ai-ml 1.35 sends the old key as the new one's `keyValue`, "the value the key is set to"
    ml.online_endpoints.begin_regenerate_keys("my-endpoint", key_type="secondary").wait()
    assert ml.online_endpoints.get_keys("my-endpoint").secondary_key == before.secondary_key
    body = {"keyType": "Secondary"}
    assert azure_ml.send("POST", f"{ENDPOINT}/regenerateKeys", body=body).status_code in (200, 202)
    after = ml.online_endpoints.get_keys("my-endpoint")
    assert after.primary_key == before.primary_key
    assert after.secondary_key != before.secondary_key


def test_a_registry_model_is_deployed_takes_traffic_and_answers(
    ml: Any, azure_ml: Arm, tmp_path: Path
) -> None:
    made = endpoint(ml)
    deployment(ml, "blue")
    held = azure_ml.get(f"{ENDPOINT}/deployments/blue")
    assert held["properties"]["model"] == BASE_MODEL
    assert held["properties"]["instanceType"] == GPU_SIZE
    assert held["sku"]["capacity"] == 1
    made.traffic = {"blue": 100}
    ml.online_endpoints.begin_create_or_update(made).result()
    assert azure_ml.get(ENDPOINT)["properties"]["traffic"] == {"blue": 100}
    question = {"messages": [{"role": "user", "content": "Hello?"}]}
    request = tmp_path / "request.json"
    request.write_text(json.dumps({"input_data": {"input_string": question["messages"]}}))
    answer = ml.online_endpoints.invoke(endpoint_name="my-endpoint", request_file=str(request))
    assert "[sandbox: " in json.loads(answer)["output"]
    direct = ml.online_endpoints.invoke(
        endpoint_name="my-endpoint", deployment_name="blue", request_file=str(request)
    )
    assert json.loads(direct) == json.loads(answer)
    logs = ml.online_deployments.get_logs(name="blue", endpoint_name="my-endpoint", lines=50)
    assert isinstance(logs, str)
    assert logs


def test_a_second_deployment_takes_over_and_the_first_goes(ml: Any, azure_ml: Arm) -> None:
    made = endpoint(ml)
    deployment(ml, "blue")
    deployment(ml, "green")
    names = [one.name for one in ml.online_deployments.list(endpoint_name="my-endpoint")]
    assert sorted(names) == ["blue", "green"]
    made.traffic = {"blue": 90, "green": 10}
    ml.online_endpoints.begin_create_or_update(made).result()
    with pytest.raises(HttpResponseError):
        ml.online_deployments.begin_delete(name="blue", endpoint_name="my-endpoint").result()
    made.traffic = {"blue": 0, "green": 100}
    ml.online_endpoints.begin_create_or_update(made).result()
    ml.online_deployments.begin_delete(name="blue", endpoint_name="my-endpoint").wait()
    listed = azure_ml.get(f"{ENDPOINT}/deployments")["value"]
    assert [one["name"] for one in listed] == ["green"]


def test_a_deployment_is_scaled(ml: Any, azure_ml: Arm) -> None:
    endpoint(ml)
    deployment(ml, "blue")
    found = ml.online_deployments.get(name="blue", endpoint_name="my-endpoint")
    found.instance_count = 2
    ml.online_deployments.begin_create_or_update(found).result()
    assert azure_ml.get(f"{ENDPOINT}/deployments/blue")["sku"]["capacity"] == 2


def test_a_local_model_is_deployed_with_its_scoring_script(
    ml: Any, azure_ml: Arm, tmp_path: Path
) -> None:
    from azure.ai.ml.entities import CodeConfiguration, Environment, Model

    model = tmp_path / "model"
    model.mkdir()
    (model / "sklearn_regression_model.pkl").write_bytes(b"weights")
    code = tmp_path / "onlinescoring"
    code.mkdir()
    (code / "score.py").write_text("def init(): pass\ndef run(data): return data\n")
    conda = tmp_path / "conda.yaml"
    conda.write_text("name: model-env\ndependencies: [python=3.10]\n")
    endpoint(ml)
    deployment(
        ml,
        "blue",
        model=Model(path=str(model)),
        environment=Environment(
            conda_file=str(conda),
            image="mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04:latest",
        ),
        code_configuration=CodeConfiguration(code=str(code), scoring_script="score.py"),
    )
    held = azure_ml.get(f"{ENDPOINT}/deployments/blue")["properties"]
    assert held["codeConfiguration"]["scoringScript"] == "score.py"
    model_uri = azure_ml.get(held["model"])["properties"]["modelUri"]
    assert azure_ml.blob(ml, model_uri.rstrip("/") + "/sklearn_regression_model.pkl") == b"weights"
    environment = azure_ml.get(held["environmentId"])["properties"]
    assert "model-env" in environment["condaFile"]
