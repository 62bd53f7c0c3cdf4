"""A client that knows no service, only Azure Resource Manager's common rules.

Sources: learn.microsoft.com/azure/azure-resource-manager/management/async-operations,
.../request-limits-and-throttling, learn.microsoft.com/rest/api/resources (HEAD, PATCH, $filter,
$top, nextLink), microsoft/api-guidelines azure/ConsiderationsForServiceDesign (ETag, If-Match).
The client is azure-mgmt-core's pipeline with azure-core's poller; nothing of ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.core.pipeline.policies import RequestIdPolicy
from azure.core.polling import LROPoller
from azure.core.rest import HttpRequest, HttpResponse
from azure.mgmt.core import ARMPipelineClient
from azure.mgmt.core.policies import ARMChallengeAuthenticationPolicy
from azure.mgmt.core.polling.arm_polling import ARMPolling

from tests.clients.conftest import SUBSCRIPTION, Served
from tests.support.signed_in import credential_of

SUB = f"/subscriptions/{SUBSCRIPTION}"
GROUP = f"{SUB}/resourceGroups/rg"
RP = f"{GROUP}/providers"
IDENTITIES = f"{RP}/Microsoft.ManagedIdentity/userAssignedIdentities"
GROUPS_VERSION, MSI, STORE, VAULT = "2024-11-01", "2023-01-31", "2023-05-01", "2023-07-01"


class Arm:
    """`arm("PUT", path, version, body)` -> the answer; `arm.wait` runs it to its end."""

    def __init__(self, served: Served) -> None:
        scope = "https://management.azure.com/.default"
        self.tenant_id = served.tenant_id
        self.client: Any = ARMPipelineClient(
            base_url=served.url,
            policies=[
                RequestIdPolicy(),
                ARMChallengeAuthenticationPolicy(credential_of(served), scope),
            ],
            connection_verify=served.ca_file,
        )

    def __call__(
        self, method: str, path: str, version: str, body: Any = None, **headers: str
    ) -> HttpResponse:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        url, _, query = path.partition("?")
        pairs = dict(pair.split("=", 1) for pair in query.split("&") if pair)
        request = HttpRequest(
            method, url, params={**pairs, "api-version": version}, json=body, headers=sent
        )
        request.url = self.client.format_url(request.url)
        found: HttpResponse = self.client.send_request(request)
        return found

    def follow(self, link: str) -> HttpResponse:
        """Read a `nextLink`, as it stands."""
        found: HttpResponse = self.client.send_request(HttpRequest("GET", link))
        return found

    def wait(self, method: str, path: str, version: str, body: Any = None) -> LROPoller[Any]:
        """Send, then poll with azure-mgmt-core until the operation has ended."""
        request = HttpRequest(method, path, params={"api-version": version}, json=body)
        request.url = self.client.format_url(request.url)
        first = self.client._pipeline.run(request)
        poller: LROPoller[Any] = LROPoller(
            self.client,
            first,
            lambda answer: answer.http_response.json() if answer.http_response.body() else None,
            ARMPolling(timeout=0.01),
        )
        poller.result(60)
        assert poller.done()
        return poller


@pytest.fixture
def arm(served: Served) -> Iterator[Arm]:
    client = Arm(served)
    with client.client:
        assert client("PUT", GROUP, GROUPS_VERSION, {"location": "eastus"}).status_code == 201
        yield client


def code(answer: HttpResponse) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def names(answer: HttpResponse) -> list[str]:
    assert answer.status_code == 200, answer.text()
    return [one["name"] for one in answer.json()["value"]]


def identity(arm: Arm, name: str, **tags: str) -> HttpResponse:
    body = {"location": "eastus", "tags": tags}
    return arm("PUT", f"{IDENTITIES}/{name}", MSI, body)


def test_put_get_patch_head_and_delete(arm: Arm) -> None:
    path = f"{IDENTITIES}/robot"
    assert arm("HEAD", path, MSI).status_code == 404
    assert identity(arm, "robot", team="ml").status_code == 201
    assert identity(arm, "robot", team="ml").status_code == 200
    patched = arm("PATCH", path, MSI, {"tags": {"stage": "try"}})
    assert (patched.status_code, patched.json()["tags"]) == (200, {"stage": "try"})
    assert arm("GET", path, MSI).json()["tags"] == {"stage": "try"}
    found = arm("HEAD", path, MSI)
    assert (found.status_code, found.content) == (204, b"")
    assert arm("DELETE", path, MSI).status_code == 200
    assert arm("DELETE", path, MSI).status_code == 204
    assert code(arm("GET", path, MSI)) == (404, "ResourceNotFound")


def test_a_list_longer_than_a_page_is_read_by_its_next_links(arm: Arm) -> None:
    made = [f"robot-{number}" for number in range(5)]
    for name in made:
        identity(arm, name)
    first = arm("GET", f"{GROUP}/resources?$top=2", GROUPS_VERSION)
    pages = [first]
    while "nextLink" in pages[-1].json():
        pages.append(arm.follow(pages[-1].json()["nextLink"]))
    assert [len(names(page)) for page in pages] == [2, 2, 1]
    assert [name for page in pages for name in names(page)] == made
    assert "$skiptoken=" in first.json()["nextLink"].lower().replace("%24", "$")
    assert arm("GET", f"{GROUP}/resources?$top=none", GROUPS_VERSION).status_code == 400


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("resourceType eq 'Microsoft.ManagedIdentity/userAssignedIdentities'", {"one", "two"}),
        ("resourceType ne 'Microsoft.ManagedIdentity/userAssignedIdentities'", {"azclistore1"}),
        ("name eq 'ONE'", {"one"}),
        ("resourceGroup eq 'rg' and substringof('store', name)", {"azclistore1"}),
        ("substringof('o', name) and (name eq 'two' or name eq 'three')", {"two"}),
        ("tagName eq 'team' and tagValue eq 'ml'", {"one"}),
        ("tagName eq 'team'", {"one", "two"}),
        ("startswith(tagName, 'te')", {"one", "two"}),
        ("location eq 'East US'", {"one", "two", "azclistore1"}),
        ("tagName eq 'it''s'", set()),
    ],
)
def test_the_resource_list_honours_its_documented_filters(
    arm: Arm, text: str, expected: set[str]
) -> None:
    identity(arm, "one", team="ml")
    identity(arm, "two", team="web")
    account = {"location": "eastus", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
    arm.wait("PUT", f"{RP}/Microsoft.Storage/storageAccounts/azclistore1", STORE, account)
    assert set(names(arm("GET", f"{SUB}/resources?$filter={text}", GROUPS_VERSION))) == expected


@pytest.mark.parametrize("text", ["colour eq 'red'", "name eq red", "name eq 'x' or", "name ~ 'x'"])
def test_a_filter_that_the_list_does_not_know_is_refused(arm: Arm, text: str) -> None:
    answer = arm("GET", f"{SUB}/resources?$filter={text}", GROUPS_VERSION)
    assert code(answer) == (400, "InvalidFilterInQueryString")


def test_a_list_by_tag_value_leaves_the_tags_out(arm: Arm) -> None:
    identity(arm, "one", team="ml")
    text = "tagName eq 'team' and tagValue eq 'ml'"
    (by_tag,) = arm("GET", f"{SUB}/resources?$filter={text}", GROUPS_VERSION).json()["value"]
    path = f"{SUB}/resources?$expand=createdTime,provisioningState"
    (expanded,) = arm("GET", path, GROUPS_VERSION).json()["value"]
    assert "tags" not in by_tag
    assert expanded["tags"] == {"team": "ml"}
    assert expanded["provisioningState"] == "Succeeded"
    assert expanded["createdTime"]
    assert "changedTime" not in expanded


def test_groups_are_filtered_by_tag(arm: Arm) -> None:
    arm(
        "PUT", f"{SUB}/resourceGroups/b", GROUPS_VERSION, {"location": "eastus", "tags": {"a": "1"}}
    )
    path = f"{SUB}/resourcegroups?$filter="
    assert names(arm("GET", f"{path}tagName eq 'a' and tagValue eq '1'", GROUPS_VERSION)) == ["b"]
    assert names(arm("GET", f"{path}tagName eq 'a' and tagValue eq '2'", GROUPS_VERSION)) == []


def test_if_match_writes_only_what_was_read(arm: Arm) -> None:
    path = f"{RP}/Microsoft.Insights/components/insights"
    body = {"location": "eastus", "kind": "web", "properties": {"Application_Type": "web"}}
    absent = arm("PUT", path, "2020-02-02", body, If_Match="*")
    assert code(absent) == (412, "PreconditionFailed")
    made = arm("PUT", path, "2020-02-02", body, If_None_Match="*")
    assert made.status_code in (200, 201)
    again = arm("PUT", path, "2020-02-02", body, If_None_Match="*")
    assert code(again) == (412, "PreconditionFailed")
    read = arm("GET", path, "2020-02-02").headers["ETag"]
    tagged = {**body, "tags": {"a": "1"}}
    assert arm("PUT", path, "2020-02-02", tagged, If_Match=read).status_code == 200
    late = arm("PUT", path, "2020-02-02", body, If_Match=read)
    assert code(late) == (412, "PreconditionFailed")
    assert code(arm("DELETE", path, "2020-02-02", If_Match=read)) == (412, "PreconditionFailed")
    now = arm("GET", path, "2020-02-02")
    assert now.json()["tags"] == {"a": "1"}
    assert arm("DELETE", path, "2020-02-02", If_Match=now.headers["ETag"]).status_code == 200


def test_a_write_that_answers_202_is_followed_by_its_location(arm: Arm, served: Served) -> None:
    path = f"{RP}/Microsoft.Storage/storageAccounts/azclistore1"
    body = {"location": "eastus", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
    served.control("POST", "clock", {"mode": "frozen"})
    first = arm("PUT", path, STORE, body)
    assert (first.status_code, first.content) == (202, b"")
    assert arm.follow(first.headers["Location"]).status_code == 202
    served.control("POST", "clock", {"mode": "instant"})
    made = arm.follow(first.headers["Location"])
    assert (made.status_code, made.json()["name"]) == (200, "azclistore1")
    gone = arm.wait("DELETE", GROUP, GROUPS_VERSION)
    assert gone.result() is None
    assert code(arm("GET", GROUP, GROUPS_VERSION)) == (404, "ResourceGroupNotFound")


def test_a_write_is_followed_by_its_provisioning_state(arm: Arm) -> None:
    path = f"{RP}/Microsoft.KeyVault/vaults/azcli-vault"
    properties = {"tenantId": arm.tenant_id, "sku": {"family": "A", "name": "standard"}}
    body = {"location": "eastus", "properties": {**properties, "accessPolicies": []}}
    poller = arm.wait("PUT", path, VAULT, body)
    assert poller.result()["properties"]["provisioningState"] == "Succeeded"
    assert "Azure-AsyncOperation" not in arm("PUT", path, VAULT, body).headers


def workspace(arm: Arm, **links: str) -> dict[str, Any]:
    store = f"{RP}/Microsoft.Storage/storageAccounts/azclistore1"
    vault = f"{RP}/Microsoft.KeyVault/vaults/azcli-vault"
    insights = f"{RP}/Microsoft.Insights/components/insights"
    account = {"location": "eastus", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
    arm.wait("PUT", store, STORE, account)
    properties = {"tenantId": arm.tenant_id, "sku": {"family": "A", "name": "standard"}}
    body = {"location": "eastus", "properties": {**properties, "accessPolicies": []}}
    arm.wait("PUT", vault, VAULT, body)
    component = {"location": "eastus", "kind": "web", "properties": {"Application_Type": "web"}}
    arm("PUT", insights, "2020-02-02", component)
    held = {"storageAccount": store, "keyVault": vault, "applicationInsights": insights}
    identity = {"type": "SystemAssigned"}
    return {"location": "eastus", "identity": identity, "properties": {**held, **links}}


def test_a_write_is_followed_by_its_async_operation(arm: Arm, served: Served) -> None:
    path = f"{RP}/Microsoft.MachineLearningServices/workspaces/ws1"
    body = workspace(arm)
    served.control("POST", "clock", {"mode": "frozen"})
    first = arm("PUT", path, "2024-10-01", body)
    status = first.headers["Azure-AsyncOperation"]
    assert arm.follow(status).json()["status"] not in ("Succeeded", "Failed", "Canceled")
    served.control("POST", "clock", {"mode": "instant"})
    assert arm.follow(status).json()["status"] == "Succeeded"
    made = arm.wait("PUT", path, "2024-10-01", {**body, "tags": {"a": "1"}})
    assert made.result()["tags"] == {"a": "1"}
    assert arm.wait("DELETE", path, "2024-10-01").status() == "Succeeded"
    assert arm("GET", path, "2024-10-01").status_code == 404


def test_an_operation_that_fails_raises_with_its_code(arm: Arm) -> None:
    path = f"{RP}/Microsoft.MachineLearningServices/workspaces/ws1"
    body = workspace(arm)
    arm.wait("PUT", path, "2024-10-01", body)
    endpoint = {"location": "eastus", "properties": {"authMode": "Key"}}
    arm.wait("PUT", f"{path}/onlineEndpoints/ep-generic", "2024-10-01", endpoint)
    deployment = {
        "location": "eastus",
        "sku": {"name": "Default", "capacity": 1},
        "properties": {
            "endpointComputeType": "Managed",
            "model": f"{path}/models/none/versions/1",
            "instanceType": "Standard_DS3_v2",
        },
    }
    blue = f"{path}/onlineEndpoints/ep-generic/deployments/blue"
    with pytest.raises(HttpResponseError) as failure:
        arm.wait("PUT", blue, "2024-10-01", deployment)
    assert failure.value.error is not None
    assert failure.value.error.code


def test_what_is_not_there_answers_as_azure_does(arm: Arm) -> None:
    assert code(arm("GET", f"{SUB}/resourceGroups/none", GROUPS_VERSION))[0] == 404
    unknown = arm("GET", f"{RP}/Microsoft.Nonsense/things/x", "2024-01-01")
    assert code(unknown) == (404, "InvalidResourceNamespace")
    untyped = arm("GET", f"{RP}/Microsoft.Storage/nonsense/x", STORE)
    assert code(untyped) == (404, "InvalidResourceType")
    version = arm("GET", f"{RP}/Microsoft.Storage/storageAccounts/x", "1999-01-01")
    assert code(version)[0] == 400
    assert code(arm("GET", f"{SUB}/resources", ""))[0] == 400
