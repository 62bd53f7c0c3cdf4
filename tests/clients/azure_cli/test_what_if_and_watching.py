"""`deployment group what-if`, `role definition` for roles of one's own, `diagnostic-settings`.

Source: learn.microsoft.com/cli/azure/deployment/group, .../role/definition,
.../monitor/diagnostic-settings.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.clients.azure_cli.conftest import AzureCli
from tests.clients.conftest import SUBSCRIPTION

pytestmark = pytest.mark.azure_cli
SUB = f"/subscriptions/{SUBSCRIPTION}"
STORE = "Microsoft.Storage/storageAccounts"
TEMPLATE = {
    "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
    "contentVersion": "1.0.0.0",
    "resources": [
        {
            "type": STORE,
            "apiVersion": "2023-05-01",
            "name": "azcliwhatif",
            "location": "eastus",
            "kind": "StorageV2",
            "sku": {"name": "Standard_LRS"},
            "tags": {"team": "ml"},
        }
    ],
}


def change(az: AzureCli, template: tuple[str, ...]) -> dict[str, Any]:
    words = ("--resource-group", "rg", *template, "--no-pretty-print")
    [found] = az("deployment", "group", "what-if", *words)["changes"]
    return dict(found)


def test_what_if_tells_a_change_and_makes_none(az: AzureCli, tmp_path: Path) -> None:
    file = tmp_path / "template.json"
    file.write_text(json.dumps(TEMPLATE))
    template = ("--template-file", str(file))
    before = change(az, template)
    assert (before["changeType"], before["before"]) == ("Create", None)
    assert before["after"]["name"] == "azcliwhatif"
    assert az("resource", "list", "--resource-group", "rg") == []
    az("deployment", "group", "create", "-g", "rg", "--name", "one", *template)
    assert change(az, template)["changeType"] == "NoChange"
    resource = ("-g", "rg", "--name", "azcliwhatif", "--resource-type", STORE)
    az("resource", "tag", *resource, "--tags", "team=others")
    after = change(az, template)
    assert after["changeType"] == "Modify"
    [difference] = after["delta"]
    assert difference["path"].split(".")[0] == "tags"
    exported = az("deployment", "group", "export", "-g", "rg", "--name", "one")
    assert exported["resources"] == TEMPLATE["resources"]
    az("deployment", "group", "delete", "-g", "rg", "--name", "one")
    assert az("deployment", "group", "list", "-g", "rg") == []
    assert [one["name"] for one in az("storage", "account", "list")] == ["azcliwhatif"]


def test_a_role_of_ones_own_is_created_listed_and_deleted(az: AzureCli) -> None:
    action = "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/read"
    role = {"Name": "Endpoint reader", "Actions": [action], "AssignableScopes": [SUB]}
    group = ("role", "definition")
    az(*group, "create", "--role-definition", json.dumps({**role, "Description": "why"}))
    [found] = az(*group, "list", "--custom-role-only", "true")
    assert (found["roleName"], found["roleType"]) == ("Endpoint reader", "CustomRole")
    assert found["permissions"][0]["actions"] == [action]
    az(*group, "delete", "--name", "Endpoint reader")
    assert az(*group, "list", "--custom-role-only", "true") == []
    nowhere = json.dumps({**role, "AssignableScopes": []})
    assert az.run(*group, "create", "--role-definition", nowhere).exit == 1


def test_diagnostic_settings_are_created_shown_listed_and_deleted(az: AzureCli) -> None:
    registry = az("acr", "create", "-g", "rg", "-n", "azcliregistry", "--sku", "Basic")["id"]
    logs = az("monitor", "log-analytics", "workspace", "create", "-g", "rg", "-n", "logs-1")["id"]
    group, of = ("monitor", "diagnostic-settings"), ("--resource", registry)
    category = [{"category": "ContainerRegistryLoginEvents", "enabled": True}]
    wanted = ("--workspace", logs, "--logs", json.dumps(category))
    az(*group, "create", "--name", "audit", *of, *wanted)
    shown = az(*group, "show", "--name", "audit", *of)
    assert shown["workspaceId"] == logs
    assert shown["logs"][0].items() >= category[0].items()
    assert [one["name"] for one in az(*group, "list", *of)] == ["audit"]
    az(*group, "delete", "--name", "audit", *of)
    assert az(*group, "list", *of) == []
    assert az.run(*group, "show", "--name", "audit", *of).exit == 3
