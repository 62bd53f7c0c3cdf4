"""How long-running requests tell a client to wait, as recorded of Azure, type by type."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.support.sandbox import GROUP, SUBSCRIPTION, Sandbox
from tests.support.scenario import ML, READER, workspace

STYLE = ("Azure-AsyncOperation", "Location", "Retry-After")
WORKSPACE = f"{GROUP}/providers/{ML}/ws1"
ENDPOINT = f"{WORKSPACE}/onlineEndpoints/ep-one"
CLUSTER = f"{WORKSPACE}/computes/cpu"
VAULTS = "Microsoft.KeyVault"
DEPLOYMENT: dict[str, Any] = {
    "location": "eastus",
    "sku": {"name": "Default", "capacity": 1},
    "properties": {
        "endpointComputeType": "Managed",
        "model": "azureml://registries/azureml/models/Phi-4/versions/1",
        "instanceType": "Standard_DS3_v2",
    },
}
ENDPOINT_BODY = {
    "location": "eastus",
    "identity": {"type": "SystemAssigned"},
    "properties": {"authMode": "Key"},
}
BOTH = ["Azure-AsyncOperation", "Location"]


@pytest.fixture
def azure(sandbox: Sandbox, put: Any) -> Sandbox:
    """A workspace, in time that runs as fast as ours: Retry-After as Azure would send it."""
    workspace(put, sandbox.server.tenant_id)
    sandbox.control("POST", "clock", {"mode": "speed=1"})
    return sandbox


def style(answer: tuple[int, Any, dict[str, str]]) -> tuple[int, list[str]]:
    return answer[0], [name for name in STYLE if name in answer[2]]


def follow(azure: Sandbox, url: str) -> tuple[int, Any, dict[str, str]]:
    azure.control("POST", "clock", {"advance": 86400})
    parts = urlsplit(url)
    query = {name.replace("-", "_"): value for name, value in parse_qsl(parts.query)}
    return azure.send("GET", parts.path, **query)


def test_a_workspace_names_both_places_and_no_time(azure: Sandbox) -> None:
    shown = azure.send("GET", WORKSPACE, api_version="2024-10-01")[1]
    for method, body in (("PUT", shown), ("PATCH", {"tags": {"a": "b"}}), ("DELETE", None)):
        answer = azure.send(method, WORKSPACE, body, api_version="2024-10-01")
        assert style(answer) == (202, BOTH), method
        polled = azure.send("GET", urlsplit(answer[2]["Location"]).path, api_version="2024-10-01")
        assert style(polled) == (202, ["Location"])
        assert follow(azure, answer[2]["Location"])[0] == 200


def test_endpoints_and_deployments_name_both_places(azure: Sandbox) -> None:
    made = azure.send("PUT", ENDPOINT, ENDPOINT_BODY, api_version="2024-10-01")
    assert style(made) == (201, BOTH)
    shown = follow(azure, made[2]["Location"])[1]
    assert shown["properties"]["provisioningState"] == "Succeeded"
    blue = azure.send("PUT", f"{ENDPOINT}/deployments/blue", DEPLOYMENT, api_version="2024-10-01")
    assert style(blue) == (201, BOTH)
    assert follow(azure, blue[2]["Azure-AsyncOperation"])[1]["status"] == "Succeeded"
    gone = azure.send("DELETE", ENDPOINT, api_version="2024-10-01")
    assert style(gone) == (202, BOTH)


def test_a_cluster_that_is_put_again_answers_201(azure: Sandbox) -> None:
    scale = {"minNodeCount": 0, "maxNodeCount": 1}
    inner = {"vmSize": "Standard_DS3_v2", "scaleSettings": scale}
    properties = {"computeType": "AmlCompute", "properties": inner}
    for _ in range(2):
        body = {"location": "eastus", "properties": properties}
        answer = azure.send("PUT", CLUSTER, body, api_version="2024-10-01")
        assert style(answer) == (201, ["Azure-AsyncOperation"])
        follow(azure, answer[2]["Azure-AsyncOperation"])
    patch = {"properties": {"properties": {"scaleSettings": {"maxNodeCount": 2}}}}
    assert azure.send("PATCH", CLUSTER, patch, api_version="2024-10-01")[0] == 200


def test_the_diagnosis_of_a_workspace_is_found_at_its_location(azure: Sandbox) -> None:
    asked = azure.send("POST", f"{WORKSPACE}/diagnose", {}, api_version="2024-10-01")
    assert style(asked) == (202, ["Location"])
    status, found, _ = follow(azure, asked[2]["Location"])
    assert (status, found["value"]["keyVaultResults"]) == (200, [])


def test_a_vault_is_purged_in_time(azure: Sandbox) -> None:
    vault = f"{GROUP}/providers/{VAULTS}/vaults/kv2"
    sku = {"family": "A", "name": "standard"}
    properties = {"tenantId": azure.server.tenant_id, "sku": sku}
    body = {"location": "eastus", "properties": properties}
    assert style(azure.send("PUT", vault, body, api_version="2023-07-01")) == (200, [])
    azure.send("DELETE", vault, api_version="2023-07-01")
    base = f"/subscriptions/{SUBSCRIPTION}/providers/{VAULTS}/locations/eastus/deletedVaults/kv2"
    purged = azure.send("POST", f"{base}/purge", api_version="2023-07-01")
    assert style(purged) == (202, ["Location"])
    assert azure.send("PUT", vault, body, api_version="2023-07-01")[0] == 409
    assert follow(azure, purged[2]["Location"])[0] == 200
    assert azure.send("PUT", vault, body, api_version="2023-07-01")[0] == 200


def test_soft_delete_of_a_vault_is_on_whatever_is_sent(azure: Sandbox) -> None:
    vault = f"{GROUP}/providers/{VAULTS}/vaults/kv2"
    properties = {
        "tenantId": azure.server.tenant_id,
        "sku": {"family": "A", "name": "standard"},
        "enableSoftDelete": False,
    }
    body = {"location": "eastus", "properties": properties}
    status, shown, _ = azure.send("PUT", vault, body, api_version="2023-07-01")
    assert (status, shown["properties"]["enableSoftDelete"]) == (200, True)


def test_log_analytics_answers_200(azure: Sandbox) -> None:
    path = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/logs2"
    body = {"location": "eastus", "properties": {}}
    assert style(azure.send("PUT", path, body, api_version="2021-06-01")) == (200, [])
    assert style(azure.send("DELETE", path, api_version="2021-06-01")) == (200, [])


def test_the_same_environment_version_is_created_again(azure: Sandbox) -> None:
    path = f"{WORKSPACE}/environments/env/versions/1"
    body = {"properties": {"image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04"}}
    for _ in range(2):
        answer = azure.send("PUT", path, body, api_version="2022-05-01")
        assert style(answer) == (201, ["Location"])


def test_a_role_assignment_that_changes_answers_201(azure: Sandbox) -> None:
    path = (
        f"{GROUP}/providers/Microsoft.Authorization/roleAssignments"
        "/11111111-2222-3333-4444-555555555555"
    )
    properties = {
        "roleDefinitionId": f"/providers/Microsoft.Authorization/roleDefinitions/{READER}",
        "principalId": "99999999-2222-3333-4444-555555555555",
        "principalType": "ServicePrincipal",
    }
    put = lambda more: azure.send(  # noqa: E731
        "PUT", path, {"properties": {**properties, **more}}, api_version="2022-04-01"
    )[0]
    assert [put({}), put({}), put({"description": "changed"})] == [201, 200, 201]


def test_linked_ids_keep_their_case_but_for_two_namespaces(sandbox: Sandbox, put: Any) -> None:
    shown = workspace(put, sandbox.server.tenant_id)["properties"]
    providers = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers"
    assert shown["storageAccount"] == f"{providers}/Microsoft.Storage/storageAccounts/acct1"
    assert shown["keyVault"] == f"{providers}/Microsoft.Keyvault/vaults/kv1"
    assert shown["applicationInsights"] == f"{providers}/Microsoft.insights/components/insights"
    assert shown["containerRegistry"].endswith("Microsoft.ContainerRegistry/registries/acr12345")
