"""azure-keyvault-secrets, as Microsoft documents it, against a vault of the sandbox.

By the vault's host name nothing is said to the client but the address; on the sandbox's own
address its check that the challenge fits the host must be switched off, as Microsoft shows for
any host that is not Azure's (aka.ms/azsdk/blog/vault-uri).
Source: learn.microsoft.com/python/api/overview/azure/keyvault-secrets-readme.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError

from tests.clients.azure_ml import GROUP, Arm, credential

pytest.importorskip("azure.keyvault.secrets", reason="install requirements.lock anew")
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/papers-kv"
VERSION = "2023-07-01"


@pytest.fixture(params=["by host name", "by path"])
def client(request: pytest.FixtureRequest, azure_ml: Arm) -> Iterator[Any]:
    """A SecretClient of a new vault."""
    from azure.keyvault.secrets import SecretClient

    azure_ml.put(GROUP, "2024-11-01", location="eastus")
    properties = {
        "tenantId": azure_ml.served.tenant_id,
        "sku": {"family": "A", "name": "standard"},
        "enableRbacAuthorization": True,
    }
    made = azure_ml.put(VAULT, VERSION, location="eastus", properties=properties)
    signed_in = credential(azure_ml.served)
    if request.param == "by path":
        url = made["properties"]["vaultUri"]
        found = SecretClient(url, signed_in, verify_challenge_resource=False)
    else:
        found = SecretClient("https://papers-kv.vault.sandbox.test", signed_in)
    with found:
        yield found


def test_a_secret_is_set_read_changed_and_listed(client: Any) -> None:
    first = client.set_secret("api-key", "one", content_type="text/plain", tags={"team": "ml"})
    second = client.set_secret("api-key", "two")
    assert client.get_secret("api-key").value == "two"
    old = client.get_secret("api-key", first.properties.version)
    assert (old.value, old.properties.content_type, old.properties.tags) == (
        "one",
        "text/plain",
        {"team": "ml"},
    )
    ends = datetime(2030, 1, 1, tzinfo=UTC)
    changed = client.update_secret_properties("api-key", expires_on=ends)
    assert (changed.expires_on, changed.version) == (ends, second.properties.version)
    versions = client.list_properties_of_secret_versions("api-key")
    assert len({found.version for found in versions}) == 2
    assert [found.name for found in client.list_properties_of_secrets()] == ["api-key"]


def test_a_list_of_more_than_a_page_is_whole(client: Any) -> None:
    names = {f"key-{number}" for number in range(7)}
    for name in names:
        client.set_secret(name, "value")
    listed = client.list_properties_of_secrets(max_page_size=3)
    assert {found.name for found in listed} == names


def test_a_deleted_secret_is_recovered_and_purged(client: Any) -> None:
    client.set_secret("api-key", "one")
    deleted = client.begin_delete_secret("api-key").result()
    assert deleted.recovery_id.endswith("/deletedsecrets/api-key")
    with pytest.raises(ResourceNotFoundError, match="SecretNotFound"):
        client.get_secret("api-key")
    with pytest.raises(ResourceExistsError, match="deleted but recoverable"):
        client.set_secret("api-key", "two")
    client.begin_recover_deleted_secret("api-key").result()
    assert client.get_secret("api-key").value == "one"
    client.begin_delete_secret("api-key").result()
    assert [found.name for found in client.list_deleted_secrets()] == ["api-key"]
    client.purge_deleted_secret("api-key")
    assert client.set_secret("api-key", "two").value == "two"


def test_a_disabled_secret_is_told_as_azure_tells_it(client: Any) -> None:
    client.set_secret("api-key", "one", enabled=False)
    with pytest.raises(HttpResponseError) as caught:
        client.get_secret("api-key")
    assert caught.value.status_code == 403
    assert caught.value.model.error.inner_error.code == "SecretDisabled"
