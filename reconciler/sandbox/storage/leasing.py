"""Requests on leases, and what leases mean for the other requests on blobs and containers."""

from __future__ import annotations

import math
import uuid

from aiohttp import web

from reconciler.sandbox.storage import blobs, containers, leases
from reconciler.sandbox.storage.blobrecords import Blob, Container
from reconciler.sandbox.storage.blobstore import BlobStore
from reconciler.sandbox.storage.conditions import check_write
from reconciler.sandbox.storage.errors import StorageError
from reconciler.sandbox.storage.exchange import Exchange, version_headers
from reconciler.sandbox.storage.leases import Lease

STATUS = {"acquire": 201, "renew": 200, "change": 200, "release": 200, "break": 202}


async def of_blob(store: BlobStore, call: Exchange) -> web.Response:
    """PUT ?comp=lease of a blob."""
    return _answer(store, call, blobs.existing(store, call))


async def of_container(store: BlobStore, call: Exchange) -> web.Response:
    """PUT ?restype=container&comp=lease."""
    return _answer(store, call, containers.existing(store, call))


def _answer(store: BlobStore, call: Exchange, found: Blob | Container) -> web.Response:
    """Carry out the operation; a lease leaves the version of what it is on as it was."""
    check_write(call.request.headers, found)
    action = call.request.headers.get("x-ms-lease-action", "").lower()
    if action not in STATUS:
        code = "InvalidHeaderValue" if action else "MissingRequiredHeader"
        raise StorageError(code, "x-ms-lease-action")
    held, now = store.leases.at(call.place), store.leases.now()
    lease = _changed(call, action, held, now)
    store.leases.keep(call.place, lease)
    headers = version_headers(found.etag, found.modified)
    if action == "break":
        headers["x-ms-lease-time"] = str(math.ceil(leases.left_of(lease, now)))
    elif action != "release":
        headers["x-ms-lease-id"] = lease.id
    return web.Response(status=STATUS[action], headers=headers)


def _changed(call: Exchange, action: str, held: Lease, now: float) -> Lease:
    match action:
        case "acquire":
            seconds = _number(call, "x-ms-lease-duration")
            if seconds is None:
                raise StorageError("MissingRequiredHeader", "x-ms-lease-duration")
            return leases.acquire(held, now, seconds, _proposed(call))
        case "renew":
            return leases.renew(held, now, _id(call))
        case "change":
            proposed = _proposed(call)
            if not proposed:
                raise StorageError("MissingRequiredHeader", "x-ms-proposed-lease-id")
            return leases.change(held, now, _id(call), proposed)
        case "release":
            return leases.release(held, now, _id(call))
    return leases.broken(held, now, _number(call, "x-ms-lease-break-period"))


def _id(call: Exchange) -> str:
    if not call.lease_id:
        raise StorageError("MissingRequiredHeader", "x-ms-lease-id")
    return call.lease_id


def _proposed(call: Exchange) -> str:
    """The id that the caller would like, "" for one of the server's. Raises unless it is a GUID."""
    text = call.request.headers.get("x-ms-proposed-lease-id", "")
    try:
        return str(uuid.UUID(text)) if text else ""
    except ValueError as error:
        raise StorageError("InvalidHeaderValue", "x-ms-proposed-lease-id") from error


def _number(call: Exchange, name: str) -> int | None:
    text = call.request.headers.get(name)
    try:
        return None if text is None else int(text)
    except ValueError as error:
        raise StorageError("InvalidHeaderValue", name) from error
