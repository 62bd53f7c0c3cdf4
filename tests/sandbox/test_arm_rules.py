"""ARM's own rules: versions, 404s, bodies, names, waiting, deletion, lists."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError

from tests.support.sandbox import GROUP, SUBSCRIPTION, Sandbox
from tests.support.scenario import ML, workspace

ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/acct1"
BODY = {"location": "eastus", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv1"


def code(answer: tuple[int, Any, dict[str, str]]) -> tuple[int, str]:
    return answer[0], answer[1]["error"]["code"]


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        (ACCOUNT, {}, (400, "MissingApiVersionParameter")),
        (ACCOUNT, {"api_version": "2000-01-01"}, (400, "NoRegisteredProviderFound")),
        (ACCOUNT, {"api_version": "2023-05-01"}, (404, "ResourceNotFound")),
        (
            ACCOUNT.replace("/rg/", "/none/"),
            {"api_version": "2023-05-01"},
            (404, "ResourceGroupNotFound"),
        ),
        (
            f"{GROUP}/providers/Microsoft.Nothing/things/x",
            {"api_version": "2023-05-01"},
            (404, "InvalidResourceNamespace"),
        ),
        (
            f"{GROUP}/providers/Microsoft.Storage/things/x",
            {"api_version": "2023-05-01"},
            (404, "InvalidResourceType"),
        ),
        (
            f"{GROUP}/providers/{ML}/none/computes",
            {"api_version": "2024-10-01"},
            (404, "ParentResourceNotFound"),
        ),
    ],
)
def test_a_wrong_path_is_named(
    sandbox: Sandbox, rm: Any, path: str, query: dict[str, str], expected: tuple[int, str]
) -> None:
    assert code(sandbox.send("GET", path, **query)) == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"location": None}, "LocationRequired"),
        ({"location": "atlantis"}, "LocationNotAvailableForResourceType"),
        ({"kind": "Toaster"}, "InvalidValuesForRequestParameters"),
        ({"sku": None}, "InvalidValuesForRequestParameters"),
        ({"knid": "StorageV2"}, "InvalidRequestContent"),
        ({"properties": {"accessTeir": "Hot"}}, "RequestIsNotValidJson"),
        ({"properties": {"allowBlobPublicAccess": "yes"}}, "RequestIsNotValidJson"),
        ({"properties": {"creationTime": "today"}}, "ReadOnlyProperty"),
    ],
)
def test_a_wrong_body_is_refused(
    sandbox: Sandbox, rm: Any, change: dict[str, Any], expected: str
) -> None:
    answer = sandbox.send("PUT", ACCOUNT, {**BODY, **change}, api_version="2023-05-01")
    assert code(answer) == (400, expected)


def test_without_a_token_the_answer_is_401(sandbox: Sandbox, rm: Any) -> None:
    sandbox._token = lambda: "x.y.z"  # type: ignore[method-assign] # a token nobody signed
    try:
        answer = sandbox.send("GET", GROUP, api_version="2025-04-01")
    finally:
        del sandbox._token  # type: ignore[attr-defined] # back to the class's own
    assert code(answer) == (401, "InvalidAuthenticationToken")


def test_ids_are_case_insensitive_and_names_global(sandbox: Sandbox, rm: Any, put: Any) -> None:
    put("Microsoft.Storage/storageAccounts/acct1", "2023-05-01", **BODY)
    shouted = sandbox.send("GET", ACCOUNT.upper(), api_version="2023-05-01")
    assert shouted[1]["id"] == ACCOUNT
    rm.resource_groups.create_or_update("other", {"location": "eastus"})
    elsewhere = ACCOUNT.replace("/rg/", "/other/")
    answer = sandbox.send("PUT", elsewhere, BODY, api_version="2023-05-01")
    assert code(answer) == (409, "StorageAccountAlreadyTaken")


def test_storage_waits_by_location_and_machine_learning_by_operation(
    sandbox: Sandbox, rm: Any, put: Any
) -> None:
    status, body, headers = sandbox.send("PUT", ACCOUNT, BODY, api_version="2023-05-01")
    assert (status, body) == (202, None)
    assert "operationResults" in headers["Location"]
    assert headers["x-ms-retry-after-ms"] == "1"
    poll = headers["Location"].removeprefix(sandbox.url).split("?")[0]
    assert sandbox.send("GET", poll, api_version="2023-05-01")[1]["id"] == ACCOUNT
    ws = workspace(put, sandbox.server.tenant_id)
    path = f"{ws['id']}/onlineEndpoints/ep-one"
    sent = {"location": "eastus", "properties": {"authMode": "Key"}}
    status, body, headers = sandbox.send("PUT", path, sent, api_version="2022-02-01-preview")
    assert (status, body["properties"]["provisioningState"]) == (201, "Creating")
    assert "operationStatuses" in headers["Azure-AsyncOperation"]


def test_a_deleted_group_leaves_only_tombstones(sandbox: Sandbox, rm: Any, put: Any) -> None:
    ws = workspace(put, sandbox.server.tenant_id)
    rm.resource_groups.begin_delete("rg").result()
    assert not rm.resource_groups.check_existence("rg")
    rm.resource_groups.create_or_update("rg", {"location": "eastus"})
    assert list(rm.resources.list_by_resource_group("rg")) == []
    deleted = (
        f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.KeyVault/locations/eastus"
        "/deletedVaults/kv1"
    )
    assert sandbox.send("GET", deleted, api_version="2023-07-01")[0] == 200
    with pytest.raises(HttpResponseError, match="deleted state"):
        workspace(put, sandbox.server.tenant_id)
    assert sandbox.send("POST", deleted + "/purge", api_version="2023-07-01")[0] == 202
    while sandbox.send("GET", deleted, api_version="2023-07-01")[0] == 200:
        pass
    with pytest.raises(HttpResponseError, match="Soft-deleted workspace exists"):
        workspace(put, sandbox.server.tenant_id)
    gone = sandbox.send("DELETE", ws["id"], api_version="2024-10-01", forceToPurge="true")
    assert gone[0] == 200
    assert workspace(put, sandbox.server.tenant_id)["properties"]["friendlyName"] == "ws1"


def test_a_deleted_workspace_gives_its_name_free_after_14_days(sandbox: Sandbox, put: Any) -> None:
    ws = workspace(put, sandbox.server.tenant_id)
    assert sandbox.send("DELETE", ws["id"], api_version="2024-10-01")[0] == 202
    sandbox.control("POST", "clock", {"advance": 3600})
    assert sandbox.send("GET", ws["id"], api_version="2024-10-01")[0] == 404
    with pytest.raises(HttpResponseError, match="Soft-deleted workspace exists"):
        workspace(put, sandbox.server.tenant_id)
    sandbox.control("POST", "clock", {"advance": 14 * 86400})
    assert workspace(put, sandbox.server.tenant_id)["properties"]["friendlyName"] == "ws1"


def test_a_vault_is_recovered_as_it_was(sandbox: Sandbox, rm: Any, put: Any) -> None:
    sku = {"family": "A", "name": "premium"}
    properties = {"tenantId": sandbox.server.tenant_id, "sku": sku}
    put("Microsoft.KeyVault/vaults/kv1", "2023-07-01", properties=properties, tags={"a": "b"})
    assert sandbox.send("DELETE", VAULT, api_version="2023-07-01")[0] == 200
    again = {**properties, "createMode": "recover", "sku": {"family": "A", "name": "standard"}}
    found = put("Microsoft.KeyVault/vaults/kv1", "2023-07-01", properties=again)
    assert found["properties"]["sku"]["name"] == "premium"
    assert found["tags"] == {"a": "b"}
    assert "createMode" not in found["properties"]


def test_lists_page_and_filter(sandbox: Sandbox, rm: Any) -> None:
    for number in range(120):
        tags = {"env": "odd" if number % 2 else "even"}
        rm.resource_groups.create_or_update(f"g{number}", {"location": "eastus", "tags": tags})
    assert len(list(rm.resource_groups.list())) == 121
    wanted = "tagName eq 'env' and tagValue eq 'odd'"
    assert len(list(rm.resource_groups.list(filter=wanted))) == 60


def test_etags_guard_writes(sandbox: Sandbox, rm: Any, put: Any) -> None:
    put("Microsoft.Storage/storageAccounts/acct1", "2023-05-01", **BODY)
    etag = sandbox.send("GET", ACCOUNT, api_version="2023-05-01")[2]["ETag"]
    assert etag.startswith('"')
    with pytest.raises(HttpResponseError, match="PreconditionFailed"):
        rm.resources.begin_update_by_id(
            ACCOUNT, {"tags": {}}, api_version="2023-05-01", headers={"If-Match": '"other"'}
        )


def test_an_unregistered_provider_refuses_writes(sandbox: Sandbox, rm: Any) -> None:
    path = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Storage"
    sandbox.send("POST", path + "/unregister", api_version="2025-04-01")
    answer = sandbox.send("PUT", ACCOUNT, BODY, api_version="2023-05-01")
    assert code(answer) == (409, "MissingSubscriptionRegistration")
    assert rm.providers.register("Microsoft.Storage").registration_state == "Registered"
    assert sandbox.send("PUT", ACCOUNT, BODY, api_version="2023-05-01")[0] == 202


def test_projects_inherit_and_hold_their_hub(sandbox: Sandbox, rm: Any, put: Any) -> None:
    hub = workspace(put, sandbox.server.tenant_id, "hub1", kind="Hub")
    properties = {"hubResourceId": hub["id"]}
    project = put(f"{ML}/proj1", "2024-10-01", kind="Project", properties=properties)
    inherited = project["properties"]["storageAccount"]
    assert inherited == hub["properties"]["storageAccount"]
    with pytest.raises(HttpResponseError, match="inherited"):
        echoed = {**properties, "storageAccount": inherited}
        put(f"{ML}/proj1", "2024-10-01", kind="Project", properties=echoed)
    answer = sandbox.send("DELETE", hub["id"], api_version="2024-10-01")
    assert code(answer) == (409, "Conflict")
    store = sandbox.send(
        "GET", f"{project['id']}/datastores/workspaceblobstore", api_version="2024-10-01"
    )
    assert store[1]["properties"]["accountName"] == "acct1"


def test_connections_show_secrets_only_when_asked(sandbox: Sandbox, rm: Any, put: Any) -> None:
    ws = workspace(put, sandbox.server.tenant_id)
    keys = {"endpoint": "https://x", "key": "top-secret"}
    properties = {
        "category": "CustomKeys",
        "authType": "CustomKeys",
        "target": "https://x",
        "credentials": {"keys": keys},
        "metadata": {"a": "b"},
    }
    path = f"{ws['id']}/connections/conn"
    put_ = sandbox.send("PUT", path, {"properties": properties}, api_version="2024-10-01")
    assert put_[0] == 200
    found = sandbox.send("GET", path, api_version="2024-10-01")[1]
    assert found["properties"]["credentials"] is None
    listed = sandbox.send("POST", path + "/listsecrets", api_version="2024-10-01")[1]
    assert listed["properties"]["credentials"] == {"keys": keys}
    assert "top-secret" not in sandbox.control("GET", "journal")


def test_clusters_change_only_their_scale(sandbox: Sandbox, rm: Any, put: Any) -> None:
    ws = workspace(put, sandbox.server.tenant_id)
    inner = {"vmSize": "Standard_DS3_v2", "scaleSettings": {"maxNodeCount": 2}}
    properties = {"computeType": "AmlCompute", "properties": inner}
    made = put(f"{ML}/ws1/computes/cpu", "2024-10-01", properties=properties)
    assert made["properties"]["properties"]["vmSize"] == "STANDARD_DS3_V2"
    path = f"{ws['id']}/computes/cpu"
    patch = {"properties": {"properties": {"scaleSettings": {"maxNodeCount": 4}}}}
    assert sandbox.send("PATCH", path, patch, api_version="2024-10-01")[0] == 200
    assert sandbox.send("GET", path, api_version="2024-10-01")[0] == 200
    bigger = {**inner, "vmSize": "Standard_DS4_v2"}
    with pytest.raises(HttpResponseError, match="cannot be changed"):
        put(
            f"{ML}/ws1/computes/cpu",
            "2024-10-01",
            properties={"computeType": "AmlCompute", "properties": bigger},
        )
    query = {"api_version": "2024-10-01", "underlyingResourceAction": "Burn"}
    assert sandbox.send("DELETE", path, **query)[0] == 400
    query["underlyingResourceAction"] = "Delete"
    assert sandbox.send("DELETE", path, **query)[0] == 202
