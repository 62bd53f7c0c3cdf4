"""The container behind a workspace's default datastore: where our data goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from reconciler.diagnostics import ApiError, ReconcileError
from reconciler.engine.types import JsonObject
from reconciler.kinds.base import HandlerContext
from reconciler.kinds.workspace.storage_account import StorageAccountHandler
from reconciler.secrets import remember

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient

API_VERSION = "2026-05-01"
DATASTORE = "workspaceblobstore"
FOLDER = "reconcile"
"""The folder in it that is ours."""
Answer = TypeVar("Answer")


def in_container(
    context: HandlerContext, workspace: str, work: Callable[[ContainerClient], Answer]
) -> Answer:
    """Return what `work` makes of the container, by our own rights or by the datastore's key.

    Owner and Contributor have no right on blobs; the key may serve. `work` must bear to be
    done again.
    """
    try:
        return work(_container(context, workspace))
    except ApiError as error:
        if error.status != 403:
            raise
        return work(_with_key(context, workspace))


def _container(context: HandlerContext, workspace: str, credential: Any = None) -> ContainerClient:
    """Return the container behind the workspace's default datastore."""
    arm = context.run.arm
    path = f"{workspace}/datastores/{DATASTORE}"
    store = _found(arm.get_expected(path, API_VERSION), DATASTORE)
    place = store["properties"]
    home = _found(arm.get_expected(workspace, API_VERSION), "the workspace")
    account_id = str(home["properties"]["storageAccount"])
    if account_id.rpartition("/")[2].casefold() != str(place["accountName"]).casefold():
        raise ReconcileError.because(
            f"the datastore {DATASTORE} is in account {place['accountName']}, which is not the "
            "workspace's own",
            detail=account_id,
        )
    shown = arm.get_expected(account_id, StorageAccountHandler.api_version)
    account = _found(shown, "the storage account")
    endpoint = str(account["properties"]["primaryEndpoints"]["blob"]).rstrip("/")
    return context.run.container(endpoint, str(place["containerName"]), credential)


def _with_key(context: HandlerContext, workspace: str) -> ContainerClient:
    """Return the container, signed in by the key that the datastore keeps.

    Raises `ApiError` where it keeps none or we may not read it, as the service says it.
    """
    path = f"{workspace}/datastores/{DATASTORE}/listSecrets"
    secrets = context.run.arm.post(path, API_VERSION)
    remember(secrets.get("key"), secrets.get("sasToken"))
    if secrets.get("key"):
        place = f"{workspace}/datastores/{DATASTORE}"
        store = context.run.arm.get_expected(place, API_VERSION)
        name = _found(store, DATASTORE)["properties"]["accountName"]
        credential = {"account_name": name, "account_key": secrets["key"]}
        return _container(context, workspace, credential)
    if secrets.get("sasToken"):
        return _container(context, workspace, str(secrets["sasToken"]))
    raise ReconcileError.because(
        "no permission to write blobs, and the workspace has no key for its storage account",
        hint="grant yourself `Storage Blob Data Contributor` on the storage account",
    )


def _found(body: JsonObject | None, what: str) -> JsonObject:
    if body is None:
        raise ReconcileError.because(f"{what} does not exist, so the data cannot be uploaded")
    return body
