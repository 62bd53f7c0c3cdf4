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
from reconciler.diagnostics import ApiError, ReconcileError
from reconciler.engine.contained import WHOLE_BODY, Announced
from reconciler.engine.decisions import Change
from reconciler.engine.diff import overlay
from reconciler.engine.types import JsonObject, Observed, Resource
from reconciler.kinds.arm_handler import SYSTEM_KEYS, without
from reconciler.kinds.base import HandlerContext
from reconciler.kinds.data.dataset_settings import Wanted
from reconciler.kinds.data.default_store import API_VERSION, in_container
from reconciler.kinds.data.manifest import Manifest, compare
from reconciler.kinds.data.raw_settings import (
    DIGEST_PROPERTY,
    FORMAT,
    FORMAT_PROPERTY,
    PART,
    RawWanted,
)
from reconciler.kinds.data.row_files import heed_stop, prepared
from reconciler.kinds.data.tree_upload import put_tree, remove_tree
from reconciler.kinds.extensions import announces_all

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient

ROWS_PROPERTY = "reconcile.rows"
WRITTEN_IN_PLACE = ("tags", "description", "properties")


def same_uri(observed: Any, desired: Any) -> bool:
    """Compare two datastore paths: Azure returns the long form of the short one we send.

    Source: recorded data_create_uri_file of azure-ai-ml.
    """
    return _short(observed) == _short(desired)


def same_place(observed: Any, desired: Any) -> bool:
    """Compare as `same_uri` does, but for two long forms: they may name two workspaces."""
    heads = [str(uri or "").partition("/datastores/")[0].casefold() for uri in (observed, desired)]
    is_long = all(head.startswith("azureml://subscriptions/") for head in heads)
    return same_uri(observed, desired) and not (is_long and heads[0] != heads[1])


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


def is_raw(body: JsonObject) -> bool:
    """Return whether an asset is of data that was taken as it is."""
    said = (body.get("properties") or {}).get("properties") or {}
    return said.get(FORMAT_PROPERTY) == FORMAT


def publish(context: HandlerContext, resource: Resource[Any], desired: JsonObject) -> None:
    """Prepare the files, upload what is not there, register what is not there."""
    wanted = resource.settings
    if isinstance(wanted, RawWanted):
        _publish_raw(context, resource, wanted, desired[PART]["properties"])
        return
    with workshop() as folder:
        parts = prepared(context, resource, folder)
        _upload(context, resource, parts)
    for name, part in parts.items():
        there = _version_there(context, resource, name, part.sha256)
        if not there:
            _register(context, resource, name, part, desired[name]["properties"])


def _publish_raw(
    context: HandlerContext, resource: Resource[Any], wanted: RawWanted, properties: JsonObject
) -> None:
    """Upload a local tree; register it, or what lies somewhere already, by one PUT."""
    tree = wanted.tree
    if wanted.manifest is not None:
        _compare(context, resource, wanted.manifest, str(properties["dataUri"]))
    if tree is not None:
        address, folder = resource.address, wanted.blobs
        in_container(
            context,
            wanted.workspace,
            lambda container: put_tree(context, address, container, folder, tree),
        )
    if _version_there(context, resource, PART, tree.digest if tree else ""):
        return
    body = {"properties": raw_body(wanted, properties)}
    context.run.arm.put(str(resource.known[PART]), API_VERSION, body)


def _compare(
    context: HandlerContext, resource: Resource[Any], manifest: Manifest, uri: str
) -> None:
    """Let what is registered be what its list says, where we may look."""
    try:
        compare(context, resource.settings.workspace, uri, manifest)
    except ApiError as error:
        said = error.diagnostics[0].summary
        context.progress.say(resource.address, f"not compared with its list: {said}")


def raw_body(wanted: RawWanted, properties: JsonObject) -> JsonObject:
    """Return the properties of an asset of raw data as they are sent: those that az ml sends.

    `referencedUris` is what azure-ai-ml says of a table that it can read.
    """
    body = {"isAnonymous": False, "isArchived": False, **properties}
    return {**body, "referencedUris": list(wanted.referenced)} if wanted.referenced else body


def retag(context: HandlerContext, change: Change, desired: JsonObject) -> None:
    """Set description and tags of the versions; finish a dataset of which one is missing."""
    resource = change.resource
    observed = change.observed.body if change.observed else {}
    if len(observed) < len(resource.desired):
        publish(context, resource, desired)
    for name, body in observed.items():
        kept = {key: value for key, value in body.items() if key not in SYSTEM_KEYS}
        wanted = desired[name]["properties"]
        changed = {key: wanted[key] for key in WRITTEN_IN_PLACE if key in wanted}
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


def withdraw(context: HandlerContext, resource: Resource[Any], observed: Observed) -> None:
    """Delete the versions, then the files that only they named; never what was only registered."""
    wanted = resource.settings
    for name in observed.body:
        context.run.arm.delete(str(resource.known[name]), API_VERSION)

    if isinstance(wanted, RawWanted) and wanted.tree is None:
        return

    def removed(container: ContainerClient) -> None:
        if isinstance(wanted, RawWanted):
            remove_tree(container, wanted.blobs)
            return
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
    """Register one version of rows."""
    asset_id = str(resource.known[name])
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


def _version_there(
    context: HandlerContext, resource: Resource[Any], name: str, digest: str
) -> bool:
    """Return whether a version is registered, which must then be of the same bytes."""
    asset_id = str(resource.known[name])
    body = context.run.arm.get(asset_id, API_VERSION)
    if body is None:
        return False
    found = (body["properties"].get("properties") or {}).get(DIGEST_PROPERTY) or ""
    if found != digest:
        raise ReconcileError.because(
            "this version of the data asset exists with different content",
            detail=f"{asset_id}: {found or 'no digest'}, expected {digest or 'none'}",
            hint="delete that version, or rename the dataset",
        )
    return True
