"""Roles of the section `role_assignments`, in the sandbox: people, and what Azure acts as by itself."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.serving import GROUP, ML, PROVIDERS, SPEC, Azure

GROUP_ID = "11111111-2222-3333-4444-555555555555"
ASSIGNMENTS = f"{GROUP}/providers/Microsoft.Authorization/roleAssignments"
ACCOUNT = f"{PROVIDERS}/Microsoft.Storage/storageAccounts/acct1"
CONTAINER = "@Resource[Microsoft.Storage/storageAccounts/blobServices/containers:name]"
HEAD = SPEC.partition("identities:")[0].replace("project:", "#")
PEOPLE = f"""role_assignments:
  - {{principal: {GROUP_ID}, type: group, role: AzureML Data Scientist, scope: workspace}}
"""
ENDPOINT = """endpoints:
  own-ep: {}
deployments:
  blue: {endpoint_name: own-ep, model: "azureml:chatty:1", instance_type: Standard_DS3_v2}
"""


def granted(azure: Azure, principal: str) -> dict[str, Any]:
    items = azure.arm.list(ASSIGNMENTS, "2022-04-01")
    (found,) = [i["properties"] for i in items if i["properties"]["principalId"] == principal]
    return dict(found)


def conditioned(name: str) -> str:
    return (
        f"role_assignments:\n  - principal: {GROUP_ID}\n    type: group\n"
        f"    role: Storage Blob Data Reader\n    scope: {ACCOUNT}\n"
        f"    condition: \"({CONTAINER} StringEquals '{name}')\"\n"
    )


def test_a_group_gets_its_role_and_loses_it_with_the_spec(azure: Azure) -> None:
    azure.applied(HEAD + PEOPLE)
    found = granted(azure, GROUP_ID)
    assert (found["principalType"], found["scope"]) == ("Group", f"{ML}/ws1")
    assert azure.changes(HEAD + PEOPLE) == {}
    assert azure.destroy(HEAD + PEOPLE).exit_code == 0
    with pytest.raises(ValueError, match="not enough values"):
        granted(azure, GROUP_ID)


def test_an_endpoints_identity_has_its_role_before_its_deployment_starts(azure: Azure) -> None:
    spec = f"""{HEAD}{ENDPOINT}role_assignments:
  - {{principal: "${{{{ endpoints.own-ep.identity }}}}", role: Storage Blob Data Reader, scope: {ACCOUNT}}}
"""
    before = azure.now()
    azure.applied(spec)
    principal = azure.get(f"{ML}/ws1/onlineEndpoints/own-ep")["identity"]["principalId"]
    assert granted(azure, principal)["scope"] == ACCOUNT
    puts = [line for line in azure.writes(before) if line.startswith("PUT")]
    order = [next(i for i, p in enumerate(puts) if w in p) for w in ("roleAss", "/deployments/")]
    assert order == sorted(order)
    assert azure.changes(spec) == {}


def test_a_condition_is_set_and_changed_in_place(azure: Azure) -> None:
    azure.applied(HEAD + conditioned("a"))
    assert granted(azure, GROUP_ID)["condition"].endswith("'a')")
    assert granted(azure, GROUP_ID)["conditionVersion"] == "2.0"
    assert azure.changes(HEAD + conditioned("a")) == {}
    (address,) = azure.changes(HEAD + conditioned("b")).items()
    assert address == ("role_assignments.storage-blob-data-reader", "update")
    azure.applied(HEAD + conditioned("b"))
    assert granted(azure, GROUP_ID)["condition"].endswith("'b')")
