"""Data that is taken as it is: a local file, folder or table, or what lies in storage already.

Source: learn.microsoft.com/azure/machine-learning/reference-yaml-data (`path`, `type`), and
how-to-create-data-assets for the addresses that a data asset may have.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import StringConstraints, field_validator

from reconciler.diagnostics import Diagnostic
from reconciler.engine.types import Resource
from reconciler.kinds.data.manifest import Manifest
from reconciler.kinds.local_tree import LocalTree
from reconciler.secrets import shortened
from reconciler.spec.model import SpecModel

AssetType = Literal["uri_file", "uri_folder", "mltable"]
PART = "data"
"""What the one asset of such data is called beside `train` and `test`."""
FORMAT = "raw-1"
"""Version of how files are named, ordered and digested."""
DIGEST_PROPERTY = "reconcile.sha256"
FORMAT_PROPERTY = "reconcile.format"
FILES_PROPERTY = "files"
BYTES_PROPERTY = "bytes"
RawPath = Annotated[str, StringConstraints(min_length=1, max_length=1024)]
_DATASTORE = re.compile(
    r"azureml://(?:subscriptions/[^/]+/resource[gG]roups/[^/]+/(?:providers/[^/]+/)?workspaces/[^/]+/)?"
    r"datastores/[\w-]+/paths/[^?#]*"
)
_URL = re.compile(r"(?:https?|wasbs?|abfss?|adl)://[^/?#\s]+/[^?#\s]*")
WITHOUT_SECRETS = (
    "Azure ML signs in by the identity of the workspace or the user: a signature in an address "
    "would be readable by everybody"
)


class LocalFile(SpecModel):
    """One local file, uploaded as it is."""

    type: Literal["local_file"]
    """Where the data comes from."""
    path: RawPath
    """The file, relative to the spec."""


class LocalFolder(SpecModel):
    """A local folder, uploaded as it is; `.amlignore` or `.gitignore` says what stays here."""

    type: Literal["local_folder"]
    """Where the data comes from."""
    path: RawPath
    """The folder, relative to the spec."""


class LocalTable(SpecModel):
    """A local folder with a file `MLTable` that says how to read what is in it."""

    type: Literal["mltable"]
    """Where the data comes from."""
    path: RawPath
    """The folder that holds the file `MLTable`, relative to the spec."""


class DatastoreSource(SpecModel):
    """Data in a datastore of the workspace, registered where it is."""

    type: Literal["datastore"]
    """Where the data is."""
    path: RawPath
    """`azureml://datastores/NAME/paths/...`; nothing is uploaded, moved or deleted."""
    manifest: RawPath | None = None
    """A file beside the spec that lists what lies there, as `az storage blob list -o json` prints
    it. Its digest is the version, and what really lies there is compared with it."""

    @field_validator("path")
    @classmethod
    def _in_datastore(cls, value: str) -> str:
        if not _DATASTORE.fullmatch(value):
            raise ValueError(
                f"{shortened(value, 80)!r} is not a path in a datastore: write "
                "`azureml://datastores/NAME/paths/FOLDER/`"
            )
        return value


class UrlSource(SpecModel):
    """Data at an address of cloud storage, registered where it is."""

    type: Literal["url"]
    """Where the data is."""
    path: RawPath
    """`https://`, `wasbs://` or `abfss://`; nothing is uploaded, moved or deleted."""
    manifest: RawPath | None = None
    """A file beside the spec that lists what lies there, as `az storage blob list -o json` prints
    it. Its digest is the version, and what really lies there is compared with it."""

    @field_validator("path")
    @classmethod
    def _plain(cls, value: str) -> str:
        if "?" in value or "@" in value.split("://", 1)[-1].split("/", 1)[0].partition(":")[2]:
            raise ValueError(f"remove the query or password from the address: {WITHOUT_SECRETS}")
        if not _URL.fullmatch(value):
            raise ValueError(
                f"{shortened(value, 80)!r} is not an address of data: write "
                "`https://ACCOUNT.blob.core.windows.net/CONTAINER/PATH`, or one of wasbs or abfss"
            )
        return value


LocalRaw = LocalFile | LocalFolder | LocalTable
Registered = DatastoreSource | UrlSource
RAW_TYPES = ("local_file", "local_folder", "mltable", "datastore", "url")


def type_of(source: LocalRaw | Registered, stated: AssetType | None) -> AssetType:
    """Return the type of the asset. Raises `ValueError` where it is missing or another one."""
    made: AssetType
    match source:
        case LocalFile():
            made = "uri_file"
        case LocalTable():
            made = "mltable"
        case LocalFolder():
            made = "mltable" if stated == "mltable" else "uri_folder"
        case _:
            if stated is None:
                raise ValueError("give `type`: uri_file, uri_folder or mltable")
            return stated
    if stated not in (None, made):
        raise ValueError(f"`type` is {stated}, but a {source.type} is {made}")
    return made


@dataclass(frozen=True)
class RawWanted:
    """What handling raw data takes, beyond the body. `tree`: None for what is registered only."""

    workspace: str
    blobs: str
    tree: LocalTree | None
    referenced: tuple[str, ...] = ()
    """What the file `MLTable` of a local table refers to."""
    problems: tuple[Diagnostic, ...] = ()
    """What is wrong with the files."""
    manifest: Manifest | None = None
    """What is said to lie where the data is registered."""

    @property
    def said(self) -> dict[str, str]:
        """What the asset's properties say of the data."""
        if self.tree is None:
            return {FORMAT_PROPERTY: FORMAT}
        return {
            FORMAT_PROPERTY: FORMAT,
            DIGEST_PROPERTY: self.tree.digest,
            FILES_PROPERTY: f"{len(self.tree.files):,}",
            BYTES_PROPERTY: f"{self.tree.size:,}",
        }


def data_type(resource: Resource[Any]) -> str:
    """Return the type of the data asset that a resource makes, "" where it makes none."""
    if isinstance(resource.settings, RawWanted):
        return str(resource.desired[PART]["properties"]["dataType"])
    return "uri_file" if "train" in resource.desired else ""
