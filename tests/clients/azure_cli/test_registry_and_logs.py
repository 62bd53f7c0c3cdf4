"""The command groups `acr`, `monitor log-analytics workspace` and `storage account`.

Source: learn.microsoft.com/cli/azure/acr, .../monitor/log-analytics/workspace, .../storage.
"""

from __future__ import annotations

import pytest

from tests.clients.azure_cli.conftest import AzureCli

pytestmark = pytest.mark.azure_cli
NOT_FOUND = 3
REGISTRY = ("--name", "azcliregistry")
LOGS = ("--resource-group", "rg", "--workspace-name", "logs-1")
ACCOUNT = ("--resource-group", "rg", "--name", "azclistore1")
OF_ACCOUNT = ("--resource-group", "rg", "--account-name", "azclistore1")


def test_a_registry_is_created_changed_listed_and_deleted(az: AzureCli) -> None:
    made = az("acr", "create", "--resource-group", "rg", *REGISTRY, "--sku", "Standard")
    assert (made["sku"]["name"], made["adminUserEnabled"]) == ("Standard", False)
    assert [one["name"] for one in az("acr", "list", "-g", "rg")] == ["azcliregistry"]
    refused = az.run("acr", "credential", "show", *REGISTRY)
    assert refused.exit == 1
    assert "--admin-enabled true" in refused.err
    az("acr", "update", *REGISTRY, "--admin-enabled", "true", "--tags", "team=ml")
    shown = az("acr", "show", *REGISTRY)
    assert (shown["adminUserEnabled"], shown["tags"]) == (True, {"team": "ml"})
    usage = {one["name"]: one["limit"] for one in az("acr", "show-usage", *REGISTRY)["value"]}
    assert usage == {"Size": 100 * 2**30, "Webhooks": 10}
    az("acr", "delete", *REGISTRY, "--yes")
    assert az("acr", "list") == []


def test_a_registrys_second_password_is_renewed_alone(az: AzureCli) -> None:
    az("acr", "create", "-g", "rg", *REGISTRY, "--sku", "Basic", "--admin-enabled", "true")
    before = az("acr", "credential", "show", *REGISTRY)
    assert before["username"] == "azcliregistry"
    after = az("acr", "credential", "renew", *REGISTRY, "--password-name", "password2")
    assert after["passwords"][0] == before["passwords"][0]
    assert after["passwords"][1] != before["passwords"][1]


def test_a_registrys_name_is_checked(az: AzureCli) -> None:
    az("acr", "create", "-g", "rg", *REGISTRY, "--sku", "Basic")
    taken = az("acr", "check-name", *REGISTRY)
    assert (taken["nameAvailable"], taken["reason"]) == (False, "AlreadyExists")
    assert az("acr", "check-name", "--name", "azcliregistry2")["nameAvailable"] is True
    short = az.run("acr", "create", "-g", "rg", "--name", "x", "--sku", "Basic")
    assert short.exit == 1
    assert "(InvalidResourceName)" in short.err


def logs(az: AzureCli, *words: str) -> object:
    return az("monitor", "log-analytics", "workspace", *words)


def test_a_log_analytics_workspace_is_created_changed_and_listed(az: AzureCli) -> None:
    logs(az, "create", *LOGS, "--retention-time", "60")
    logs(az, "update", *LOGS, "--retention-time", "90", "--set", "tags.team=ml")
    shown = logs(az, "show", *LOGS)
    assert isinstance(shown, dict)
    assert (shown["retentionInDays"], shown["tags"]) == (90, {"team": "ml"})
    assert logs(az, "list", "--resource-group", "rg") == [shown]
    keys = logs(az, "get-shared-keys", *LOGS)
    assert isinstance(keys, dict)
    assert keys["primarySharedKey"] != keys["secondarySharedKey"]
    assert logs(az, "get-shared-keys", *LOGS) == keys
    words = ("monitor", "log-analytics", "workspace", "create", *LOGS)
    refused = az.run(*words, "--retention-time", "10000")
    assert refused.exit == 1
    assert "between 30 to 730" in refused.err


def test_a_log_analytics_workspace_comes_back_unless_it_is_deleted_for_good(az: AzureCli) -> None:
    made = logs(az, "create", *LOGS)
    logs(az, "delete", *LOGS, "--yes")
    deleted = logs(az, "list-deleted-workspaces")
    assert isinstance(made, dict)
    assert isinstance(deleted, list)
    assert [one["name"] for one in deleted] == ["logs-1"]
    again = logs(az, "recover", *LOGS)
    assert isinstance(again, dict)
    assert again["customerId"] == made["customerId"]
    logs(az, "delete", *LOGS, "--yes", "--force")
    assert logs(az, "list-deleted-workspaces") == []
    assert az.run("monitor", "log-analytics", "workspace", "show", *LOGS).exit == NOT_FOUND


def test_a_storage_account_is_changed_listed_and_deleted(az: AzureCli) -> None:
    az("storage", "account", "create", *ACCOUNT, "--sku", "Standard_LRS")
    change = ("--access-tier", "Cool", "--https-only", "true", "--tags", "team=ml", "--yes")
    az("storage", "account", "update", *ACCOUNT, *change)
    shown = az("storage", "account", "show", *ACCOUNT)
    assert (shown["accessTier"], shown["tags"]) == ("Cool", {"team": "ml"})
    assert [one["id"] for one in az("storage", "account", "list")] == [shown["id"]]
    before = az("storage", "account", "keys", "list", *OF_ACCOUNT)
    after = az("storage", "account", "keys", "renew", *OF_ACCOUNT, "--key", "key2")
    assert before[0]["value"] == after[0]["value"]
    assert before[1]["value"] != after[1]["value"]
    text = az("storage", "account", "show-connection-string", *ACCOUNT)["connectionString"]
    assert f"AccountKey={after[0]['value']};" in text
    az("storage", "account", "delete", *ACCOUNT, "--yes")
    assert az.run("storage", "account", "show", *ACCOUNT).exit == NOT_FOUND


def test_an_account_lets_in_whom_its_rules_name(az: AzureCli) -> None:
    az("storage", "account", "create", *ACCOUNT, "--default-action", "Deny")
    rules = ("storage", "account", "network-rule")
    az(*rules, "add", *OF_ACCOUNT, "--ip-address", "16.17.18.19")
    listed = az(*rules, "list", *OF_ACCOUNT)
    assert [one["ipAddressOrRange"] for one in listed["ipRules"]] == ["16.17.18.19"]
    shown = az("storage", "account", "show", *ACCOUNT)
    assert shown["networkRuleSet"]["defaultAction"] == "Deny"


def test_an_account_has_containers_and_keeps_deleted_blobs(az: AzureCli) -> None:
    az("storage", "account", "create", *ACCOUNT)
    keep = ("--enable-delete-retention", "true", "--delete-retention-days", "7")
    az("storage", "account", "blob-service-properties", "update", *OF_ACCOUNT, *keep)
    service = az("storage", "account", "blob-service-properties", "show", *OF_ACCOUNT)
    assert service["deleteRetentionPolicy"]["days"] == 7
    inside = ("--storage-account", "azclistore1", "-g", "rg")
    az("storage", "container-rm", "create", *inside, "--name", "data")
    listed = az("storage", "container-rm", "list", *inside)
    assert [one["name"] for one in listed] == ["data"]
    az("storage", "container-rm", "delete", *inside, "--name", "data", "--yes")
    assert az("storage", "container-rm", "list", *inside) == []
