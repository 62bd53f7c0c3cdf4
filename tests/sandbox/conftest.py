"""One sandbox in `instant` time for all tests of a process, empty again before each test."""

from __future__ import annotations

import json
import os
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox.launch import Server, launch
from tests.support.survey import keep

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"


class Sandbox:
    """A running sandbox and its controls; `credential` is a real azure-identity one."""

    def __init__(self, server: Server) -> None:
        from azure.identity import ClientSecretCredential

        self.server = server
        self.url, self.ca_file = server.url, server.ca_file
        self._tls = ssl.create_default_context(cafile=server.ca_file)
        self.credential = ClientSecretCredential(
            server.tenant_id,
            server.client_id,
            server.client_secret,
            authority=server.url,
            disable_instance_discovery=True,
            connection_verify=server.ca_file,
        )

    def control(self, method: str, path: str, body: Any = None) -> bytes:
        """Send a control request and return the answer's bytes."""
        request = urllib.request.Request(f"{self.url}/_sandbox/{path}", method=method)
        request.add_header("x-sandbox-token", self.server.control_token)
        request.add_header("content-type", "application/json")
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(request, data, context=self._tls) as answer:
            found: bytes = answer.read()
            return found

    def journal(self, kind: str = "arm") -> list[dict[str, Any]]:
        """Return the journal's entries of one kind."""
        return [
            json.loads(line) for line in self.control("GET", f"journal?kind={kind}").splitlines()
        ]

    def reset(self) -> None:
        """Back to an empty subscription, in instant time."""
        keep(self.control("GET", "journal"))
        self.control("POST", "reset", {})
        self.control("POST", "clock", {"mode": "instant"})

    def send(
        self, method: str, path: str, body: Any = None, **query: str
    ) -> tuple[int, Any, dict[str, str]]:
        """Send one ARM request without an SDK; returns status, JSON body, headers."""
        query = {name.replace("__", "$").replace("api_", "api-"): v for name, v in query.items()}
        url = self.url + path + "?" + urllib.parse.urlencode(query)
        request = urllib.request.Request(url, method=method)
        request.add_header("Authorization", "Bearer " + self._token())
        request.add_header("content-type", "application/json")
        data = None if body is None else json.dumps(body).encode()
        try:
            with urllib.request.urlopen(request, data, context=self._tls) as answer:
                return answer.status, _json(answer.read()), dict(answer.headers)
        except urllib.error.HTTPError as error:
            return error.code, _json(error.read()), dict(error.headers)

    def _token(self) -> str:
        return str(self.credential.get_token("https://management.azure.com/.default").token)


def _json(raw: bytes) -> Any:
    return json.loads(raw) if raw else None


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    state = Path(tmp_path_factory.mktemp("sandbox"))
    with launch(state, clock="instant") as found:
        before = os.environ.get("REQUESTS_CA_BUNDLE")
        os.environ["REQUESTS_CA_BUNDLE"] = found.ca_file  # azure-ai-ml's inner clients need it
        yield found
        if before is None:
            del os.environ["REQUESTS_CA_BUNDLE"]
        else:
            os.environ["REQUESTS_CA_BUNDLE"] = before


@pytest.fixture(scope="session")
def _sandbox(server: Server) -> Sandbox:
    return Sandbox(server)


@pytest.fixture
def sandbox(_sandbox: Sandbox) -> Sandbox:
    _sandbox.reset()
    return _sandbox


@pytest.fixture
def rm(sandbox: Sandbox) -> Any:
    """The real azure-mgmt-resource client, with a resource group `rg` in eastus."""
    from azure.mgmt.resource.resources import ResourceManagementClient

    client = ResourceManagementClient(
        sandbox.credential, SUBSCRIPTION, base_url=sandbox.url, connection_verify=sandbox.ca_file
    )
    client.resource_groups.create_or_update("rg", {"location": "eastus"})
    return client


@pytest.fixture
def put(rm: Any) -> Any:
    """`put("Microsoft.Storage/storageAccounts/x", "2023-05-01", **body)` -> the resource."""

    def run(path: str, version: str, **body: Any) -> dict[str, Any]:
        poller = rm.resources.begin_create_or_update_by_id(
            f"{GROUP}/providers/{path}",
            {name: value for name, value in {"location": "eastus", **body}.items() if value},
            api_version=version,
        )
        found: dict[str, Any] = poller.result().as_dict()
        return found

    return run


@pytest.fixture
def ml(sandbox: Sandbox) -> Any:
    from azure.ai.ml import MLClient

    base = sandbox.url
    metadata = {
        "azure_portal": f"{base}/portal",
        "resource_manager": f"{base}/",
        "active_directory": f"{base}/",
        "aml_resource_id": f"{base}/aml",
        "storage_endpoint": "core.sandbox.test",
        "registry_discovery_endpoint": f"{base}/",
    }
    return MLClient(
        sandbox.credential,
        SUBSCRIPTION,
        "rg",
        "ws1",
        cloud=f"Sandbox-{base.rsplit(':', 1)[1]}",
        cloud_metadata=metadata,
        show_progress=False,
        enable_telemetry=False,
    )
