"""`az login`, `az logout`, `az account`, and azure-identity's credential that asks `az`."""

from __future__ import annotations

import pytest
import requests

from tests.clients.azure_cli.conftest import AzureCli
from tests.clients.conftest import SUBSCRIPTION, Served

pytestmark = pytest.mark.azure_cli


def test_a_wrong_secret_does_not_sign_in(az: AzureCli) -> None:
    assert az.refused is not None
    assert az.refused.exit == 1
    assert "AADSTS7000215" in az.refused.err


def test_the_account_is_the_sandboxes_subscription(az: AzureCli, served: Served) -> None:
    account = az("account", "show")
    assert (account["id"], account["tenantId"]) == (SUBSCRIPTION, served.tenant_id)
    assert account["user"] == {"name": served.client_id, "type": "servicePrincipal"}
    names = {place["name"] for place in az("account", "list-locations")}
    assert {"eastus", "swedencentral"} <= names


def test_azure_identity_signs_in_through_the_cli(
    az: AzureCli, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    from azure.identity import AzureCliCredential

    for name in ("AZURE_CONFIG_DIR", "AZURE_CORE_INSTANCE_DISCOVERY", "PATH"):
        monkeypatch.setenv(name, az.environment[name])
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", served.ca_file)
    credential = AzureCliCredential(process_timeout=60)
    token = credential.get_token("https://management.azure.com/.default").token
    answer = requests.get(
        f"{served.url}/subscriptions/{SUBSCRIPTION}/resourcegroups?api-version=2024-11-01",
        headers={"Authorization": f"Bearer {token}"},
        timeout=10,
    )
    assert [group["name"] for group in answer.json()["value"]] == ["rg"]


def test_after_logout_nothing_can_be_done(az: AzureCli, served: Served) -> None:
    az("logout")
    try:
        refused = az.run("group", "list")
        assert refused.exit == 1
        assert "az login" in refused.err
    finally:
        assert az.sign_in(served, served.client_secret).exit == 0
