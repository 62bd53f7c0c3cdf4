"""Requests on files of a share: created with a size, filled range by range."""

from __future__ import annotations

import hashlib

from aiohttp import web

from reconciler.sandbox.storage.conditions import check_read, requested_range
from reconciler.sandbox.storage.directories import entry_headers, find, require_free_place
from reconciler.sandbox.storage.errors import StorageError
from reconciler.sandbox.storage.exchange import (
    Exchange,
    md5_header,
    metadata_headers,
    require_md5,
)
from reconciler.sandbox.storage.filestore import Entry, FileStore
from reconciler.sandbox.storage.shares import existing as existing_share

MAX_RANGE_BYTES = 4 << 20
MAX_FILE_BYTES = 1 << 28
OWN_HEADERS = (
    "content-type", "content-encoding", "content-language", "content-md5",
    "content-disposition", "cache-control",
)  # fmt: skip


async def create(store: FileStore, call: Exchange) -> web.StreamResponse:
    """PUT with x-ms-type: file; the file is `x-ms-content-length` zero bytes until ranges come.

    The sandbox holds files up to 256 MiB.
    """
    body = await call.request.read()
    require_free_place(store, call)
    old = find(store, call)
    if old and old.is_directory:
        raise StorageError("ResourceTypeMismatch")
    sent = call.request.headers
    if sent.get("x-ms-type", "").lower() != "file":
        raise StorageError("MissingRequiredHeader", "x-ms-type")
    size = _size(sent.get("x-ms-content-length"))
    target = call.target
    entry = store.write(
        target.account, target.space, target.path, bytes(size),
        headers=_own_headers(call), metadata=call.metadata,
    )  # fmt: skip
    if body:
        entry = _write_range(store, call, entry, 0, body)
    return web.Response(status=201, headers=entry_headers(entry))


async def put_range(store: FileStore, call: Exchange) -> web.StreamResponse:
    """PUT ?comp=range: `x-ms-write` update or clear, 4 MiB at most."""
    body = await call.request.read()
    entry = existing(store, call)  # only now: other ranges arrive while this one does
    span = requested_range(call.request.headers, entry.size)
    if span is None:
        raise StorageError("MissingRequiredHeader", "x-ms-range")
    start, end = span
    if call.request.headers.get("x-ms-write", "update").lower() == "clear":
        body = bytes(end - start)
    if len(body) != end - start or len(body) > MAX_RANGE_BYTES:
        raise StorageError("InvalidHeaderValue", "The range and the body differ in length.")
    written = _write_range(store, call, entry, start, body)
    digest = hashlib.md5(body, usedforsecurity=False).hexdigest()
    headers = {**entry_headers(written), "Content-MD5": md5_header(digest)}
    return web.Response(status=201, headers=headers)


async def get(store: FileStore, call: Exchange) -> web.StreamResponse:
    """GET and HEAD."""
    entry = existing(store, call)
    check_read(call.request.headers, entry)
    headers = _properties(entry)
    if call.request.method == "HEAD":
        return web.Response(headers={**headers, "Content-Length": str(entry.size)})
    span = requested_range(call.request.headers, entry.size)
    start, end = span or (0, entry.size)
    if span:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{entry.size}"
    chunks = store.read(entry, start, end)
    return await call.stream(chunks, end - start, 206 if span else 200, headers)


async def range_list(store: FileStore, call: Exchange) -> web.StreamResponse:
    """GET ?comp=rangelist: one range that covers the file."""
    entry = existing(store, call)
    inner = f"<Range><Start>0</Start><End>{entry.size - 1}</End></Range>" if entry.size else ""
    text = f'<?xml version="1.0" encoding="utf-8"?><Ranges>{inner}</Ranges>'
    headers = {**entry_headers(entry), "x-ms-content-length": str(entry.size)}
    return web.Response(body=text.encode(), content_type="application/xml", headers=headers)


async def set_metadata(store: FileStore, call: Exchange) -> web.StreamResponse:
    """PUT ?comp=metadata."""
    entry = store.amend(existing(store, call), metadata=call.metadata)
    return web.Response(headers=entry_headers(entry))


async def set_properties(store: FileStore, call: Exchange) -> web.StreamResponse:
    """PUT ?comp=properties: HTTP headers, and the size where x-ms-content-length is sent."""
    entry = existing(store, call)
    if "x-ms-content-length" in call.request.headers:
        entry = store.resize(entry, _size(call.request.headers["x-ms-content-length"]))
    changed = store.amend(entry, headers=_own_headers(call))
    return web.Response(headers=entry_headers(changed))


async def delete(store: FileStore, call: Exchange) -> web.StreamResponse:
    """DELETE."""
    store.remove(existing(store, call))
    return web.Response(status=202)


def existing(store: FileStore, call: Exchange) -> Entry:
    """The file of the request. Raises ShareNotFound, ResourceNotFound or a mismatch."""
    existing_share(store, call)
    entry = find(store, call)
    if entry is None:
        raise StorageError("ResourceNotFound")
    if entry.is_directory:
        raise StorageError("ResourceTypeMismatch")
    return entry


def _write_range(store: FileStore, call: Exchange, entry: Entry, start: int, body: bytes) -> Entry:
    digest = hashlib.md5(body, usedforsecurity=False).hexdigest()
    require_md5(call.request.headers.get("Content-MD5"), digest)
    if start + len(body) > entry.size:
        raise StorageError("InvalidRange")
    return store.write_range(entry, start, body)


def _size(text: str | None) -> int:
    if text is None or not text.isdecimal():
        raise StorageError("MissingRequiredHeader", "x-ms-content-length")
    if int(text) > MAX_FILE_BYTES:
        raise StorageError("InvalidHeaderValue", "The sandbox holds files up to 256 MiB.")
    return int(text)


def _own_headers(call: Exchange) -> dict[str, str]:
    sent = call.request.headers
    return {name: sent[f"x-ms-{name}"] for name in OWN_HEADERS if f"x-ms-{name}" in sent}


def _properties(entry: Entry) -> dict[str, str]:
    titled = {"content-md5": "Content-MD5"}
    own = {titled.get(name, name.title()): text for name, text in entry.headers.items()}
    return {
        "Content-Type": "application/octet-stream",
        **own,
        **entry_headers(entry),
        **metadata_headers(entry.metadata),
        "Accept-Ranges": "bytes",
        "x-ms-type": "File",
    }
