"""What a deployment would change, and what the sandbox has not, told without doing anything."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.sandbox import GROUP, SUBSCRIPTION, Sandbox

ROOT = f"/subscriptions/{SUBSCRIPTION}"
IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities"
PATH = f"{GROUP}/providers/{IDENTITY}"
WHAT_IF = "providers/Microsoft.Resources/deployments/d1/whatIf"
VERSION, IDENTITIES = "2024-07-01", "2024-11-30"


def identity(name: str, **more: Any) -> dict[str, Any]:
    head = {"type": IDENTITY, "apiVersion": IDENTITIES, "location": "East US"}
    return {**head, "name": name, **more}


def ask(sandbox: Sandbox, *resources: Any, **more: Any) -> dict[str, dict[str, Any]]:
    """The changes by the name of what would change."""
    properties = {"mode": "Incremental", "template": {"resources": resources}, **more}
    sent = {"properties": properties}
    url = f"{GROUP}/{WHAT_IF}"
    status, body, headers = sandbox.send("POST", url, sent, api_version=VERSION)
    assert (status, body) == (202, None)
    place = headers["Location"].removeprefix(sandbox.url).split("?")[0]
    status, body, _ = sandbox.send("GET", place, api_version=VERSION)
    assert (status, body["status"]) == (200, "Succeeded")
    return {one["resourceId"].rsplit("/", 1)[-1]: one for one in body["properties"]["changes"]}


@pytest.fixture
def there(sandbox: Sandbox, rm: Any) -> Sandbox:
    """Two identities with tags; the journal's writes after them are the test's own."""
    for name in ("one", "two"):
        body = {"location": "eastus", "tags": {"team": "x", "old": "y"}}
        sandbox.send("PUT", f"{PATH}/{name}", body, api_version=IDENTITIES)
    return sandbox


def test_each_resource_has_its_change(there: Sandbox) -> None:
    tags = {"team": "z", "new": "1"}
    found = ask(
        there,
        identity("one", tags=tags),
        identity("[concat('th', 'ree')]"),
    )
    assert {name: one["changeType"] for name, one in found.items()} == {
        "one": "Modify",
        "two": "Ignore",
        "three": "Create",
    }
    paths = {one["path"]: one["propertyChangeType"] for one in found["one"]["delta"]}
    assert paths == {"tags": "Modify", "tags.old": "Delete"}
    children = {c["path"]: c["propertyChangeType"] for c in found["one"]["delta"][0]["children"]}
    assert children == {"team": "Modify", "new": "Create"}
    assert found["three"]["after"]["apiVersion"] == IDENTITIES
    assert there.send("GET", f"{PATH}/three", api_version=IDENTITIES)[0] == 404
    assert there.send("GET", f"{GROUP}/{WHAT_IF[:-7]}", api_version=VERSION)[0] == 404


def test_what_is_as_stated_is_no_change(there: Sandbox) -> None:
    found = ask(there, identity("one"), mode="Complete")
    assert {name: one["changeType"] for name, one in found.items()} == {
        "one": "NoChange",
        "two": "Delete",
    }


def test_ids_alone_tell_no_properties(there: Sandbox) -> None:
    found = ask(there, identity("one"), whatIfSettings={"resultFormat": "ResourceIdOnly"})
    assert {frozenset(one) for one in found.values()} == {frozenset({"resourceId", "changeType"})}
    assert found["one"]["changeType"] == "Deploy"


def test_a_value_that_only_a_deployment_knows_is_told(there: Sandbox) -> None:
    value = f"[reference(resourceId('{IDENTITY}', 'two')).principalId]"
    found = ask(there, identity("one", tags={"by": value}), identity("two"))
    assert found["one"]["changeType"] == "Unsupported"


@pytest.mark.parametrize("action", ["validate", "whatIf"])
def test_deployments_above_a_group_are_said_to_be_missing_here(
    sandbox: Sandbox, rm: Any, action: str
) -> None:
    path = f"{ROOT}/providers/Microsoft.Resources/deployments/d1/{action}"
    status, body, _ = sandbox.send("POST", path, {"properties": {}}, api_version=VERSION)
    assert (status, body["error"]["code"]) == (501, "NotEmulated")


@pytest.mark.parametrize(
    ("type_", "expected"),
    [
        ("Microsoft.Network/virtualNetworks", (501, "NotEmulated")),
        ("microsoft.machinelearningservices/workspaces/ws/schedules", (501, "NotEmulated")),
        ("Microsoft.Storage/things", (404, "InvalidResourceType")),
        ("Microsoft.Nothing/things", (404, "InvalidResourceNamespace")),
    ],
)
def test_what_azure_has_is_not_called_invalid(
    sandbox: Sandbox, rm: Any, type_: str, expected: tuple[int, str]
) -> None:
    url = f"{GROUP}/providers/{type_}/x"
    status, body, _ = sandbox.send("GET", url, api_version=VERSION)
    assert (status, body["error"]["code"]) == expected
    missing = json.loads(sandbox.control("GET", "summary"))["not_served"]
    assert missing[f"GET {url}"] == 1


def test_a_provider_that_is_not_here_can_be_looked_at_and_registered(
    sandbox: Sandbox, rm: Any
) -> None:
    found = rm.providers.get("microsoft.network")
    assert (found.namespace, found.registration_state) == ("Microsoft.Network", "Registered")
    assert rm.providers.register("Microsoft.Network").registration_state == "Registered"


def test_a_group_is_exported_as_a_template(there: Sandbox) -> None:
    url = f"{GROUP}/exportTemplate"
    sent = {"resources": [f"{PATH}/ONE"], "options": "IncludeParameterDefaultValue"}
    status, body, _ = there.send("POST", url, sent, api_version=VERSION)
    assert status == 200
    [one] = body["template"]["resources"]
    name = "userAssignedIdentities_one_name"
    assert (one["type"], one["name"]) == (IDENTITY, f"[parameters('{name}')]")
    assert body["template"]["parameters"][name] == {"type": "String", "defaultValue": "one"}
    there.send("DELETE", f"{PATH}/one", api_version=IDENTITIES)
    template = {"mode": "Incremental", "template": body["template"]}
    deployment = f"{GROUP}/{WHAT_IF[:-7]}"
    assert there.send("PUT", deployment, {"properties": template}, api_version=VERSION)[0] == 201
    assert there.send("GET", f"{PATH}/one", api_version=IDENTITIES)[0] == 200
