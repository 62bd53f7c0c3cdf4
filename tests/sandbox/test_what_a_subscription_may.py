"""Cores, barred sizes, rights, locks and deleted twins, as Azure's own lists tell them."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError

from reconciler.sandbox.launch import Server
from tests.sandbox.conftest import GROUP, SUBSCRIPTION, Sandbox
from tests.support.scenario import GPU_FAMILY, GPU_SIZE, ML, workspace

REGION = (
    f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.MachineLearningServices/locations/eastus"
)
DS = "standardDSv2Family"
LOW = "TotalLowPriorityCores"
WORKSPACE = f"{GROUP}/providers/{ML}/ws1"


def listed(sandbox: Sandbox, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = sandbox.send("GET", f"{REGION}/{name}", api_version="2026-05-01")[
        1
    ]["value"]
    return found


def usages(sandbox: Sandbox) -> dict[tuple[str, str], tuple[int, int]]:
    """Used and limit by kind (last word but one of the type) and name."""
    return {
        (one["type"].split("/")[-2], one["name"]["value"]): (one["currentValue"], one["limit"])
        for one in listed(sandbox, "usages")
    }


def cluster(put: Any, name: str, size: str, nodes: int, least: int = 0, **more: Any) -> Any:
    scale = {"minNodeCount": least, "maxNodeCount": nodes}
    inner = {"vmSize": size, "scaleSettings": scale, **more}
    return put(
        f"{ML}/ws1/computes/cluster-{name}",
        "2024-10-01",
        properties={"computeType": "AmlCompute", "properties": inner},
    )


def deployment(put: Any, name: str, size: str, count: int = 1) -> Any:
    return put(
        f"{ML}/ws1/onlineEndpoints/ep-one/deployments/{name}",
        "2024-10-01",
        sku={"name": "Default", "capacity": count},
        properties={
            "endpointComputeType": "Managed",
            "model": "azureml://registries/azureml/models/Phi-4/versions/1",
            "instanceType": size,
        },
    )


@pytest.fixture
def space(sandbox: Sandbox, put: Any, server: Server) -> Any:
    workspace(put, server.tenant_id)
    put(f"{ML}/ws1/onlineEndpoints/ep-one", "2024-10-01", properties={"authMode": "Key"})
    return put


def test_low_priority_is_one_pool_over_families(sandbox: Sandbox, space: Any) -> None:
    cluster(space, "a", "Standard_DS3_v2", 2, least=2, vmPriority="LowPriority")
    cluster(space, "b", "Standard_F4s_v2", 1, least=1, vmPriority="LowPriority")
    cluster(space, "c", "Standard_DS3_v2", 1, least=1)
    found = usages(sandbox)
    assert found["lowPriorityCores", LOW] == (12, 100)
    assert found["dedicatedCores", DS] == (4, 100)
    assert found["lowPriorityCores", DS] == (8, -1)
    assert found["dedicatedCores", "TotalDedicatedCores"] == (4, 300)
    assert found["totalCores", "Clusters"] == (3, 500)


def test_a_low_priority_gpu_needs_no_quota_of_its_family(sandbox: Sandbox, space: Any) -> None:
    with pytest.raises(HttpResponseError, match="quota of 0"):
        cluster(space, "gpu", GPU_SIZE, 1)
    cluster(space, "gpu", GPU_SIZE, 1, least=1, vmPriority="LowPriority")
    assert usages(sandbox)["lowPriorityCores", LOW] == (24, 100)


def test_one_instance_of_four_cores_needs_eight(sandbox: Sandbox, space: Any) -> None:
    sandbox.control("POST", "quota", {"family": DS, "limit": 6})
    with pytest.raises(HttpResponseError, match=r"limit: 0/6. Additional needed: 8 Please"):
        deployment(space, "blue", "Standard_DS3_v2")
    sandbox.control("POST", "quota", {"family": DS, "limit": 8})
    deployment(space, "blue", "Standard_DS3_v2")
    assert usages(sandbox)["dedicatedCores", DS] == (8, 8)


def test_what_others_use_and_the_total_count_too(sandbox: Sandbox, space: Any) -> None:
    sandbox.control("POST", "quota", {"family": DS, "location": "eastus", "used": 96})
    with pytest.raises(HttpResponseError, match="96/100"):
        deployment(space, "blue", "Standard_DS3_v2")
    sandbox.control("POST", "quota", {"family": DS, "location": "eastus", "used": 0})
    sandbox.control("POST", "quota", {"family": "totaldedicatedcores", "limit": 7})
    with pytest.raises(HttpResponseError, match="0/7"):
        deployment(space, "blue", "Standard_DS3_v2")


def test_the_number_of_clusters_is_limited(sandbox: Sandbox, space: Any) -> None:
    sandbox.control("POST", "quota", {"family": "Clusters", "limit": 1})
    cluster(space, "a", "Standard_DS3_v2", 1)
    with pytest.raises(HttpResponseError, match="limit of 1 clusters"):
        cluster(space, "b", "Standard_DS3_v2", 1)
    cluster(space, "a", "Standard_DS3_v2", 2)


def test_a_workspace_may_be_capped_below_its_subscription(sandbox: Sandbox, space: Any) -> None:
    entry = {"id": f"{WORKSPACE}/quotas/{DS}", "limit": 4, "unit": "Count"}
    path = f"{REGION}/updateQuotas"
    answer = sandbox.send("POST", path, {"value": [entry]}, api_version="2024-10-01")[1]
    assert answer["value"][0]["status"] == "Success"
    caps = {one["id"]: one["limit"] for one in listed(sandbox, "quotas")}
    assert caps[f"{WORKSPACE}/quotas/{DS}"] == 4
    with pytest.raises(HttpResponseError, match=r"0/4. Additional needed: 8"):
        deployment(space, "blue", "Standard_DS3_v2")
    too_much = {**entry, "limit": 101}
    answer = sandbox.send("POST", path, {"value": [too_much]}, api_version="2024-10-01")[1]
    assert answer["value"][0]["status"] == "InvalidQuotaExceedsSubscriptionLimit"


def test_a_request_for_low_priority_cores_is_granted(sandbox: Sandbox, rm: Any) -> None:
    path = f"{REGION}/providers/Microsoft.Quota/quotas/{LOW}"
    body = {"properties": {"limit": {"limitObjectType": "LimitValue", "value": 200}}}
    assert sandbox.send("PUT", path, body, api_version="2025-09-01")[0] == 202
    for _ in range(5):
        sandbox.send(
            "GET", f"{REGION}/providers/Microsoft.Quota/quotaRequests", api_version="2025-09-01"
        )
    found = sandbox.send("GET", path, api_version="2025-09-01")[1]["properties"]
    assert found["resourceType"] == "lowPriority"


def test_sizes_tell_use_and_price(sandbox: Sandbox, rm: Any) -> None:
    sizes = {one["name"]: one for one in listed(sandbox, "vmSizes")}
    assert "MIR" not in sizes["Standard_DS1_v2"]["supportedComputeTypes"]
    assert "MIR" in sizes[GPU_SIZE]["supportedComputeTypes"]
    prices = sizes[GPU_SIZE]["estimatedVMPrices"]
    assert (prices["billingCurrency"], prices["unitOfMeasure"]) == ("USD", "OneHour")
    linux = {p["vmTier"]: p["retailPrice"] for p in prices["values"] if p["osType"] == "Linux"}
    assert linux["Standard"] == 3.673
    assert linux["LowPriority"] < linux["Spot"] < linux["Standard"]
    assert not sizes["Standard_NC80adis_H100_v5"]["lowPriorityCapable"]
    sandbox.control("POST", "settings", {"vm_price_estimates": 0})
    assert all("estimatedVMPrices" not in one for one in listed(sandbox, "vmSizes"))


def test_a_size_that_serves_no_endpoint_is_refused(sandbox: Sandbox, space: Any) -> None:
    with pytest.raises(HttpResponseError, match="not supported"):
        deployment(space, "blue", "Standard_DS1_v2")
    with pytest.raises(HttpResponseError, match="not allowed for LowPriority"):
        cluster(space, "h", "Standard_NC80adis_H100_v5", 1, vmPriority="LowPriority")


def test_a_barred_size_is_listed_and_refused(sandbox: Sandbox, space: Any) -> None:
    sandbox.control("POST", "sizes", {"size": "standard_ds3_v2", "barred": True})
    path = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Compute/skus"
    query = {"api_version": "2021-07-01", "__filter": "location eq 'eastus'"}
    skus = {one["name"]: one for one in sandbox.send("GET", path, **query)[1]["value"]}
    assert skus["Standard_DS3_v2"]["restrictions"][0]["reasonCode"] == "NotAvailableForSubscription"
    assert skus["Standard_DS4_v2"]["restrictions"] == []
    assert {"name": "GPUs", "value": "1"} in skus[GPU_SIZE]["capabilities"]
    with pytest.raises(HttpResponseError, match="not supported"):
        cluster(space, "a", "Standard_DS3_v2", 1)
    odd = {**query, "__filter": "name eq 'x'"}
    assert sandbox.send("GET", path, **odd)[0] == 400


def test_an_owner_reads_its_own_rights(sandbox: Sandbox, rm: Any) -> None:
    path = f"{GROUP}/providers/Microsoft.Authorization/permissions"
    found = sandbox.send("GET", path, api_version="2022-04-01")[1]["value"]
    assert found[0]["actions"] == ["*"] and found[0]["notActions"] == []
    gone = path.replace("/rg/", "/nowhere/")
    assert sandbox.send("GET", gone, api_version="2022-04-01")[0] == 404


LOCK = "/providers/Microsoft.Authorization/locks/keep"


def lock(sandbox: Sandbox, scope: str, level: str, method: str = "PUT") -> int:
    body = {"properties": {"level": level, "notes": "ask the platform team"}}
    status: int = sandbox.send(
        method, scope + LOCK, body if method == "PUT" else None, api_version="2020-05-01"
    )[0]
    return status


def test_a_lock_holds_for_what_is_below_and_above(sandbox: Sandbox, put: Any) -> None:
    account = put(
        "Microsoft.Storage/storageAccounts/acct1",
        "2023-05-01",
        kind="StorageV2",
        sku={"name": "Standard_LRS"},
    )["id"]
    assert lock(sandbox, account, "CanNotDelete") == 201
    status, body, _ = sandbox.send("DELETE", account, api_version="2023-05-01")
    assert (status, body["error"]["code"]) == (409, "ScopeLocked")
    assert f"'{account}'" in body["error"]["message"]
    assert sandbox.send("DELETE", GROUP, api_version="2025-04-01")[0] == 409
    patch = {"tags": {"a": "b"}}
    assert sandbox.send("PATCH", account, patch, api_version="2023-05-01")[0] == 200
    listing = f"{GROUP}/providers/Microsoft.Authorization/locks"
    query = {"api_version": "2020-05-01"}
    assert len(sandbox.send("GET", listing, **query)[1]["value"]) == 1
    assert not sandbox.send("GET", listing, **query, __filter="atScope()")[1]["value"]
    assert lock(sandbox, account, "", "DELETE") == 200
    assert sandbox.send("DELETE", account, api_version="2023-05-01")[0] == 200


def test_read_only_forbids_writes_and_actions(sandbox: Sandbox, put: Any) -> None:
    account = put(
        "Microsoft.Storage/storageAccounts/acct1",
        "2023-05-01",
        kind="StorageV2",
        sku={"name": "Standard_LRS"},
    )["id"]
    assert lock(sandbox, GROUP, "ReadOnly") == 201
    query = {"api_version": "2023-05-01"}
    assert sandbox.send("PATCH", account, {"tags": {}}, **query)[0] == 409
    assert sandbox.send("POST", f"{account}/listKeys", **query)[0] == 409
    assert sandbox.send("GET", account, **query)[0] == 200
    grant = f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
    assert sandbox.send("PUT", grant, {"properties": {}}, api_version="2022-04-01")[0] == 409


def test_a_lock_has_one_of_three_levels(sandbox: Sandbox, rm: Any) -> None:
    assert lock(sandbox, GROUP, "Sometimes") == 400
    assert lock(sandbox, GROUP.replace("/rg", "/nowhere"), "ReadOnly") == 404


def test_a_deleted_log_workspace_is_listed_and_comes_back(sandbox: Sandbox, put: Any) -> None:
    name = "Microsoft.OperationalInsights/workspaces/logs1"
    first = put(name, "2023-09-01")
    status = sandbox.send("DELETE", first["id"], api_version="2023-09-01")[0]
    assert status == 200
    for _ in range(5):
        sandbox.send("GET", first["id"], api_version="2023-09-01")
    listing = (
        f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.OperationalInsights/deletedWorkspaces"
    )
    found = sandbox.send("GET", listing, api_version="2023-09-01")[1]["value"]
    assert [one["id"] for one in found] == [first["id"]]
    again = put(name, "2023-09-01")
    assert again["properties"]["customerId"] == first["properties"]["customerId"]
    assert not sandbox.send("GET", listing, api_version="2023-09-01")[1]["value"]


@pytest.mark.parametrize(
    ("control", "body", "told"),
    [
        ("quota", {"family": "standardXFamily", "limit": 1}, "there is no family"),
        ("quota", {"family": DS}, "needs a limit"),
        ("quota", {"family": DS, "limit": -2}, "limit"),
        ("quota", {"family": DS, "limit": 1, "location": "mars"}, "no region"),
        ("quota", {"family": DS, "limit": 1, "workspace": "/x"}, "no workspace"),
        ("sizes", {"size": "Standard_X", "barred": True}, "there is no size"),
        ("prices", {"size": GPU_SIZE, "location": "eastus", "price": "dear"}, "not a price"),
        ("prices", {"size": GPU_SIZE, "price": "1"}, "needs a region"),
    ],
)
def test_a_control_says_what_is_wrong(
    sandbox: Sandbox, control: str, body: dict[str, Any], told: str
) -> None:
    import urllib.error

    with pytest.raises(urllib.error.HTTPError) as refused:
        sandbox.control("POST", control, body)
    assert told in refused.value.read().decode()


def test_a_grant_is_void_once_the_limit_is_set(sandbox: Sandbox, rm: Any) -> None:
    path = f"{REGION}/providers/Microsoft.Quota/quotas/{GPU_FAMILY}"
    body = {"properties": {"limit": {"limitObjectType": "LimitValue", "value": 48}}}
    sandbox.control("POST", "clock", {"mode": "frozen"})
    sandbox.send("PUT", path, body, api_version="2025-09-01")
    sandbox.control("POST", "clock", {"advance": 600})
    assert usages(sandbox)["dedicatedCores", GPU_FAMILY] == (0, 48)
    assert usages(sandbox)["dedicatedCores", "TotalDedicatedCores"] == (0, 348)
    sandbox.control("POST", "quota", {"family": GPU_FAMILY, "location": "eastus", "limit": 24})
    assert usages(sandbox)["dedicatedCores", GPU_FAMILY] == (0, 24)
