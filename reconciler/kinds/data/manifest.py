"""What a registered place is said to hold, as a list in the repository: names, sizes, digests.

The list is what `az storage blob list -o json` prints. Its digest is the version of the asset, so
a plan needs no network; where storage lets us list, what lies there must be what the list says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from reconciler.bounded_json import loads
from reconciler.cloud.sdk import translated
from reconciler.diagnostics import Diagnostic, Position, RefusedError
from reconciler.kinds.base import HandlerContext
from reconciler.kinds.data.default_store import API_VERSION
from reconciler.kinds.local_tree import LocalTree
from reconciler.limits import MANIFEST_BYTES, MANIFEST_VALUES
from reconciler.secrets import shortened

if TYPE_CHECKING:
    from azure.storage.blob import BlobProperties

PRINT_IT = "print it anew: `az storage blob list --account-name ACCOUNT -c CONTAINER -o json`"
_SHOWN = 5


@dataclass(frozen=True)
class Entry:
    """One blob: its size, and the MD5 of its content in base64 where storage keeps one."""

    size: int
    md5: str = ""

    def is_as(self, other: Entry) -> bool:
        """Return whether two may be of the same content: an MD5 that one lacks says nothing."""
        has_both = self.md5 and other.md5
        return self.size == other.size and (not has_both or self.md5 == other.md5)


@dataclass(frozen=True)
class Manifest:
    """The blobs of a list by their whole names in the container. `shown`: its file in messages."""

    shown: str
    entries: Mapping[str, Entry]
    problems: tuple[Diagnostic, ...] = ()

    @property
    def digest(self) -> str:
        """The SHA-256 over names, sizes and MD5s, in hex."""
        digest = hashlib.sha256()
        for name, entry in sorted(self.entries.items()):
            for item in (name, str(entry.size), entry.md5):
                digest.update(f"{len(item.encode())}:{item}".encode())
        return digest.hexdigest()


def read_manifest(tree: LocalTree) -> Manifest:
    """Return the list in the one file of a tree, or what is wrong with it."""
    if tree.problems:
        return Manifest(tree.shown, {}, tree.problems)
    (file,) = tree.files
    shown = f"{tree.shown}/{file.name}"
    try:
        with tree.opened(file) as opened:
            entries = _entries(_bounded(opened.read(MANIFEST_BYTES + 1)))
    except (OSError, ValueError) as error:
        reason = shortened(str(getattr(error, "strerror", None) or error), 120)
        what = f"{shown} is not a list of blobs: {reason}"
        return Manifest(shown, {}, (Diagnostic(what, Position(shown, 1, 1), hint=PRINT_IT),))
    return Manifest(shown, entries)


def _bounded(content: bytes) -> Any:
    if len(content) > MANIFEST_BYTES:
        raise ValueError(f"it is larger than {MANIFEST_BYTES >> 20} MiB")
    return loads(content, MANIFEST_VALUES)


def _entries(found: Any) -> dict[str, Entry]:
    if not isinstance(found, list) or not found:
        raise ValueError("it is not a list, or an empty one")
    return dict(_stated(item, number) for number, item in enumerate(found))


def _stated(item: Any, number: int) -> tuple[str, Entry]:
    match item:
        case {"name": str(name), "properties": {"contentLength": int(size)} as properties}:
            settings = properties.get("contentSettings")
            md5 = settings.get("contentMd5") if isinstance(settings, dict) else None
            return name, Entry(size, md5 if isinstance(md5, str) else "")
    raise ValueError(f"item {number} has no `name` or no `properties.contentLength`")


def compare(
    context: HandlerContext, workspace: str, uri: str, manifest: Manifest
) -> tuple[int, int] | None:
    """Return how many blobs and bytes lie at an address, which are those of the list.

    None where the address is of no storage that lists, or of one that is not there yet. Raises
    `RefusedError` with the first differences, `ApiError` where we may not list.
    """
    place = _place(context, workspace, uri)
    if place is None or not context.run.cloud.may_store(place.url):
        return None
    container = context.run.container(place.url, place.container)
    with translated():
        found = {blob.name: _entry(blob) for blob in container.list_blobs(place.prefix)}
    inside = {name: entry for name, entry in found.items() if place.holds(name)}
    stated = {name: entry for name, entry in manifest.entries.items() if place.holds(name)}
    if told := list(_differences(stated, inside)):
        rest = f", and {len(told) - _SHOWN} more" if len(told) > _SHOWN else ""
        raise RefusedError.because(
            f"what lies at {uri} is not what {manifest.shown} says",
            detail=", ".join(islice(told, _SHOWN)) + rest,
            hint=f"look at what changed, then {PRINT_IT}",
        )
    return len(inside), sum(entry.size for entry in inside.values())


def _differences(stated: Mapping[str, Entry], found: Mapping[str, Entry]) -> Iterable[str]:
    for name in sorted({*stated, *found}):
        if name not in found:
            yield f"{name} is not there"
        elif name not in stated:
            yield f"{name} is not in the list"
        elif stated[name].size != found[name].size:
            yield f"{name} has {found[name].size:,} bytes, not {stated[name].size:,}"
        elif not stated[name].is_as(found[name]):
            yield f"{name} has another MD5"


def _entry(blob: BlobProperties) -> Entry:
    from base64 import b64encode

    md5 = blob.content_settings.content_md5
    return Entry(int(blob.size), b64encode(bytes(md5)).decode() if md5 else "")


@dataclass(frozen=True)
class _Place:
    url: str
    container: str
    prefix: str

    def holds(self, name: str) -> bool:
        folder = self.prefix.rstrip("/")
        return not folder or name == folder or name.startswith(f"{folder}/")


def _place(context: HandlerContext, workspace: str, uri: str) -> _Place | None:
    """Return the container that an address leads into."""
    head, found, path = uri.partition("/paths/")
    if found and uri.startswith("azureml://"):
        store = head.rpartition("/datastores/")[2]
        body = context.reads.get(f"{workspace}/datastores/{store}", API_VERSION)
        properties = (body or {}).get("properties") or {}
        container = properties.get("containerName") or properties.get("filesystem")
        if not container:
            return None
        host = f"{properties['accountName']}.blob.{properties['endpoint']}"
        return _Place(context.run.cloud.blob_endpoint(f"https://{host}"), str(container), path)
    parts = urlsplit(uri)
    host, path = str(parts.hostname or ""), parts.path.lstrip("/")
    container = parts.username or ""
    if not container:
        container, _, path = path.partition("/")
    blob = host.replace(".dfs.", ".blob.")
    return _Place(context.run.cloud.blob_endpoint(f"https://{blob}"), container, path)
