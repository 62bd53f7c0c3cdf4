"""Who may read and write blobs: keys, signatures, tokens and roles, with Microsoft's client."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import requests
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
)
from azure.storage.blob import (
    AccountSasPermissions,
    BlobSasPermissions,
    ContainerClient,
    ResourceTypes,
    generate_account_sas,
    generate_blob_sas,
    generate_container_sas,
)

from tests.support.dataplane import GROUP, IN_AN_HOUR, Account, Azure, blob_service, new_account


def test_account_key_signs_and_a_wrong_key_is_refused(
    azure: Azure, account: Account, container: ContainerClient
) -> None:
    for credential in (account.key, {"account_name": account.name, "account_key": account.key}):
        client = blob_service(azure, account, credential)
        box = client.get_container_client(container.container_name)
        box.upload_blob("signed ä/x", b"1", overwrite=True, metadata={"Zed": "1", "abc": "2"})
        assert box.download_blob("signed ä/x").readall() == b"1"
        assert [b.name for b in box.list_blobs(name_starts_with="signed")] == ["signed ä/x"]
    wrong = {"account_name": account.name, "account_key": account.key[:-8] + "AAAAAA=="}
    with pytest.raises(ClientAuthenticationError) as raised:
        list(blob_service(azure, account, wrong).list_containers())
    assert raised.value.error_code == "AuthenticationFailed"


def test_shared_access_signature_gives_what_it_names_and_no_more(
    azure: Azure, account: Account, container: ContainerClient
) -> None:
    container.upload_blob("mine", b"1")
    container.upload_blob("other", b"2")
    name = container.container_name
    read = BlobSasPermissions(read=True)
    sas = generate_blob_sas(
        account.name, name, "mine", account_key=account.key, permission=read, expiry=IN_AN_HOUR
    )
    limited = blob_service(azure, account, sas)
    assert limited.get_blob_client(name, "mine").download_blob().readall() == b"1"
    with pytest.raises(HttpResponseError) as no_write:
        limited.get_blob_client(name, "mine").upload_blob(b"x", overwrite=True)
    assert no_write.value.error_code == "AuthorizationPermissionMismatch"
    with pytest.raises(ClientAuthenticationError):
        limited.get_blob_client(name, "other").download_blob()


def test_container_and_account_signatures_work_and_expire(
    azure: Azure, account: Account, container: ContainerClient
) -> None:
    container.upload_blob("a", b"1")
    name = container.container_name
    of_container = generate_container_sas(
        account.name, name, account_key=account.key, permission="rwl", expiry=IN_AN_HOUR
    )
    assert blob_service(azure, account, of_container).get_blob_client(name, "a").exists()
    of_account = generate_account_sas(
        account.name,
        account.key,
        ResourceTypes(object=True),
        AccountSasPermissions(read=True, list=True),
        IN_AN_HOUR,
    )
    box = blob_service(azure, account, of_account).get_container_client(name)
    assert box.download_blob("a").readall() == b"1"
    with pytest.raises(HttpResponseError) as wrong_level:
        list(box.list_blobs())
    assert wrong_level.value.error_code == "AuthorizationResourceTypeMismatch"
    old = generate_container_sas(
        account.name,
        name,
        account_key=account.key,
        permission="rwl",
        expiry=datetime.now(UTC) - timedelta(hours=1),
    )
    with pytest.raises(ClientAuthenticationError):
        blob_service(azure, account, old).get_blob_client(name, "a").download_blob()


def test_callers_without_credentials_or_with_a_foreign_token_are_refused(
    azure: Azure, account: Account
) -> None:
    anonymous = requests.get(f"{account.blob}?comp=list", verify=azure.ca)
    assert anonymous.status_code == 401
    assert anonymous.headers["WWW-Authenticate"].startswith("Bearer authorization_uri=")
    arm_token = azure.credential.get_token(f"{azure.url}/.default").token
    headers = {"Authorization": f"Bearer {arm_token}"}
    wrong = requests.get(f"{account.blob}?comp=list", headers=headers, verify=azure.ca)
    assert wrong.headers["x-ms-error-code"] == "InvalidAuthenticationInfo"


def test_principal_needs_a_data_role_and_a_reader_cannot_write(
    azure: Azure,
    account: Account,
    container: ContainerClient,
    unique: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from azure.identity import ManagedIdentityCredential

    path = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{unique('uai-')}"
    identity = azure.arm("PUT", path, "2024-11-30", {"location": "eastus"})["properties"]
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", azure.url)
    somebody = ManagedIdentityCredential(client_id=identity["clientId"], connection_verify=azure.ca)
    container.upload_blob("a", b"1")
    client = blob_service(azure, account, somebody)
    blob = client.get_blob_client(container.container_name, "a")
    with pytest.raises(HttpResponseError) as no_role:
        blob.download_blob()
    assert no_role.value.error_code == "AuthorizationPermissionMismatch"
    role = f"{account.id}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
    definition = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
    properties = {
        "principalId": identity["principalId"],
        "principalType": "ServicePrincipal",
        "roleDefinitionId": f"/providers/Microsoft.Authorization/roleDefinitions/{definition}",
    }
    azure.arm("PUT", role, "2022-04-01", {"properties": properties})
    assert blob.download_blob().readall() == b"1"
    with pytest.raises(HttpResponseError) as read_only:
        blob.upload_blob(b"2", overwrite=True)
    assert read_only.value.error_code == "AuthorizationPermissionMismatch"


def test_account_that_forbids_keys_takes_tokens_only(azure: Azure) -> None:
    strict = new_account(azure, allowSharedKeyAccess=False)
    with pytest.raises(HttpResponseError) as raised:
        list(blob_service(azure, strict, strict.key).list_containers())
    assert raised.value.error_code == "KeyBasedAuthenticationNotPermitted"
    assert list(blob_service(azure, strict, azure.credential).list_containers()) == []
