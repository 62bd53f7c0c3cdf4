"""azure-storage-file-share as its documentation uses it, against the sandbox.

Source: learn.microsoft.com/azure/storage/files/storage-python-how-to-use-file-storage. Azurite has
no file service, so there is nothing to compare with.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.storage.fileshare import (
    FileSasPermissions,
    ShareFileClient,
    ShareServiceClient,
    generate_file_sas,
)

from tests.clients.storage.conftest import ACCOUNT, Account


@pytest.fixture
def service(sandbox_account: Account) -> ShareServiceClient:
    """The account's file service, by its key."""
    held: Any = {"account_name": ACCOUNT, "account_key": sandbox_account.key}
    return ShareServiceClient(
        sandbox_account.file_url, held, connection_verify=sandbox_account.ca_file
    )


@pytest.fixture
def share(service: ShareServiceClient) -> Any:
    """A new share."""
    return service.create_share("work")


def test_a_share_is_made_once_and_listed(service: ShareServiceClient, share: Any) -> None:
    assert [one.name for one in service.list_shares()] == ["work"]
    with pytest.raises(ResourceExistsError):
        service.create_share("work")
    share.delete_share()
    with pytest.raises(ResourceNotFoundError):
        share.get_share_properties()


def test_a_file_is_uploaded_read_in_ranges_and_deleted(share: Any) -> None:
    content = os.urandom(5_000_000)
    folder = share.create_directory("flows")
    file = folder.upload_file("big.bin", content, max_concurrency=2)
    assert file.get_file_properties().size == len(content)
    assert file.download_file(max_concurrency=2).readall() == content
    assert file.download_file(offset=7, length=9).readall() == content[7:16]
    file.delete_file()
    with pytest.raises(ResourceNotFoundError):
        file.get_file_properties()


def test_directories_are_listed_one_level_at_a_time(share: Any) -> None:
    share.create_directory("a")
    share.create_directory("a/b")
    share.get_file_client("a/1.txt").upload_file(b"1")
    share.get_file_client("2.txt").upload_file(b"2")
    top = {(one["name"], one["is_directory"]) for one in share.list_directories_and_files()}
    assert top == {("a", True), ("2.txt", False)}
    inner = {one["name"] for one in share.list_directories_and_files("a")}
    assert inner == {"b", "1.txt"}
    with pytest.raises(HttpResponseError) as full:
        share.delete_directory("a")
    assert full.value.error_code == "DirectoryNotEmpty"


def test_a_range_is_written_into_a_file_of_a_given_size(share: Any) -> None:
    file = share.get_file_client("sparse")
    file.create_file(2048)
    file.upload_range(b"x" * 512, offset=512, length=512)
    assert file.download_file().readall() == bytes(512) + b"x" * 512 + bytes(1024)


def test_a_signature_reads_one_file(sandbox_account: Account, share: Any) -> None:
    file = share.get_file_client("shared.txt")
    file.upload_file(b"for you")
    share.get_file_client("other.txt").upload_file(b"not for you")
    token = generate_file_sas(
        ACCOUNT,
        "work",
        ["shared.txt"],
        account_key=sandbox_account.key,
        permission=FileSasPermissions(read=True),
        expiry=datetime.now(UTC) + timedelta(minutes=10),
    )
    tls: Any = {"connection_verify": sandbox_account.ca_file}
    given = ShareFileClient.from_file_url(f"{file.url}?{token}", **tls)
    assert given.download_file().readall() == b"for you"
    other = ShareFileClient.from_file_url(f"{share.url}/other.txt?{token}", **tls)
    with pytest.raises(HttpResponseError) as elsewhere:
        other.download_file()
    assert elsewhere.value.status_code == 403


def test_a_wrong_key_is_refused(sandbox_account: Account) -> None:
    held: Any = {"account_name": ACCOUNT, "account_key": "d3Jvbmc="}
    wrong = ShareServiceClient(
        sandbox_account.file_url, held, connection_verify=sandbox_account.ca_file
    )
    with pytest.raises(HttpResponseError) as refusal:
        list(wrong.list_shares())
    assert (refusal.value.status_code, refusal.value.error_code) == (403, "AuthenticationFailed")
