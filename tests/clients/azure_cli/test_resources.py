"""The command groups that create and delete resources, as their reference pages show them.

Source: learn.microsoft.com/cli/azure/reference-index (group, identity, role, resource, storage,
keyvault).
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.clients.azure_cli.conftest import AzureCli
from tests.clients.conftest import SUBSCRIPTION

pytestmark = pytest.mark.azure_cli
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"
NOT_FOUND = 3
LAW = ("--resource-group", "rg", "--name", "logs-1")
LAW_TYPE = ("--resource-type", "Microsoft.OperationalInsights/workspaces")


def names(found: list[dict[str, Any]]) -> list[str]:
    return [one["name"] for one in found]


def test_a_group_is_created_listed_shown_and_deleted(az: AzureCli) -> None:
    az("group", "create", "--name", "other", "--location", "westeurope")
    assert names(az("group", "list")) == ["rg", "other"]
    assert names(az("group", "list", "--tag", "team=ml")) == ["rg"]
    assert az("group", "show", "--name", "other")["location"] == "westeurope"
    az("group", "delete", "--name", "other", "--yes")
    assert az("group", "exists", "--name", "other") is False
    missing = az.run("group", "show", "--name", "other")
    assert missing.exit == NOT_FOUND
    assert "(ResourceGroupNotFound) Resource group 'other' could not be found." in missing.err


def test_an_identity_is_created_shown_and_deleted(az: AzureCli) -> None:
    robot = ("--resource-group", "rg", "--name", "robot")
    made = az("identity", "create", *robot)
    assert az("identity", "show", *robot)["principalId"] == made["principalId"]
    assert names(az("identity", "list", "--resource-group", "rg")) == ["robot"]
    az("identity", "delete", *robot)
    assert az.run("identity", "show", *robot).exit == NOT_FOUND


def test_a_role_is_assigned_to_an_identity_by_its_client_id(az: AzureCli) -> None:
    robot = az("identity", "create", "--resource-group", "rg", "--name", "robot")
    whom = ("--assignee", robot["clientId"])
    role = ("--role", "Reader", "--scope", GROUP)
    made = az("role", "assignment", "create", *whom, *role)
    assert (made["principalId"], made["scope"]) == (robot["principalId"], GROUP)
    listed = az("role", "assignment", "list", *whom, "--scope", GROUP)
    assert [one["roleDefinitionName"] for one in listed] == ["Reader"]
    assert listed[0]["principalName"] == robot["clientId"]
    az("role", "assignment", "delete", *whom, *role)
    assert az("role", "assignment", "list", *whom, "--scope", GROUP) == []


def test_a_role_is_assigned_by_object_id_without_asking_the_directory(az: AzureCli) -> None:
    robot = az("identity", "create", "--resource-group", "rg", "--name", "robot")
    whom = ("--assignee-object-id", robot["principalId"])
    kind = ("--assignee-principal-type", "ServicePrincipal")
    made = az("role", "assignment", "create", *whom, *kind, "--role", "AcrPull", "--scope", GROUP)
    az("role", "assignment", "delete", "--ids", made["id"])
    assert az("role", "assignment", "list", "--scope", GROUP) == []


def test_any_resource_is_created_listed_tagged_and_deleted(az: AzureCli) -> None:
    az("resource", "create", *LAW, *LAW_TYPE, "--properties", '{"retentionInDays": 30}')
    assert az("resource", "show", *LAW, *LAW_TYPE)["properties"]["retentionInDays"] == 30
    az("resource", "tag", *LAW, *LAW_TYPE, "--tags", "team=ml", "stage=try")
    assert names(az("resource", "list", "--resource-group", "rg")) == ["logs-1"]
    assert names(az("resource", "list", "--tag", "stage=try")) == ["logs-1"]
    assert az("resource", "list", "--tag", "stage=prod") == []
    assert names(az("resource", "list", *LAW_TYPE)) == ["logs-1"]
    az("resource", "delete", *LAW, *LAW_TYPE)
    assert az("resource", "list", "--resource-group", "rg") == []


def test_a_storage_account_is_created_and_gives_its_keys(az: AzureCli) -> None:
    account = ("-g", "rg", "-n", "azclistore1")
    made = az("storage", "account", "create", *account, "--sku", "Standard_LRS")
    assert made["provisioningState"] == "Succeeded"
    assert az("storage", "account", "show", *account)["kind"] == "StorageV2"
    keys = az("storage", "account", "keys", "list", *account)
    assert [key["keyName"] for key in keys] == ["key1", "key2"]
    taken = az("storage", "account", "check-name", "--name", "azclistore1")
    assert (taken["nameAvailable"], taken["reason"]) == (False, "AlreadyExists")


def test_a_key_vault_is_deleted_recovered_and_purged(az: AzureCli) -> None:
    vault = ("--resource-group", "rg", "--name", "azcli-vault")
    az("keyvault", "create", *vault, "--location", "eastus")
    assert names(az("keyvault", "list", "--resource-group", "rg")) == ["azcli-vault"]
    az("keyvault", "delete", *vault)
    deleted = az("keyvault", "list-deleted", "--resource-type", "vault")
    assert names(deleted) == ["azcli-vault"]
    az("keyvault", "recover", "--name", "azcli-vault")
    assert az("keyvault", "show", *vault)["properties"]["enableSoftDelete"] is True
    az("keyvault", "delete", *vault)
    az("keyvault", "purge", "--name", "azcli-vault")
    assert az("keyvault", "list-deleted", "--resource-type", "vault") == []
