"""Template deployments over HTTPS: what generic ARM clients see of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.sandbox import GROUP, Sandbox

IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities"
STORAGE = "Microsoft.Storage/storageAccounts"
URL = f"{GROUP}/providers/Microsoft.Resources/deployments/d1"
VERSION = "2024-11-01"


def identity(name: str, **more: Any) -> dict[str, Any]:
    head = {"type": IDENTITY, "apiVersion": "2024-11-30", "location": "eastus"}
    return {**head, "name": name, **more}


def account(name: str, **more: Any) -> dict[str, Any]:
    head = {"type": STORAGE, "apiVersion": "2023-05-01", "location": "eastus", "name": name}
    return {**head, "sku": {"name": "Standard_LRS"}, "kind": "StorageV2", **more}


class Deployer:
    """Sends templates and reads back deployments."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    def put(self, *resources: Any, sent: Any = None, **template: Any) -> tuple[int, Any, Any]:
        properties = {
            "mode": "Incremental",
            "template": {"resources": list(resources), **template},
            "parameters": sent or {},
        }
        return self.sandbox.send("PUT", URL, {"properties": properties}, api_version=VERSION)

    def run(self, *resources: Any, sent: Any = None, **template: Any) -> dict[str, Any]:
        """Deploy, wait for the end, return the deployment's properties."""
        status, body, headers = self.put(*resources, sent=sent, **template)
        assert status in (200, 201), body
        path = headers["Azure-AsyncOperation"].removeprefix(self.sandbox.url).split("?")[0]
        for _ in range(30):
            if self.sandbox.send("GET", path, api_version=VERSION)[1]["status"] != "InProgress":
                break
        found: dict[str, Any] = self.sandbox.send("GET", URL, api_version=VERSION)[1]
        return dict(found["properties"])

    def operations(self) -> list[dict[str, Any]]:
        found = self.sandbox.send("GET", URL + "/operations", api_version=VERSION)[1]["value"]
        return [one["properties"] for one in found]

    def exists(self, type_: str, name: str, version: str) -> bool:
        path = f"{GROUP}/providers/{type_}/{name}"
        return self.sandbox.send("GET", path, api_version=version)[0] == 200


@pytest.fixture
def deployer(sandbox: Sandbox, rm: Any) -> Deployer:
    return Deployer(sandbox)


def test_a_parameter_that_is_null_takes_its_default(deployer: Deployer) -> None:
    declared = {"p": {"type": "string", "defaultValue": "one"}}
    body = identity("[concat(parameters('p'), '-id')]")
    found = deployer.run(body, sent={"p": {"value": None}}, parameters=declared)
    assert found["parameters"] == {"p": {"type": "String", "value": "one"}}
    assert deployer.exists(IDENTITY, "one-id", "2024-11-30")


def test_a_deployment_is_accepted_then_succeeds(deployer: Deployer) -> None:
    status, body, headers = deployer.put(account("acct1"))
    assert (status, body["properties"]["provisioningState"]) == (201, "Accepted")
    assert "/deployments/d1/operationStatuses/" in headers["Azure-AsyncOperation"]
    assert deployer.put(account("acct1"))[1]["error"]["code"] == "DeploymentActive"
    states = [
        deployer.sandbox.send("GET", URL, api_version=VERSION)[1]["properties"]["provisioningState"]
        for _ in range(4)
    ]
    assert states[-1] == "Succeeded"
    again = deployer.run(account("acct1"))
    assert again["outputResources"] == [{"id": f"{GROUP}/providers/{STORAGE}/acct1"}]


def test_reference_waits_for_the_resource_it_names(deployer: Deployer) -> None:
    output = {"key": {"type": "string", "value": "[listKeys('acct1', '2023-05-01').keys[0].value]"}}
    tag = "[reference('acct1').primaryEndpoints.blob]"
    found = deployer.run(identity("uai", tags={"blob": tag}), account("acct1"), outputs=output)
    assert found["provisioningState"] == "Succeeded", found
    read = deployer.sandbox.send(
        "GET", f"{GROUP}/providers/{IDENTITY}/uai", api_version="2024-11-30"
    )[1]
    assert "acct1" in read["tags"]["blob"]
    assert found["outputs"]["key"]["type"] == "String"
    assert len(found["outputs"]["key"]["value"]) > 40


@pytest.mark.parametrize(
    "on", ["acct1", f"[resourceId('{STORAGE}', 'acct1')]", f"[concat('{STORAGE}/', 'acct1')]"]
)
def test_depends_on_orders_the_writes(deployer: Deployer, on: str) -> None:
    deployer.run(identity("uai", dependsOn=[on]), account("acct1"))
    names = [one["targetResource"]["resourceName"] for one in deployer.operations()[1:]]
    assert sorted(names) == ["acct1", "uai"]
    found = {one["targetResource"]["resourceName"]: one for one in deployer.operations()[1:]}
    assert found["acct1"]["timestamp"] <= found["uai"]["timestamp"]
    assert found["acct1"]["duration"] > "PT1"
    assert found["uai"]["statusCode"] == "Created"


def test_copies_are_counted(deployer: Deployer) -> None:
    loop = {"name": "many", "count": 3}
    deployer.run(identity("[format('id{0}', copyIndex(1))]", copy=loop))
    assert [deployer.exists(IDENTITY, f"id{n}", "2024-11-30") for n in range(5)] == [
        False, True, True, True, False,
    ]  # fmt: skip


def test_a_failure_skips_only_what_depends_on_it(deployer: Deployer) -> None:
    bad = account("acct1", sku={"name": "Standard_Nonsense"})
    found = deployer.run(bad, identity("after", dependsOn=["acct1"]), identity("beside"))
    assert found["provisioningState"] == "Failed"
    assert found["error"]["code"] == "DeploymentFailed"
    assert found["error"]["details"][0]["target"].endswith("/acct1")
    assert deployer.exists(IDENTITY, "beside", "2024-11-30")
    assert not deployer.exists(IDENTITY, "after", "2024-11-30")
    failed = next(one for one in deployer.operations() if one["provisioningState"] == "Failed")
    assert failed["statusCode"] == "BadRequest"
    assert failed["statusMessage"]["error"]["code"] == found["error"]["details"][0]["code"]


def test_a_secure_parameter_is_never_shown(deployer: Deployer) -> None:
    declared = {"secret": {"type": "secureString"}}
    found = deployer.run(sent={"secret": {"value": "hunter2"}}, parameters=declared)
    assert found["parameters"] == {"secret": {"type": "SecureString"}}


def test_a_nested_deployment_carries_out_its_own_template(deployer: Deployer) -> None:
    inner = {
        "type": "Microsoft.Resources/deployments",
        "apiVersion": "2022-09-01",
        "name": "inner",
        "properties": {
            "mode": "Incremental",
            "expressionEvaluationOptions": {"scope": "inner"},
            "template": {
                "variables": {"v": "nested"},
                "resources": [identity("[variables('v')]")],
                "outputs": {"o": {"type": "string", "value": "[variables('v')]"}},
            },
        },
    }
    outputs = {"got": {"type": "string", "value": "[reference('inner').outputs.o.value]"}}
    assert deployer.run(inner, outputs=outputs)["outputs"]["got"]["value"] == "nested"
    assert deployer.exists(IDENTITY, "nested", "2024-11-30")


@pytest.mark.parametrize(
    ("resources", "template", "sent", "message"),
    [
        ([identity("[nope()]")], {}, {}, "function 'nope' is not valid"),
        ([identity("[parameters('x')]")], {}, {}, "parameter 'x' is not found"),
        ([identity("[reference('y').a]")], {}, {}, "'reference' is not expected"),
        ([identity("a", dependsOn=["b"])], {}, {}, "'b' is not defined in the template"),
        (
            [identity("a", dependsOn=["b"]), identity("b", dependsOn=["a"])],
            {},
            {},
            "Circular dependency",
        ),
        ([], {"parameters": {"p": {"type": "int"}}}, {}, "'p' is not provided"),
        ([], {"parameters": {"p": {"type": "int"}}}, {"p": {"value": "1"}}, "Expected 'Int'"),
        ([], {}, {"q": {"value": "1"}}, "'q' in the parameters file are not valid"),
        (
            [],
            {"parameters": {"p": {"type": "string", "allowedValues": ["a", "b"]}}},
            {"p": {"value": "c"}},
            "not part of the allowed value",
        ),
        ([identity("a/b")], {}, {}, "incorrect segment lengths"),
    ],
)
def test_a_wrong_template_is_refused_before_anything_is_written(
    deployer: Deployer, resources: Any, template: Any, sent: Any, message: str
) -> None:
    status, body, _ = deployer.put(identity("first"), *resources, sent=sent, **template)
    assert (status, body["error"]["code"]) == (400, "InvalidTemplate")
    assert message in body["error"]["message"]
    assert not deployer.exists(IDENTITY, "first", "2024-11-30")
    assert deployer.sandbox.send("GET", URL, api_version=VERSION)[1]["error"] == {
        "code": "DeploymentNotFound",
        "message": "Deployment 'd1' could not be found.",
    }


def test_deployments_are_validated_listed_exported_and_deleted(deployer: Deployer) -> None:
    deployer.run(identity("uai"))
    send = deployer.sandbox.send
    body = {"properties": {"mode": "Incremental", "template": {"resources": [account("acct9")]}}}
    checked = send("POST", URL + "/validate", body, api_version=VERSION)[1]
    assert checked["properties"]["validatedResources"][0]["id"].endswith("/acct9")
    assert not deployer.exists(STORAGE, "acct9", "2023-05-01")
    listed = send("GET", URL.rsplit("/", 1)[0], api_version=VERSION)[1]["value"]
    assert [one["name"] for one in listed] == ["d1"]
    exported = send("POST", URL + "/exportTemplate", api_version=VERSION)[1]
    assert exported["template"]["resources"][0]["name"] == "uai"
    assert send("DELETE", URL, api_version=VERSION)[0] == 202


def test_resources_that_reference_each_other_fail_the_deployment(deployer: Deployer) -> None:
    def tags(name: str) -> dict[str, str]:
        return {"other": f"[reference('{name}').clientId]"}

    found = deployer.run(identity("a", tags=tags("b")), identity("b", tags=tags("a")))
    assert found["provisioningState"] == "Failed"
    assert "Circular dependency" in found["error"]["details"][0]["message"]
