"""What Azure was recorded to take, though its published types or good order would refuse it."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox.launch import launch
from tests.support.sandbox import GROUP, Sandbox
from tests.support.scenario import ML, workspace

ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/acct2"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv2"
WORKSPACE = f"{GROUP}/providers/{ML}/ws2"
ACCOUNT_BODY = {"location": "eastus", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
OLD, NEW = "2022-12-01-preview", "2024-10-01"


@pytest.fixture
def frozen(sandbox: Sandbox, rm: Any) -> Sandbox:
    """A group with a vault, where time moves only when it is told to."""
    sku = {"family": "A", "name": "standard"}
    vault = {"location": "eastus", "properties": {"tenantId": sandbox.server.tenant_id, "sku": sku}}
    assert sandbox.send("PUT", VAULT, vault, api_version="2023-07-01")[0] == 200
    sandbox.control("POST", "clock", {"mode": "frozen"})
    return sandbox


def body(**more: Any) -> dict[str, Any]:
    properties = {"storageAccount": ACCOUNT, "keyVault": VAULT, **more}
    return {
        "location": "eastus",
        "identity": {"type": "SystemAssigned"},
        "properties": properties,
    }


def pass_time(sandbox: Sandbox) -> None:
    sandbox.control("POST", "clock", {"advance": 86400})


def test_an_account_has_no_keys_until_it_is_ready(frozen: Sandbox) -> None:
    frozen.send("PUT", ACCOUNT, ACCOUNT_BODY, api_version="2023-05-01")
    status, shown, _ = frozen.send("POST", f"{ACCOUNT}/listKeys", api_version="2023-05-01")
    assert (status, shown["error"]["code"]) == (409, "StorageAccountIsNotProvisioned")
    pass_time(frozen)
    assert frozen.send("POST", f"{ACCOUNT}/listKeys", api_version="2023-05-01")[0] == 200


def test_a_workspace_may_be_asked_for_before_its_account(frozen: Sandbox) -> None:
    assert frozen.send("PUT", WORKSPACE, body(), api_version=NEW)[0] == 202
    assert frozen.send("PUT", ACCOUNT, ACCOUNT_BODY, api_version="2023-05-01")[0] == 202
    pass_time(frozen)
    shown = frozen.send("GET", WORKSPACE, api_version=NEW)[1]
    assert shown["properties"]["provisioningState"] == "Succeeded"


def test_a_workspace_whose_account_never_comes_fails(frozen: Sandbox) -> None:
    _, _, headers = frozen.send("PUT", WORKSPACE, body(), api_version=NEW)
    pass_time(frozen)
    path = headers["Azure-AsyncOperation"].removeprefix(frozen.url).partition("?")[0]
    polled = frozen.send("GET", path, api_version=NEW)[1]
    assert (polled["status"], polled["error"]["code"]) == ("Failed", "UserError")
    assert "acct2" in polled["error"]["message"]


def test_the_system_datastores_are_there_when_the_workspace_is(frozen: Sandbox) -> None:
    frozen.send("PUT", ACCOUNT, ACCOUNT_BODY, api_version="2023-05-01")
    frozen.send("PUT", WORKSPACE, body(), api_version=NEW)
    store = f"{WORKSPACE}/datastores/workspaceblobstore"
    assert frozen.send("GET", store, api_version=NEW)[0] == 404
    pass_time(frozen)
    assert frozen.send("GET", store, api_version=NEW)[0] == 200


def test_the_name_of_a_workspaces_sku_is_text(frozen: Sandbox) -> None:
    frozen.send("PUT", ACCOUNT, ACCOUNT_BODY, api_version="2023-05-01")
    wanted = {**body(), "sku": {"name": "Standard_S1"}}
    status, shown, _ = frozen.send("PUT", WORKSPACE, wanted, api_version=NEW)
    assert (status, shown["sku"]["name"]) == (202, "Standard_S1")


def test_what_another_api_version_has_is_dropped_and_nonsense_refused(frozen: Sandbox) -> None:
    frozen.send("PUT", ACCOUNT, ACCOUNT_BODY, api_version="2023-05-01")
    sent = body(managedNetwork={"isolationMode": "AllowInternetOutbound"})
    assert frozen.send("PUT", WORKSPACE, sent, api_version=OLD)[0] == 202
    shown = frozen.send("GET", WORKSPACE, api_version=NEW)[1]
    assert shown["properties"]["managedNetwork"]["isolationMode"] == "Disabled"
    pass_time(frozen)
    assert frozen.send("PUT", WORKSPACE, body(managedNetwrok={}), api_version=OLD)[0] == 400


def test_a_cluster_keeps_its_transition_time_and_goes_without_the_parameter(
    sandbox: Sandbox, put: Any
) -> None:
    workspace(put, sandbox.server.tenant_id)
    path = f"{GROUP}/providers/{ML}/ws1/computes/cpu"
    sent = {
        "location": "eastus",
        "properties": {
            "computeType": "AmlCompute",
            "properties": {
                "vmSize": "Standard_DS3_v2",
                "scaleSettings": {"minNodeCount": 0, "maxNodeCount": 1},
            },
        },
    }
    sandbox.control("POST", "clock", {"mode": "frozen"})
    times = []
    for most in (1, 2):
        sent["properties"]["properties"]["scaleSettings"]["maxNodeCount"] = most  # type: ignore[index]
        assert sandbox.send("PUT", path, sent, api_version=NEW)[0] == 201
        pass_time(sandbox)
        inner = sandbox.send("GET", path, api_version=NEW)[1]["properties"]["properties"]
        times.append(inner["allocationStateTransitionTime"])
    assert times[0] == times[1]
    assert sandbox.send("DELETE", path, api_version=NEW)[0] == 202


@pytest.mark.parametrize("mode", ["auto", "speed=100000"])
def test_the_clock_of_a_killed_sandbox_never_goes_back(tmp_path: Path, mode: str) -> None:
    last = ""
    for _ in range(3):
        with launch(tmp_path, clock=mode) as server:
            sandbox = Sandbox(server)
            for _ in range(20):
                sandbox.send("GET", "/subscriptions", api_version="2022-12-01")
                told = sandbox.journal()[-1]["time"]
                assert told >= last
                last = told
            os.kill(server.pid, signal.SIGKILL)
            os.waitpid(server.pid, 0)
