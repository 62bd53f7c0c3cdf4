"""Containers and blobs as values, and how the index's rows become them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.sandbox.storage.content import Piece
from reconciler.sandbox.storage.index import load_pieces


@dataclass(frozen=True, slots=True)
class Container:
    """A container; `modified` is in seconds since 1970."""

    account: str
    name: str
    etag: str
    modified: float
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Blob:
    """A committed blob. `headers` are its own HTTP headers, lower case; times in s since 1970."""

    account: str
    container: str
    name: str
    pieces: tuple[Piece, ...]
    size: int
    etag: str
    created: float
    modified: float
    headers: Mapping[str, str]
    metadata: Mapping[str, str]
    blocks: tuple[str, ...]


def dump(values: Mapping[str, str] | None) -> str:
    """Headers or metadata as the JSON text the index keeps."""
    return json.dumps(dict(values or {}), ensure_ascii=False)


def container_of(row: sqlite3.Row) -> Container:
    """The container of a row."""
    return Container(
        row["account"], row["name"], row["etag"], row["modified"], json.loads(row["metadata"])
    )


def blob_of(row: sqlite3.Row) -> Blob:
    """The blob of a row."""
    return Blob(
        account=row["account"],
        container=row["container"],
        name=row["name"],
        pieces=load_pieces(row["pieces"]),
        size=row["size"],
        etag=row["etag"],
        created=row["created"],
        modified=row["modified"],
        headers=json.loads(row["headers"]),
        metadata=json.loads(row["metadata"]),
        blocks=tuple(json.loads(row["blocks"])),
    )
