"""`az rest` on every Azure Machine Learning type that the sandbox has.

Source: learn.microsoft.com/cli/azure/use-azure-cli-rest-command; bodies after the request
examples of azure-rest-api-specs, MachineLearningServices 2024-10-01.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.clients.azure_cli.conftest import AzureCli
from tests.clients.conftest import SUBSCRIPTION

pytestmark = pytest.mark.azure_cli
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"
ML = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces"
URI = "azureml://datastores/workspaceblobstore/paths/x"
POLLS = 20


def body(**properties: Any) -> dict[str, Any]:
    return {"properties": properties}


def placed(**other: Any) -> dict[str, Any]:
    return {"location": "eastus", **other}


CREATED: list[tuple[str, dict[str, Any]]] = [
    (
        "computes/cpu",
        placed(
            properties={
                "computeType": "AmlCompute",
                "properties": {
                    "vmSize": "Standard_DS3_v2",
                    "scaleSettings": {"minNodeCount": 0, "maxNodeCount": 1},
                },
            }
        ),
    ),
    (
        "datastores/more",
        body(
            datastoreType="AzureBlob",
            accountName="azclistore1",
            containerName="more",
            credentials={"credentialsType": "None"},
        ),
    ),
    ("data/d", body(dataType="uri_file")),
    ("data/d/versions/1", body(dataType="uri_file", dataUri=URI)),
    ("models/m", body()),
    ("models/m/versions/1", body(modelType="custom_model", modelUri=URI)),
    ("environments/e", body()),
    ("environments/e/versions/1", body(image="mcr.microsoft.com/azureml/base:1")),
    ("codes/c", body()),
    (
        "codes/c/versions/1",
        body(codeUri="https://azclistore1.blob.core.windows.net/more/c"),
    ),
    (
        "jobs/j",
        body(
            jobType="Command",
            command="echo hello",
            computeId=f"{ML}/ws1/computes/cpu",
            environmentId=f"{ML}/ws1/environments/e/versions/1",
        ),
    ),
    ("onlineEndpoints/ep-azcli", placed(properties={"authMode": "Key"})),
    (
        "onlineEndpoints/ep-azcli/deployments/blue",
        placed(
            sku={"name": "Default", "capacity": 1},
            properties={
                "endpointComputeType": "Managed",
                "model": "azureml://registries/azureml/models/Phi-4/versions/1",
                "instanceType": "Standard_DS3_v2",
            },
        ),
    ),
    (
        "connections/keys",
        body(
            category="CustomKeys",
            authType="CustomKeys",
            target="https://example.com",
            credentials={"keys": {"key": "secret"}},
        ),
    ),
]


class Rest:
    """`az rest` with one api-version, waiting as a script would: by reading again."""

    def __init__(self, az: AzureCli, version: str) -> None:
        self._az, self._version = az, version

    def put(self, path: str, content: dict[str, Any]) -> dict[str, Any]:
        self._send("put", path, "--body", json.dumps(content))
        for _ in range(POLLS):
            found: dict[str, Any] = self.get(path)
            if found["properties"].get("provisioningState", "Succeeded") != "Succeeded":
                continue
            if found["properties"].get("status", "Completed") == "Completed":  # a job's
                return found
        raise AssertionError(f"{path} never came to be")

    def get(self, path: str) -> Any:
        return self._send("get", path)

    def delete(self, path: str) -> None:
        """Delete; a compute wants to be told what becomes of the machines under it."""
        action = "&underlyingResourceAction=Delete" if "/computes/" in path else ""
        self._az(*self._words("delete", path, action))

    def is_absent(self, path: str) -> bool:
        for _ in range(POLLS):
            ran = self._az.run(*self._words("get", path))
            if ran.exit:
                return "Not Found" in ran.err
        return False

    def _send(self, method: str, path: str, *more: str) -> Any:
        return self._az(*self._words(method, path), *more)

    def _words(self, method: str, path: str, more: str = "") -> list[str]:
        url = f"{path}?api-version={self._version}{more}"
        return ["rest", "--method", method, "--url", url]


@pytest.fixture
def workspace(az: AzureCli) -> str:
    """A workspace with its storage account, vault and insights; returns its id."""
    store = az("storage", "account", "create", "-g", "rg", "-n", "azclistore1")["id"]
    vault = az("keyvault", "create", "-g", "rg", "-n", "azcli-vault", "-l", "eastus")["id"]
    insights = f"{GROUP}/providers/Microsoft.Insights/components/insights"
    logs = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/logs-1"
    Rest(az, "2023-09-01").put(logs, placed(properties={}))
    Rest(az, "2020-02-02").put(
        insights,
        placed(kind="web", properties={"Application_Type": "web", "WorkspaceResourceId": logs}),
    )
    links = {"storageAccount": store, "keyVault": vault, "applicationInsights": insights}
    content = placed(identity={"type": "SystemAssigned"}, properties=links)
    found: str = Rest(az, "2024-10-01").put(f"{ML}/ws1", content)["id"]
    return found


def test_every_machine_learning_type_is_put_read_and_deleted(az: AzureCli, workspace: str) -> None:
    from reconciler.sandbox.arm.registry import TYPES

    rest, seen = Rest(az, "2024-10-01"), {rest_type(az, workspace)}
    for path, content in CREATED:
        found = rest.put(f"{workspace}/{path}", content)
        assert found["name"] == path.rsplit("/", 1)[-1]
        seen.add(found["type"].lower())
    assert seen == {
        type_.type.lower() for type_ in TYPES if type_.namespace.startswith("Microsoft.Machine")
    }
    listed = rest.get(f"{workspace}/onlineEndpoints/ep-azcli/deployments")
    assert [one["name"] for one in listed["value"]] == ["blue"]
    for path, _ in reversed(CREATED):
        rest.delete(f"{workspace}/{path}")
        assert rest.is_absent(f"{workspace}/{path}"), path
    rest.delete(workspace)
    assert rest.is_absent(workspace)


def rest_type(az: AzureCli, resource_id: str) -> str:
    """The type of a resource, as it says itself, in lower case."""
    return str(Rest(az, "2024-10-01").get(resource_id)["type"]).lower()
