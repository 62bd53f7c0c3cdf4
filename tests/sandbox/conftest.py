"""One sandbox in `instant` time for all tests of a process, empty again before each test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from reconciler.sandbox.launch import Server
from tests.support.controls import Pool
from tests.support.sandbox import GROUP, SUBSCRIPTION, Sandbox


@pytest.fixture(scope="module")
def server(pool: Pool) -> Iterator[Server]:
    with pool.lent() as found, pytest.MonkeyPatch.context() as patch:
        patch.setenv("REQUESTS_CA_BUNDLE", found.ca_file)  # azure-ai-ml's inner clients need it
        yield found


@pytest.fixture(scope="module")
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
