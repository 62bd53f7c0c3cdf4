"""Azure Policy: what an assignment denies is refused with who denied it, and nothing else is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.sandbox import GROUP, SUBSCRIPTION, Sandbox

ROOT = f"/subscriptions/{SUBSCRIPTION}"
AUTHORIZATION = "providers/Microsoft.Authorization"
BUILT_IN = f"/{AUTHORIZATION}/policyDefinitions"
LOCATIONS = f"{BUILT_IN}/e56962a6-4747-49cd-b67b-bf8b01975c4c"
TAG = f"{BUILT_IN}/871b6d14-10aa-478d-b590-94f262ecfa99"
OWN = f"{ROOT}/{AUTHORIZATION}/policyDefinitions/own"
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/one"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/acct1"
POLICY, IDENTITIES, STORAGE = "2023-04-01", "2023-01-31", "2023-05-01"
BODY: dict[str, Any] = {"location": "eastus", "tags": {"team": "x"}}
ACCOUNT_BODY = {"location": "eastus", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}


def assign(
    sandbox: Sandbox, definition: str, scope: str = ROOT, name: str = "one", **more: Any
) -> dict[str, Any]:
    body = {"properties": {"policyDefinitionId": definition, **more}}
    path = f"{scope}/{AUTHORIZATION}/policyAssignments/{name}"
    status, shown, _ = sandbox.send("PUT", path, body, api_version=POLICY)
    assert status == 201, shown
    return dict(shown)


def define(sandbox: Sandbox, condition: Any, then: dict[str, Any], **more: Any) -> tuple[int, Any]:
    body = {"properties": {"policyRule": {"if": condition, "then": then}, **more}}
    return sandbox.send("PUT", OWN, body, api_version=POLICY)[:2]


def allowed(*regions: str) -> dict[str, Any]:
    return {"parameters": {"listOfAllowedLocations": {"value": list(regions)}}}


def put(sandbox: Sandbox, path: str = IDENTITY, body: Any = BODY, version: str = IDENTITIES) -> Any:
    return sandbox.send("PUT", path, body, api_version=version)


def test_a_denied_write_names_the_policy_and_its_assignment(sandbox: Sandbox, rm: Any) -> None:
    assignment = assign(sandbox, LOCATIONS, displayName="EU only", **allowed("West Europe"))
    status, shown, headers = put(sandbox)
    error = shown["error"]
    assert (status, error["code"], error["target"]) == (403, "RequestDisallowedByPolicy", "one")
    assert headers["x-ms-failure-cause"] == "gateway"
    said = json.loads(error["message"].split("Policy identifiers: '")[1].removesuffix("'."))
    assert said[0]["policyAssignment"] == {"name": "EU only", "id": assignment["id"]}
    [violation] = error["additionalInfo"]
    info = violation["info"]
    assert violation["type"] == "PolicyViolation"
    assert info["policyDefinitionDisplayName"] == "Allowed locations"
    assert (info["policyAssignmentScope"], info["policyDefinitionEffect"]) == (ROOT, "deny")
    seen = info["evaluationDetails"]["evaluatedExpressions"][0]
    assert (seen["expression"], seen["operator"], seen["result"]) == ("location", "NotIn", "True")
    assert sandbox.send("GET", IDENTITY, api_version=IDENTITIES)[0] == 404


@pytest.mark.parametrize(
    "more",
    [
        allowed("West Europe", "eastus"),
        {**allowed("westeurope"), "enforcementMode": "DoNotEnforce"},
        {**allowed("westeurope"), "notScopes": [GROUP.upper()]},
    ],
)
def test_what_no_assignment_denies_is_written(
    sandbox: Sandbox, rm: Any, more: dict[str, Any]
) -> None:
    assign(sandbox, LOCATIONS, **more)
    assert put(sandbox)[0] == 201


def test_an_assignment_holds_below_its_scope_only(sandbox: Sandbox, rm: Any) -> None:
    rm.resource_groups.create_or_update("other", {"location": "eastus"})
    assign(sandbox, LOCATIONS, scope=f"{ROOT}/resourceGroups/other", **allowed("westeurope"))
    assert put(sandbox)[0] == 201
    assert put(sandbox, IDENTITY.replace("/rg/", "/OTHER/"))[0] == 403
    assert put(sandbox, f"{ROOT}/resourceGroups/other", BODY, "2024-07-01")[0] == 200  # Indexed


def test_a_patch_is_judged_by_what_would_be_there(sandbox: Sandbox, rm: Any) -> None:
    put(sandbox)
    assign(sandbox, TAG, parameters={"tagName": {"value": "team"}})
    for tags, status in (({"team": "x", "more": "y"}, 200), ({"other": "y"}, 403)):
        body = {"tags": tags}
        assert sandbox.send("PATCH", IDENTITY, body, api_version=IDENTITIES)[0] == status
    child = f"{IDENTITY}/federatedIdentityCredentials/fic"
    properties = {"issuer": "https://i", "subject": "s", "audiences": ["a"]}
    assert put(sandbox, child, {"properties": properties})[0] == 201  # it has no tags: Indexed


def test_a_definition_of_ones_own_reads_properties_by_their_alias(
    sandbox: Sandbox, rm: Any
) -> None:
    type_ = "Microsoft.Storage/storageAccounts"
    condition = {
        "allOf": [
            {"field": "type", "equals": type_},
            {"not": {"field": f"{type_}/minimumTlsVersion", "equals": "TLS1_2"}},
        ]
    }
    parameters = {"effect": {"type": "String", "defaultValue": "Deny"}}
    then = {"effect": "[parameters('effect')]"}
    assert define(sandbox, condition, then, parameters=parameters)[0] == 201
    assign(sandbox, OWN, nonComplianceMessages=[{"message": "TLS 1.2 is needed."}])
    old = {**ACCOUNT_BODY, "properties": {"minimumTlsVersion": "TLS1_0"}}
    status, shown, _ = put(sandbox, ACCOUNT, old, STORAGE)
    assert status == 403
    assert "Reasons: 'TLS 1.2 is needed.'." in shown["error"]["message"]
    new = {**ACCOUNT_BODY, "properties": {"minimumTlsVersion": "TLS1_2"}}
    assert put(sandbox, ACCOUNT, new, STORAGE)[0] == 202
    assign(sandbox, OWN, parameters={"effect": {"value": "Audit"}})
    assert put(sandbox, ACCOUNT.replace("acct1", "acct2"), old, STORAGE)[0] == 202


def test_deny_action_keeps_what_would_be_deleted(sandbox: Sandbox, rm: Any) -> None:
    put(sandbox)
    then = {"effect": "denyAction", "details": {"actionNames": ["delete"]}}
    define(sandbox, {"field": "name", "like": "o?e"}, then)
    define(sandbox, {"field": "name", "like": "on*"}, then)
    assign(sandbox, OWN)
    status, shown, _ = sandbox.send("DELETE", IDENTITY, api_version=IDENTITIES)
    assert (status, shown["error"]["code"]) == (403, "RequestDisallowedByPolicy")
    assert put(sandbox)[0] == 200
    path = f"{ROOT}/{AUTHORIZATION}/policyAssignments/one"
    assert sandbox.send("DELETE", path, api_version=POLICY)[0] == 200
    assert sandbox.send("DELETE", IDENTITY, api_version=IDENTITIES)[0] == 200


@pytest.mark.parametrize(
    ("condition", "then"),
    [
        ({"count": {"field": "a[*]"}, "greater": 1}, {"effect": "deny"}),
        ({"field": "name", "sounds": "one"}, {"effect": "deny"}),
        ({"field": "name", "equals": "[parameters('none')]"}, {"effect": "[parameters('none')]"}),
        ([], {"effect": "deny"}),
    ],
)
def test_a_rule_that_cannot_be_judged_is_refused_when_it_is_made(
    sandbox: Sandbox, rm: Any, condition: Any, then: dict[str, Any]
) -> None:
    status, shown = define(sandbox, condition, then)
    assert (status, shown["error"]["code"]) == (400, "InvalidPolicyRule")


def test_assignments_are_listed_at_and_above_a_scope(sandbox: Sandbox, rm: Any) -> None:
    assign(sandbox, LOCATIONS, **allowed("eastus"))
    assign(sandbox, LOCATIONS, scope=GROUP, name="two", **allowed("eastus"))

    def names(scope: str, **query: str) -> list[str]:
        path = f"{scope}/{AUTHORIZATION}/policyAssignments"
        found = sandbox.send("GET", path, api_version=POLICY, **query)[1]["value"]
        return [one["name"] for one in found]

    assert names(GROUP) == names(ROOT) == ["one", "two"]
    assert names(ROOT, __filter="atScope()") == ["one"]
    assert names(GROUP, __filter="atExactScope()") == ["two"]
