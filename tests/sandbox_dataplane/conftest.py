"""One sandbox for all data-plane tests, with a storage account and its keys."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from tests.support.controls import Pool
from tests.support.dataplane import (
    Account,
    Azure,
    blob_service,
    client_of,
    new_account,
    new_workspace,
)

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient


@pytest.fixture(scope="module")
def azure(pool: Pool) -> Iterator[Azure]:
    with pool.lent() as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("REQUESTS_CA_BUNDLE", server.ca_file)
        yield client_of(server)


@pytest.fixture(scope="module")
def account(azure: Azure) -> Account:
    return new_account(azure)


@pytest.fixture(scope="module")
def workspace(azure: Azure) -> str:
    return new_workspace(azure)


@pytest.fixture
def unique() -> Callable[[str], str]:
    return lambda prefix: f"{prefix}{uuid.uuid4().hex[:10]}"


@pytest.fixture
def container(
    azure: Azure, account: Account, unique: Callable[[str], str]
) -> Iterator[ContainerClient]:
    client = blob_service(azure, account, azure.credential).get_container_client(unique("box-"))
    client.create_container(metadata={"team": "ml"})
    yield client
    client.delete_container()
