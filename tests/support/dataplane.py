"""Calls with which the data-plane tests prepare their world."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import requests

from reconciler.sandbox.launch import Server
from tests.support.signed_in import credential_of

if TYPE_CHECKING:
    from azure.identity import ClientSecretCredential
    from azure.storage.blob import BlobServiceClient

GROUP = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-dataplane"
STORAGE_VERSION = "2023-05-01"
ML = "Microsoft.MachineLearningServices"
ML_VERSION = "2024-10-01"
MIB = 1 << 20
IN_AN_HOUR = datetime.now(UTC) + timedelta(hours=1)


@dataclass(frozen=True)
class Azure:
    """The running sandbox as a client sees it, and calls to prepare it with."""

    server: Server
    credential: ClientSecretCredential

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def ca(self) -> str:
        return self.server.ca_file

    def arm(self, method: str, path: str, version: str, body: Any = None) -> Any:
        scope = f"{self.url}/.default"
        headers = {"Authorization": f"Bearer {self.credential.get_token(scope).token}"}
        address = f"{self.url}{path}?api-version={version}"
        answer = requests.request(method, address, json=body, headers=headers, verify=self.ca)
        assert answer.status_code < 400, answer.text
        return answer.json() if answer.content else None

    def control(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        headers = {"x-sandbox-token": self.server.control_token}
        address = f"{self.url}/_sandbox/{path}"
        return requests.request(method, address, headers=headers, verify=self.ca, **kwargs)


@dataclass(frozen=True)
class Account:
    """A storage account with its first key."""

    name: str
    id: str
    key: str
    blob: str
    file: str


def client_of(server: Server) -> Azure:
    """Sign in as the built-in service principal and make the resource group."""
    azure = Azure(server, credential_of(server))
    azure.arm("PUT", GROUP, "2025-04-01", {"location": "eastus"})
    return azure


def new_account(azure: Azure, **properties: Any) -> Account:
    name = f"acct{uuid.uuid4().hex[:12]}"
    path = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/{name}"
    body = {
        "location": "eastus",
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS"},
        "properties": properties,
    }
    azure.arm("PUT", path, STORAGE_VERSION, body)
    shown: dict[str, Any] = {}
    while shown.get("properties", {}).get("provisioningState") != "Succeeded":
        shown = azure.arm("GET", path, STORAGE_VERSION)
    keys = azure.arm("POST", f"{path}/listKeys", STORAGE_VERSION)["keys"]
    ends = shown["properties"]["primaryEndpoints"]
    return Account(name, shown["id"], keys[0]["value"], ends["blob"], ends["file"])


def blob_service(azure: Azure, account: Account, credential: object) -> BlobServiceClient:
    """Return Microsoft's client of an account, which sends up to 4 MiB at once and never again."""
    from azure.storage.blob import BlobServiceClient

    return BlobServiceClient(
        account.blob,
        credential=credential,
        connection_verify=azure.ca,
        retry_total=0,
        max_single_put_size=4 * MIB,
    )


def settled(azure: Azure, path: str, version: str = ML_VERSION) -> Any:
    for _ in range(20):
        shown = azure.arm("GET", path, version)
        if shown["properties"]["provisioningState"] in {"Succeeded", "Failed"}:
            return shown
    raise AssertionError(shown)


def new_workspace(azure: Azure) -> str:
    account = new_account(azure)
    vault = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv{uuid.uuid4().hex[:10]}"
    properties: dict[str, Any] = {
        "tenantId": azure.server.tenant_id,
        "sku": {"family": "A", "name": "standard"},
        "accessPolicies": [],
    }
    body = {"location": "eastus", "properties": properties}
    azure.arm("PUT", vault, "2023-07-01", body)
    settled(azure, vault, "2023-07-01")
    path = f"{GROUP}/providers/{ML}/workspaces/ws-{uuid.uuid4().hex[:8]}"
    properties = {"storageAccount": account.id, "keyVault": vault}
    identity = {"type": "SystemAssigned"}
    azure.arm(
        "PUT",
        path,
        ML_VERSION,
        {"location": "eastus", "identity": identity, "properties": properties},
    )
    assert settled(azure, path)["properties"]["provisioningState"] == "Succeeded"
    return path
