"""Requests on an account's file service and on shares."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, quoteattr

from aiohttp import web

from reconciler.sandbox.storage.errors import StorageError
from reconciler.sandbox.storage.exchange import (
    Exchange,
    http_date,
    metadata_headers,
    version_headers,
)
from reconciler.sandbox.storage.filestore import FileStore, Share

SHARE_NAME = re.compile(r"[a-z0-9](?:[a-z0-9]|-(?=[a-z0-9])){2,62}")
QUOTA_GIB = "5120"


async def list_shares(store: FileStore, call: Exchange) -> web.Response:
    """GET /?comp=list; everything on one page."""
    prefix = call.target.query.get("prefix", "")
    found = [s for s in store.shares(call.target.account) if s.name.startswith(prefix)]
    items = "".join(
        f"<Share><Name>{escape(share.name)}</Name><Properties>"
        f"<Last-Modified>{http_date(share.modified)}</Last-Modified>"
        f"<Etag>{escape(share.etag)}</Etag><Quota>{QUOTA_GIB}</Quota></Properties></Share>"
        for share in found
    )
    endpoint = quoteattr(f"{call.world.base_url}/_file/{call.target.account}/")
    text = (
        f'\ufeff<?xml version="1.0" encoding="utf-8"?><EnumerationResults '
        f"ServiceEndpoint={endpoint}><Shares>{items}</Shares><NextMarker/></EnumerationResults>"
    )
    return web.Response(body=text.encode(), content_type="application/xml")


async def create(store: FileStore, call: Exchange) -> web.Response:
    """PUT ?restype=share."""
    target = call.target
    if not SHARE_NAME.fullmatch(target.space):
        raise StorageError("InvalidResourceName")
    if not store.add_share(target.account, target.space, call.metadata):
        raise StorageError("ShareAlreadyExists")
    share = existing(store, call)
    return web.Response(status=201, headers=version_headers(share.etag, share.modified))


async def properties(store: FileStore, call: Exchange) -> web.Response:
    """GET or HEAD ?restype=share."""
    share = existing(store, call)
    return web.Response(
        headers={
            **version_headers(share.etag, share.modified),
            **metadata_headers(share.metadata),
            "x-ms-share-quota": QUOTA_GIB,
            "x-ms-access-tier": "TransactionOptimized",
            "x-ms-has-immutability-policy": "false",
        }
    )


async def delete(store: FileStore, call: Exchange) -> web.Response:
    """DELETE ?restype=share."""
    existing(store, call)
    store.delete_share(call.target.account, call.target.space)
    return web.Response(status=202)


def existing(store: FileStore, call: Exchange) -> Share:
    """The share of the request. Raises ShareNotFound."""
    share = store.share(call.target.account, call.target.space)
    if share is None:
        raise StorageError("ShareNotFound")
    return share
