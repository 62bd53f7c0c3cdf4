"""The command groups that say what may be done: `lock`, `policy`, `role definition`, `tag`,
`provider` and `identity federated-credential`.

Source: learn.microsoft.com/cli/azure/lock, .../policy, .../role/definition, .../tag, .../provider,
.../identity/federated-credential.
"""

from __future__ import annotations

import json

import pytest

from tests.clients.azure_cli.conftest import AzureCli
from tests.clients.conftest import SUBSCRIPTION

pytestmark = pytest.mark.azure_cli
SUB = f"/subscriptions/{SUBSCRIPTION}"
GROUP = f"{SUB}/resourceGroups/rg"
NOT_FOUND = 3
LOCK = ("--name", "keep", "--resource-group", "rg")
RULE = {
    "if": {"field": "type", "equals": "Microsoft.KeyVault/vaults"},
    "then": {"effect": "deny"},
}


def test_a_lock_is_created_shown_changed_and_deleted(az: AzureCli) -> None:
    made = az("lock", "create", *LOCK, "--lock-type", "CanNotDelete", "--notes", "why")
    assert made["id"] == f"{GROUP}/providers/Microsoft.Authorization/locks/keep"
    shown = az("lock", "show", *LOCK)
    assert (shown["level"], shown["notes"]) == ("CanNotDelete", "why")
    az("lock", "update", *LOCK, "--lock-type", "ReadOnly")
    assert [one["level"] for one in az("lock", "list")] == ["ReadOnly"]
    assert az("lock", "list", "--resource-group", "rg")[0]["notes"] == "why"
    az("lock", "delete", *LOCK)
    assert az("lock", "list") == []
    assert az.run("lock", "show", *LOCK).exit == NOT_FOUND


def test_a_locked_group_stays_and_a_read_only_one_takes_nothing(az: AzureCli) -> None:
    az("lock", "create", *LOCK, "--lock-type", "CanNotDelete")
    az("identity", "create", "-g", "rg", "-n", "robot")
    refused = az.run("group", "delete", "--name", "rg", "--yes")
    assert refused.exit == 1
    assert "(ScopeLocked)" in refused.err
    az("lock", "update", *LOCK, "--lock-type", "ReadOnly")
    refused = az.run("identity", "create", "-g", "rg", "-n", "another")
    assert "cannot perform write operation" in refused.err
    assert [one["name"] for one in az("identity", "list")] == ["robot"]


def test_a_policy_is_defined_assigned_enforced_and_deleted(az: AzureCli) -> None:
    az("policy", "definition", "create", "--name", "no-vaults", "--rules", json.dumps(RULE))
    az("policy", "definition", "update", "--name", "no-vaults", "--description", "why")
    shown = az("policy", "definition", "show", "--name", "no-vaults")
    assert (shown["policyRule"], shown["description"]) == (RULE, "why")
    named = ("--name", "deny-vaults", "--scope", GROUP)
    az("policy", "assignment", "create", *named, "--policy", "no-vaults")
    assert az("policy", "assignment", "show", *named)["policyDefinitionId"] == shown["id"]
    listed = az("policy", "assignment", "list", "--resource-group", "rg")
    assert [one["name"] for one in listed] == ["deny-vaults"]
    vault = ("keyvault", "create", "-g", "rg", "-n", "azcli-vault", "-l", "eastus")
    refused = az.run(*vault)
    assert refused.exit == 1
    assert "(RequestDisallowedByPolicy)" in refused.err
    az("policy", "assignment", "update", *named, "--enforcement-mode", "DoNotEnforce")
    assert az(*vault)["name"] == "azcli-vault"
    az("policy", "assignment", "delete", *named)
    assert az.run("policy", "assignment", "show", *named).exit == NOT_FOUND
    az("policy", "definition", "delete", "--name", "no-vaults")
    custom = ("policy", "definition", "list", "--query", "[?policyType=='Custom'].name")
    assert az(*custom) == []


def test_built_in_roles_are_listed_by_name(az: AzureCli) -> None:
    [reader] = az("role", "definition", "list", "--name", "Reader")
    assert reader["name"] == "acdd72a7-3385-48ef-bd42-f606fba81ae7"
    assert (reader["roleType"], reader["assignableScopes"]) == ("BuiltInRole", ["/"])
    by_id = az("role", "definition", "list", "--name", reader["name"], "--scope", GROUP)
    assert [one["roleName"] for one in by_id] == ["Reader"]
    assert az("role", "definition", "list", "--name", "No such role") == []


@pytest.mark.parametrize("resource_id", [GROUP, SUB], ids=["group", "subscription"])
def test_tags_are_replaced_merged_and_deleted(az: AzureCli, resource_id: str) -> None:
    whose = ("--resource-id", resource_id)
    az("tag", "create", *whose, "--tags", "team=ml", "stage=try")
    az("tag", "update", *whose, "--operation", "Merge", "--tags", "stage=prod")
    found = az("tag", "list", *whose)["properties"]["tags"]
    assert found == {"team": "ml", "stage": "prod"}
    az("tag", "update", *whose, "--operation", "Delete", "--tags", "team=ml")
    assert az("tag", "list", *whose)["properties"]["tags"] == {"stage": "prod"}
    az("tag", "delete", *whose, "--yes")
    assert az("tag", "list", *whose)["properties"]["tags"] == {}
    assert not az("group", "show", "--name", "rg")["tags"] or resource_id == SUB


def test_a_provider_is_unregistered_shown_and_registered(az: AzureCli) -> None:
    namespace = ("--namespace", "Microsoft.KeyVault")
    az("provider", "unregister", *namespace, "--wait")
    query = ("--query", "[?namespace=='Microsoft.KeyVault'].registrationState")
    assert az("provider", "list", *query) == ["Unregistered"]
    refused = az.run("keyvault", "create", "-g", "rg", "-n", "azcli-vault", "-l", "eastus")
    assert refused.exit == 1
    assert "(MissingSubscriptionRegistration)" in refused.err
    az("provider", "register", *namespace, "--wait")
    shown = az("provider", "show", *namespace)
    assert shown["registrationState"] == "Registered"
    assert "vaults" in [one["resourceType"] for one in shown["resourceTypes"]]
    assert az.run("provider", "show", "--namespace", "Microsoft.Nonsense").exit == NOT_FOUND


def test_a_federated_credential_is_created_changed_listed_and_deleted(az: AzureCli) -> None:
    az("identity", "create", "-g", "rg", "-n", "robot")
    group = ("identity", "federated-credential")
    of = ("--resource-group", "rg", "--identity-name", "robot")
    named = (*of, "--name", "github")
    issuer = ("--issuer", "https://token.actions.githubusercontent.com")
    audience = ("--audiences", "api://AzureADTokenExchange")
    az(*group, "create", *named, *issuer, *audience, "--subject", "repo:a/b:ref:refs/heads/main")
    az(*group, "update", *named, *issuer, *audience, "--subject", "repo:a/b:pull_request")
    shown = az(*group, "show", *named)
    assert (shown["subject"], shown["issuer"]) == ("repo:a/b:pull_request", issuer[1])
    assert [one["name"] for one in az(*group, "list", *of)] == ["github"]
    az(*group, "delete", *named, "--yes")
    assert az(*group, "list", *of) == []
    missing = az.run(*group, "create", *("-g", "rg", "--identity-name", "none", "-n", "x"), *issuer)
    assert missing.exit == NOT_FOUND
