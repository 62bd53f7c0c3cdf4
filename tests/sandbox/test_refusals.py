"""Each provider refuses in its own words: names, bodies, what is taken, what may not change."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.sandbox import GROUP, SUBSCRIPTION, Sandbox
from tests.support.scenario import ML, workspace

PROVIDERS = f"{GROUP}/providers"
ACCOUNT = f"{PROVIDERS}/Microsoft.Storage/storageAccounts"
VAULT = f"{PROVIDERS}/Microsoft.KeyVault/vaults"
WORKSPACE = f"{PROVIDERS}/{ML}/ws1"
STORAGE = {"location": "eastus", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
MODEL = "azureml://registries/azureml/models/Phi-4/versions/1"


def refused(
    sandbox: Sandbox, path: str, version: str, body: Any, method: str = "PUT"
) -> tuple[int, str]:
    status, answer, _ = sandbox.send(method, path, body, api_version=version)
    return status, answer["error"]["code"]


def vault(tenant: str, **more: Any) -> dict[str, Any]:
    properties = {"tenantId": tenant, "sku": {"family": "A", "name": "standard"}, **more}
    return {"location": "eastus", "properties": properties}


@pytest.mark.parametrize(
    ("path", "version", "expected"),
    [
        (f"{ACCOUNT}/Not-Lower", "2023-05-01", "AccountNameInvalid"),
        (f"{VAULT}/1starts-with-a-digit", "2023-07-01", "VaultNameNotValid"),
        (GROUP.replace("/rg", "/r*g"), "2024-07-01", "InvalidResourceGroup"),
        (f"{PROVIDERS}/Microsoft.ContainerRegistry/registries/a-b-c-d", "2025-11-01", None),
        (f"{WORKSPACE}/computes/ends-1", "2024-10-01", None),
        (f"{WORKSPACE}/onlineEndpoints/1st", "2024-10-01", None),
    ],
)
def test_a_name_is_refused_by_its_own_rule(
    sandbox: Sandbox, put: Any, path: str, version: str, expected: str | None
) -> None:
    workspace(put, sandbox.server.tenant_id)
    body = {"location": "eastus", "sku": {"name": "Standard"}, "properties": {"authMode": "Key"}}
    sent = body if "registries" in path or "onlineEndpoints" in path else STORAGE
    if "vaults" in path:
        sent = vault(sandbox.server.tenant_id)
    if "computes" in path:
        sent = {"properties": {"computeType": "AmlCompute", "properties": {"scaleSettings": {}}}}
        sent["properties"]["properties"] = {"scaleSettings": {"maxNodeCount": 1}}  # type: ignore[index] # a literal of mixed types
    if path.endswith("r*g"):
        sent = {"location": "eastus"}
    assert refused(sandbox, path, version, sent) == (400, expected or "InvalidResourceName")


def test_arm_itself_names_the_versions_it_has(sandbox: Sandbox, rm: Any) -> None:
    status, body, _ = sandbox.send("GET", GROUP, api_version="2014-02-14")
    assert (status, body["error"]["code"]) == (400, "InvalidApiVersionParameter")
    assert "'2014-02-14' is invalid. The supported versions are '2025" in body["error"]["message"]


def test_a_vault_says_only_that_its_body_is_bad(sandbox: Sandbox, rm: Any) -> None:
    body = vault(sandbox.server.tenant_id, networkAcls={"defaultAction": "Maybe"})
    status, answer, _ = sandbox.send("PUT", f"{VAULT}/kv9", body, api_version="2023-07-01")
    assert status == 400
    assert answer["error"] == {
        "code": "BadRequest",
        "message": "Bad JSON content found in the request.",
    }


def test_machine_learning_names_the_property_in_the_details(sandbox: Sandbox, put: Any) -> None:
    workspace(put, sandbox.server.tenant_id)
    body = {"location": "eastus", "properties": {"authMode": "Key", "trafic": {}}}
    path = f"{WORKSPACE}/onlineEndpoints/ep-one"
    status, answer, _ = sandbox.send("PUT", path, body, api_version="2024-10-01")
    error = answer["error"]
    assert (status, error["code"], error["message"]) == (
        400,
        "BadRequest",
        "The request is invalid.",
    )
    assert "'trafic'" in error["details"][0]["message"]


@pytest.mark.parametrize(
    ("path", "version", "expected"),
    [
        ("Microsoft.Storage/storageAccounts/acct1", "2023-05-01", "StorageAccountAlreadyTaken"),
        ("Microsoft.KeyVault/vaults/kv1", "2023-07-01", "VaultAlreadyExists"),
        ("Microsoft.ContainerRegistry/registries/acr12345", "2025-11-01", "AlreadyInUse"),
    ],
)
def test_a_name_taken_anywhere_is_taken(
    sandbox: Sandbox, rm: Any, put: Any, path: str, version: str, expected: str
) -> None:
    workspace(put, sandbox.server.tenant_id)
    rm.resource_groups.create_or_update("other", {"location": "eastus"})
    sent = {"location": "eastus", "sku": {"name": "Standard"}}
    body = STORAGE if "Storage" in path else sent
    body = vault(sandbox.server.tenant_id) if "KeyVault" in path else body
    elsewhere = f"{PROVIDERS}/{path}".replace("/rg/", "/other/")
    assert refused(sandbox, elsewhere, version, body) == (409, expected)


def test_an_endpoint_name_is_taken_in_its_region(sandbox: Sandbox, put: Any) -> None:
    tenant = sandbox.server.tenant_id
    workspace(put, tenant)
    workspace(put, tenant, "ws2")
    body = {"location": "eastus", "properties": {"authMode": "Key"}}
    assert sandbox.send("PUT", f"{WORKSPACE}/onlineEndpoints/one", body, api_version="2024-10-01")[
        0
    ] in (200, 201)
    other = f"{PROVIDERS}/{ML}/ws2/onlineEndpoints/one"
    status, answer, _ = sandbox.send("PUT", other, body, api_version="2024-10-01")
    assert (status, answer["error"]["details"][0]["code"]) == (400, "InferencingClientCallFailed")
    assert "unique within a region" in answer["error"]["details"][0]["message"]


@pytest.mark.parametrize(
    ("path", "version", "change", "status"),
    [
        ("Microsoft.Storage/storageAccounts/acct1", "2023-05-01", {"isHnsEnabled": True}, 409),
        ("Microsoft.Storage/storageAccounts/acct1", "2023-05-01", {"isNfsV3Enabled": True}, 409),
        (
            "Microsoft.ContainerRegistry/registries/acr12345",
            "2025-11-01",
            {"zoneRedundancy": "Enabled"},
            409,
        ),
        (f"{ML}/ws1", "2024-10-01", {"hbiWorkspace": True}, 400),
    ],
)
def test_what_was_fixed_at_birth_stays(
    sandbox: Sandbox,
    put: Any,
    path: str,
    version: str,
    change: dict[str, Any],
    status: int,
) -> None:
    workspace(put, sandbox.server.tenant_id)
    resource = f"{PROVIDERS}/{path}"
    found = sandbox.send("GET", resource, api_version=version)[1]
    properties = {**found["properties"], **change}
    answer = sandbox.send("PUT", resource, {**found, "properties": properties}, api_version=version)
    assert answer[0] == status
    unchanged = sandbox.send("PUT", resource, found, api_version=version)
    assert unchanged[0] in (200, 202), unchanged


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"kind": "BlobStorage"}, 409),
        ({"sku": {"name": "Premium_LRS"}}, 409),
        ({"sku": {"name": "Standard_GRS"}}, 200),
        ({"kind": "StorageV2"}, 200),
    ],
)
def test_an_account_is_upgraded_and_never_turned_into_another(
    sandbox: Sandbox, put: Any, change: dict[str, Any], expected: int
) -> None:
    old = {**STORAGE, "kind": "Storage"}
    put("Microsoft.Storage/storageAccounts/acct1", "2023-05-01", **old)
    answer = sandbox.send("PUT", f"{ACCOUNT}/acct1", {**old, **change}, api_version="2023-05-01")
    assert answer[0] == expected


@pytest.mark.parametrize("body", [["x"], "text", 7, True])
def test_a_body_that_is_no_object_is_refused(sandbox: Sandbox, rm: Any, body: Any) -> None:
    path = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.KeyVault/checkNameAvailability"
    answer = refused(sandbox, path, "2023-07-01", body, "POST")
    assert answer == (400, "InvalidRequestContent")


@pytest.mark.parametrize("change", [{"sku": None}, {"sku": {"name": None}}])
def test_a_patch_cannot_take_away_what_is_required(
    sandbox: Sandbox, put: Any, change: dict[str, Any]
) -> None:
    path = "Microsoft.ContainerRegistry/registries/acr12345"
    put(path, "2025-11-01", sku={"name": "Standard"})
    answer = refused(sandbox, f"{PROVIDERS}/{path}", "2025-11-01", change, "PATCH")
    assert answer == (400, "InvalidRequestContent")


def test_a_child_needs_its_parent_even_where_the_container_is_made_for_it(
    sandbox: Sandbox, rm: Any
) -> None:
    body = {"properties": {"image": "mcr.microsoft.com/azureml/base"}}
    path = f"{WORKSPACE}/environments/e/versions/1"
    assert refused(sandbox, path, "2024-10-01", body) == (404, "ParentResourceNotFound")


def test_a_deployment_with_traffic_stays(sandbox: Sandbox, put: Any) -> None:
    workspace(put, sandbox.server.tenant_id)
    endpoint = f"{ML}/ws1/onlineEndpoints/ep-one"
    put(endpoint, "2024-10-01", properties={"authMode": "Key"})
    put(
        f"{endpoint}/deployments/blue",
        "2024-10-01",
        properties={
            "endpointComputeType": "Managed",
            "model": MODEL,
            "instanceType": "Standard_DS3_v2",
        },
    )
    put(endpoint, "2024-10-01", properties={"authMode": "Key", "traffic": {"blue": 100}})
    path = f"{PROVIDERS}/{endpoint}/deployments/blue"
    assert refused(sandbox, path, "2024-10-01", None, "DELETE") == (400, "UserError")


def test_deleting_below_a_missing_parent_names_the_parent(sandbox: Sandbox, rm: Any) -> None:
    path = f"{WORKSPACE}/datastores/store"
    status, body, headers = sandbox.send("DELETE", path, api_version="2024-10-01")
    assert (status, body["error"]["code"]) == (404, "ParentResourceNotFound")
    assert headers["x-ms-failure-cause"] == "gateway"


def test_a_gpu_size_is_refused_where_there_is_none(sandbox: Sandbox, put: Any) -> None:
    workspace(put, sandbox.server.tenant_id)
    inner = {"vmSize": "Standard_NC4as_T4_v3", "scaleSettings": {"maxNodeCount": 0}}
    properties = {"computeType": "AmlCompute", "properties": inner}
    path = f"{WORKSPACE}/computes/gpu"
    here = {"location": "eastus", "properties": properties}
    assert sandbox.send("PUT", path, here, api_version="2024-10-01")[0] == 201
    there = {"location": "ukwest", "properties": properties}
    elsewhere = path.replace("/gpu", "/far")
    status, body, _ = sandbox.send("PUT", elsewhere, there, api_version="2024-10-01")
    assert (status, body["error"]["code"]) == (400, "UserError")
    assert "not supported in ukwest" in body["error"]["message"]
    listed = f"/subscriptions/{SUBSCRIPTION}/providers/{ML.split('/')[0]}/locations/ukwest/vmSizes"
    names = {
        one["name"] for one in sandbox.send("GET", listed, api_version="2024-10-01")[1]["value"]
    }
    assert "Standard_DS3_v2" in names
    assert "Standard_NC4as_T4_v3" not in names


def test_a_size_nobody_has_and_one_that_is_retired_are_refused(sandbox: Sandbox, put: Any) -> None:
    workspace(put, sandbox.server.tenant_id)
    for size in ("Standard_Imaginary", "Standard_NC6s_v3"):
        inner = {"vmSize": size, "scaleSettings": {"maxNodeCount": 1}}
        body = {"properties": {"computeType": "AmlCompute", "properties": inner}}
        answer = refused(sandbox, f"{WORKSPACE}/computes/gpu", "2024-10-01", body)
        assert answer == (400, "UserError")
