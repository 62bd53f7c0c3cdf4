"""The whole way from data to a healthy deployment, with the real azure-ai-ml."""

from __future__ import annotations

import json
import urllib.error
import uuid
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobServiceClient

from tests.support.sandbox import GROUP, SUBSCRIPTION, Sandbox
from tests.support.scenario import (
    ACR_PULL,
    CHAT,
    GPU_FAMILY,
    GPU_SIZE,
    ML,
    READER,
    chat_lines,
    workspace,
)

QUOTA = (
    f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.MachineLearningServices/locations/eastus"
    f"/providers/Microsoft.Quota/quotas/{GPU_FAMILY}"
)
DEFINITIONS = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions"
BASE_MODEL = "azureml://registries/azureml/models/Phi-3-mini-4k-instruct/versions/14"


def grant(sandbox: Sandbox, principal: str, scope: str, role: str) -> int:
    body = {
        "properties": {
            "roleDefinitionId": f"{DEFINITIONS}/{role}",
            "principalId": principal,
            "principalType": "ServicePrincipal",
        }
    }
    path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
    return sandbox.send("PUT", path, body, api_version="2022-04-01")[0]


def raise_quota(sandbox: Sandbox, cores: int) -> None:
    body = {
        "properties": {
            "limit": {"limitObjectType": "LimitValue", "value": cores},
            "name": {"value": GPU_FAMILY},
        }
    }
    status, _, headers = sandbox.send("PUT", QUOTA, body, api_version="2025-09-01")
    assert status == 202
    path = headers["Location"].removeprefix(sandbox.url).split("?")[0]
    found = sandbox.send("GET", path, api_version="2025-09-01")[1]
    assert found["properties"]["provisioningState"] == "Succeeded"


class Ground:
    """Workspace, identity, cluster and uploaded data."""

    def __init__(self, sandbox: Sandbox, put: Any, lines: bytes) -> None:
        self.sandbox = sandbox
        self.workspace = workspace(put, sandbox.server.tenant_id)
        self.identity = put("Microsoft.ManagedIdentity/userAssignedIdentities/uai1", "2024-11-30")
        raise_quota(sandbox, 48)
        self.compute = put(
            f"{ML}/ws1/computes/gpu",
            "2024-10-01",
            identity={
                "type": "UserAssigned",
                "userAssignedIdentities": {self.identity["id"]: {}},
            },
            properties={
                "computeType": "AmlCompute",
                "properties": {
                    "vmSize": GPU_SIZE,
                    "vmPriority": "Dedicated",
                    "scaleSettings": {"minNodeCount": 0, "maxNodeCount": 1},
                },
            },
        )
        self.principal = self.identity["properties"]["principalId"]
        self.upload(lines)

    def upload(self, lines: bytes) -> None:
        store = self.sandbox.send(
            "GET", f"{self.workspace['id']}/datastores/workspaceblobstore", api_version="2024-10-01"
        )[1]["properties"]
        keys = self.sandbox.send(
            "POST",
            f"{GROUP}/providers/Microsoft.Storage/storageAccounts/acct1/listKeys",
            api_version="2023-05-01",
        )[1]
        client = BlobServiceClient(
            f"{self.sandbox.url}/_blob/acct1",
            credential={"account_name": "acct1", "account_key": keys["keys"][0]["value"]},
            connection_verify=self.sandbox.ca_file,
        )
        blob = client.get_blob_client(store["containerName"], "ft/train.jsonl")
        blob.upload_blob(lines, overwrite=True)


def submit(ml: Any, name: str, validation: str = "azureml:train:1") -> Any:
    from azure.ai.ml.finetuning import FineTuningTaskType, create_finetuning_job

    job = create_finetuning_job(
        task=FineTuningTaskType.CHAT_COMPLETION,
        training_data="azureml:train:1",
        validation_data=validation,
        hyperparameters={"num_train_epochs": "1", "learning_rate": "0.00002"},
        model=BASE_MODEL,
        output_model_name_prefix="phi3",
        experiment_name="phi3",
        compute="gpu",
        name=name,
    )
    return ml.jobs.create_or_update(job)


def register_data(ml: Any) -> None:
    from azure.ai.ml.entities import Data

    path = "azureml://datastores/workspaceblobstore/paths/ft/train.jsonl"
    ml.data.create_or_update(Data(name="train", version="1", type="uri_file", path=path))


def finish(sandbox: Sandbox, ws: str, name: str) -> tuple[list[str], dict[str, Any]]:
    seen: list[str] = []
    body: dict[str, Any] = {}
    while not seen or seen[-1] not in ("Completed", "Failed", "Canceled"):
        body = sandbox.send("GET", f"{ws}/jobs/{name}", api_version="2024-10-01-preview")[1]
        seen.append(body["properties"]["status"])
        assert len(seen) < 20, seen
    return seen, body


def test_data_becomes_a_served_model(sandbox: Sandbox, put: Any, ml: Any) -> None:
    from azure.ai.ml.entities import ManagedOnlineDeployment, ManagedOnlineEndpoint

    ground = Ground(sandbox, put, chat_lines(CHAT))
    ws = ground.workspace["id"]
    account = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/acct1"
    registry = f"{GROUP}/providers/Microsoft.ContainerRegistry/registries/acr12345"
    assert grant(sandbox, ground.principal, account, READER) == 201
    assert grant(sandbox, ground.principal, registry, ACR_PULL) == 201
    register_data(ml)
    assert submit(ml, "ft-1").name == "ft-1"
    seen, job = finish(sandbox, ws, "ft-1")
    assert seen == ["Preparing", "Queued", "Running", "Finalizing", "Completed"]
    output = job["properties"]["outputs"]["registered_model"]
    assert output["uri"].endswith("ExperimentRun/dcid.ft-1/outputs/registered_model")
    model = ml.models.get(output["assetName"], version="1")
    endpoint = ManagedOnlineEndpoint(name="chat-ep", location="eastus", auth_mode="key")
    created = ml.online_endpoints.begin_create_or_update(endpoint).result()
    assert created.scoring_uri.endswith("/score")
    deployment = ManagedOnlineDeployment(
        name="blue",
        endpoint_name="chat-ep",
        model=model.id,
        instance_type=GPU_SIZE,
        instance_count=1,
    )
    assert ml.online_deployments.begin_create_or_update(deployment).result().name == "blue"
    created.traffic = {"blue": 100}
    assert ml.online_endpoints.begin_create_or_update(created).result().traffic == {"blue": 100}
    assert ml.online_endpoints.get_keys("chat-ep").primary_key
    blocked = f"{ws}/onlineEndpoints/chat-ep/deployments/blue"
    assert sandbox.send("DELETE", blocked, api_version="2024-10-01")[0] == 400


def test_job_names_file_line_and_cause_of_bad_data(sandbox: Sandbox, put: Any, ml: Any) -> None:
    lines = chat_lines(CHAT) + b'{"messages": [{"role": "robot", "content": "x"}]}\n'
    ground = Ground(sandbox, put, lines)
    account = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/acct1"
    grant(sandbox, ground.principal, account, READER)
    register_data(ml)
    submit(ml, "ft-bad")
    seen, _ = finish(sandbox, ground.workspace["id"], "ft-bad")
    assert seen[-1] == "Failed"
    history = f"/_aml/history/v1.0{ground.workspace['id']}/runs/ft-bad/details"
    details = sandbox.send("GET", history)[1]
    message = details["error"]["error"]["message"]
    assert "Line 2 of 'train.jsonl'" in message and "robot" in message


def test_a_job_without_cores_stays_queued_and_says_why(sandbox: Sandbox, put: Any, ml: Any) -> None:
    ground = Ground(sandbox, put, chat_lines(CHAT))
    ws = ground.workspace["id"]
    account = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/acct1"
    grant(sandbox, ground.principal, account, READER)
    register_data(ml)
    submit(ml, "ft-first")
    submit(ml, "ft-second")
    for _ in range(3):
        sandbox.send("GET", f"{ws}/jobs/ft-first", api_version="2024-10-01-preview")
    for _ in range(5):
        body = sandbox.send("GET", f"{ws}/jobs/ft-second", api_version="2024-10-01-preview")[1]
    assert body["properties"]["status"] == "Queued"
    assert "no free node" in body["properties"]["tags"]["_aml_system_ComputeTargetStatus"]
    assert finish(sandbox, ws, "ft-first")[0][-1] == "Completed"
    assert finish(sandbox, ws, "ft-second")[0][-1] == "Completed"
    model = sandbox.send("GET", f"{ws}/models", api_version="2024-10-01")[1]["value"][0]
    assert model["properties"]["latestVersion"] == "2"


def test_a_job_is_cancelled_then_deleted(sandbox: Sandbox, put: Any, ml: Any) -> None:
    ground = Ground(sandbox, put, chat_lines(CHAT))
    register_data(ml)
    submit(ml, "ft-cancel")
    path = f"{ground.workspace['id']}/jobs/ft-cancel"
    assert sandbox.send("DELETE", path, api_version="2024-10-01-preview")[0] == 409
    ml.jobs.begin_cancel("ft-cancel").result()
    assert ml.jobs.get("ft-cancel").status == "Canceled"
    assert sandbox.send("DELETE", path, api_version="2024-10-01-preview")[0] == 202


def test_a_job_is_cancelled_behind_our_back(sandbox: Sandbox, put: Any, ml: Any) -> None:
    ground = Ground(sandbox, put, chat_lines(CHAT))
    register_data(ml)
    submit(ml, "ft-drift")
    path = f"{ground.workspace['id']}/jobs/ft-drift"
    sandbox.control("POST", "drift", {"op": "cancel", "id": path})
    assert finish(sandbox, ground.workspace["id"], "ft-drift")[0][-1] == "Canceled"
    with pytest.raises(urllib.error.HTTPError) as caught:
        sandbox.control("POST", "drift", {"op": "cancel", "id": ground.workspace["id"]})
    assert "cannot be canceled" in json.loads(caught.value.read())["error"]


def test_time_stands_still_runs_on_and_runs_faster(sandbox: Sandbox, put: Any) -> None:
    """A pending account stays so in frozen time, and is there once its time has been skipped."""
    sandbox.control("POST", "clock", {"mode": "frozen"})
    account = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/acct1"
    body = {"location": "eastus", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
    assert sandbox.send("PUT", account, body, api_version="2023-05-01")[0] == 202

    def state() -> str:
        found = sandbox.send("GET", account, api_version="2023-05-01")[1]
        return str(found["properties"]["provisioningState"])

    assert [state() for _ in range(3)] == ["Creating"] * 3
    sandbox.control("POST", "clock", {"advance": 3600})
    assert state() == "Succeeded"
    before = json.loads(sandbox.control("POST", "clock", {"mode": "speed=1000000"}))["now"]
    assert json.loads(sandbox.control("GET", "clock"))["now"] > before


def test_an_endpoint_identity_without_acr_pull_fails_its_deployment(
    sandbox: Sandbox, put: Any
) -> None:
    ground = Ground(sandbox, put, chat_lines(CHAT))
    identity = {"type": "UserAssigned", "userAssignedIdentities": {ground.identity["id"]: {}}}
    endpoint = f"{ML}/ws1/onlineEndpoints/ep-uai"
    put(endpoint, "2024-10-01", identity=identity, properties={"authMode": "Key"})
    properties = {
        "endpointComputeType": "Managed",
        "model": "azureml://registries/azureml/models/Phi-4/versions/1",
        "instanceType": GPU_SIZE,
    }
    with pytest.raises(HttpResponseError, match="AcrPull"):
        put(f"{endpoint}/deployments/blue", "2024-10-01", properties=properties)
    found = sandbox.send(
        "GET", f"{GROUP}/providers/{endpoint}/deployments/blue", api_version="2024-10-01"
    )
    assert found[1]["properties"]["provisioningState"] == "Failed"


def test_job_without_a_role_on_the_data_fails(sandbox: Sandbox, put: Any, ml: Any) -> None:
    ground = Ground(sandbox, put, chat_lines(CHAT))
    register_data(ml)
    submit(ml, "ft-norole")
    assert finish(sandbox, ground.workspace["id"], "ft-norole")[0][-1] == "Failed"


def test_resubmitting_a_job_changed_is_refused(sandbox: Sandbox, put: Any, ml: Any) -> None:
    Ground(sandbox, put, chat_lines(CHAT))
    register_data(ml)
    submit(ml, "ft-2")
    submit(ml, "ft-2")
    with pytest.raises(HttpResponseError, match="immutable"):
        submit(ml, "ft-2", validation="azureml:train:2")


def test_fine_tuning_is_refused_by_a_stable_version(sandbox: Sandbox, put: Any) -> None:
    ground = Ground(sandbox, put, chat_lines(CHAT))
    source = {"jobInputType": "uri_file", "uri": "azureml:train:1"}
    details = {
        "modelProvider": "Custom",
        "taskType": "ChatCompletion",
        "model": {"jobInputType": "mlflow_model", "uri": BASE_MODEL},
        "trainingData": source,
    }
    body = {"properties": {"jobType": "FineTuning", "fineTuningDetails": details, "outputs": {}}}
    path = f"{ground.workspace['id']}/jobs/x"
    assert sandbox.send("PUT", path, body, api_version="2025-06-01")[0] == 400
