"""One sandbox for all data-plane tests, with a storage account and its keys."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator

import pytest
from dataplane import GROUP, Account, Azure, new_account, new_workspace

from reconciler.sandbox.launch import launch


@pytest.fixture(scope="session")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azure]:
    from azure.identity import ClientSecretCredential

    state = tmp_path_factory.mktemp("sandbox")
    with launch(state, clock="instant") as server:
        os.environ["REQUESTS_CA_BUNDLE"] = server.ca_file
        credential = ClientSecretCredential(
            server.tenant_id,
            server.client_id,
            server.client_secret,
            authority=server.url,
            disable_instance_discovery=True,
            connection_verify=server.ca_file,
        )
        azure = Azure(server, credential)
        azure.arm("PUT", GROUP, "2025-04-01", {"location": "eastus"})
        yield azure
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
