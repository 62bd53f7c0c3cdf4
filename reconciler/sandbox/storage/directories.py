"""Requests on directories of a share, and what directories and files have in common."""

from __future__ import annotations

from datetime import UTC, datetime
from xml.sax.saxutils import escape, quoteattr

from aiohttp import web

from reconciler.sandbox.storage.errors import StorageError
from reconciler.sandbox.storage.exchange import (
    Exchange,
    http_date,
    metadata_headers,
    version_headers,
)
from reconciler.sandbox.storage.filestore import Entry, FileStore
from reconciler.sandbox.storage.shares import existing as existing_share


async def create(store: FileStore, call: Exchange) -> web.Response:
    """PUT ?restype=directory."""
    require_free_place(store, call)
    if find(store, call):
        raise StorageError("ResourceAlreadyExists")
    target = call.target
    entry = store.add_directory(target.account, target.space, target.path, call.metadata)
    return web.Response(status=201, headers=entry_headers(entry))


async def properties(store: FileStore, call: Exchange) -> web.Response:
    """GET or HEAD ?restype=directory; the share's root always exists."""
    if not call.target.path:
        share = existing_share(store, call)
        return web.Response(headers=version_headers(share.etag, share.modified))
    entry = existing(store, call)
    return web.Response(headers={**entry_headers(entry), **metadata_headers(entry.metadata)})


async def set_metadata(store: FileStore, call: Exchange) -> web.Response:
    """PUT ?restype=directory&comp=metadata."""
    entry = store.amend(existing(store, call), metadata=call.metadata)
    return web.Response(headers=entry_headers(entry))


async def delete(store: FileStore, call: Exchange) -> web.Response:
    """DELETE ?restype=directory; only an empty one."""
    entry = existing(store, call)
    if any(True for _ in store.children(entry.account, entry.share, entry.path)):
        raise StorageError("DirectoryNotEmpty")
    store.remove(entry)
    return web.Response(status=202)


async def listing(store: FileStore, call: Exchange) -> web.Response:
    """GET ?restype=directory&comp=list with prefix, marker and maxresults."""
    existing_share(store, call)
    target, query = call.target, call.target.query
    if target.path:
        existing(store, call)
    prefix, marker = query.get("prefix", "").lower(), query.get("marker", "").lower()
    limit = _limit(query.get("maxresults", "5000"))
    found = [
        entry
        for entry in store.children(target.account, target.space, target.path)
        if entry.name.lower().startswith(prefix) and entry.name.lower() >= marker
    ]
    following = found[limit].name if len(found) > limit else ""
    items = "".join(map(_entry_xml, found[:limit]))
    endpoint = quoteattr(f"{call.world.base_url}/_file/{target.account}/")
    text = (
        f'\ufeff<?xml version="1.0" encoding="utf-8"?><EnumerationResults '
        f"ServiceEndpoint={endpoint} ShareName={quoteattr(target.space)} "
        f"DirectoryPath={quoteattr(target.path)}><Entries>{items}</Entries>"
        f"<NextMarker>{escape(following)}</NextMarker></EnumerationResults>"
    )
    return web.Response(body=text.encode(), content_type="application/xml")


def find(store: FileStore, call: Exchange) -> Entry | None:
    """What is at the request's path, directory or file."""
    return store.entry(call.target.account, call.target.space, call.target.path.strip("/"))


def existing(store: FileStore, call: Exchange) -> Entry:
    """The directory of the request. Raises ShareNotFound, ResourceNotFound or a mismatch."""
    existing_share(store, call)
    entry = find(store, call)
    if entry is None:
        raise StorageError("ResourceNotFound")
    if not entry.is_directory:
        raise StorageError("ResourceTypeMismatch")
    return entry


def require_free_place(store: FileStore, call: Exchange) -> None:
    """Raise unless the share and the directory above the request's path exist."""
    existing_share(store, call)
    parent = call.target.path.strip("/").rpartition("/")[0]
    if not parent:
        return
    entry = store.entry(call.target.account, call.target.space, parent)
    if entry is None or not entry.is_directory:
        raise StorageError("ParentNotFound")


def entry_headers(entry: Entry) -> dict[str, str]:
    """ETag, Last-Modified and the SMB properties every answer about an entry carries."""
    return {
        **version_headers(entry.etag, entry.modified),
        "x-ms-request-server-encrypted": "true",
        "x-ms-server-encrypted": "true",
        "x-ms-file-attributes": "Directory" if entry.is_directory else "Archive",
        "x-ms-file-creation-time": _smb_time(entry.created),
        "x-ms-file-last-write-time": _smb_time(entry.modified),
        "x-ms-file-change-time": _smb_time(entry.modified),
        "x-ms-file-permission-key": "0*0",
        "x-ms-file-id": _file_id(entry),
        "x-ms-file-parent-id": "0",
    }


def _file_id(entry: Entry) -> str:
    return str(int(entry.created * 1e6))


def _entry_xml(entry: Entry) -> str:
    kind = "Directory" if entry.is_directory else "File"
    size = "" if entry.is_directory else f"<Content-Length>{entry.size}</Content-Length>"
    return (
        f"<{kind}><FileId>{_file_id(entry)}</FileId><Name>{escape(entry.name)}</Name><Properties>"
        f"{size}<Last-Modified>{http_date(entry.modified)}</Last-Modified>"
        f"<Etag>{escape(entry.etag)}</Etag></Properties></{kind}>"
    )


def _smb_time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"


def _limit(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise StorageError("InvalidQueryParameterValue", "maxresults")
    return min(int(text), 5000)
