"""The flow service behaves as the recorded traffic of the promptflow client shows."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from azure.storage.fileshare import ShareClient

from tests.support.dataplane import ML_VERSION, Azure

FLOW = """
inputs: {name: {type: string}}
outputs: {result: {type: string, reference: "${hello.output}"}}
nodes:
- {name: hello, type: python, source: {type: code, path: hello.py}, inputs: {name: "${inputs.name}"}}
"""
RECORDED = Path(__file__).parents[3] / "shared" / "azure-recorded" / "promptflow"


class Flows:
    """Calls of the flow service, and a folder of the share it reads."""

    def __init__(self, azure: Azure, workspace: str, folder: str) -> None:
        self._azure = azure
        self.workspace = workspace
        self.path = f"Users/me/promptflow/{folder}"
        store = f"{workspace}/datastores/workspaceworkingdirectory"
        place = azure.arm("GET", store, ML_VERSION)["properties"]
        secret = azure.arm("POST", f"{store}/listSecrets", ML_VERSION)
        self.share = ShareClient(
            f"{azure.url}/_file/{place['accountName']}",
            place["fileShareName"],
            credential={"account_name": place["accountName"], "account_key": secret["key"]},
            connection_verify=azure.ca,
        )

    def upload(self, name: str, text: str) -> None:
        parent = ""
        for part in self.path.split("/"):
            parent = f"{parent}/{part}".strip("/")
            folder = self.share.get_directory_client(parent)
            if not folder.exists():
                folder.create_directory()
        self.share.get_directory_client(self.path).upload_file(name, text.encode())

    def call(self, method: str, path: str = "", body: Any = None) -> requests.Response:
        token = self._azure.credential.get_token(f"{self._azure.url}/.default").token
        address = f"{self._azure.url}/_aml/flow/api{self.workspace}/Flows{path}"
        query = {"experimentId": "any"} if path else None
        headers = {"Authorization": f"Bearer {token}"}
        return requests.request(
            method, address, params=query, json=body, headers=headers, verify=self._azure.ca
        )

    def create(self, **extra: Any) -> requests.Response:
        body = {
            "flowName": "chat flow",
            "description": "a test",
            "tags": {"owner": "me"},
            "flowDefinitionFilePath": f"{self.path}/flow.dag.yaml",
            "flowType": "default",
            **extra,
        }
        return self.call("POST", body=body)


@pytest.fixture
def flows(azure: Azure, workspace: str, unique: Callable[[str], str]) -> Flows:
    return Flows(azure, workspace, unique("flow-"))


@pytest.fixture
def flow(flows: Flows) -> dict[str, Any]:
    flows.upload("flow.dag.yaml", FLOW)
    flows.upload("hello.py", "x = 1\n")
    found: dict[str, Any] = flows.create().json()
    return found


def test_created_flow_can_be_read_and_listed(flows: Flows, flow: dict[str, Any]) -> None:
    shown = flows.call("GET", f"/{flow['flowId']}").json()
    assert (shown["flowName"], shown["flowType"], shown["isArchived"]) == (
        "chat flow",
        "Default",
        False,
    )
    assert flow["flowId"] in {item["flowId"] for item in flows.call("GET").json()}


def test_answers_have_the_members_of_the_recorded_ones(flows: Flows, flow: dict[str, Any]) -> None:
    if not RECORDED.is_dir():
        pytest.skip("recorded promptflow traffic is not beside this project")
    for name, shown in (
        ("flow_create.json", flow),
        ("flow_get.json", flows.call("GET", f"/{flow['flowId']}").json()),
    ):
        exchanges = json.loads((RECORDED / name).read_text())["exchanges"]
        recorded = next(e for e in exchanges[::-1] if "/flow/api/" in e["request"]["url"])
        body = recorded["response"]["body"]
        assert shown.keys() == body.keys()
        assert {key: type(shown[key]) for key in shown} == {key: type(body[key]) for key in body}


def test_flow_without_its_files_or_with_a_broken_definition_is_refused(flows: Flows) -> None:
    missing = flows.create()
    assert missing.status_code == 400
    assert "is not in share" in missing.json()["error"]["message"]
    for text, reason in (
        ("nodes: [", "not YAML"),
        ("inputs: {}", "`nodes`"),
        ("nodes: [{name: a, type: robot}]", "no known `type`"),
        (FLOW, "needs hello.py"),
    ):
        flows.upload("flow.dag.yaml", text)
        refused = flows.create()
        assert refused.status_code == 400
        assert reason in refused.json()["error"]["message"]


def test_update_changes_what_is_sent_and_nothing_else(flows: Flows, flow: dict[str, Any]) -> None:
    address = f"/{flow['flowId']}"
    assert flows.call("PUT", address, {"description": "new"}).status_code == 200
    shown = flows.call("GET", address).json()
    assert (shown["description"], shown["tags"]) == ("new", {"owner": "me"})
    assert flows.call("PUT", address, {"descriptoin": "typo"}).status_code == 400


def test_a_read_that_is_behind_shows_a_flow_as_before_its_latest_write(
    azure: Azure, flows: Flows, flow: dict[str, Any]
) -> None:
    def listed() -> bool:
        return flow["flowId"] in {item["flowId"] for item in flows.call("GET").json()}

    def behind(reads: int) -> None:
        fault = {"method": "GET", "path": "/Flows", "action": {"stale": reads}}
        azure.control("POST", "faults", json=fault)

    address = f"/{flow['flowId']}"
    behind(2)
    assert not listed()
    assert flows.call("GET", address).status_code == 404
    assert listed()
    flows.call("PUT", address, {"description": "new"})
    behind(1)
    told = [flows.call("GET", address).json()["description"] for _ in range(2)]
    assert told == ["a test", "new"]
    flows.call("PATCH", address, {"flowPatchOperationType": "ArchiveFlow"})
    behind(1)
    assert [listed(), listed()] == [True, False]


def test_archived_flow_leaves_the_list_and_comes_back(flows: Flows, flow: dict[str, Any]) -> None:
    def listed() -> bool:
        return flow["flowId"] in {item["flowId"] for item in flows.call("GET").json()}

    flows.call("PATCH", f"/{flow['flowId']}", {"flowPatchOperationType": "ArchiveFlow"})
    assert not listed()
    flows.call("PATCH", f"/{flow['flowId']}", {"flowPatchOperationType": "RestoreFlow"})
    assert listed()
    assert flows.call("DELETE", f"/{flow['flowId']}").status_code == 204
    assert flows.call("GET", f"/{flow['flowId']}").status_code == 404


def test_flow_of_another_workspace_or_without_a_token_is_refused(
    flows: Flows, azure: Azure
) -> None:
    address = f"{azure.url}/_aml/flow/api{flows.workspace}/Flows"
    assert requests.get(address, verify=azure.ca).status_code == 401
    missing = Flows.call
    flows.workspace = flows.workspace.rpartition("/")[0] + "/nowhere"
    assert missing(flows, "GET").status_code == 404
