"""One sandbox for all data-plane tests, with a storage account and its keys."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator

import pytest

from reconciler.sandbox.launch import launch
from tests.support.dataplane import Account, Azure, client_of, new_account, new_workspace


@pytest.fixture(scope="session")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azure]:
    with launch(tmp_path_factory.mktemp("sandbox"), clock="instant") as server:
        os.environ["REQUESTS_CA_BUNDLE"] = server.ca_file
        yield client_of(server)
        del os.environ["REQUESTS_CA_BUNDLE"]


@pytest.fixture(scope="session")
def account(azure: Azure) -> Account:
    return new_account(azure)


@pytest.fixture(scope="session")
def workspace(azure: Azure) -> str:
    return new_workspace(azure)


@pytest.fixture
def unique() -> Callable[[str], str]:
    return lambda prefix: f"{prefix}{uuid.uuid4().hex[:10]}"
