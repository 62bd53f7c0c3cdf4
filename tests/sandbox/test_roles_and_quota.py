"""Role assignments and cores."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.authorization import AuthorizationManagementClient

from tests.support.sandbox import GROUP, SUBSCRIPTION, Sandbox
from tests.support.scenario import GPU_FAMILY, GPU_SIZE, ML, READER, workspace

ROLE = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{READER}"
REGION = (
    f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.MachineLearningServices/locations/eastus"
)


@pytest.fixture
def roles(sandbox: Sandbox, rm: Any) -> Any:
    client = AuthorizationManagementClient(
        sandbox.credential, SUBSCRIPTION, base_url=sandbox.url, connection_verify=sandbox.ca_file
    )
    return client.role_assignments


@pytest.fixture
def principal(put: Any) -> str:
    found = put("Microsoft.ManagedIdentity/userAssignedIdentities/uai1", "2024-11-30")
    return str(found["properties"]["principalId"])


def wanted(principal: str, **more: Any) -> dict[str, Any]:
    return {"properties": {"roleDefinitionId": ROLE, "principalId": principal, **more}}


def test_an_equal_assignment_is_refused_with_the_others_id(roles: Any, principal: str) -> None:
    first = str(uuid.uuid4())
    roles.create(GROUP, first, wanted(principal, principalType="ServicePrincipal"))
    with pytest.raises(HttpResponseError, match=first.replace("-", "")):
        roles.create(GROUP, str(uuid.uuid4()), wanted(principal, principalType="ServicePrincipal"))


def test_one_name_cannot_move_to_another_principal(roles: Any, principal: str) -> None:
    name = str(uuid.uuid4())
    roles.create(GROUP, name, wanted(principal, principalType="ServicePrincipal"))
    other = wanted(str(uuid.uuid4()), principalType="ServicePrincipal")
    with pytest.raises(HttpResponseError, match="RoleAssignmentUpdateNotPermitted"):
        roles.create(GROUP, name, other)


def test_a_fresh_principal_without_its_type_is_not_found_yet(
    sandbox: Sandbox, roles: Any, principal: str
) -> None:
    sandbox.control("POST", "clock", {"mode": "frozen"})
    with pytest.raises(HttpResponseError, match="PrincipalNotFound"):
        roles.create(GROUP, str(uuid.uuid4()), wanted(principal))
    sandbox.control("POST", "clock", {"advance": 60})
    assert roles.create(GROUP, str(uuid.uuid4()), wanted(principal)).principal_id == principal


def test_a_group_lists_what_is_at_above_and_below(
    sandbox: Sandbox, roles: Any, put: Any, principal: str
) -> None:
    account = put(
        "Microsoft.Storage/storageAccounts/acct1",
        "2023-05-01",
        kind="StorageV2",
        sku={"name": "Standard_LRS"},
    )
    above = f"/subscriptions/{SUBSCRIPTION}"
    for scope in (above, GROUP, account["id"]):
        body = wanted(principal, principalType="ServicePrincipal")
        roles.create(scope, str(uuid.uuid4()), body)
    scopes = {one.scope for one in roles.list_for_scope(GROUP)}
    assert scopes == {above, GROUP, account["id"]}
    at = {one.scope for one in roles.list_for_scope(GROUP, filter="atScope()")}
    assert at == {above, GROUP}
    mine = f"principalId eq '{principal}'"
    assert len(list(roles.list_for_scope(GROUP, filter=mine))) == 3
    nobody = f"principalId eq '{uuid.uuid4()}'"
    assert not list(roles.list_for_scope(GROUP, filter=nobody))


def limit(sandbox: Sandbox, family: str = GPU_FAMILY) -> int:
    path = f"{REGION}/providers/Microsoft.Quota/quotas/{family}"
    found = sandbox.send("GET", path, api_version="2025-09-01")[1]
    return int(found["properties"]["limit"]["value"])


def ask(sandbox: Sandbox, family: str, cores: int) -> dict[str, Any]:
    path = f"{REGION}/providers/Microsoft.Quota/quotas/{family}"
    body = {"properties": {"limit": {"limitObjectType": "LimitValue", "value": cores}}}
    status, _, headers = sandbox.send("PUT", path, body, api_version="2025-09-01")
    assert status == 202
    poll = headers["Location"].removeprefix(sandbox.url).split("?")[0]
    found: dict[str, Any] = sandbox.send("GET", poll, api_version="2025-09-01")[1]
    return found


def test_gpu_quota_starts_at_zero_and_is_granted_later(sandbox: Sandbox, rm: Any) -> None:
    assert limit(sandbox) == 0
    sandbox.control("POST", "clock", {"mode": "frozen"})
    assert ask(sandbox, GPU_FAMILY, 48)["properties"]["provisioningState"] == "Accepted"
    assert limit(sandbox) == 0
    sandbox.control("POST", "clock", {"advance": 600})
    assert limit(sandbox) == 48


def test_a_retired_family_needs_support(sandbox: Sandbox, rm: Any) -> None:
    found = ask(sandbox, "standardNCSv3Family", 12)["properties"]
    assert (found["provisioningState"], found["error"]["code"]) == ("Failed", "ContactSupport")


def test_a_cluster_above_the_quota_is_refused(sandbox: Sandbox, put: Any) -> None:
    workspace(put, sandbox.server.tenant_id)
    inner = {"vmSize": GPU_SIZE, "scaleSettings": {"maxNodeCount": 1}}
    with pytest.raises(HttpResponseError, match="quota"):
        put(
            f"{ML}/ws1/computes/gpu",
            "2024-10-01",
            properties={"computeType": "AmlCompute", "properties": inner},
        )


def test_endpoints_reserve_a_fifth_more_cores(sandbox: Sandbox, put: Any) -> None:
    workspace(put, sandbox.server.tenant_id)
    put(f"{ML}/ws1/onlineEndpoints/ep-one", "2024-10-01", properties={"authMode": "Key"})
    put(
        f"{ML}/ws1/onlineEndpoints/ep-one/deployments/blue",
        "2024-10-01",
        sku={"name": "Default", "capacity": 5},
        properties={
            "endpointComputeType": "Managed",
            "model": "azureml://registries/azureml/models/Phi-4/versions/1",
            "instanceType": "Standard_DS3_v2",
        },
    )
    path = f"{REGION}/usages"
    found = sandbox.send("GET", path, api_version="2024-10-01")[1]["value"]
    dedicated = [one for one in found if "/dedicatedCores/" in one["type"]]
    used = {one["name"]["value"]: one["currentValue"] for one in dedicated}
    assert used["standardDSv2Family"] == 24
