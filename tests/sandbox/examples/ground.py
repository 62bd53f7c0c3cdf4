"""The ground that examples stand on: one resource of each type, whose names `operations.txt` uses.

Everything is made over HTTPS, as any client would; a snapshot brings it back after each request
that changed something.
"""

from __future__ import annotations

import http.client
import json
import ssl
import urllib.parse
from typing import Any, Self

from reconciler.sandbox.launch import Server

Json = dict[str, Any]
SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"
PROVIDERS = f"{GROUP}/providers"
WORKSPACE = f"{PROVIDERS}/Microsoft.MachineLearningServices/workspaces/ws1"
LOCATION = (
    f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.MachineLearningServices/locations/eastus"
)
READER = "/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"
ML = "2024-10-01"
URI = "azureml://datastores/workspaceblobstore/paths/x"


class Client:
    """One kept HTTPS connection to a sandbox, with a token of its own service principal."""

    def __init__(self, server: Server) -> None:
        self.server = server
        port = int(server.url.rsplit(":", 1)[1])
        context = ssl.create_default_context(cafile=server.ca_file)
        self._connection = http.client.HTTPSConnection(
            "127.0.0.1", port, context=context, timeout=60
        )
        self._token = self._sign_in()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def _sign_in(self) -> str:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.server.client_id,
            "client_secret": self.server.client_secret,
            "scope": "https://management.azure.com/.default",
        }
        path = f"/{self.server.tenant_id}/oauth2/v2.0/token"
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        _, body = self._exchange("POST", path, urllib.parse.urlencode(form).encode(), headers)
        return str(json.loads(body)["access_token"])

    def _exchange(
        self, method: str, path: str, data: bytes | None, headers: dict[str, str]
    ) -> tuple[int, bytes]:
        self._connection.request(method, path, data, headers)
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def send(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        """Send one ARM request; return the status and the JSON body (None for none)."""
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        target = urllib.parse.quote(path) + "?" + urllib.parse.urlencode(query)
        data = None if body is None else json.dumps(body).encode()
        status, raw = self._exchange(method, target, data, headers)
        return status, _json(raw)

    def control(self, method: str, name: str, data: bytes | None = None) -> bytes:
        """Send one control request; return the answer's bytes."""
        headers = {
            "x-sandbox-token": self.server.control_token,
            "Content-Type": "application/json",
        }
        status, raw = self._exchange(method, f"/_sandbox/{name}", data, headers)
        if status >= 400:
            raise AssertionError(f"{name}: {status} {raw!r}")
        return raw

    def put(self, path: str, version: str, **body: Any) -> None:
        """Create what the ground needs and wait until it is there."""
        status, answer = self.send("PUT", path, {"api-version": version}, body)
        if status >= 300:
            raise AssertionError(f"the ground's {path} was refused: {status} {answer}")
        for _ in range(20):
            found = self.send("GET", path, {"api-version": version}, None)[1]
            state = (found.get("properties") or {}).get("provisioningState", "Succeeded")
            if state in ("Succeeded", "Failed"):
                break
        if state != "Succeeded":
            raise AssertionError(f"the ground's {path} is {state}: {found}")


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw) if raw else None
    except ValueError:  # not an answer of ARM's
        return raw.decode(errors="replace")


def build(client: Client) -> None:
    """Make the ground in an empty sandbox, in instant time."""
    client.control("POST", "reset", b"{}")
    client.control("POST", "clock", b'{"mode": "instant"}')
    client.put(GROUP, "2024-07-01", location="eastus")
    _accounts(client)
    _workspace(client)
    _assets(client)
    _endpoints(client)
    _jobs(client)


def _accounts(client: Client) -> None:
    tenant = client.server.tenant_id
    account = f"{PROVIDERS}/Microsoft.Storage/storageAccounts/acct1"
    sku = {"name": "Standard_LRS"}
    client.put(account, "2023-05-01", location="eastus", kind="StorageV2", sku=sku)
    client.put(f"{account}/blobServices/default/containers/container1", "2023-05-01")
    for name in ("kv1", "gonevault"):
        client.put(
            f"{PROVIDERS}/Microsoft.KeyVault/vaults/{name}",
            "2023-07-01",
            location="eastus",
            properties={"tenantId": tenant, "sku": {"family": "A", "name": "standard"}},
        )
    gone = f"{PROVIDERS}/Microsoft.KeyVault/vaults/gonevault"
    client.send("DELETE", gone, {"api-version": "2023-07-01"}, None)
    logs = f"{PROVIDERS}/Microsoft.OperationalInsights/workspaces/logs"
    client.put(logs, "2023-09-01", location="eastus", properties={})
    client.put(
        f"{PROVIDERS}/Microsoft.Insights/components/insights",
        "2020-02-02",
        location="eastus",
        kind="web",
        properties={"Application_Type": "web", "WorkspaceResourceId": logs},
    )
    registry = f"{PROVIDERS}/Microsoft.ContainerRegistry/registries/acr12345"
    admin = {"adminUserEnabled": True}
    sku = {"name": "Standard"}
    client.put(registry, "2023-07-01", location="eastus", sku=sku, properties=admin)
    identity = f"{PROVIDERS}/Microsoft.ManagedIdentity/userAssignedIdentities/uai1"
    client.put(identity, "2023-01-31", location="eastus")
    client.put(
        f"{identity}/federatedIdentityCredentials/fic1",
        "2023-01-31",
        properties={"issuer": "https://issuer", "subject": "one", "audiences": ["api://x"]},
    )
    client.put(
        f"{PROVIDERS}/Microsoft.Authorization/roleAssignments/11111111-2222-4333-8444-555555555555",
        "2022-04-01",
        properties={
            "roleDefinitionId": READER,
            "principalId": "11111111-2222-4333-8444-666666666666",
            "principalType": "ServicePrincipal",
        },
    )


def _workspace(client: Client) -> None:
    linked = {
        "storageAccount": "Microsoft.Storage/storageAccounts/acct1",
        "keyVault": "Microsoft.KeyVault/vaults/kv1",
        "applicationInsights": "Microsoft.Insights/components/insights",
        "containerRegistry": "Microsoft.ContainerRegistry/registries/acr12345",
    }
    client.put(
        WORKSPACE,
        ML,
        location="eastus",
        identity={"type": "SystemAssigned"},
        properties={name: f"{PROVIDERS}/{path}" for name, path in linked.items()},
    )
    scale = {"minNodeCount": 0, "maxNodeCount": 4}
    client.put(
        f"{WORKSPACE}/computes/cpu",
        ML,
        location="eastus",
        properties={
            "computeType": "AmlCompute",
            "properties": {"vmSize": "Standard_DS3_v2", "scaleSettings": scale},
        },
    )
    client.put(
        f"{WORKSPACE}/connections/conn",
        ML,
        properties={
            "category": "CustomKeys",
            "authType": "CustomKeys",
            "target": "https://x",
            "credentials": {"keys": {"key": "k"}},
        },
    )
    client.put(
        f"{WORKSPACE}/datastores/mystore",
        ML,
        properties={
            "datastoreType": "AzureBlob",
            "accountName": "acct1",
            "containerName": "container1",
            "credentials": {
                "credentialsType": "AccountKey",
                "secrets": {"secretsType": "AccountKey", "key": "a2V5"},
            },
        },
    )


def _assets(client: Client) -> None:
    for path, properties in (
        ("data/d/versions/1", {"dataType": "uri_file", "dataUri": URI}),
        ("models/m/versions/1", {"modelType": "custom_model", "modelUri": URI}),
        ("environments/e/versions/1", {"image": "mcr.microsoft.com/azureml/base"}),
        ("codes/c/versions/1", {"codeUri": URI}),
    ):
        client.put(f"{WORKSPACE}/{path}", ML, properties=properties)


def _endpoints(client: Client) -> None:
    for name, mode in (("ep-one", "Key"), ("ep-two", "AMLToken")):
        client.put(
            f"{WORKSPACE}/onlineEndpoints/{name}",
            ML,
            location="eastus",
            identity={"type": "SystemAssigned"},
            properties={"authMode": mode},
        )
    client.put(
        f"{WORKSPACE}/onlineEndpoints/ep-one/deployments/blue",
        ML,
        location="eastus",
        sku={"name": "Default", "capacity": 1},
        properties={
            "endpointComputeType": "Managed",
            "model": "azureml://registries/azureml/models/Phi-4/versions/1",
            "instanceType": "Standard_DS3_v2",
        },
    )


def _jobs(client: Client) -> None:
    command = {
        "jobType": "Command",
        "command": "echo",
        "computeId": f"{WORKSPACE}/computes/cpu",
        "environmentId": f"{WORKSPACE}/environments/e/versions/1",
    }
    client.send("PUT", f"{WORKSPACE}/jobs/done", {"api-version": ML}, {"properties": command})
    for _ in range(20):
        client.send("GET", f"{WORKSPACE}/jobs/done", {"api-version": ML}, None)
    client.send("PUT", f"{WORKSPACE}/jobs/command", {"api-version": ML}, {"properties": command})
    model = "azureml://registries/azureml-meta/models/Llama-2-7b/versions/11"
    tuning = {
        "jobType": "FineTuning",
        "computeId": f"{WORKSPACE}/computes/cpu",
        "outputs": {"registered_model": {"jobOutputType": "mlflow_model", "assetName": "tuned"}},
        "fineTuningDetails": {
            "modelProvider": "Custom",
            "taskType": "ChatCompletion",
            "model": {"jobInputType": "mlflow_model", "uri": model},
            "trainingData": {"jobInputType": "uri_file", "uri": URI},
        },
    }
    version = {"api-version": "2024-10-01-preview"}
    client.send("PUT", f"{WORKSPACE}/jobs/tuning", version, {"properties": tuning})
