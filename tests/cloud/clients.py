"""One write and one read through each of the clients that we construct."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from reconciler.cloud.run_scope import RunScope
from tests.cloud.conftest import GROUP, VAULT

ACCOUNT_KEY = "c2VjcmV0LWtleS1vZi10aGUtYWNjb3VudA=="
Call = Callable[[RunScope], Any]


def arm_put(connection: RunScope) -> Any:
    return connection.arm.put(VAULT, "2023-07-01", {"location": "eastus"})


def arm_get(connection: RunScope) -> Any:
    return connection.arm.get(VAULT, "2023-07-01")


def group_put(connection: RunScope) -> Any:
    return connection.resources.resource_groups.create_or_update("rg", {"location": "eastus"})


def group_get(connection: RunScope) -> Any:
    return connection.resources.resource_groups.get("rg")


def role_put(connection: RunScope) -> Any:
    return connection.authorization.role_assignments.create(
        GROUP, "00000000-0000-0000-0000-0000000000aa", {"properties": {}}
    )


def role_get(connection: RunScope) -> Any:
    return connection.authorization.role_assignments.get(
        GROUP, "00000000-0000-0000-0000-0000000000aa"
    )


def data_put(connection: RunScope) -> Any:
    from azure.ai.ml.entities import Data

    path = "azureml://datastores/workspaceblobstore/paths/x.jsonl"
    entity = Data(name="chats", version="1", type="uri_file", path=path)
    return connection.ml("rg", "ws").data.create_or_update(entity)


def data_get(connection: RunScope) -> Any:
    return connection.ml("rg", "ws").data.get("chats", version="1")


def _blob(connection: RunScope) -> Any:
    endpoint = f"{connection.cloud.resource_manager}/account"
    return connection.container(endpoint, "container").get_blob_client("a/b.jsonl")


def blob_put(connection: RunScope) -> Any:
    return _blob(connection).upload_blob(io.BytesIO(b"rows"), length=4, overwrite=True)


def blob_get(connection: RunScope) -> Any:
    return _blob(connection).get_blob_properties()


def _file(connection: RunScope) -> Any:
    endpoint = f"{connection.cloud.resource_manager}/account"
    credential = {"account_name": "account", "account_key": ACCOUNT_KEY}
    return connection.share(endpoint, "code", credential).get_directory_client("Users")


def file_put(connection: RunScope) -> Any:
    return _file(connection).create_directory()


def file_get(connection: RunScope) -> Any:
    return _file(connection).get_directory_properties()


WRITES: dict[str, Call] = {
    "our own": arm_put,
    "azure-mgmt-resource": group_put,
    "azure-mgmt-authorization": role_put,
    "azure-ai-ml": data_put,
    "blob": blob_put,
    "file": file_put,
}
READS: dict[str, Call] = {
    "our own": arm_get,
    "azure-mgmt-resource": group_get,
    "azure-mgmt-authorization": role_get,
    "azure-ai-ml": data_get,
    "blob": blob_get,
    "file": file_get,
}
