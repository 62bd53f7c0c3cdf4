"""The real azure-storage-file-share client finds shares to behave as in Azure."""

from __future__ import annotations

import io
import os
from collections.abc import Callable

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.storage.fileshare import ShareClient, ShareServiceClient, generate_share_sas

from tests.support.dataplane import IN_AN_HOUR, MIB, Account, Azure


def shares(azure: Azure, account: Account, credential: object) -> ShareServiceClient:
    intent = {"token_intent": "backup"} if hasattr(credential, "get_token") else {}
    return ShareServiceClient(
        account.file, credential=credential, connection_verify=azure.ca, retry_total=0, **intent
    )


@pytest.fixture
def share(azure: Azure, account: Account, unique: Callable[[str], str]) -> ShareClient:
    client = shares(azure, account, account.key).get_share_client(unique("share-"))
    client.create_share()
    return client


def test_directory_is_created_once_and_needs_its_parent(share: ShareClient) -> None:
    share.get_directory_client("Users").create_directory()
    with pytest.raises(ResourceExistsError) as again:
        share.get_directory_client("Users").create_directory()
    assert again.value.error_code == "ResourceAlreadyExists"
    with pytest.raises(ResourceNotFoundError) as orphan:
        share.get_directory_client("Users/a/b").create_directory()
    assert orphan.value.error_code == "ParentNotFound"


def test_missing_directory_and_share_are_404(share: ShareClient, azure: Azure) -> None:
    assert not share.get_directory_client("Users").exists()
    with pytest.raises(ResourceNotFoundError) as raised:
        share.get_file_client("no.txt").get_file_properties()
    assert raised.value.error_code == "ResourceNotFound"


def test_file_written_in_ranges_by_four_threads_comes_back_whole(share: ShareClient) -> None:
    content = os.urandom(9 * MIB + 3)
    file = share.get_file_client("big.bin")
    file.upload_file(io.BytesIO(content), length=len(content), max_concurrency=4)
    assert file.download_file().readall() == content
    assert file.get_file_properties().size == len(content)


def test_listing_shows_directories_and_files_of_one_level(share: ShareClient) -> None:
    folder = share.get_directory_client("flow")
    folder.create_directory()
    folder.upload_file("flow.dag.yaml", b"nodes: []\n")
    share.get_file_client("a.txt").upload_file(b"1")
    found = {(item.name, item.is_directory) for item in share.list_directories_and_files()}
    assert found == {("flow", True), ("a.txt", False)}
    inner = list(folder.list_directories_and_files(name_starts_with="flow"))
    assert [(item.name, item.size) for item in inner] == [("flow.dag.yaml", 10)]


def test_only_an_empty_directory_can_be_deleted(share: ShareClient) -> None:
    folder = share.get_directory_client("flow")
    folder.create_directory()
    file = folder.upload_file("a", b"1")
    with pytest.raises(HttpResponseError) as raised:
        folder.delete_directory()
    assert raised.value.error_code == "DirectoryNotEmpty"
    file.delete_file()
    folder.delete_directory()
    assert not folder.exists()


def test_names_keep_their_case_and_compare_without_it(share: ShareClient) -> None:
    share.get_directory_client("Users").create_directory()
    assert share.get_directory_client("users").exists()


def test_file_can_be_written_with_a_token_and_read_with_a_signature(
    azure: Azure, account: Account, share: ShareClient
) -> None:
    by_token = shares(azure, account, azure.credential).get_share_client(share.share_name)
    by_token.get_file_client("a").upload_file(b"1", metadata={"q": "1"})
    sas = generate_share_sas(
        account.name, share.share_name, account.key, permission="r", expiry=IN_AN_HOUR
    )
    by_sas = shares(azure, account, sas).get_share_client(share.share_name)
    assert by_sas.get_file_client("a").download_file().readall() == b"1"
    with pytest.raises(HttpResponseError):
        by_sas.get_file_client("a").delete_file()
