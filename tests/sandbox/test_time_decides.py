"""What is due has happened for everybody, whether somebody looked at it or not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.sandbox import GROUP, SUBSCRIPTION, Sandbox

PROVIDERS = f"{GROUP}/providers"
ACCOUNT = f"{PROVIDERS}/Microsoft.Storage/storageAccounts/acct1"
REGISTRY = f"{PROVIDERS}/Microsoft.ContainerRegistry/registries/acr12345"
GROUPS, STORAGE, VAULTS, REGISTRIES = "2024-07-01", "2023-05-01", "2023-07-01", "2023-07-01"
DELETED = "Microsoft.KeyVault/locations/eastus/deletedVaults/kv1"
SKU = {"name": "Standard"}


@pytest.fixture(params=["frozen", "instant", "speed=1"])
def later(sandbox: Sandbox, put: Any, request: Any) -> Callable[[], None]:
    """An account, a vault and a registry; the fixture's value lets a day pass."""
    sku = {"family": "A", "name": "standard"}
    vault = {"tenantId": sandbox.server.tenant_id, "sku": sku}
    put(
        "Microsoft.Storage/storageAccounts/acct1",
        STORAGE,
        kind="StorageV2",
        sku={"name": "Standard_LRS"},
    )
    put("Microsoft.KeyVault/vaults/kv1", VAULTS, properties=vault)
    put("Microsoft.ContainerRegistry/registries/acr12345", REGISTRIES, sku=SKU, properties={})
    sandbox.control("POST", "clock", {"mode": request.param})
    return lambda: sandbox.control("POST", "clock", {"advance": 86400})


def code(answer: tuple[int, Any, Any]) -> str:
    return str(answer[1]["error"]["code"])


def test_what_was_due_to_go_can_be_created_again(
    sandbox: Sandbox, later: Callable[[], None]
) -> None:
    assert sandbox.send("DELETE", REGISTRY, api_version=REGISTRIES)[0] == 202
    body = {"location": "eastus", "sku": SKU, "properties": {}}
    assert code(sandbox.send("PUT", REGISTRY, body, api_version=REGISTRIES)) == "Conflict"
    later()
    assert sandbox.send("PUT", REGISTRY, body, api_version=REGISTRIES)[0] == 200


def test_a_group_takes_along_what_nobody_looks_at(
    sandbox: Sandbox, later: Callable[[], None]
) -> None:
    assert sandbox.send("DELETE", GROUP, api_version=GROUPS)[0] == 202
    later()
    name = {"name": "acct1", "type": "Microsoft.Storage/storageAccounts"}
    base = f"/subscriptions/{SUBSCRIPTION}/providers"
    free = sandbox.send(
        "POST", f"{base}/Microsoft.Storage/checkNameAvailability", name, api_version=STORAGE
    )
    assert free[1]["nameAvailable"]
    assert sandbox.send("GET", f"{base}/{DELETED}", api_version=VAULTS)[0] == 200


def test_nothing_is_read_below_a_group_that_has_gone(
    sandbox: Sandbox, later: Callable[[], None]
) -> None:
    sandbox.send("DELETE", GROUP, api_version=GROUPS)
    later()
    assert code(sandbox.send("GET", ACCOUNT, api_version=STORAGE)) == "ResourceGroupNotFound"
    listed = sandbox.send("GET", f"/subscriptions/{SUBSCRIPTION}/resources", api_version=GROUPS)
    assert listed[1]["value"] == []
