"""Requests on one blob."""

from __future__ import annotations

import base64
import binascii
import time
import uuid
from xml.etree import ElementTree

from aiohttp import web

from reconciler.sandbox.storage import access, leases
from reconciler.sandbox.storage.blobrecords import Blob
from reconciler.sandbox.storage.blobstore import BlobStore
from reconciler.sandbox.storage.conditions import check_read, check_write, requested_range
from reconciler.sandbox.storage.containers import existing as existing_container
from reconciler.sandbox.storage.content import Piece
from reconciler.sandbox.storage.errors import StorageError
from reconciler.sandbox.storage.exchange import (
    Exchange,
    http_date,
    md5_header,
    metadata_headers,
    version_headers,
)
from reconciler.sandbox.storage.leases import NONE
from reconciler.sandbox.storage.target import target_of_url

OWN_HEADERS = (
    "content-type", "content-encoding", "content-language", "content-md5",
    "content-disposition", "cache-control",
)  # fmt: skip
MAX_BLOCK_ID_BYTES = 64
MAX_BLOCKS = 50_000


async def put(store: BlobStore, call: Exchange) -> web.StreamResponse:
    """PUT: Put Blob, or Copy Blob where a source is named."""
    existing_container(store, call)
    if "x-ms-copy-source" in call.request.headers:
        return _copy(store, call)
    if call.request.headers.get("x-ms-blob-type") != "BlockBlob":
        raise StorageError("UnsupportedHeader", "The sandbox stores block blobs only.")
    _check_write(store, call, _find(store, call))
    piece = await call.receive(store.writer())
    headers = {"content-md5": md5_header(piece.md5), **_own_headers(call)}
    return _committed(_commit(store, call, [piece], headers), piece)


async def put_block(store: BlobStore, call: Exchange) -> web.StreamResponse:
    """PUT ?comp=block&blockid=."""
    existing_container(store, call)
    block = call.target.query.get("blockid", "")
    try:
        raw = base64.b64decode(block, validate=True)
    except binascii.Error as error:
        raise StorageError("InvalidQueryParameterValue", "blockid is not base64") from error
    if not 0 < len(raw) <= MAX_BLOCK_ID_BYTES:
        raise StorageError("InvalidBlockId")
    leases.check_write(store.leases.at(call.place), store.leases.now(), call.lease_id)
    piece = await call.receive(store.writer())
    store.stage(call.target.account, call.target.space, call.target.path, block, piece)
    headers = {"Content-MD5": md5_header(piece.md5), "x-ms-request-server-encrypted": "true"}
    return web.Response(status=201, headers=headers)


async def put_block_list(store: BlobStore, call: Exchange) -> web.StreamResponse:
    """PUT ?comp=blocklist: the blob becomes the named blocks in this order."""
    existing_container(store, call)
    wanted = _wanted_blocks(await call.xml_body())
    target = call.target
    staged = store.staged(target.account, target.space, target.path)
    old = _find(store, call)
    held = dict(zip(old.blocks, old.pieces, strict=False)) if old else {}
    sources = {"Uncommitted": [staged], "Committed": [held], "Latest": [staged, held]}
    pieces = []
    for kind, block in wanted:
        found = [source[block] for source in sources[kind] if block in source]
        if not found:
            raise StorageError("InvalidBlockList")
        pieces.append(found[0])
    blocks = tuple(block for _, block in wanted)
    return _committed(_commit(store, call, pieces, _own_headers(call), blocks))


async def block_list(store: BlobStore, call: Exchange) -> web.StreamResponse:
    """GET ?comp=blocklist."""
    existing_container(store, call)
    target = call.target
    blob = _find(store, call)
    staged = store.staged(target.account, target.space, target.path)
    if blob is None and not staged:
        raise StorageError("BlobNotFound")
    kind = target.query.get("blocklisttype", "committed")
    parts = []
    if kind in {"committed", "all"}:
        named = zip(blob.blocks, blob.pieces, strict=False) if blob else ()
        parts.append(f"<CommittedBlocks>{_blocks_xml(dict(named))}</CommittedBlocks>")
    if kind in {"uncommitted", "all"}:
        parts.append(f"<UncommittedBlocks>{_blocks_xml(staged)}</UncommittedBlocks>")
    text = f'<?xml version="1.0" encoding="utf-8"?><BlockList>{"".join(parts)}</BlockList>'
    headers = {"x-ms-blob-content-length": str(blob.size if blob else 0)}
    if blob:
        headers |= version_headers(blob.etag, blob.modified)
    return web.Response(body=text.encode(), content_type="application/xml", headers=headers)


async def get(store: BlobStore, call: Exchange) -> web.StreamResponse:
    """GET and HEAD: the blob's bytes, or part of them, with its properties as headers."""
    blob = existing(store, call)
    check_read(call.request.headers, blob)
    lease, now = store.leases.at(call.place), store.leases.now()
    leases.check_use(lease, now, call.lease_id, "Blob")
    headers = _properties(blob) | lease.headers(now)
    if call.request.method == "HEAD":
        return web.Response(headers={**headers, "Content-Length": str(blob.size)})
    span = requested_range(call.request.headers, blob.size)
    start, end = span or (0, blob.size)
    if span:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{blob.size}"
        if "content-md5" in blob.headers:
            headers["x-ms-blob-content-md5"] = headers.pop("Content-MD5")
    return await call.stream(
        store.read(blob, start, end), end - start, 206 if span else 200, headers
    )


async def set_metadata(store: BlobStore, call: Exchange) -> web.StreamResponse:
    """PUT ?comp=metadata."""
    blob = existing(store, call)
    _check_write(store, call, blob)
    changed = store.amend(blob, metadata=call.metadata)
    return web.Response(headers=version_headers(changed.etag, changed.modified))


async def set_headers(store: BlobStore, call: Exchange) -> web.StreamResponse:
    """PUT ?comp=properties: replaces all of the blob's own HTTP headers."""
    blob = existing(store, call)
    _check_write(store, call, blob)
    copied = {name: text for name, text in blob.headers.items() if name.startswith("x-ms-copy-")}
    changed = store.amend(blob, headers={**_own_headers(call), **copied})
    return web.Response(headers=version_headers(changed.etag, changed.modified))


async def delete(store: BlobStore, call: Exchange) -> web.StreamResponse:
    """DELETE."""
    blob = existing(store, call)
    _check_write(store, call, blob)
    store.delete(blob.account, blob.container, blob.name)
    return web.Response(status=202, headers={"x-ms-delete-type-permanent": "true"})


def existing(store: BlobStore, call: Exchange) -> Blob:
    """The blob of the request. Raises ContainerNotFound or BlobNotFound."""
    existing_container(store, call)
    blob = _find(store, call)
    if blob is None:
        raise StorageError("BlobNotFound")
    return blob


def _find(store: BlobStore, call: Exchange) -> Blob | None:
    return store.blob(call.target.account, call.target.space, call.target.path)


def _check_write(store: BlobStore, call: Exchange, old: Blob | None) -> None:
    """Raise where conditions or a lease forbid a write; one that expired is over with the write."""
    check_write(call.request.headers, old)
    lease, now = store.leases.at(call.place), store.leases.now()
    leases.check_write(lease, now, call.lease_id)
    if lease.id and not lease.is_locked(now):
        store.leases.keep(call.place, NONE)


def _commit(
    store: BlobStore,
    call: Exchange,
    pieces: list[Piece],
    headers: dict[str, str],
    blocks: tuple[str, ...] = (),
) -> Blob:
    return store.commit(
        call.target.account,
        call.target.space,
        call.target.path,
        pieces,
        headers=headers,
        metadata=call.metadata,
        blocks=blocks,
        guard=lambda old: _check_write(store, call, old),
    )


def _committed(blob: Blob, piece: Piece | None = None) -> web.Response:
    headers = version_headers(blob.etag, blob.modified)
    headers["x-ms-request-server-encrypted"] = "true"
    if piece:
        headers["Content-MD5"] = md5_header(piece.md5)
    return web.Response(status=201, headers=headers)


def _copy(store: BlobStore, call: Exchange) -> web.Response:
    """Copy Blob and Copy Blob From URL, from another blob of this sandbox, at once."""
    source = _source(store, call)
    copied = _copy_headers(call, source)
    headers = {**source.headers, **_own_headers(call), **copied}
    metadata = call.metadata or dict(source.metadata)
    writer = store.writer()
    for chunk in store.read(source):
        writer.write(chunk)
    target = call.target
    blob = store.commit(
        target.account, target.space, target.path, [writer.finish()],
        headers=headers, metadata=metadata,
        guard=lambda old: _check_write(store, call, old),
    )  # fmt: skip
    told = {name: copied[name] for name in ("x-ms-copy-id", "x-ms-copy-status")}
    return web.Response(status=202, headers={**version_headers(blob.etag, blob.modified), **told})


def _copy_headers(call: Exchange, source: Blob) -> dict[str, str]:
    """What the copy tells of its making (Get Blob Properties: `x-ms-copy-*`), without any SAS."""
    return {
        "x-ms-copy-id": str(uuid.uuid4()),
        "x-ms-copy-source": call.request.headers["x-ms-copy-source"].partition("?")[0],
        "x-ms-copy-status": "success",
        "x-ms-copy-progress": f"{source.size}/{source.size}",
        "x-ms-copy-completion-time": http_date(time.time()),
    }


def _source(store: BlobStore, call: Exchange) -> Blob:
    url = call.request.headers["x-ms-copy-source"]
    source = target_of_url(url, call.world.base_url)
    if source is None or source.service != "blob":
        raise StorageError("CannotVerifyCopySource", "The sandbox copies only its own blobs.")
    if source.account != call.target.account or "sig" in source.query:
        access.check_source(call.world, source)
    blob = store.blob(source.account, source.space, source.path)
    if blob is None:
        raise StorageError("CannotVerifyCopySource")
    return blob


def _own_headers(call: Exchange) -> dict[str, str]:
    """`x-ms-blob-content-type` and its kind; Content-Type itself counts for Put Blob only."""
    sent = call.request.headers
    found = {name: sent[f"x-ms-blob-{name}"] for name in OWN_HEADERS if f"x-ms-blob-{name}" in sent}
    whole = "comp" not in call.target.query
    default = sent.get("Content-Type", "") if whole else ""
    return {"content-type": default or "application/octet-stream", **found}


def _properties(blob: Blob) -> dict[str, str]:
    titled = {"content-md5": "Content-MD5"}
    own = {titled.get(name, name.title()): text for name, text in blob.headers.items()}
    return {
        **own,
        **version_headers(blob.etag, blob.modified),
        **metadata_headers(blob.metadata),
        "Accept-Ranges": "bytes",
        "x-ms-blob-type": "BlockBlob",
        "x-ms-creation-time": http_date(blob.created),
        "x-ms-server-encrypted": "true",
        "x-ms-access-tier": "Hot",
        "x-ms-access-tier-inferred": "true",
    }


def _wanted_blocks(body: bytes) -> list[tuple[str, str]]:
    if b"<!" in body:
        raise StorageError("InvalidXmlDocument")  # no DTD, so no entity can be defined
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError as error:
        raise StorageError("InvalidXmlDocument") from error
    wanted = [(child.tag, (child.text or "").strip()) for child in root]
    known = {"Latest", "Committed", "Uncommitted"}
    if len(wanted) > MAX_BLOCKS or any(kind not in known for kind, _ in wanted):
        raise StorageError("InvalidBlockList")
    return wanted


def _blocks_xml(blocks: dict[str, Piece]) -> str:
    return "".join(
        f"<Block><Name>{block}</Name><Size>{piece.size}</Size></Block>"
        for block, piece in blocks.items()
    )
