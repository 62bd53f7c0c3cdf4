"""Custom roles: kept, listed, effective through their assignments, and not lost while in use."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from tests.support.sandbox import GROUP, SUBSCRIPTION, Sandbox
from tests.support.vaults import managed_token

ROOT = f"/subscriptions/{SUBSCRIPTION}"
AUTHORIZATION = "providers/Microsoft.Authorization"
GUID = "11111111-2222-4333-8444-555555555555"
DEFINITION = f"{ROOT}/{AUTHORIZATION}/roleDefinitions/{GUID}"
ASSIGNMENT = f"{GROUP}/{AUTHORIZATION}/roleAssignments/22222222-2222-4333-8444-555555555555"
IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities"
VERSION, IDENTITIES = "2022-04-01", "2023-01-31"


def define(sandbox: Sandbox, path: str = DEFINITION, **more: Any) -> tuple[int, Any]:
    permissions = [
        {"actions": [f"{IDENTITY}/*"], "notActions": [f"{IDENTITY}/delete"]},
        {"actions": ["Microsoft.Resources/subscriptions/resourceGroups/read"]},
    ]
    properties = {"roleName": "Identity Maker", "permissions": permissions} | more
    body = {"properties": {"assignableScopes": [ROOT], **properties}}
    return sandbox.send("PUT", path, body, api_version=VERSION)[:2]


def assign(sandbox: Sandbox, principal: str) -> None:
    properties = {
        "roleDefinitionId": DEFINITION,
        "principalId": principal,
        "principalType": "ServicePrincipal",
    }
    body = {"properties": properties}
    assert sandbox.send("PUT", ASSIGNMENT, body, api_version=VERSION)[0] == 201


def as_bot(sandbox: Sandbox, bot: Any, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """Send a request as a managed identity, not as the sandbox's own application."""
    token = managed_token(sandbox, bot["clientId"], "https://management.azure.com")
    version = VERSION if AUTHORIZATION in path else IDENTITIES
    request = urllib.request.Request(f"{sandbox.url}{path}?api-version={version}", method=method)
    request.add_header("Authorization", f"Bearer {token}")
    request.add_header("content-type", "application/json")
    data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(request, data, context=sandbox._tls) as answer:
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


@pytest.fixture
def bot(put: Any) -> Any:
    """An identity without any rights."""
    return put(f"{IDENTITY}/bot", IDENTITIES)["properties"]


def test_a_custom_role_is_shown_as_azure_shows_it(sandbox: Sandbox, rm: Any) -> None:
    status, shown = define(sandbox)
    assert status == 201
    properties = shown["properties"]
    assert (shown["name"], properties["type"]) == (GUID, "CustomRole")
    assert properties["permissions"][1]["dataActions"] == []
    assert sandbox.send("GET", DEFINITION, api_version=VERSION)[1] == shown
    assert define(sandbox, description="now with one")[1]["properties"]["description"]
    listing = f"{GROUP}/{AUTHORIZATION}/roleDefinitions"

    def names(text: str) -> list[str]:
        found = sandbox.send("GET", listing, api_version=VERSION, __filter=text)[1]["value"]
        return [one["properties"]["roleName"] for one in found]

    assert names("type eq 'CustomRole'") == names("roleName eq 'identity maker'")
    assert names("type eq 'CustomRole'") == ["Identity Maker"]
    assert "Reader" in names("type eq 'BuiltInRole'")


def test_a_custom_role_allows_what_it_says(sandbox: Sandbox, rm: Any, bot: Any) -> None:
    define(sandbox)
    path = f"{GROUP}/providers/{IDENTITY}/made"
    body = {"location": "eastus"}
    assert as_bot(sandbox, bot, "PUT", path, body)[1]["error"]["code"] == "AuthorizationFailed"
    assign(sandbox, bot["principalId"])
    assert as_bot(sandbox, bot, "PUT", path, body)[0] == 201
    assert as_bot(sandbox, bot, "DELETE", path)[0] == 403
    told = as_bot(sandbox, bot, "GET", f"{GROUP}/{AUTHORIZATION}/permissions")[1]["value"]
    assert [one["notActions"] for one in told] == [[f"{IDENTITY}/delete"], []]


def test_a_role_that_is_assigned_cannot_be_deleted(sandbox: Sandbox, rm: Any, bot: Any) -> None:
    define(sandbox)
    assign(sandbox, bot["principalId"])
    status, shown, _ = sandbox.send("DELETE", DEFINITION, api_version=VERSION)
    assert (status, shown["error"]["code"]) == (400, "RoleDefinitionHasAssignments")
    assert sandbox.send("DELETE", ASSIGNMENT, api_version=VERSION)[0] == 200
    assert sandbox.send("DELETE", DEFINITION, api_version=VERSION)[0] == 200
    status, shown, _ = sandbox.send("GET", DEFINITION, api_version=VERSION)
    assert (status, shown["error"]["code"]) == (404, "RoleDefinitionDoesNotExist")


def test_two_custom_roles_never_have_one_name(sandbox: Sandbox, rm: Any) -> None:
    define(sandbox)
    other = DEFINITION.replace("11111111", "33333333")
    status, shown = define(sandbox, other, roleName="IDENTITY maker")
    assert (status, shown["error"]["code"]) == (409, "RoleDefinitionWithSameNameExists")
    owner = DEFINITION.replace(GUID, "8e3af657-a8ff-443c-a75c-2fe8c4bcb635")
    assert define(sandbox, owner, roleName="Mine")[0] == 400
    assert define(sandbox, other, roleName="Other", permissions=["all"])[0] == 400


def test_a_built_in_role_tells_what_it_allows(sandbox: Sandbox, rm: Any) -> None:
    path = f"{AUTHORIZATION}/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"
    shown = sandbox.send("GET", f"{GROUP}/{path}", api_version=VERSION)[1]["properties"]
    assert (shown["roleName"], shown["type"]) == ("Reader", "BuiltInRole")
    assert shown["permissions"][0]["actions"] == ["*/read"]
    assert shown["description"].startswith("View all resources")
