"""azure-ai-ml pointed at a served sandbox, and plain ARM reads of what it then holds."""

from __future__ import annotations

import socket
import threading
import uuid
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import requests

from tests.clients.conftest import SUBSCRIPTION, Served
from tests.support.listener import Listener

RESOURCE_GROUP = "rg-ml"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{RESOURCE_GROUP}"
WORKSPACES = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces"
ML_VERSION = "2024-10-01-preview"
STORAGE_SUFFIX = ".core.sandbox.test"
SUFFIXES = (STORAGE_SUFFIX, ".vault.sandbox.test")


def credential(served: Served) -> Any:
    """The service principal that `reconcile sandbox serve` printed."""
    from azure.identity import ClientSecretCredential

    return ClientSecretCredential(
        served.tenant_id,
        served.client_id,
        served.client_secret,
        authority=served.url,
        disable_instance_discovery=True,
    )


def client(served: Served, workspace: str | None = None) -> Any:
    """A real MLClient; the keywords name a cloud, as for Azure Stack or a sovereign cloud."""
    from azure.ai.ml import MLClient

    where = (SUBSCRIPTION, RESOURCE_GROUP, workspace)
    return MLClient(credential(served), *where, **cloud_keywords(served))


def registries(served: Served, registry: str) -> Any:
    """A real MLClient of a registry."""
    from azure.ai.ml import MLClient

    return MLClient(credential(served), registry_name=registry, **cloud_keywords(served))


def cloud_keywords(served: Served) -> dict[str, Any]:
    base = served.url
    return {
        "cloud": f"Sandbox-{urlsplit(base).port}",
        "cloud_metadata": {
            "azure_portal": f"{base}/portal",
            "resource_manager": f"{base}/",
            "active_directory": f"{base}/",
            "aml_resource_id": f"{base}/aml",
            "storage_endpoint": STORAGE_SUFFIX[1:],
            "registry_discovery_endpoint": f"{base}/",
        },
        "show_progress": False,
        "enable_telemetry": False,
    }


@dataclass(frozen=True)
class Arm:
    """Azure Resource Manager without any SDK: what the sandbox holds, whatever a client shows."""

    served: Served

    def send(self, method: str, path: str, version: str = ML_VERSION, body: Any = None) -> Any:
        """Return the answer to one request; `path` begins at `/subscriptions`."""
        params = {"api-version": version}
        return self._session.request(
            method, self.served.url + path, params=params, json=body, timeout=30
        )

    @cached_property
    def _session(self) -> requests.Session:
        found = requests.Session()
        found.verify, found.trust_env = self.served.ca_file, False
        token = credential(self.served).get_token("https://management.azure.com/.default").token
        found.headers["Authorization"] = f"Bearer {token}"
        return found

    def close(self) -> None:
        """Close the connection that the requests share."""
        self._session.close()

    def get(self, path: str, version: str = ML_VERSION) -> dict[str, Any]:
        """Return the body of a resource that must be there."""
        answer = self.send("GET", path, version)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def put(self, path: str, version: str, **body: Any) -> dict[str, Any]:
        """Write a resource and return it when it is ready."""
        answer = self.send("PUT", path, version, body)
        assert answer.status_code in (200, 201, 202), answer.text
        for _ in range(20):
            found = self.get(path, version)
            if found.get("properties", {}).get("provisioningState", "Succeeded") == "Succeeded":
                break
        return found

    def workspace(
        self, name: str = "ws1", *, kind: str = "Default", group: str = RESOURCE_GROUP
    ) -> dict[str, Any]:
        """Create a workspace with its storage account and vault, in four requests."""
        scope = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}"
        self.put(scope, "2024-11-01", location="eastus")
        account = self.put(
            f"{scope}/providers/Microsoft.Storage/storageAccounts/{name}storage",
            "2023-05-01",
            location="eastus",
            kind="StorageV2",
            sku={"name": "Standard_LRS"},
        )
        sku = {"family": "A", "name": "standard"}
        vault = self.put(
            f"{scope}/providers/Microsoft.KeyVault/vaults/{name}-vault",
            "2023-07-01",
            location="eastus",
            properties={"tenantId": self.served.tenant_id, "sku": sku, "accessPolicies": []},
        )
        return self.put(
            f"{scope}/providers/Microsoft.MachineLearningServices/workspaces/{name}",
            "2024-10-01",
            location="eastus",
            kind=kind,
            identity={"type": "SystemAssigned"},
            properties={"storageAccount": account["id"], "keyVault": vault["id"]},
        )

    def cores(self, family: str, limit: int) -> None:
        """Have the quota of a family of virtual machines raised."""
        scope = f"/subscriptions/{SUBSCRIPTION}/providers"
        location = f"{scope}/Microsoft.MachineLearningServices/locations/eastus"
        properties = {
            "limit": {"limitObjectType": "LimitValue", "value": limit},
            "name": {"value": family},
        }
        path = f"{location}/providers/Microsoft.Quota/quotas/{family}"
        answer = self.send("PUT", path, "2025-09-01", {"properties": properties})
        assert answer.status_code == 202, answer.text
        request = urlsplit(answer.headers["Location"]).path
        self.get(request, "2025-09-01")

    def identity(self, *roles: str) -> str:
        """Create a user-assigned identity with roles on the resource group; returns its id."""
        path = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/robot"
        made = self.put(path, "2024-11-30", location="eastus")
        for role in roles:
            definition = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization"
            properties = {
                "roleDefinitionId": f"{definition}/roleDefinitions/{role}",
                "principalId": made["properties"]["principalId"],
                "principalType": "ServicePrincipal",
            }
            name = uuid.uuid5(uuid.NAMESPACE_URL, role)
            assignment = f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/{name}"
            body = {"properties": properties}
            assert self.send("PUT", assignment, "2022-04-01", body).status_code == 201
        return str(made["id"])

    def blob(self, ml: Any, uri: str) -> bytes:
        """Return the bytes that lie at an `azureml://.../datastores/{name}/paths/{path}` URI."""
        from azure.storage.blob import BlobServiceClient

        name, path = uri.split("/datastores/")[1].split("/paths/")
        store = ml.datastores.get(name, include_secrets=True)
        service = BlobServiceClient(
            f"https://{store.account_name}.blob{STORAGE_SUFFIX}", store.credentials.account_key
        )
        with service:
            found: bytes = (
                service.get_blob_client(store.container_name, path).download_blob().readall()
            )
        return found


class StorageNames(Listener):
    """A CONNECT proxy that resolves the sandbox's storage and vault names, and refuses all others.

    On a machine of one's own a line in /etc/hosts does the same.
    """

    def __init__(self, port: int) -> None:
        self._target = ("127.0.0.1", port)
        self.asked: list[str] = []
        super().__init__(StorageNames._meet_client)
        self.url = f"http://127.0.0.1:{self.port}"

    def _meet_client(self, inside: socket.socket) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            part = inside.recv(4096)
            if not part:
                return
            head += part
        host = head.split()[1].decode().rpartition(":")[0]
        self.asked.append(host)
        if not host.endswith(SUFFIXES):
            inside.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            inside.close()
            return
        with socket.create_connection(self._target) as outside:
            inside.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_pump, args=(outside, inside), daemon=True)
            back.start()
            _pump(inside, outside)
            with suppress(OSError):
                outside.shutdown(socket.SHUT_RDWR)
            back.join()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while part := source.recv(65536):
            sink.sendall(part)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        return
