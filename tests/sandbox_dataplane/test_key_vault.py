"""The data plane of a key vault: versions, soft delete, access rules and refusals.

Source: learn.microsoft.com/rest/api/keyvault/secrets and /azure/key-vault/general/rest-error-codes.
"""

from __future__ import annotations

import base64
import json
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from tests.support.dataplane import GROUP, Azure, settled

VERSION = "2025-07-01"
VAULTS = f"{GROUP}/providers/Microsoft.KeyVault/vaults"
ARM_VERSION = "2023-07-01"
SECRETS_USER = "4633458b-17de-408a-b874-0445c86b69e6"
IDENTITIES = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities"


@dataclass(frozen=True)
class Vault:
    """One vault as a client sees it."""

    azure: Azure
    name: str

    @property
    def path(self) -> str:
        return f"{VAULTS}/{self.name}"

    @property
    def url(self) -> str:
        found = self.azure.arm("GET", self.path, ARM_VERSION)
        return str(found["properties"]["vaultUri"]).rstrip("/")

    def ask(
        self, method: str, path: str, body: Any = None, *, token: str | None = None, **query: str
    ) -> requests.Response:
        if token is None:
            token = self.azure.credential.get_token("https://vault.azure.net/.default").token
        return requests.request(
            method,
            f"{self.url}/{path}",
            params={"api-version": VERSION, **query},
            json=body,
            headers={"Authorization": f"Bearer {token}"} if token else {},
            verify=self.azure.ca,
            timeout=10,
        )

    def put(self, name: str, value: str, **more: Any) -> dict[str, Any]:
        answer = self.ask("PUT", f"secrets/{name}", {"value": value, **more})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


def made(azure: Azure, name: str, **properties: Any) -> Vault:
    stated = {
        "tenantId": azure.server.tenant_id,
        "sku": {"family": "A", "name": "standard"},
        "enableRbacAuthorization": True,
        **properties,
    }
    body = {"location": "eastus", "properties": stated}
    azure.arm("PUT", f"{VAULTS}/{name}", ARM_VERSION, body)
    settled(azure, f"{VAULTS}/{name}", ARM_VERSION)
    return Vault(azure, name)


@pytest.fixture
def vault(azure: Azure, unique: Callable[[str], str]) -> Vault:
    return made(azure, unique("kv"))


def error_of(answer: requests.Response) -> tuple[int, str, str]:
    error = answer.json()["error"]
    return answer.status_code, error["code"], (error.get("innererror") or {}).get("code", "")


def test_a_request_without_a_token_is_told_where_to_get_one(vault: Vault) -> None:
    answer = vault.ask("GET", "secrets/key", token="")
    assert error_of(answer) == (401, "Unauthorized", "")
    challenge = answer.headers["WWW-Authenticate"]
    server = vault.azure.server
    assert challenge == (
        f'Bearer authorization="{server.url}/{server.tenant_id}", '
        'resource="https://vault.azure.net"'
    )


def test_a_token_for_arm_is_no_token_for_a_vault(vault: Vault) -> None:
    token = vault.azure.credential.get_token("https://management.azure.com/.default").token
    answer = vault.ask("GET", "secrets/key", token=token)
    assert answer.status_code == 401
    assert "AKV10022: Invalid audience" in answer.json()["error"]["message"]


def test_every_write_is_a_version_and_the_last_one_is_current(vault: Vault) -> None:
    first = vault.put("Api-Key", "one", contentType="text/plain", tags={"a": "b"})
    second = vault.put("api-key", "two")
    assert re.fullmatch(
        rf"https://{vault.name}\.vault\.sandbox\.test/secrets/Api-Key/[0-9a-f]{{32}}", first["id"]
    )
    assert vault.ask("GET", "secrets/API-KEY").json()["value"] == "two"
    old = vault.ask("GET", f"secrets/api-key/{first['id'].rpartition('/')[2]}").json()
    assert (old["value"], old["contentType"], old["tags"]) == ("one", "text/plain", {"a": "b"})
    listed = vault.ask("GET", "secrets/api-key/versions").json()["value"]
    assert {item["id"] for item in listed} == {first["id"], second["id"]}
    assert "one" not in json.dumps(listed)


def test_a_list_shows_no_value_and_comes_in_pages(vault: Vault) -> None:
    for number in range(3):
        vault.put(f"key-{number}", "the value")
    first = vault.ask("GET", "secrets", maxresults="2").json()
    token = vault.azure.credential.get_token("https://vault.azure.net/.default").token
    rest = requests.get(
        first["nextLink"],
        headers={"Authorization": f"Bearer {token}"},
        verify=vault.azure.ca,
        timeout=10,
    ).json()
    names = [item["id"].rpartition("/")[2] for item in first["value"] + rest["value"]]
    assert names == ["key-0", "key-1", "key-2"]
    assert rest["nextLink"] is None
    assert "the value" not in json.dumps([first, rest])


def test_a_disabled_secret_is_not_read_and_an_expired_one_is(vault: Vault) -> None:
    vault.put("off", "value", attributes={"enabled": False})
    assert error_of(vault.ask("GET", "secrets/off")) == (403, "Forbidden", "SecretDisabled")
    vault.ask("PATCH", "secrets/off", {"attributes": {"enabled": True, "exp": 1000}})
    found = vault.ask("GET", "secrets/off").json()
    assert (found["value"], found["attributes"]["exp"]) == ("value", 1000)


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("GET", "secrets/none", None, (404, "SecretNotFound", "")),
        ("GET", f"secrets/here/{'0' * 32}", None, (404, "SecretNotFound", "")),
        ("GET", "deletedsecrets/here", None, (404, "SecretNotFound", "")),
        ("PUT", "secrets/a_b", {"value": "x"}, (400, "BadParameter", "")),
        ("PUT", "secrets/new", {}, (400, "BadParameter", "")),
        ("PUT", "secrets/new", {"value": "x" * 25601}, (400, "BadParameter", "")),
        ("POST", "secrets/here/backup", None, (404, "NotFound", "")),
        ("GET", "keys/here", None, (404, "NotFound", "")),
    ],
)
def test_what_is_not_there_or_wrong_is_refused(
    vault: Vault, method: str, path: str, body: Any, expected: tuple[int, str, str]
) -> None:
    vault.put("here", "value")
    assert error_of(vault.ask(method, path, body)) == expected


def test_an_unknown_api_version_is_refused(vault: Vault) -> None:
    vault.put("here", "value")
    answer = vault.ask("GET", "secrets/here", **{"api-version": "2099-01-01"})
    assert error_of(answer) == (400, "BadParameter", "")


def test_a_deleted_secret_keeps_its_name_until_it_is_recovered_or_purged(vault: Vault) -> None:
    vault.put("key", "value")
    gone = vault.ask("DELETE", "secrets/key").json()
    assert "value" not in gone
    assert gone["scheduledPurgeDate"] - gone["deletedDate"] == 90 * 86400
    assert error_of(vault.ask("GET", "secrets/key"))[:2] == (404, "SecretNotFound")
    conflict = (409, "Conflict", "ObjectIsDeletedButRecoverable")
    assert error_of(vault.ask("PUT", "secrets/key", {"value": "other"})) == conflict
    assert vault.ask("GET", "deletedsecrets").json()["value"][0]["recoveryId"] == gone["recoveryId"]
    assert vault.ask("POST", "deletedsecrets/key/recover").status_code == 200
    assert vault.ask("GET", "secrets/key").json()["value"] == "value"
    vault.ask("DELETE", "secrets/key")
    assert vault.ask("DELETE", "deletedsecrets/key").status_code == 204
    assert vault.put("key", "other")["value"] == "other"


def test_a_purge_is_refused_where_the_vault_is_protected(
    azure: Azure, unique: Callable[[str], str]
) -> None:
    vault = made(azure, unique("kv"), enablePurgeProtection=True)
    vault.put("key", "value")
    vault.ask("DELETE", "secrets/key")
    refused = vault.ask("DELETE", "deletedsecrets/key")
    assert error_of(refused) == (403, "Forbidden", "PurgeProtectionEnabled")


def test_a_recovered_vault_has_its_secrets_and_a_purged_one_has_none(vault: Vault) -> None:
    vault.put("key", "value")
    vault.azure.arm("DELETE", vault.path, ARM_VERSION)
    made(vault.azure, vault.name, createMode="recover")
    assert vault.ask("GET", "secrets/key").json()["value"] == "value"
    vault.azure.arm("DELETE", vault.path, ARM_VERSION)
    subscription = vault.path.partition("/resourceGroups/")[0]
    tombstone = f"{subscription}/providers/Microsoft.KeyVault/locations/eastus/deletedVaults"
    vault.azure.arm("POST", f"{tombstone}/{vault.name}/purge", ARM_VERSION)
    with pytest.raises(AssertionError, match="DeletedVaultNotFound"):
        vault.azure.arm("GET", f"{tombstone}/{vault.name}", ARM_VERSION)
    made(vault.azure, vault.name)
    assert vault.ask("GET", "secrets/key").status_code == 404


def test_a_vault_with_access_policies_asks_those_alone(
    azure: Azure, unique: Callable[[str], str]
) -> None:
    vault = made(azure, unique("kv"), enableRbacAuthorization=False, accessPolicies=[])
    denied = (403, "Forbidden", "AccessDenied")
    assert error_of(vault.ask("PUT", "secrets/key", {"value": "x"})) == denied
    policy = {
        "tenantId": azure.server.tenant_id,
        "objectId": _object_id(azure),
        "permissions": {"secrets": ["Set"]},
    }
    body = {"properties": {"accessPolicies": [policy]}}
    azure.arm("PUT", f"{vault.path}/accessPolicies/add", ARM_VERSION, body)
    vault.put("key", "value")
    assert error_of(vault.ask("GET", "secrets/key")) == denied


def test_a_vault_with_roles_asks_those_of_the_caller(
    vault: Vault, unique: Callable[[str], str]
) -> None:
    vault.put("key", "value")
    client, principal = _identity(vault.azure, unique("robot"))
    token = _token_of(vault.azure, client)
    refused = vault.ask("GET", "secrets/key", token=token)
    assert error_of(refused) == (403, "Forbidden", "ForbiddenByRbac")
    assert "Microsoft.KeyVault/vaults/secrets/getSecret/action" in refused.text
    role = f"/providers/Microsoft.Authorization/roleDefinitions/{SECRETS_USER}"
    properties = {
        "roleDefinitionId": role,
        "principalId": principal,
        "principalType": "ServicePrincipal",
    }
    assignment = f"{vault.path}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
    vault.azure.arm("PUT", assignment, "2022-04-01", {"properties": properties})
    assert vault.ask("GET", "secrets/key", token=token).json()["value"] == "value"
    assert vault.ask("PUT", "secrets/key", {"value": "x"}, token=token).status_code == 403


def test_a_vault_without_public_access_answers_nobody(
    azure: Azure, unique: Callable[[str], str]
) -> None:
    vault = made(azure, unique("kv"), publicNetworkAccess="Disabled")
    refused = vault.ask("GET", "secrets/key")
    assert error_of(refused) == (403, "Forbidden", "ForbiddenByConnection")


def test_the_journal_has_every_request_and_no_value(vault: Vault) -> None:
    vault.put("key", "swordfish-never-seen")
    vault.ask("GET", "secrets/key")
    vault.ask("GET", "secrets")
    lines = vault.azure.control("GET", "journal").text.splitlines()
    told = [entry for entry in map(json.loads, lines) if f"/_vault/{vault.name}/" in entry["path"]]
    assert [entry["method"] for entry in told] == ["PUT", "GET", "GET"]
    assert told[0]["request_body"] == {"value": "***"}
    assert told[1]["response_body"]["value"] == "***"
    assert told[1]["response_body"]["id"].endswith(told[0]["response_body"]["id"][-32:])
    assert told[2]["response_body"]["value"][0]["id"].endswith("/secrets/key")
    assert "swordfish-never-seen" not in "".join(lines)


def _object_id(azure: Azure) -> str:
    token = azure.credential.get_token("https://vault.azure.net/.default").token
    payload = token.split(".")[1]
    return str(json.loads(base64.urlsafe_b64decode(payload + "=="))["oid"])


def _identity(azure: Azure, name: str) -> tuple[str, str]:
    path = f"{IDENTITIES}/{name}"
    found = azure.arm("PUT", path, "2024-11-30", {"location": "eastus"})["properties"]
    return found["clientId"], found["principalId"]


def _token_of(azure: Azure, client_id: str) -> str:
    """Ask the managed identity endpoint, as a container in Azure does."""
    answer = requests.get(
        f"{azure.url}/metadata/identity/oauth2/token",
        params={
            "resource": "https://vault.azure.net",
            "api-version": "2018-02-01",
            "client_id": client_id,
        },
        headers={"Metadata": "true"},
        verify=azure.ca,
        timeout=10,
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])
