"""Keys of answers that Azure was recorded to show, and that clients which compare look for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.sandbox import GROUP, Sandbox
from tests.support.scenario import ML, workspace

WORKSPACE = f"{GROUP}/providers/{ML}/ws1"
REGISTRY = f"{GROUP}/providers/Microsoft.ContainerRegistry/registries/acr12345"


def test_the_keys_of_a_workspace_are_those_of_what_it_links_to(sandbox: Sandbox, put: Any) -> None:
    workspace(put, sandbox.server.tenant_id)
    shown = sandbox.send("GET", WORKSPACE, api_version="2023-04-01-preview")[1]
    assert shown["etag"] is None
    assert shown["properties"]["softDeleteEnabled"] is True
    keys = sandbox.send("POST", f"{WORKSPACE}/listKeys", api_version="2024-10-01")[1]
    assert keys["containerRegistryCredentials"]["passwords"] is None
    assert keys["notebookAccessKeys"] == {"primaryAccessKey": None, "secondaryAccessKey": None}
    journal = json.dumps(sandbox.journal())
    for name in ("userStorageKey", "appInsightsInstrumentationKey"):
        assert keys[name]
        assert keys[name] not in journal


def test_system_datastores_name_where_their_account_is(sandbox: Sandbox, put: Any) -> None:
    workspace(put, sandbox.server.tenant_id)
    path = f"{WORKSPACE}/datastores/workspaceblobstore"
    properties = sandbox.send("GET", path, api_version="2024-10-01")[1]["properties"]
    assert properties["resourceGroup"] == "rg"


def test_a_registry_knows_its_old_api_versions(sandbox: Sandbox, rm: Any) -> None:
    body = {"location": "eastus", "sku": {"name": "Premium"}, "properties": {}}
    assert sandbox.send("PUT", REGISTRY, body, api_version="2019-05-01")[0] in (200, 201)
    old = sandbox.send("GET", REGISTRY, api_version="2019-12-01-preview")[1]["properties"]
    new = sandbox.send("GET", REGISTRY, api_version="2023-07-01")[1]["properties"]
    assert old["networkRuleSet"]["virtualNetworkRules"] == []
    assert "virtualNetworkRules" not in new["networkRuleSet"]
    gone = sandbox.send("DELETE", REGISTRY, api_version="2019-12-01-preview")
    assert gone[:2] == (200, None)


def test_encryption_of_one_service_leaves_the_other_as_it_is(sandbox: Sandbox, rm: Any) -> None:
    path = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/acct1"
    sent = {"keySource": "Microsoft.Storage", "services": {"blob": {"enabled": True}}}
    body = {
        "location": "eastus",
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS"},
        "properties": {"encryption": sent},
    }
    sandbox.send("PUT", path, body, api_version="2023-05-01")
    shown = sandbox.send("GET", path, api_version="2023-05-01")[1]["properties"]
    assert shown["encryption"]["services"]["file"]["enabled"] is True


def test_network_rules_are_shown_whole(sandbox: Sandbox, rm: Any) -> None:
    """Recorded: storage_404 of azure-cli shows all four parts."""
    path = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/acct2"
    body: dict[str, Any] = {"location": "eastus", "kind": "StorageV2"}
    body |= {"sku": {"name": "Standard_LRS"}}
    body["properties"] = {"networkAcls": {"defaultAction": "Deny"}}
    assert sandbox.send("PUT", path, body, api_version="2023-05-01")[0] == 202
    _, shown, _ = sandbox.send("GET", path, api_version="2023-05-01")
    assert shown["properties"]["networkAcls"] == {
        "bypass": "AzureServices",
        "virtualNetworkRules": [],
        "ipRules": [],
        "defaultAction": "Deny",
    }


def test_the_keys_of_a_log_workspace_stay_until_they_are_made_anew(
    sandbox: Sandbox, put: Any
) -> None:
    made = put("Microsoft.OperationalInsights/workspaces/logs", "2025-07-01", properties={})
    keys, again, new, last = (
        sandbox.send("POST", f"{made['id']}/{action}", api_version="2025-07-01")[1]
        for action in ("sharedKeys", "sharedKeys", "regenerateSharedKey", "sharedKeys")
    )
    assert (keys, new) == (again, last)
    assert set(keys.values()).isdisjoint(new.values())


@pytest.mark.parametrize(("sku", "days"), [("PerGB2018", 29), ("PerGB2018", 731), ("Free", 30)])
def test_a_log_workspace_keeps_what_its_tier_allows(
    sandbox: Sandbox, rm: Any, sku: str, days: int
) -> None:
    path = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/logs"
    body = {"location": "eastus", "properties": {"sku": {"name": sku}, "retentionInDays": days}}
    status, shown, _ = sandbox.send("PUT", path, body, api_version="2025-07-01")
    assert (status, shown["error"]["code"]) == (400, "BadRequest")
    assert sandbox.send("GET", path, api_version="2025-07-01")[0] == 404
