"""Every api-version that Microsoft publishes of a type is served, and the others are refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox.arm.registry import TYPES
from tests.support.sandbox import GROUP, SUBSCRIPTION, Sandbox

PUBLISHED = Path(__file__).resolve().parents[2].parent / "shared" / "azure-api-versions.json"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/acct1"
BODY = {"location": "eastus", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}


@pytest.mark.skipif(not PUBLISHED.is_file(), reason="the published list is not beside the project")
def test_no_published_api_version_is_missing() -> None:
    published: dict[str, set[str]] = {}
    for type_, versions in json.loads(PUBLISHED.read_text(encoding="utf-8")).items():
        published.setdefault(type_.lower(), set()).update(versions)
    missing = {
        one.type: published.get(one.type.lower(), set()) - set(one.versions) for one in TYPES
    }
    assert not {type_: sorted(lacking) for type_, lacking in missing.items() if lacking}


@pytest.mark.parametrize(
    ("path", "version"),
    [  # what the pinned azure-cli, Terraform's azurerm and Microsoft's notebooks of 2026 ask with
        (GROUP, "2020-06-01"),
        (GROUP, "2018-05-01"),
        (f"{GROUP}/providers/Microsoft.ContainerRegistry/registries", "2019-05-01"),
        (f"{GROUP}/providers/Microsoft.ContainerRegistry/registries", "2020-11-01-preview"),
        (f"{GROUP}/providers/Microsoft.Storage/storageAccounts", "2019-04-01"),
        (f"{GROUP}/providers/Microsoft.KeyVault/vaults", "2018-02-14"),
        (f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces", "2015-11-01-preview"),
        (f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces", "2019-11-01"),
        (f"{GROUP}/providers/Microsoft.Authorization/roleAssignments", "2020-10-01-preview"),
        (f"{GROUP}/providers/Microsoft.Authorization/roleDefinitions", "2018-01-01-preview"),
        (f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Storage", "2016-02-01"),
        (f"{GROUP}/resources", "2015-11-01"),
    ],
)
def test_older_clients_are_served(sandbox: Sandbox, rm: Any, path: str, version: str) -> None:
    status, shown, _ = sandbox.send("GET", path, api_version=version)
    assert status == 200, shown


def test_a_body_is_judged_by_the_nearest_published_model(sandbox: Sandbox, rm: Any) -> None:
    for version in ("2016-01-01", "2018-11-01", "2026-04-01"):
        assert sandbox.send("PUT", ACCOUNT, BODY, api_version=version)[0] in (200, 202)
        wrong = {**BODY, "properties": {"accessTeir": "Hot"}}
        assert sandbox.send("PUT", ACCOUNT, wrong, api_version=version)[0] == 400
        assert sandbox.send("GET", ACCOUNT, api_version=version)[0] == 200


def test_a_version_that_nobody_has_is_refused_with_what_there_is(sandbox: Sandbox, rm: Any) -> None:
    status, shown, _ = sandbox.send("PUT", ACCOUNT, BODY, api_version="2000-01-01")
    message = shown["error"]["message"]
    assert (status, shown["error"]["code"]) == (400, "NoRegisteredProviderFound")
    assert "for location 'eastus' and API version '2000-01-01'" in message
    assert "2023-05-01" in message.split("The supported api-versions are")[1]
    assert "westeurope" in message.split("The supported locations are")[1]
