"""Raw data of a spec as a resource: one asset, its version the digest of what is uploaded."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from reconciler.datasets.fingerprint import fingerprint
from reconciler.diagnostics import Diagnostic
from reconciler.engine.types import Address, JsonObject, Resource
from reconciler.kinds.data.dataset_settings import Dataset
from reconciler.kinds.data.default_store import DATASTORE, FOLDER
from reconciler.kinds.data.manifest import Manifest, read_manifest
from reconciler.kinds.data.mltable import Table, read_table
from reconciler.kinds.data.raw_settings import (
    FORMAT,
    PART,
    LocalFile,
    LocalRaw,
    RawWanted,
    Registered,
    type_of,
)
from reconciler.kinds.data.row_checks import named
from reconciler.kinds.expansion import Expansion
from reconciler.kinds.local.folder import root_of
from reconciler.kinds.local_tree import LocalTree, read_one, read_tree
from reconciler.kinds.one_spelling import folded
from reconciler.spec.document import Document, Keys

OWN_STORES = frozenset(
    {
        *("workspaceblobstore", "workspaceartifactstore"),
        *("workspacefilestore", "workspaceworkingdirectory"),
    }
)
"""Datastores that every workspace has."""


def raw_resource(
    key: str, settings: Dataset, workspace: str, expansion: Expansion
) -> Resource[RawWanted]:
    """Return the resource of raw data; what is wrong with its files is told by its check."""
    source = settings.source
    if isinstance(source, LocalRaw):
        return _uploaded(key, settings, source, workspace, expansion)
    assert isinstance(source, Registered)
    return _registered(key, settings, source, workspace, expansion)


def _uploaded(
    key: str, settings: Dataset, source: LocalRaw, workspace: str, expansion: Expansion
) -> Resource[RawWanted]:
    kind, tree = type_of(source, settings.type), _tree(source, expansion.document)
    table = read_table(tree) if kind == "mltable" else Table()
    version = fingerprint({"format": FORMAT, "type": kind, "tree": tree.digest})
    blobs = f"{FOLDER}/{key}/{version}"
    last = tree.files[0].name if kind == "uri_file" and tree.files else ""
    uri = f"azureml://datastores/{DATASTORE}/paths/{blobs}/{last}"
    problems = (*tree.problems, *table.problems)
    wanted = RawWanted(workspace, blobs, tree, table.referenced, problems)
    body = {"dataType": kind, "dataUri": uri}
    return _resource(key, settings, version, body, wanted, expansion)


def _registered(
    key: str, settings: Dataset, source: Registered, workspace: str, expansion: Expansion
) -> Resource[RawWanted]:
    kind, uri = type_of(source, settings.type), folded(source.path, workspace)
    manifest = _manifest(source, expansion.document)
    inputs = {"format": FORMAT, "type": kind, "uri": uri}
    inputs |= {"manifest": manifest.digest} if manifest else {}
    wanted = RawWanted(workspace, "", None, (), manifest.problems if manifest else (), manifest)
    body = {"dataType": kind, "dataUri": source.path}
    version = settings.version or fingerprint(inputs)
    made = _resource(key, settings, version, body, wanted, expansion)
    stores = _stores(uri, workspace, expansion, ("datasets", key, "source", "path"))
    return replace(made, depends_on=made.depends_on | frozenset(stores))


def _resource(
    key: str,
    settings: Dataset,
    version: str,
    properties: JsonObject,
    wanted: RawWanted,
    expansion: Expansion,
) -> Resource[RawWanted]:
    place = f"{wanted.workspace}/data/{key}/versions/{version}"
    tags = expansion.tracked_tags(place, settings.tags)
    body: JsonObject = {**properties, "properties": wanted.said, "tags": tags}
    if settings.description:
        body["description"] = settings.description
    return Resource(
        f"datasets.{key}",
        "dataset",
        place,
        {PART: {"properties": body}},
        settings=wanted,
        position=expansion.document.position(("datasets", key), of_key=True),
        depends_on=frozenset({"workspace"}),
        known={PART: place, "version": version},
    )


def _manifest(source: Registered, document: Document) -> Manifest | None:
    if source.manifest is None:
        return None
    return read_manifest(_read(source.manifest, read_one, document))


def _tree(source: LocalRaw, document: Document) -> LocalTree:
    """Return the files that a local source names."""
    return _read(source.path, read_one if isinstance(source, LocalFile) else read_tree, document)


def _read(text: str, read: Callable[[Path, str, Path], LocalTree], document: Document) -> LocalTree:
    """Return what a path of a spec means; its name in messages is relative like the spec's."""
    shown = os.path.normpath(named(document, text))
    if Path(text).is_absolute():
        what = f"{text!r} is absolute: give a path relative to the spec"
        return LocalTree(document.folder, shown, problems=(Diagnostic(what),))
    place, top = Path(os.path.normpath(document.folder / text)), root_of(document.folder)
    return read(place, shown, top)


def _stores(uri: str, workspace: str, expansion: Expansion, path: Keys) -> Iterator[Address]:
    """Yield the spec's datastore that an address lies in; any other one must exist."""
    head, paths, _ = uri.partition("/paths/")
    name = head.removeprefix("azureml://datastores/")
    if not paths or name == head or name in OWN_STORES:
        return
    place = f"{workspace}/datastores/{name}".casefold()
    made = [a for a, r in expansion.resources.items() if r.resource_id.casefold() == place]
    if not made:
        expansion.names_existing("datastore", f"{workspace}/datastores/{name}", path)
    yield from made
