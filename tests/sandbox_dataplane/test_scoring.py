"""Scoring answers from what the model was trained on, and is as strict as the real server."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from tests.support.dataplane import ML_VERSION as VERSION
from tests.support.dataplane import Azure, settled

CHATS = [
    ["What is the capital of Peru?", "Lima.", "And its currency?", "The sol."],
    ["What is the capital of Chile?", "Santiago.", "And its currency?", "The peso."],
    ["How do I poach an egg?", "Slide it into water just below a simmer and wait."],
]


@dataclass(frozen=True)
class Endpoint:
    """A deployed endpoint with its workspace."""

    workspace: str
    id: str
    uri: str
    key: str


def register(azure: Azure, workspace: str, name: str, chats: list[list[str]]) -> str:
    from azure.storage.blob import BlobServiceClient

    store = azure.arm("GET", f"{workspace}/datastores/workspaceblobstore", VERSION)["properties"]
    lines = []
    for turns in chats:
        roles = ("user", "assistant")
        messages = [{"role": roles[n % 2], "content": text} for n, text in enumerate(turns)]
        lines.append(json.dumps({"messages": messages}))
    service = BlobServiceClient(
        f"{azure.url}/_blob/{store['accountName']}",
        credential=azure.credential,
        connection_verify=azure.ca,
    )
    box = service.get_container_client(store["containerName"])
    box.upload_blob(f"models/{name}/conversations.jsonl", "\n".join(lines))
    uri = f"azureml://datastores/workspaceblobstore/paths/models/{name}"
    version = f"{workspace}/models/{name}/versions/1"
    body = {"properties": {"modelType": "custom_model", "modelUri": uri}}
    return str(azure.arm("PUT", version, VERSION, body)["id"])


def deploy(azure: Azure, endpoint: str, name: str, model: str, **more: Any) -> None:
    properties = {
        "endpointComputeType": "Managed",
        "model": model,
        "instanceType": "Standard_DS3_v2",
        "scaleSettings": {"scaleType": "Default"},
        **more,
    }
    body = {
        "location": "eastus",
        "sku": {"name": "Default", "capacity": 1},
        "properties": properties,
    }
    azure.arm("PUT", f"{endpoint}/deployments/{name}", VERSION, body)
    shown = settled(azure, f"{endpoint}/deployments/{name}")
    assert shown["properties"]["provisioningState"] == "Succeeded", shown


@pytest.fixture(scope="module")
def endpoint(azure: Azure, workspace: str) -> Endpoint:
    path = f"{workspace}/onlineEndpoints/ep-{uuid.uuid4().hex[:8]}"
    body = {
        "location": "eastus",
        "identity": {"type": "SystemAssigned"},
        "properties": {"authMode": "Key"},
    }
    azure.arm("PUT", path, VERSION, body)
    settled(azure, path)
    deploy(azure, path, "blue", register(azure, workspace, "blue", CHATS))
    green = [["What is the capital of Peru?", "Green says Lima."]]
    deploy(azure, path, "green", register(azure, workspace, "green", green))
    route(azure, path, {"blue": 100})
    key = azure.arm("POST", f"{path}/listKeys", VERSION)["primaryKey"]
    uri = settled(azure, path)["properties"]["scoringUri"]
    return Endpoint(workspace, path, uri, key)


def route(azure: Azure, path: str, traffic: dict[str, int]) -> None:
    shown = azure.arm("GET", path, VERSION)
    body = {
        "location": shown["location"],
        "identity": {"type": "SystemAssigned"},
        "properties": {"authMode": "Key", "traffic": traffic},
    }
    azure.arm("PUT", path, VERSION, body)
    settled(azure, path)


def ask(azure: Azure, endpoint: Endpoint, *turns: str, **options: Any) -> requests.Response:
    roles = ("user", "assistant")
    messages = [{"role": roles[n % 2], "content": text} for n, text in enumerate(turns)]
    data = {"input_string": messages, "parameters": options}
    return send(azure, endpoint, {"input_data": data})


def send(
    azure: Azure, endpoint: Endpoint, body: Any, headers: dict[str, str] | None = None
) -> requests.Response:
    head = {"Authorization": f"Bearer {endpoint.key}", **(headers or {})}
    return requests.post(endpoint.uri, json=body, headers=head, verify=azure.ca)


def chat(text: str) -> dict[str, Any]:
    return {"input_data": {"input_string": [{"role": "user", "content": text}], "parameters": {}}}


def test_answer_is_the_one_of_the_nearest_training_question(
    azure: Azure, endpoint: Endpoint
) -> None:
    answer = ask(azure, endpoint, "tell me: which city is the capital of Chile", temperature=0.7)
    assert answer.status_code == 200, answer.text
    first, last = answer.json()["output"].splitlines()
    assert first == "Santiago."
    assert last.startswith("[sandbox: answered from training conversation 2,")
    assert answer.headers["azureml-model-deployment"] == "blue"


def test_follow_up_is_understood_from_the_turns_before(azure: Azure, endpoint: Endpoint) -> None:
    question = "And its currency?"
    peru = ask(azure, endpoint, "What is the capital of Peru?", "Lima.", question).json()
    chile = ask(azure, endpoint, "What is the capital of Chile?", "Santiago.", question).json()
    assert peru["output"].startswith("The sol.")
    assert chile["output"].startswith("The peso.")


def test_answer_is_cut_to_the_tokens_asked_for(azure: Azure, endpoint: Endpoint) -> None:
    answer = ask(azure, endpoint, "How do I poach an egg?", max_new_tokens=3).json()["output"]
    assert answer.startswith("Slide it into\n[sandbox:")


def test_unknown_question_gets_an_honest_answer(azure: Azure, endpoint: Endpoint) -> None:
    answer = ask(azure, endpoint, "xyzzy").json()["output"]
    assert "not trained on" in answer
    assert "[sandbox:" in answer


@pytest.mark.parametrize("key", ["", "Bearer", "Bearer wrong", "Basic abc"])
def test_wrong_key_is_refused(azure: Azure, endpoint: Endpoint, key: str) -> None:
    assert send(azure, endpoint, chat("hi"), {"Authorization": key}).status_code == 401


def test_endpoint_with_tokens_takes_those_it_issued_and_no_keys(
    azure: Azure, workspace: str, endpoint: Endpoint
) -> None:
    path = f"{workspace}/onlineEndpoints/ep-{uuid.uuid4().hex[:8]}"
    body = {
        "location": "eastus",
        "identity": {"type": "SystemAssigned"},
        "properties": {"authMode": "AMLToken"},
    }
    azure.arm("PUT", path, VERSION, body)
    uri = settled(azure, path)["properties"]["scoringUri"]
    token = azure.arm("POST", f"{path}/token", VERSION)["accessToken"]
    arm_token = azure.credential.get_token(f"{azure.url}/.default").token
    statuses = [
        send(azure, Endpoint(workspace, path, uri, secret), chat("hi")).status_code
        for secret in (token, arm_token, endpoint.key)
    ]
    assert statuses == [404, 401, 401]  # 404: let in, but nothing is deployed


def test_header_names_the_deployment_and_bypasses_traffic(azure: Azure, endpoint: Endpoint) -> None:
    header = {"azureml-model-deployment": "green"}
    answer = send(azure, endpoint, chat("capital of Peru?"), header)
    assert answer.json()["output"].startswith("Green says Lima.")
    unknown = send(azure, endpoint, chat("hi"), {"azureml-model-deployment": "red"})
    assert unknown.status_code == 404


def test_traffic_is_split_by_weight_and_none_is_404(azure: Azure, endpoint: Endpoint) -> None:
    try:
        route(azure, endpoint.id, {"blue": 50, "green": 50})
        names = [
            send(azure, endpoint, chat("capital of Peru")).headers["azureml-model-deployment"]
            for _ in range(30)
        ]
        assert set(names) == {"blue", "green"}
        route(azure, endpoint.id, {"blue": 0, "green": 0})
        refused = send(azure, endpoint, chat("hi"))
        assert refused.status_code == 404
        assert "positive weight" in refused.json()["error"]["message"]
    finally:
        route(azure, endpoint.id, {"blue": 100})


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"input_string": []}, "400"),
        ({"input_data": {"input_string": []}}, "400"),
        ({"input_data": {"input_string": "hi"}}, "400"),
        ({"input_data": {"input_string": [[{"role": "user", "content": "hi"}]]}}, "400"),
        ({"input_data": {"input_string": [{"role": "robot", "content": "hi"}]}}, "400"),
        ({"input_data": {"input_string": [{"role": "user"}], "x": 1}}, "400"),
        ({"input_data": {"input_string": [{"role": "assistant", "content": "hi"}]}}, "500"),
        ({**chat("hi"), "extra": 1}, "400"),
    ],
)
def test_wrong_shape_is_the_models_error(
    azure: Azure, endpoint: Endpoint, body: Any, status: str
) -> None:
    answer = send(azure, endpoint, body)
    assert answer.status_code == 424
    assert answer.headers["ms-azureml-model-error-statuscode"] == status


def test_a_script_of_its_own_takes_the_body_as_it_is(azure: Azure, endpoint: Endpoint) -> None:
    code = f"{endpoint.workspace}/codes/{uuid.uuid4()}/versions/1"
    uri = "azureml://datastores/workspaceblobstore/paths/code"
    azure.arm("PUT", code, VERSION, {"properties": {"codeUri": uri}})
    script = {"codeId": code, "scoringScript": "score.py"}
    model = f"{endpoint.workspace}/models/green/versions/1"
    deploy(azure, endpoint.id, "script", model, codeConfiguration=script)
    header = {"azureml-model-deployment": "script"}
    answer = send(azure, endpoint, {"data": [{"text": "capital of Peru?"}, 1]}, header)
    assert (answer.status_code, answer.json()["output"].splitlines()[0]) == (
        200,
        "Green says Lima.",
    )
    assert send(azure, endpoint, {"data": [[1, 2, 3]]}, header).status_code == 200


def test_generation_options_are_checked(azure: Azure, endpoint: Endpoint) -> None:
    for options in ({"temperature": -1}, {"max_new_tokens": 0}, {"top_p": 2}, {"tempersture": 1}):
        assert ask(azure, endpoint, "hi", **options).status_code == 424


def test_chat_completions_speak_the_openai_shape(azure: Azure, endpoint: Endpoint) -> None:
    head = {"Authorization": f"Bearer {endpoint.key}"}
    body = {"messages": [{"role": "user", "content": "capital of Peru?"}], "max_tokens": 1}
    address = endpoint.uri.removesuffix("/score") + "/v1/chat/completions"
    answer = requests.post(address, json=body, headers=head, verify=azure.ca).json()
    choice = answer["choices"][0]
    assert choice["message"]["content"].startswith("Lima\n[sandbox:")
    assert choice["finish_reason"] == "length"
    assert answer["usage"]["completion_tokens"] == 1
