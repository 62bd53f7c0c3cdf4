"""The writes of a dataset: files to the workspace's default datastore, then the two assets.

Blobs go first, because Azure registers an asset without looking whether its file exists.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.cloud.ml import own_cloud
from reconciler.cloud.sdk import translated
from reconciler.datasets.cache import cache_folder, workshop
from reconciler.datasets.huggingface import Hub, Source, pieces
from reconciler.datasets.prepare import Part, Piece, Shares, prepare
from reconciler.datasets.rows import local_file
from reconciler.datasets.survey import survey
from reconciler.datasets.upload import remove, upload
from reconciler.diagnostics import ApiError, InterruptedRun, ReconcileError
from reconciler.engine.contained import WHOLE_BODY, Announced
from reconciler.engine.decisions import Change
from reconciler.engine.diff import overlay
from reconciler.engine.types import JsonObject, Observed, Resource
from reconciler.kinds.arm_handler import SYSTEM_KEYS, without
from reconciler.kinds.base import HandlerContext
from reconciler.kinds.data.dataset_settings import LocalSource, Wanted
from reconciler.kinds.extensions import announces_all
from reconciler.kinds.workspace.storage_account import StorageAccountHandler
from reconciler.secrets import remember

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient

API_VERSION = "2026-05-01"
DATASTORE = "workspaceblobstore"
PARTS = ("train", "test")
DIGEST_PROPERTY = "reconcile.sha256"
ROWS_PROPERTY = "reconcile.rows"


def same_uri(observed: Any, desired: Any) -> bool:
    """Compare two datastore paths: Azure returns the long form of the short one we send.

    Source: recorded data_create_uri_file of azure-ai-ml.
    """
    return _short(observed) == _short(desired)


def _short(uri: Any) -> str:
    head, found, rest = str(uri or "").partition("/datastores/")
    return f"azureml://datastores/{rest}" if found else head


@contextmanager
def workspace_client(context: HandlerContext, workspace: str) -> Iterator[Any]:
    """Lend an azure-ai-ml client for a workspace by its ARM id, ours or an external one.

    Only inside may anything of azure-ai-ml be imported or used (`cloud.ml.own_cloud`).
    """
    parts = workspace.split("/")
    with own_cloud():
        yield context.run.ml(parts[4], parts[8])


def publish(context: HandlerContext, resource: Resource[Wanted], desired: JsonObject) -> None:
    """Prepare both files, upload what is not there, register what is not there."""
    with workshop() as folder:
        parts = _prepared(context, resource, folder)
        _upload(context, resource, parts)
    for name in PARTS:
        _register(context, resource, name, parts[name], desired[name]["properties"])


def retag(context: HandlerContext, change: Change, desired: JsonObject) -> None:
    """Set description and tags of both versions; finish a dataset of which one is missing."""
    resource = change.resource
    observed = change.observed.body if change.observed else {}
    if len(observed) < len(PARTS):
        publish(context, resource, desired)
    for name, body in observed.items():
        kept = {key: value for key, value in body.items() if key not in SYSTEM_KEYS}
        wanted = desired[name]["properties"]
        changed = {key: wanted[key] for key in ("tags", "description") if key in wanted}
        clean = without(kept, frozenset({"properties.provisioningState"}))
        whole = overlay(clean, {"properties": changed})
        context.run.arm.put(str(resource.known[name]), API_VERSION, whole)


def written(change: Change) -> Mapping[str, Announced]:
    """Return what a change may change of each version: paths and values by its id."""
    if announces_all(change):
        return {str(change.resource.known[part]): WHOLE_BODY for part in PARTS}
    shown: dict[str, dict[tuple[str, ...], Any]] = {part: {} for part in PARTS}
    for field in change.fields:
        shown[field.keys[0]][field.keys[1:]] = field.after
    return {str(change.resource.known[part]): shown[part] for part in PARTS}


def withdraw(context: HandlerContext, resource: Resource[Wanted], observed: Observed) -> None:
    """Delete both versions, then the files that only they named."""
    wanted = resource.settings
    for name in observed.body:
        context.run.arm.delete(str(resource.known[name]), API_VERSION)
    container = _container(context, wanted.workspace)
    for name in PARTS:
        try:
            remove(container, f"{wanted.blobs}/{name}.jsonl")
        except ApiError as error:
            if error.status != 403:
                raise
            remove(_with_key(context, wanted.workspace), f"{wanted.blobs}/{name}.jsonl")


def _prepared(context: HandlerContext, resource: Resource[Wanted], folder: Path) -> dict[str, Part]:
    wanted = resource.settings
    address = resource.address

    def tell(rows: int) -> None:
        _heed_stop(context)
        context.progress.say(address, f"{rows:,} rows checked")

    def fetched(done: int, total: int) -> None:
        _heed_stop(context)
        context.progress.bytes(address, done, total)

    if isinstance(wanted.source, LocalSource):
        found = _local_pieces(wanted.source, wanted)
    else:
        context.progress.say(address, f"reading {wanted.source.repo}")
        access = context.run.cloud.sandbox
        cache = cache_folder() / "hub"
        cache.mkdir(exist_ok=True)
        hub = Hub(
            context.run.cloud.hub,
            cache,
            access.ca_file if access else "",
            tell=fetched,
            in_time=lambda call: context.run.in_time(call, is_download=True),
        )
        source = wanted.source
        found = pieces(hub, Source(source.repo, source.revision, source.config, source.split))
    return prepare(found, Shares(wanted.split.test, wanted.split.seed), folder, tell)


def _local_pieces(source: LocalSource, wanted: Wanted) -> list[Piece]:
    """Return the local files, which must still be those that the plan was made from."""
    found = []
    for text, digest in zip(source.files, wanted.digests, strict=True):
        try:
            file = local_file(wanted.folder, text, text)
            now = survey(file).digest
        except (ValueError, OSError) as error:
            raise ReconcileError.because(f"{text} can no longer be read: {error}") from error
        if now != digest:
            raise ReconcileError.because(
                f"{text} changed since the plan was made",
                hint="run the command again to make a new plan",
            )
        found.append(Piece(file))
    return found


def _upload(context: HandlerContext, resource: Resource[Wanted], parts: dict[str, Part]) -> None:
    wanted = resource.settings
    total = sum(part.size for part in parts.values())
    container = _container(context, wanted.workspace)
    sent = 0
    for name, part in parts.items():

        def tell(done: int, before: int = sent) -> None:
            _heed_stop(context)
            context.progress.bytes(resource.address, before + done, total)

        blob = f"{wanted.blobs}/{name}.jsonl"
        try:
            upload(container, blob, part, tell)
        except ApiError as error:
            if error.status != 403:
                raise
            # Owner and Contributor have no right on blobs; the datastore's key may serve.
            container = _with_key(context, wanted.workspace)
            upload(container, blob, part, tell)
        sent += part.size


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


def _register(
    context: HandlerContext,
    resource: Resource[Wanted],
    name: str,
    part: Part,
    properties: JsonObject,
) -> None:
    """Register one version, or make sure that the one that is there names the same bytes."""
    asset_id = str(resource.known[name])
    there = context.run.arm.get(asset_id, API_VERSION)
    if there is not None:
        _verify(there, part, asset_id)
        return
    asset, _, version = asset_id.partition("/data/")[2].partition("/versions/")
    with workspace_client(context, resource.settings.workspace) as client, translated():
        from azure.ai.ml.entities import Data

        entity = Data(
            name=asset,
            version=version,
            type=properties["dataType"],
            path=properties["dataUri"],
            description=properties.get("description"),
            tags=properties["tags"],
            properties={DIGEST_PROPERTY: part.sha256, ROWS_PROPERTY: str(part.rows)},
        )
        client.data.create_or_update(entity)


def _verify(body: JsonObject, part: Part, asset_id: str) -> None:
    digest = (body["properties"].get("properties") or {}).get(DIGEST_PROPERTY)
    if digest != part.sha256:
        raise ReconcileError.because(
            "this version of the data asset exists with different content",
            detail=f"{asset_id}: {digest or 'no digest'}, expected {part.sha256}",
            hint="delete that version, or rename the dataset",
        )


def _heed_stop(context: HandlerContext) -> None:
    if context.run.stop.is_set():
        raise InterruptedRun.because("stopped while preparing data")
