"""The real azure-storage-blob client finds blobs to behave as in Azure."""

from __future__ import annotations

import io
import os
import socket
import ssl
from urllib.parse import urlsplit

import pytest
import requests
from azure.core import MatchConditions
from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.storage.blob import (
    BlobBlock,
    BlobServiceClient,
    ContainerClient,
    ContentSettings,
)

from tests.support.dataplane import MIB, Account, Azure


def test_container_is_created_once_and_keeps_its_metadata(container: ContainerClient) -> None:
    with pytest.raises(ResourceExistsError) as raised:
        container.create_container()
    assert raised.value.error_code == "ContainerAlreadyExists"
    assert container.get_container_properties().metadata == {"team": "ml"}


def test_blob_keeps_bytes_metadata_and_content_type(container: ContainerClient) -> None:
    blob = container.get_blob_client("dir/ü b+%.txt")
    settings = ContentSettings(content_type="text/plain")
    blob.upload_blob(b"hello", metadata={"k": "v"}, content_settings=settings)
    found = blob.get_blob_properties()
    assert (found.size, found.metadata) == (5, {"k": "v"})
    assert found.content_settings.content_type == "text/plain"
    assert blob.download_blob().readall() == b"hello"
    assert blob.download_blob(offset=1, length=3).readall() == b"ell"


def test_large_upload_in_blocks_by_four_threads_comes_back_whole(
    container: ContainerClient,
) -> None:
    content = os.urandom(20 * MIB + 7)
    blob = container.get_blob_client("big.bin")
    blob.upload_blob(io.BytesIO(content), max_concurrency=4)
    assert blob.download_blob(max_concurrency=4).readall() == content


def test_empty_blob_can_be_downloaded(container: ContainerClient) -> None:
    container.upload_blob("empty", b"")
    assert container.download_blob("empty").readall() == b""


def test_overwriting_needs_to_be_asked_for(container: ContainerClient) -> None:
    blob = container.upload_blob("a", b"1")
    with pytest.raises(ResourceExistsError) as raised:
        blob.upload_blob(b"2")
    assert raised.value.error_code == "BlobAlreadyExists"
    blob.upload_blob(b"2", overwrite=True)
    assert blob.download_blob().readall() == b"2"


def test_write_with_an_old_etag_is_refused_and_changes_nothing(
    container: ContainerClient,
) -> None:
    blob = container.upload_blob("a", b"1")
    old = blob.get_blob_properties().etag
    blob.upload_blob(b"2", overwrite=True)
    with pytest.raises(ResourceModifiedError) as raised:
        blob.upload_blob(
            b"3", overwrite=True, etag=old, match_condition=MatchConditions.IfNotModified
        )
    assert raised.value.error_code == "ConditionNotMet"
    assert blob.download_blob().readall() == b"2"


def test_unchanged_blob_is_not_sent_again(container: ContainerClient) -> None:
    blob = container.upload_blob("a", b"1")
    etag = blob.get_blob_properties().etag
    with pytest.raises(HttpResponseError) as raised:
        blob.download_blob(etag=etag, match_condition=MatchConditions.IfModified)
    assert raised.value.status_code == 304


def test_listing_pages_prefixes_and_folders_agree(container: ContainerClient) -> None:
    names = [f"many/{number:02}" for number in range(12)] + ["many-too", "zoo"]
    for name in names:
        container.upload_blob(name, b"1", metadata={"n": name[-1]})
    assert [b.name for b in container.list_blobs(results_per_page=5)] == sorted(names)
    assert len(list(container.list_blobs(name_starts_with="many/"))) == 12
    assert [b.name for b in container.walk_blobs()] == ["many/", "many-too", "zoo"]
    walked = container.walk_blobs("many/", results_per_page=7)
    assert [b.name for b in walked] == names[:12]
    with_metadata = container.list_blobs(name_starts_with="zoo", include=["metadata"])
    assert [b.metadata for b in with_metadata] == [{"n": "o"}]


def test_missing_things_have_azures_error_codes(azure: Azure, container: ContainerClient) -> None:
    with pytest.raises(ResourceNotFoundError) as no_blob:
        container.download_blob("nope")
    assert no_blob.value.error_code == "BlobNotFound"
    with pytest.raises(ResourceNotFoundError) as no_head:
        container.get_blob_client("nope").get_blob_properties()
    assert no_head.value.error_code == "BlobNotFound"
    account_url = container.url.rsplit("/", 2)[0]
    service_ = BlobServiceClient(
        f"{account_url}/unknownaccount",
        credential=azure.credential,
        connection_verify=azure.ca,
        retry_total=0,
    )
    with pytest.raises(ResourceNotFoundError) as no_account:
        service_.get_container_client("x").get_container_properties()
    assert no_account.value.error_code == "AccountNotFound"


def test_blocks_stay_invisible_until_they_are_committed(container: ContainerClient) -> None:
    blob = container.get_blob_client("parts")
    blob.stage_block("b1", b"one ")
    blob.stage_block("b2", b"two")
    assert not blob.exists()
    blob.commit_block_list([BlobBlock("b2"), BlobBlock("b1")], metadata={"m": "1"})
    assert blob.download_blob().readall() == b"twoone "
    blob.stage_block("b3", b"!")
    blob.commit_block_list([BlobBlock("b1"), BlobBlock("b3")])
    assert blob.download_blob().readall() == b"one !"
    with pytest.raises(HttpResponseError) as raised:
        blob.commit_block_list([BlobBlock("unknown")])
    assert raised.value.error_code == "InvalidBlockList"
    assert blob.download_blob().readall() == b"one !"


def test_corrupted_upload_is_refused(container: ContainerClient, azure: Azure) -> None:
    token = azure.credential.get_token("https://storage.azure.com/.default").token
    headers = {
        "Authorization": f"Bearer {token}",
        "x-ms-blob-type": "BlockBlob",
        "x-ms-version": "2023-11-03",
        "Content-MD5": "AAAAAAAAAAAAAAAAAAAAAA==",
    }
    answer = requests.put(f"{container.url}/x", data=b"abc", headers=headers, verify=azure.ca)
    assert (answer.status_code, answer.headers["x-ms-error-code"]) == (400, "Md5Mismatch")
    container.upload_blob("fine", b"abc", validate_content=True)


def test_copy_from_another_blob(container: ContainerClient) -> None:
    source = container.upload_blob("source", b"abc", metadata={"a": "b"})
    target = container.get_blob_client("target")
    assert target.start_copy_from_url(source.url)["copy_status"] == "success"
    source.delete_blob()
    assert target.download_blob().readall() == b"abc"
    assert target.get_blob_properties().metadata == {"a": "b"}


def test_refused_large_upload_is_answered_before_its_body_is_read(
    container: ContainerClient,
) -> None:
    blob = container.upload_blob("a", b"1")
    with pytest.raises(ResourceExistsError):
        blob.upload_blob(bytes(3 * MIB))
    assert blob.download_blob().readall() == b"1"


def test_upload_that_breaks_off_leaves_the_old_blob(
    azure: Azure, container: ContainerClient
) -> None:
    blob = container.upload_blob("a", b"old")
    token = azure.credential.get_token("https://storage.azure.com/.default").token
    host, port = azure.url.removeprefix("https://").split(":")
    trust = ssl.create_default_context(cafile=azure.ca)
    with trust.wrap_socket(socket.create_connection((host, int(port))), server_hostname=host) as s:
        path = urlsplit(blob.url).path
        head = (
            f"PUT {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n"
            "x-ms-version: 2023-11-03\r\nx-ms-blob-type: BlockBlob\r\nContent-Length: 9999\r\n\r\n"
        )
        s.sendall(head.encode() + b"new")
    assert blob.download_blob().readall() == b"old"


def test_account_can_be_addressed_by_its_host_name(
    azure: Azure, account: Account, container: ContainerClient
) -> None:
    container.upload_blob("a b", b"1")
    token = azure.credential.get_token("https://storage.azure.com/.default").token
    headers = {
        "Authorization": f"Bearer {token}",
        "Host": f"{account.name}.blob.core.sandbox.test",
    }
    address = f"{azure.url}/{container.container_name}/a%20b"
    assert requests.get(address, headers=headers, verify=azure.ca).content == b"1"
