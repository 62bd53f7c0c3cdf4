"""Storage accounts of the sandbox and of Azurite: what holds for the one holds for the other.

Azurite is Microsoft's own emulator (learn.microsoft.com/azure/storage/common/storage-use-azurite);
it runs here with HTTPS and OAuth, as that page shows, from the directory `make azurite` filled.
"""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
import trustme

from tests.clients.conftest import SUBSCRIPTION, Served
from tests.support.signed_in import credential_of

AZURITE = Path(__file__).parents[3] / ".azurite/node_modules/.bin/azurite-blob"
ACCOUNT = "azclistore1"
AZURITE_KEY = "c2FuZGJveC1rZXktb2YtYXp1cml0ZS10ZXN0cw=="
ARM = "https://management.azure.com/.default"
BLOB_OWNER = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"


@dataclass(frozen=True)
class Account:
    """One storage account as its clients know it."""

    url: str
    key: str
    ca_file: str
    credential: Any
    file_url: str = ""

    def service(self, credential: Any = None) -> Any:
        """A BlobServiceClient; with the account's key unless told otherwise."""
        from azure.storage.blob import BlobServiceClient

        held = {"account_name": ACCOUNT, "account_key": self.key}
        chosen = held if credential is None else credential
        return BlobServiceClient(self.url, chosen, connection_verify=self.ca_file)


@pytest.fixture
def sandbox_account(served: Served) -> Account:
    """An account made through ARM; the application may read and write its blobs."""
    credential = credential_of(served)
    token = credential.get_token(ARM).token

    def send(method: str, path: str, version: str, body: Any = None) -> Any:
        answer = requests.request(
            method,
            f"{served.url}{path}?api-version={version}",
            json=body,
            headers={"Authorization": f"Bearer {token}"},
            verify=served.ca_file,
            timeout=10,
        )
        assert answer.status_code < 400, answer.text
        return answer.json() if answer.content else None

    account = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/{ACCOUNT}"
    body = {"location": "eastus", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
    send("PUT", GROUP, "2024-11-01", {"location": "eastus"})
    send("PUT", account, "2023-05-01", body)
    _made(send, account)
    _grant(send, account, credential)
    keys = send("POST", f"{account}/listKeys", "2023-05-01")["keys"]
    urls = send("GET", account, "2023-05-01")["properties"]["primaryEndpoints"]
    key = keys[0]["value"]
    return Account(urls["blob"], key, served.ca_file, credential, urls["file"])


@pytest.fixture(scope="session")
def azurite_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The URL of a running Azurite and the certificate authority it stands under."""
    if not AZURITE.exists():
        pytest.skip("Azurite is not installed: run `make azurite` (it needs npm)")
    folder = tmp_path_factory.mktemp("azurite")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    certificate = authority.issue_cert("127.0.0.1")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    port = _free_port()
    words = [str(AZURITE), "--blobHost", "127.0.0.1", "--blobPort", str(port)]
    words += ["--cert", str(folder / "cert.pem"), "--key", str(folder / "key.pem")]
    words += [
        "--oauth",
        "basic",
        "--inMemoryPersistence",
        "--skipApiVersionCheck",
        "--disableTelemetry",
    ]
    accounts = {**os.environ, "AZURITE_ACCOUNTS": f"{ACCOUNT}:{AZURITE_KEY}"}
    server = subprocess.Popen(
        words, stdout=subprocess.PIPE, text=True, cwd=folder, env=accounts, start_new_session=True
    )
    try:
        assert server.stdout is not None
        said = next((line for line in server.stdout if "successfully listens" in line), "")
        assert said, "Azurite ended before it listened"
        yield f"https://127.0.0.1:{port}/{ACCOUNT}", str(folder / "ca.pem")
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture
def azurite_account(azurite_url: tuple[str, str], served: Served) -> Account:
    """Azurite's account; it takes the sandbox's tokens, whose signature it does not check."""
    url, ca_file = azurite_url
    account = Account(url, AZURITE_KEY, ca_file, credential_of(served))
    service = account.service()
    for found in service.list_containers():
        service.delete_container(found["name"])
    return account


@pytest.fixture(params=["sandbox", pytest.param("azurite", marks=pytest.mark.azurite)])
def account(request: pytest.FixtureRequest) -> Account:
    """The account of either emulator, with nothing in it."""
    found: Account = request.getfixturevalue(f"{request.param}_account")
    return found


@pytest.fixture
def container(account: Account) -> Any:
    """A new container, by the account's key."""
    return account.service().create_container("papers")


def _made(send: Callable[..., Any], account: str) -> None:
    """See the account made: before, Azure has no keys of it. Each look takes virtual time."""
    for _ in range(100):
        if send("GET", account, "2023-05-01")["properties"]["provisioningState"] == "Succeeded":
            return
    raise AssertionError("the account is never made")


def _grant(send: Callable[..., Any], account: str, credential: Any) -> None:
    import base64
    import json

    payload = credential.get_token(ARM).token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    role = "/providers/Microsoft.Authorization/roleDefinitions/" + BLOB_OWNER
    name = "11111111-1111-1111-1111-111111111111"
    path = f"{account}/providers/Microsoft.Authorization/roleAssignments/{name}"
    properties = {"roleDefinitionId": role, "principalId": claims["oid"]}
    body = {"properties": {**properties, "principalType": "ServicePrincipal"}}
    send("PUT", path, "2022-04-01", body)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
