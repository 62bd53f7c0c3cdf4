"""Blob and file requests from the socket to their handler, and back with Azure's headers."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from reconciler.sandbox.storage import (
    access,
    blobs,
    containers,
    directories,
    files,
    leasing,
    shares,
)
from reconciler.sandbox.storage.blobstore import BlobStore
from reconciler.sandbox.storage.errors import NotModified, StorageError, error_response
from reconciler.sandbox.storage.exchange import SHARED_HEADERS, Exchange
from reconciler.sandbox.storage.filestore import FileStore
from reconciler.sandbox.storage.target import Target, target_of
from reconciler.sandbox.world import World

Handler = Callable[[Any, Exchange], Awaitable[web.StreamResponse]]
Key = tuple[str, str, str, str]
"""Level (service, space or path), method, restype, comp."""

SERVICE, SPACE, PATH = "service", "space", "path"

BLOB_HANDLERS: dict[Key, tuple[str, Handler]] = {
    (SERVICE, "GET", "", "list"): ("list", containers.list_containers),
    (SERVICE, "GET", "service", "properties"): ("read", containers.service_properties),
    (SERVICE, "GET", "account", "properties"): ("read", containers.account_information),
    (SPACE, "GET", "account", "properties"): ("read", containers.account_information),
    (SPACE, "PUT", "container", ""): ("write", containers.create),
    (SPACE, "GET", "container", ""): ("read", containers.properties),
    (SPACE, "HEAD", "container", ""): ("read", containers.properties),
    (SPACE, "PUT", "container", "metadata"): ("write", containers.set_metadata),
    (SPACE, "GET", "container", "metadata"): ("read", containers.properties),
    (SPACE, "GET", "container", "acl"): ("read", containers.access_policy),
    (SPACE, "GET", "container", "list"): ("list", containers.list_blobs),
    (SPACE, "PUT", "container", "lease"): ("write", leasing.of_container),
    (SPACE, "DELETE", "container", ""): ("delete", containers.delete),
    (PATH, "PUT", "", ""): ("write", blobs.put),
    (PATH, "PUT", "", "block"): ("write", blobs.put_block),
    (PATH, "PUT", "", "blocklist"): ("write", blobs.put_block_list),
    (PATH, "GET", "", "blocklist"): ("read", blobs.block_list),
    (PATH, "GET", "", ""): ("read", blobs.get),
    (PATH, "HEAD", "", ""): ("read", blobs.get),
    (PATH, "GET", "", "metadata"): ("read", blobs.get),
    (PATH, "PUT", "", "metadata"): ("write", blobs.set_metadata),
    (PATH, "PUT", "", "properties"): ("write", blobs.set_headers),
    (PATH, "PUT", "", "lease"): ("write", leasing.of_blob),
    (PATH, "DELETE", "", ""): ("delete", blobs.delete),
}

FILE_HANDLERS: dict[Key, tuple[str, Handler]] = {
    (SERVICE, "GET", "", "list"): ("list", shares.list_shares),
    (SPACE, "PUT", "share", ""): ("write", shares.create),
    (SPACE, "GET", "share", ""): ("read", shares.properties),
    (SPACE, "HEAD", "share", ""): ("read", shares.properties),
    (SPACE, "DELETE", "share", ""): ("delete", shares.delete),
    (SPACE, "GET", "directory", "list"): ("list", directories.listing),
    (SPACE, "GET", "directory", ""): ("read", directories.properties),
    (PATH, "PUT", "directory", ""): ("write", directories.create),
    (PATH, "GET", "directory", ""): ("read", directories.properties),
    (PATH, "HEAD", "directory", ""): ("read", directories.properties),
    (PATH, "PUT", "directory", "metadata"): ("write", directories.set_metadata),
    (PATH, "DELETE", "directory", ""): ("delete", directories.delete),
    (PATH, "GET", "directory", "list"): ("list", directories.listing),
    (PATH, "PUT", "", ""): ("write", files.create),
    (PATH, "PUT", "", "range"): ("write", files.put_range),
    (PATH, "PUT", "", "metadata"): ("write", files.set_metadata),
    (PATH, "PUT", "", "properties"): ("write", files.set_properties),
    (PATH, "GET", "", "rangelist"): ("read", files.range_list),
    (PATH, "GET", "", ""): ("read", files.get),
    (PATH, "HEAD", "", ""): ("read", files.get),
    (PATH, "DELETE", "", ""): ("delete", files.delete),
}


def routes(world: World) -> list[web.RouteDef]:
    """The path-style routes; the server rewrites storage host names to them.

    Opens the stores in the state directory where the world has none yet.
    """
    if "blobs" not in vars(world):
        world.blobs = BlobStore(world.state / "blob", waited=world.clock.waited)
    if "files" not in vars(world):
        world.files = FileStore(world.state / "file")

    async def handle(request: web.Request) -> web.StreamResponse:
        return await _answer(world, request)

    return [
        web.route("*", "/_blob/{rest:.*}", handle),
        web.route("*", "/_file/{rest:.*}", handle),
    ]


async def _answer(world: World, request: web.Request) -> web.StreamResponse:
    """The response to any storage request, faults included."""
    target = target_of(request)
    headers = _shared_headers(request, target.service)
    request[SHARED_HEADERS] = headers
    try:
        response = await _dispatch(world, request, target)
    except StorageError as error:
        response = error_response(error, head=request.method == "HEAD")
    except NotModified as unchanged:
        response = web.Response(status=304, headers={"ETag": unchanged.etag})
    if not response.prepared:
        for name, text in headers.items():
            response.headers.setdefault(name, text)
    return response


async def _dispatch(world: World, request: web.Request, target: Target) -> web.StreamResponse:
    query = target.query
    handlers = BLOB_HANDLERS if target.service == "blob" else FILE_HANDLERS
    level = PATH if target.path else SPACE if target.space else SERVICE
    key = (level, request.method, query.get("restype", ""), query.get("comp", ""))
    if key not in handlers:
        access.check(world, request, target, "read")
        raise StorageError(_why_unknown(handlers, key))
    action, handler = handlers[key]
    access.check(world, request, target, action)
    store = world.blobs if target.service == "blob" else world.files
    return await handler(store, Exchange(world, request, target))


def _why_unknown(handlers: dict[Key, tuple[str, Handler]], key: Key) -> str:
    level, _, restype, comp = key
    same_resource = any(known[0] == level and known[2:] == (restype, comp) for known in handlers)
    return "UnsupportedHttpVerb" if same_resource else "UnsupportedQueryParameter"


def _shared_headers(request: web.Request, service: str) -> dict[str, str]:
    title = service.title()
    headers = {
        "Server": f"Windows-Azure-{title}/1.0 Microsoft-HTTPAPI/2.0",
        "x-ms-request-id": str(uuid.uuid4()),
        "x-ms-version": request.headers.get("x-ms-version", "2021-12-02"),
    }
    client_id = request.headers.get("x-ms-client-request-id")
    return headers | ({"x-ms-client-request-id": client_id} if client_id else {})
