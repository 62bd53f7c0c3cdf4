"""`az deployment group create` of a small template.

Source: learn.microsoft.com/azure/azure-resource-manager/templates/deploy-cli and
.../template-tutorial-create-first-template.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.clients.azure_cli.conftest import AzureCli
from tests.clients.conftest import SUBSCRIPTION

pytestmark = pytest.mark.azure_cli
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"
STORE = "Microsoft.Storage/storageAccounts"
VAULT = "Microsoft.KeyVault/vaults"
TEMPLATE = """
{ // as the documentation writes templates: with comments
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  "contentVersion": "1.0.0.0",
  "parameters": {
    "prefix": {"type": "string"},
    "sku": {
      "type": "string",
      "defaultValue": "Standard_LRS",
      "allowedValues": ["Standard_LRS", "Standard_GRS"]
    },
    "location": {"type": "string", "defaultValue": "[resourceGroup().location]"}
  },
  "variables": {"store": "[concat(parameters('prefix'), 'store')]"},
  "resources": [
    {
      "type": "Microsoft.KeyVault/vaults",
      "apiVersion": "2023-07-01",
      "name": "[concat(parameters('prefix'), '-vault')]",
      "location": "[parameters('location')]",
      "tags": {"store": "[resourceId('Microsoft.Storage/storageAccounts', variables('store'))]"},
      "dependsOn": ["[resourceId('Microsoft.Storage/storageAccounts', variables('store'))]"],
      "properties": {
        "tenantId": "[subscription().tenantId]",
        "sku": {"family": "A", "name": "standard"},
        "accessPolicies": []
      }
    },
    {
      "type": "Microsoft.Storage/storageAccounts",
      "apiVersion": "2023-05-01",
      "name": "[variables('store')]",
      "location": "[parameters('location')]",
      "sku": {"name": "[parameters('sku')]"},
      "kind": "StorageV2"
    }
  ],
  "outputs": {
    "store": {
      "type": "string",
      "value": "[resourceId('Microsoft.Storage/storageAccounts', variables('store'))]"
    }
  }
}
"""


@pytest.fixture
def template(tmp_path: Path) -> tuple[str, ...]:
    """The arguments that name the template, as a file."""
    file = tmp_path / "template.json"
    file.write_text(TEMPLATE)
    return ("--resource-group", "rg", "--name", "first", "--template-file", str(file))


def test_a_template_is_deployed_and_shown(az: AzureCli, template: tuple[str, ...]) -> None:
    made = az("deployment", "group", "create", *template, "--parameters", "prefix=azcli")
    assert made["properties"]["provisioningState"] == "Succeeded"
    store = f"{GROUP}/providers/{STORE}/azclistore"
    assert made["properties"]["outputs"]["store"]["value"] == store
    listed = {one["type"]: one for one in az("resource", "list", "--resource-group", "rg")}
    assert listed.keys() == {STORE, VAULT}
    assert listed[VAULT]["tags"] == {"store": store}
    shown = az("deployment", "group", "show", "--resource-group", "rg", "--name", "first")
    held = shown["properties"]
    assert held["parameters"]["location"]["value"] == "eastus"
    assert {one["id"] for one in held["outputResources"]} == {one["id"] for one in listed.values()}


def test_a_template_with_a_bad_parameter_deploys_nothing(
    az: AzureCli, template: tuple[str, ...]
) -> None:
    wrong = ("--parameters", "prefix=azcli", "sku=Standard_ZZZ")
    refused = az.run("deployment", "group", "create", *template, *wrong)
    assert refused.exit == 1
    assert "InvalidTemplate" in refused.err
    assert json.loads(az.run("resource", "list", "--resource-group", "rg").out) == []
