"""Refusals in the order and the shapes in which Azure was recorded, or reported, to give them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.sandbox import GROUP, Sandbox
from tests.support.scenario import ML

PROVIDERS = f"{GROUP}/providers"
ACCOUNT = f"{PROVIDERS}/Microsoft.Storage/storageAccounts/gone"
WORKSPACE = f"{PROVIDERS}/{ML}/gone"
IDENTITY = f"{PROVIDERS}/Microsoft.ManagedIdentity/userAssignedIdentities/one"
GROUPS, STORAGE, IDENTITIES, LEARNING = "2024-07-01", "2023-05-01", "2023-01-31", "2024-10-01"
ROLE = "11111111-2222-4333-8444-555555555555"
ASSIGNMENT = f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/{ROLE}"


def refusal(answer: tuple[int, Any, dict[str, str]]) -> tuple[int, str, str | None]:
    """Status, error code, and whether Resource Manager itself refused."""
    return answer[0], answer[1]["error"]["code"], answer[2].get("x-ms-failure-cause")


@pytest.mark.parametrize(
    ("path", "version"),
    [
        (f"{ACCOUNT}/blobServices/default/containers/c", STORAGE),
        (f"{WORKSPACE}/onlineEndpoints", LEARNING),
        (f"{WORKSPACE}/connections/c", LEARNING),
    ],
)
def test_a_read_below_what_is_not_there_names_it(
    sandbox: Sandbox, rm: Any, path: str, version: str
) -> None:
    answer = sandbox.send("GET", path, api_version=version)
    assert refusal(answer) == (404, "ParentResourceNotFound", "gateway")
    assert "Failed to perform 'read' on resource(s) of type '" in answer[1]["error"]["message"]


def test_the_parent_comes_before_the_group(sandbox: Sandbox, rm: Any) -> None:
    """Recorded: ASO appinsights_crud#26 (nested), storage_before_rg#16 (not nested)."""
    sandbox.send("DELETE", GROUP, api_version=GROUPS)
    sandbox.control("POST", "clock", {"advance": 86400})
    nested = sandbox.send("DELETE", f"{WORKSPACE}/connections/c", api_version=LEARNING)
    assert refusal(nested) == (404, "ParentResourceNotFound", "gateway")
    top = sandbox.send("DELETE", ACCOUNT, api_version=STORAGE)
    assert refusal(top) == (404, "ResourceGroupNotFound", "gateway")


def test_a_credential_that_is_not_there_is_refused_by_its_provider(
    sandbox: Sandbox, rm: Any
) -> None:
    sandbox.send("PUT", IDENTITY, {"location": "eastus"}, api_version=IDENTITIES)
    path = f"{IDENTITY}/federatedIdentityCredentials/none"
    assert refusal(sandbox.send("GET", path, api_version=IDENTITIES)) == (404, "NotFound", None)


def test_a_group_that_is_going_takes_no_write(sandbox: Sandbox, rm: Any) -> None:
    sandbox.send("DELETE", GROUP, api_version=GROUPS)
    for path in (GROUP, IDENTITY):
        version = GROUPS if path == GROUP else IDENTITIES
        answer = sandbox.send("PUT", path, {"location": "eastus"}, api_version=version)
        assert refusal(answer)[:2] == (409, "ResourceGroupBeingDeleted")


def test_what_is_no_principal_id_is_refused_before_the_role_is_looked_for(
    sandbox: Sandbox, rm: Any
) -> None:
    role = f"/providers/Microsoft.Authorization/roleDefinitions/{ROLE}"
    body = {"properties": {"roleDefinitionId": role, "principalId": "me"}}
    answer = sandbox.send("PUT", ASSIGNMENT, body, api_version="2022-04-01")
    assert refusal(answer)[:2] == (400, "InvalidPrincipalId")
    body["properties"]["principalId"] = ROLE
    answer = sandbox.send("PUT", ASSIGNMENT, body, api_version="2022-04-01")
    assert refusal(answer)[:2] == (404, "RoleDefinitionDoesNotExist")
