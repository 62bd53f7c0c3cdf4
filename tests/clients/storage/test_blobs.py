"""azure-storage-blob as its documentation uses it, against the sandbox and against Azurite.

Source: learn.microsoft.com/azure/storage/blobs/storage-quickstart-blobs-python and the how-to
pages beside it (upload, list, properties, SAS, copy, conditional headers).
"""

from __future__ import annotations

import base64
import hashlib
import os
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.storage.blob import (
    AccountSasPermissions,
    BlobBlock,
    BlobClient,
    BlobSasPermissions,
    ContainerClient,
    ContainerSasPermissions,
    ContentSettings,
    ResourceTypes,
    generate_account_sas,
    generate_blob_sas,
    generate_container_sas,
)

from tests.clients.storage.conftest import ACCOUNT, Account

SOON = timedelta(minutes=10)


def later() -> datetime:
    return datetime.now(UTC) + SOON


def test_a_container_is_made_once_listed_and_deleted(account: Account) -> None:
    service = account.service()
    made = service.create_container("papers", metadata={"a": "1"})
    with pytest.raises(ResourceExistsError):
        service.create_container("papers")
    assert made.get_container_properties().metadata == {"a": "1"}
    assert [one.name for one in service.list_containers(name_starts_with="pap")] == ["papers"]
    made.delete_container()
    assert not made.exists()


def test_a_blob_keeps_its_bytes_properties_and_metadata(container: Any) -> None:
    blob = container.get_blob_client("folder/a b+ü.txt")
    settings = ContentSettings(content_type="text/plain", cache_control="no-cache")
    blob.upload_blob(b"hello", content_settings=settings, metadata={"k": "v"})
    found = blob.get_blob_properties()
    assert (found.name, found.size) == ("folder/a b+ü.txt", 5)
    assert found.content_settings.content_type == "text/plain"
    assert found.content_settings.cache_control == "no-cache"
    assert bytes(found.content_settings.content_md5) == hashlib.md5(b"hello").digest()
    assert found.metadata == {"k": "v"}
    blob.set_blob_metadata({"k": "w"})
    assert blob.get_blob_properties().metadata == {"k": "w"}
    assert blob.download_blob().readall() == b"hello"
    with pytest.raises(ResourceExistsError):
        blob.upload_blob(b"again")


def test_ranges_come_back_as_asked_for(container: Any) -> None:
    content = os.urandom(3_000_000)
    blob = container.upload_blob("big", content, max_concurrency=2)
    assert blob.download_blob(offset=10, length=20).readall() == content[10:30]
    assert blob.download_blob(offset=2_999_990).readall() == content[-10:]
    assert blob.download_blob(max_concurrency=2).readall() == content
    with pytest.raises(HttpResponseError) as beyond:
        blob.download_blob(offset=4_000_000, length=1).readall()
    assert beyond.value.status_code == 416


def test_blocks_become_a_blob_when_they_are_committed(container: Any) -> None:
    blob = container.get_blob_client("blocks")
    names = [base64.b64encode(bytes([n]) * 4).decode() for n in range(3)]
    for name, part in zip(names, (b"one ", b"two ", b"three"), strict=True):
        blob.stage_block(name, part)
    assert not blob.exists()
    _committed, staged = blob.get_block_list("all")
    assert {block.id for block in staged} == set(names)
    blob.commit_block_list([BlobBlock(names[2]), BlobBlock(names[0])])
    assert blob.download_blob().readall() == b"threeone "
    committed, staged = blob.get_block_list("all")
    assert ([block.id for block in committed], staged) == ([names[2], names[0]], [])
    with pytest.raises(HttpResponseError) as unknown:
        blob.commit_block_list([BlobBlock(base64.b64encode(b"none").decode())])
    assert unknown.value.error_code == "InvalidBlockList"


def test_lists_go_by_prefix_by_page_and_by_folder(container: Any) -> None:
    made = ["a/1", "a/2", "b/1", "c"]
    for name in made:
        container.upload_blob(name, b"x", metadata={"n": name[0]})
    assert [one.name for one in container.list_blobs()] == made
    assert [one.name for one in container.list_blobs(name_starts_with="a/")] == ["a/1", "a/2"]
    pages = container.list_blobs(results_per_page=3).by_page()
    assert [[one.name for one in page] for page in pages] == [["a/1", "a/2", "b/1"], ["c"]]
    assert [one.name for one in container.walk_blobs(delimiter="/")] == ["a/", "b/", "c"]
    assert next(iter(container.list_blobs(include=["metadata"]))).metadata == {"n": "a"}


def test_conditional_headers_are_honoured(container: Any) -> None:
    blob = container.upload_blob("a", b"1")
    old = blob.get_blob_properties().etag
    blob.upload_blob(b"2", overwrite=True, etag=old, match_condition=MatchConditions.IfNotModified)
    with pytest.raises(ResourceModifiedError) as late:
        blob.upload_blob(
            b"3", overwrite=True, etag=old, match_condition=MatchConditions.IfNotModified
        )
    assert (late.value.status_code, late.value.error_code) == (412, "ConditionNotMet")
    with pytest.raises(ResourceModifiedError):
        blob.delete_blob(etag=old, match_condition=MatchConditions.IfNotModified)
    future = datetime.now(UTC) + timedelta(days=1)
    with pytest.raises(HttpResponseError) as unchanged:
        blob.get_blob_properties(if_modified_since=future)
    assert unchanged.value.status_code == 304
    assert blob.download_blob().readall() == b"2"


def test_a_blob_is_copied_with_its_metadata(container: Any) -> None:
    source = container.upload_blob("from", b"copied", metadata={"k": "v"})
    target = container.get_blob_client("to")
    started = target.start_copy_from_url(source.url)
    assert started["copy_status"] == "success"
    assert target.download_blob().readall() == b"copied"
    found = target.get_blob_properties()
    assert (found.metadata, found.copy.status) == ({"k": "v"}, "success")


def test_missing_things_are_told_by_azures_codes(account: Account, container: Any) -> None:
    with pytest.raises(ResourceNotFoundError) as blob:
        container.get_blob_client("none").download_blob()
    assert blob.value.error_code == "BlobNotFound"
    with pytest.raises(ResourceNotFoundError) as place:
        account.service().get_blob_client("nowhere", "a").upload_blob(b"x")
    assert place.value.error_code == "ContainerNotFound"


def test_a_wrong_key_is_refused(sandbox_account: Account) -> None:
    """As Azure does; Azurite with OAuth on takes it for a malformed token (400)."""
    wrong = {"account_name": ACCOUNT, "account_key": base64.b64encode(b"wrong" * 8).decode()}
    with pytest.raises(HttpResponseError) as refusal:
        list(sandbox_account.service(wrong).list_containers())
    assert (refusal.value.status_code, refusal.value.error_code) == (403, "AuthenticationFailed")


def test_a_blob_signature_reads_that_blob_and_nothing_else(
    account: Account, container: Any
) -> None:
    blob = container.upload_blob("shared", b"for you")
    container.upload_blob("other", b"not for you")
    token = generate_blob_sas(
        *(ACCOUNT, "papers", "shared"),
        account_key=account.key,
        permission=BlobSasPermissions(read=True),
        expiry=later(),
    )
    tls: Any = {"connection_verify": account.ca_file}
    given = BlobClient.from_blob_url(f"{blob.url}?{token}", **tls)
    assert given.download_blob().readall() == b"for you"
    with pytest.raises(HttpResponseError) as write:
        given.upload_blob(b"mine", overwrite=True)
    assert write.value.status_code == 403
    other = BlobClient.from_blob_url(f"{container.url}/other?{token}", **tls)
    with pytest.raises(HttpResponseError) as elsewhere:
        other.download_blob()
    assert elsewhere.value.status_code == 403


def test_signatures_of_container_and_account_work_until_they_expire(
    account: Account, container: Any
) -> None:
    tls: Any = {"connection_verify": account.ca_file}
    listing = generate_container_sas(
        *(ACCOUNT, "papers"),
        account_key=account.key,
        permission=ContainerSasPermissions(read=True, list=True, create=True),
        expiry=later(),
    )
    given = ContainerClient.from_container_url(f"{container.url}?{listing}", **tls)
    given.upload_blob("a", b"1")
    assert [one.name for one in given.list_blobs()] == ["a"]
    over = generate_account_sas(
        ACCOUNT,
        account.key,
        ResourceTypes(service=True, container=True, object=True),
        AccountSasPermissions(list=True, read=True),
        expiry=datetime.now(UTC) - timedelta(hours=1),
    )
    late = ContainerClient.from_container_url(f"{container.url}?{over}", **tls)
    with pytest.raises(HttpResponseError) as expired:
        list(late.list_blobs())
    assert expired.value.status_code == 403


def test_a_token_credential_reads_and_writes(account: Account, container: Any) -> None:
    service = account.service(account.credential)
    service.get_blob_client("papers", "a").upload_blob(b"by token")
    assert container.get_blob_client("a").download_blob().readall() == b"by token"
