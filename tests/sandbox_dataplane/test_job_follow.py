"""The real azure-ai-ml client follows a fine-tuning job, and asks the model that came of it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from test_scoring import deploy, route

from tests.support.dataplane import ML_VERSION, Azure, settled

PREVIEW = "2024-10-01-preview"
MODEL = "azureml://registries/azureml/models/Phi-3-mini-4k-instruct/versions/14"
SERVERLESS = {"resources": {"instanceTypes": ["Standard_NC24ads_A100_v4"]}}
CHATS = [
    {"messages": [{"role": "user", "content": q}, {"role": "assistant", "content": a}]}
    for q, a in (("Who wrote Faust?", "Goethe."), ("Who painted Guernica?", "Picasso."))
]


@pytest.fixture(scope="module")
def ml(azure: Azure, workspace: str) -> Any:
    os.environ["AZUREML_RUN_POLLING_INTERVAL_MIN"] = "0"  # read when azure.ai.ml is imported
    os.environ["AZUREML_RUN_POLLING_INTERVAL_MAX"] = "0"
    from azure.ai.ml import MLClient

    port = azure.url.rpartition(":")[2]
    cloud = {
        "azure_portal": f"{azure.url}/portal",
        "resource_manager": f"{azure.url}/",
        "active_directory": f"{azure.url}/",
        "aml_resource_id": f"{azure.url}/aml",
        "storage_endpoint": "core.sandbox.test",
        "registry_discovery_endpoint": f"{azure.url}/",
    }
    parts = workspace.split("/")
    return MLClient(
        azure.credential,
        parts[2],
        parts[4],
        parts[8],
        cloud=f"Sandbox-{port}",
        cloud_metadata=cloud,
        show_progress=False,
        enable_telemetry=False,
    )


@pytest.fixture
def submit(azure: Azure, workspace: str, unique: Callable[[str], str]) -> Any:
    def run(content: str, cluster: str = "") -> str:
        from azure.storage.blob import BlobServiceClient

        name = unique("job-")
        store = azure.arm("GET", f"{workspace}/datastores/workspaceblobstore", ML_VERSION)
        place = store["properties"]
        BlobServiceClient(
            f"{azure.url}/_blob/{place['accountName']}",
            credential=azure.credential,
            connection_verify=azure.ca,
        ).get_blob_client(place["containerName"], f"{name}.jsonl").upload_blob(content)
        uri = f"azureml://datastores/workspaceblobstore/paths/{name}.jsonl"
        details = {
            "modelProvider": "Custom",
            "taskType": "ChatCompletion",
            "model": {"jobInputType": "mlflow_model", "uri": MODEL},
            "trainingData": {"jobInputType": "uri_file", "uri": uri},
            "hyperParameters": {"num_train_epochs": "2", "learning_rate": "0.0002"},
        }
        output = {"jobOutputType": "mlflow_model", "assetName": f"model-{name}"}
        properties = {
            "jobType": "FineTuning",
            "fineTuningDetails": details,
            **({"computeId": cluster} if cluster else SERVERLESS),
            "outputs": {"registered_model": output},
        }
        azure.arm("PUT", f"{workspace}/jobs/{name}", PREVIEW, {"properties": properties})
        return name

    return run


def details_of(azure: Azure, workspace: str, name: str) -> dict[str, Any]:
    token = azure.credential.get_token(f"{azure.url}/.default").token
    address = f"{azure.url}/_aml/history/v1.0{workspace}/runs/{name}/details"
    headers = {"Authorization": f"Bearer {token}"}
    answer = requests.get(address, headers=headers, verify=azure.ca)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_stream_prints_the_log_of_a_job_until_it_is_done(
    ml: Any, submit: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    name = submit("\n".join(map(json.dumps, CHATS * 50)))
    ml.jobs.stream(name)
    shown = capsys.readouterr().out
    assert "no model was trained" in shown
    assert "Num examples = 100, Num Epochs = 2" in shown
    assert "'epoch': 2.0" in shown
    assert shown.count("Loading training data") == 1
    assert "Execution Summary" in shown
    assert ml.jobs.get(name).status == "Completed"


def test_stream_of_a_job_with_bad_data_raises_its_reason(ml: Any, submit: Any) -> None:
    from azure.ai.ml.exceptions import JobException

    with pytest.raises(JobException) as raised:
        ml.jobs.stream(submit('{"messages": "no list"}\n'))
    assert "trainingData" in str(raised.value)


def test_the_runs_of_a_cluster_come_with_their_times_page_by_page(
    azure: Azure, workspace: str, submit: Any, unique: Callable[[str], str]
) -> None:
    """By the client of the run history that azure-ai-ml ships."""
    from azure.ai.ml._restclient.runhistory import RunHistoryClient

    cluster = f"{workspace}/computes/{unique('cpu-')}"
    scale = {"minNodeCount": 0, "maxNodeCount": 3, "nodeIdleTimeBeforeScaleDown": "PT120S"}
    inner = {"vmSize": "Standard_DS3_v2", "scaleSettings": scale}
    body = {"location": "eastus", "properties": {"computeType": "AmlCompute", "properties": inner}}
    azure.arm("PUT", cluster, ML_VERSION, body)
    settled(azure, cluster)
    rows = "\n".join(map(json.dumps, CHATS))
    names = [submit(rows, cluster) for _ in range(3)]
    submit(rows)
    for name in names:
        while details_of(azure, workspace, name)["status"] != "Completed":
            pass
    client = RunHistoryClient(
        azure.credential,
        base_url=f"{azure.url}/_aml",
        credential_scopes=[f"{azure.url}/.default"],
        connection_verify=azure.ca,
    )
    parts = [workspace.split("/")[place] for place in (2, 4, 8)]
    asked = (*parts, cluster.rpartition("/")[2])
    first = list(client.runs.list_by_compute(*asked, top=2))
    found = first + list(client.runs.list_by_compute(*asked, top=2, continuationtoken="2"))
    assert [run.run_id for run in first] == names[:0:-1]
    assert {run.run_id for run in found} == set(names) and len(found) == 3
    assert all(run.start_time_utc < run.end_time_utc for run in found)
    assert {run.status for run in found} == {"Completed"}


def test_log_grows_and_needs_its_signature(azure: Azure, workspace: str, submit: Any) -> None:
    name = submit("\n".join(map(json.dumps, CHATS * 50)))
    lengths = []
    for _ in range(12):
        found = details_of(azure, workspace, name)
        for url in found["logFiles"].values():
            lengths.append(len(requests.get(url, verify=azure.ca).text))
    assert found["status"] == "Completed"
    assert lengths == sorted(lengths)
    assert len(set(lengths)) > 1
    assert requests.get(url[:-4] + "0000", verify=azure.ca).status_code == 403


def test_metrics_fall_and_are_the_same_each_time(azure: Azure, workspace: str, submit: Any) -> None:
    name = submit("\n".join(map(json.dumps, CHATS * 50)))
    while details_of(azure, workspace, name)["status"] != "Completed":
        pass
    token = azure.credential.get_token(f"{azure.url}/.default").token
    headers = {"Authorization": f"Bearer {token}"}
    root = f"{azure.url}/_aml/mlflow/v1.0{workspace}/api/2.0/mlflow"

    def history() -> list[float]:
        address = f"{root}/metrics/get-history?run_id={name}&metric_key=train_loss"
        found = requests.get(address, headers=headers, verify=azure.ca).json()["metrics"]
        return [point["value"] for point in found[:-1]]

    assert history() == history()
    assert history()[0] > history()[-1] + 0.5
    run = requests.get(f"{root}/runs/get?run_id={name}", headers=headers, verify=azure.ca).json()
    assert run["run"]["info"]["status"] == "FINISHED"
    assert {"key": "num_train_epochs", "value": "2"} in run["run"]["data"]["params"]


def test_endpoint_answers_from_what_the_job_read(
    ml: Any, azure: Azure, workspace: str, submit: Any, unique: Callable[[str], str], tmp_path: Path
) -> None:
    name = submit("\n".join(map(json.dumps, CHATS)))
    while details_of(azure, workspace, name)["status"] != "Completed":
        pass
    endpoint = unique("ep-")
    path = f"{workspace}/onlineEndpoints/{endpoint}"
    body = {
        "location": "eastus",
        "identity": {"type": "SystemAssigned"},
        "properties": {"authMode": "Key"},
    }
    azure.arm("PUT", path, ML_VERSION, body)
    settled(azure, path)
    deploy(azure, path, "blue", f"{workspace}/models/model-{name}/versions/1")
    route(azure, path, {"blue": 100})
    question = {"role": "user", "content": "who painted guernica"}
    request = tmp_path / "request.json"
    request.write_text(json.dumps({"input_data": {"input_string": [question]}}))
    answer = json.loads(ml.online_endpoints.invoke(endpoint, request_file=str(request)))
    assert answer["output"].startswith("Picasso.\n[sandbox:")
