"""The writes of a dataset: files to the workspace's default datastore, then the two assets.

Blobs go first, because Azure registers an asset without looking whether its file exists.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from reconciler.cloud.ml import own_cloud
from reconciler.cloud.sdk import translated
from reconciler.datasets.cache import workshop
from reconciler.datasets.prepare import Part
from reconciler.datasets.upload import remove, upload
from reconciler.diagnostics import ReconcileError
from reconciler.engine.contained import WHOLE_BODY, Announced
from reconciler.engine.decisions import Change
from reconciler.engine.diff import overlay
from reconciler.engine.types import JsonObject, Observed, Resource
from reconciler.kinds.arm_handler import SYSTEM_KEYS, without
from reconciler.kinds.base import HandlerContext
from reconciler.kinds.data.dataset_settings import Wanted
from reconciler.kinds.data.default_store import API_VERSION, in_container
from reconciler.kinds.data.row_files import heed_stop, prepared
from reconciler.kinds.extensions import announces_all

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient

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
    """Prepare the files, upload what is not there, register what is not there."""
    with workshop() as folder:
        parts = prepared(context, resource, folder)
        _upload(context, resource, parts)
    for name in parts:
        _register(context, resource, name, parts[name], desired[name]["properties"])


def retag(context: HandlerContext, change: Change, desired: JsonObject) -> None:
    """Set description and tags of the versions; finish a dataset of which one is missing."""
    resource = change.resource
    observed = change.observed.body if change.observed else {}
    if len(observed) < len(resource.desired):
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
    parts = change.resource.desired
    if announces_all(change):
        return {str(change.resource.known[part]): WHOLE_BODY for part in parts}
    shown: dict[str, dict[tuple[str, ...], Any]] = {part: {} for part in parts}
    for field in change.fields:
        shown[field.keys[0]][field.keys[1:]] = field.after
    return {str(change.resource.known[part]): shown[part] for part in parts}


def withdraw(context: HandlerContext, resource: Resource[Wanted], observed: Observed) -> None:
    """Delete the versions, then the files that only they named."""
    wanted = resource.settings
    for name in observed.body:
        context.run.arm.delete(str(resource.known[name]), API_VERSION)

    def removed(container: ContainerClient) -> None:
        for name in resource.desired:
            remove(container, f"{wanted.blobs}/{name}.jsonl")

    in_container(context, wanted.workspace, removed)


def _upload(context: HandlerContext, resource: Resource[Wanted], parts: dict[str, Part]) -> None:
    wanted = resource.settings
    total = sum(part.size for part in parts.values())

    def uploaded(container: ContainerClient) -> None:
        sent = 0
        for name, part in parts.items():

            def tell(done: int, before: int = sent) -> None:
                heed_stop(context)
                context.progress.bytes(resource.address, before + done, total)

            upload(container, f"{wanted.blobs}/{name}.jsonl", part, tell)
            sent += part.size

    in_container(context, wanted.workspace, uploaded)


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
