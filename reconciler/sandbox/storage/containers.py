"""Requests on an account's blob service and on containers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from aiohttp import web

from reconciler.sandbox.storage import leases
from reconciler.sandbox.storage.blobrecords import Blob, Container
from reconciler.sandbox.storage.blobstore import BlobStore
from reconciler.sandbox.storage.conditions import check_read
from reconciler.sandbox.storage.errors import StorageError
from reconciler.sandbox.storage.exchange import (
    Exchange,
    http_date,
    metadata_headers,
    version_headers,
)
from reconciler.sandbox.storage.leases import NONE, Lease

CONTAINER_NAME = re.compile(r"[a-z0-9](?:[a-z0-9]|-(?=[a-z0-9])){2,62}|\$root|\$web|\$logs")
MAX_RESULTS = 5000
_UNAVAILABLE_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


async def list_containers(store: BlobStore, call: Exchange) -> web.Response:
    """GET /?comp=list."""
    query = call.target.query
    prefix, marker = query.get("prefix", ""), query.get("marker", "")
    limit = _limit(query.get("maxresults"))
    found = [
        container
        for container in store.containers(call.target.account)
        if container.name.startswith(prefix) and container.name >= marker
    ]
    items = "".join(_container_xml(store, container) for container in found[:limit])
    following = found[limit].name if len(found) > limit else ""
    return _listing(call, "", f"<Containers>{items}</Containers>", following)


async def service_properties(store: BlobStore, call: Exchange) -> web.Response:
    """GET /?restype=service&comp=properties: the defaults of a new account."""
    del store, call
    off = "<Enabled>false</Enabled>"
    return _xml(
        "<StorageServiceProperties><Logging><Version>1.0</Version><Delete>false</Delete>"
        f"<Read>false</Read><Write>false</Write><RetentionPolicy>{off}</RetentionPolicy>"
        f"</Logging><HourMetrics><Version>1.0</Version>{off}<RetentionPolicy>{off}"
        f"</RetentionPolicy></HourMetrics><Cors/><DeleteRetentionPolicy>{off}"
        "</DeleteRetentionPolicy></StorageServiceProperties>"
    )


async def account_information(store: BlobStore, call: Exchange) -> web.Response:
    """GET restype=account&comp=properties."""
    del store
    account = call.world.account_for_name(call.target.account) or {}
    return web.Response(
        headers={
            "x-ms-sku-name": account.get("sku", {}).get("name", "Standard_LRS"),
            "x-ms-account-kind": account.get("kind", "StorageV2"),
            "x-ms-is-hns-enabled": "false",
        }
    )


async def create(store: BlobStore, call: Exchange) -> web.Response:
    """PUT ?restype=container."""
    target = call.target
    if not CONTAINER_NAME.fullmatch(target.space):
        raise StorageError("InvalidResourceName")
    if not store.add_container(target.account, target.space, call.metadata):
        raise StorageError("ContainerAlreadyExists")
    container = existing(store, call)
    return web.Response(status=201, headers=version_headers(container.etag, container.modified))


async def properties(store: BlobStore, call: Exchange) -> web.Response:
    """GET or HEAD ?restype=container."""
    container = existing(store, call)
    check_read(call.request.headers, container)
    lease = _leased(store, call)
    return web.Response(
        headers={
            **version_headers(container.etag, container.modified),
            **metadata_headers(container.metadata),
            **lease.headers(store.leases.now()),
            "x-ms-has-immutability-policy": "false",
            "x-ms-has-legal-hold": "false",
            "x-ms-default-encryption-scope": "$account-encryption-key",
            "x-ms-deny-encryption-scope-override": "false",
        }
    )


async def set_metadata(store: BlobStore, call: Exchange) -> web.Response:
    """PUT ?restype=container&comp=metadata."""
    existing(store, call)
    _leased(store, call)
    store.set_container_metadata(call.target.account, call.target.space, call.metadata)
    container = existing(store, call)
    return web.Response(headers=version_headers(container.etag, container.modified))


async def access_policy(store: BlobStore, call: Exchange) -> web.Response:
    """GET ?restype=container&comp=acl: always private, no stored policies."""
    container = existing(store, call)
    response = _xml("<SignedIdentifiers/>")
    response.headers.update(version_headers(container.etag, container.modified))
    return response


async def delete(store: BlobStore, call: Exchange) -> web.Response:
    """DELETE ?restype=container."""
    existing(store, call)
    if not call.lease_id:
        leases.check_write(store.leases.at(call.place), store.leases.now(), "")
    _leased(store, call)
    store.delete_container(call.target.account, call.target.space)
    return web.Response(status=202)


async def list_blobs(store: BlobStore, call: Exchange) -> web.Response:
    """GET ?restype=container&comp=list with prefix, delimiter, marker, maxresults, include."""
    existing(store, call)
    target, query = call.target, call.target.query
    limit = _limit(query.get("maxresults"))
    held = store.leases.within(target.account, target.space)
    include = set(query.get("include", "").split(","))
    entries: list[str] = []
    following = ""
    for name, blob in _entries(store, call):
        if len(entries) == limit:
            following = name
            break
        told = held.get(name, NONE).headers(store.leases.now())
        entries.append(_blob_xml(blob, include, told) if blob else _prefix_xml(name))
    attribute = f" ContainerName={quoteattr(target.space)}"
    return _listing(call, attribute, f"<Blobs>{''.join(entries)}</Blobs>", following)


def _leased(store: BlobStore, call: Exchange) -> Lease:
    """The lease of the container. Raises where the caller names another one."""
    lease = store.leases.at(call.place)
    leases.check_use(lease, store.leases.now(), call.lease_id, "Container")
    return lease


def existing(store: BlobStore, call: Exchange) -> Container:
    """The container of the request. Raises ContainerNotFound."""
    container = store.container(call.target.account, call.target.space)
    if container is None:
        raise StorageError("ContainerNotFound")
    return container


def _entries(store: BlobStore, call: Exchange) -> Iterator[tuple[str, Blob | None]]:
    """Blobs, and common prefixes (with None) where a delimiter is asked for, in name order."""
    target, query = call.target, call.target.query
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    start = query.get("marker", "")
    last_folder = None
    for blob in store.scan(target.account, target.space, prefix, start):
        head, found, _ = (
            blob.name[len(prefix) :].partition(delimiter) if delimiter else ("", "", "")
        )
        if not found:
            yield blob.name, blob
        elif (folder := prefix + head + delimiter) != last_folder:
            last_folder = folder
            yield folder, None


def _limit(text: str | None) -> int:
    if text is None:
        return MAX_RESULTS
    if not text.isdecimal() or int(text) < 1:
        raise StorageError("InvalidQueryParameterValue", "maxresults")
    return min(int(text), MAX_RESULTS)


def _listing(call: Exchange, attribute: str, items: str, following: str) -> web.Response:
    query, target = call.target.query, call.target
    asked = "".join(
        f"<{tag}>{escape(query[name])}</{tag}>"
        for name, tag in (
            ("prefix", "Prefix"), ("marker", "Marker"), ("maxresults", "MaxResults"),
            ("delimiter", "Delimiter"),
        )
        if name in query
    )  # fmt: skip
    endpoint = quoteattr(f"{call.world.base_url}/_blob/{target.account}/")
    return _xml(
        f"<EnumerationResults ServiceEndpoint={endpoint}{attribute}>{asked}{items}"
        f"<NextMarker>{escape(following)}</NextMarker></EnumerationResults>"
    )


def _container_xml(store: BlobStore, container: Container) -> str:
    lease = store.leases.at((container.account, container.name, ""))
    return (
        f"<Container><Name>{escape(container.name)}</Name><Properties>"
        f"<Last-Modified>{http_date(container.modified)}</Last-Modified>"
        f"<Etag>{escape(container.etag)}</Etag>{_lease_xml(lease.headers(store.leases.now()))}"
        "<HasImmutabilityPolicy>false</HasImmutabilityPolicy>"
        "<HasLegalHold>false</HasLegalHold></Properties>"
        f"{_metadata_xml(container.metadata)}</Container>"
    )


def _lease_xml(told: Mapping[str, str]) -> str:
    tags = {"status": "LeaseStatus", "state": "LeaseState", "duration": "LeaseDuration"}
    parts = ((tags[name.removeprefix("x-ms-lease-")], text) for name, text in told.items())
    return "".join(f"<{tag}>{text}</{tag}>" for tag, text in parts)


def _blob_xml(blob: Blob, include: set[str], lease: Mapping[str, str]) -> str:
    headers = blob.headers
    md5 = headers.get("content-md5", "")
    return (
        f"<Blob>{_name_xml(blob.name)}<Properties>"
        f"<Creation-Time>{http_date(blob.created)}</Creation-Time>"
        f"<Last-Modified>{http_date(blob.modified)}</Last-Modified>"
        f"<Etag>{escape(blob.etag.strip(chr(34)))}</Etag>"
        f"<Content-Length>{blob.size}</Content-Length>"
        f"<Content-Type>{escape(headers.get('content-type', ''))}</Content-Type>"
        f"<Content-Encoding>{escape(headers.get('content-encoding', ''))}</Content-Encoding>"
        f"<Content-Language>{escape(headers.get('content-language', ''))}</Content-Language>"
        f"<Content-MD5>{md5}</Content-MD5>"
        f"<Cache-Control>{escape(headers.get('cache-control', ''))}</Cache-Control>"
        "<BlobType>BlockBlob</BlobType><AccessTier>Hot</AccessTier>"
        f"<AccessTierInferred>true</AccessTierInferred>{_lease_xml(lease)}"
        "<ServerEncrypted>true</ServerEncrypted></Properties>"
        f"{_metadata_xml(blob.metadata) if 'metadata' in include else ''}<OrMetadata/></Blob>"
    )


def _name_xml(name: str) -> str:
    """A name, percent-encoded as Azure does it where XML cannot hold its characters."""
    if _UNAVAILABLE_IN_XML.search(name):
        return f'<Name Encoded="true">{quote(name)}</Name>'
    return f"<Name>{escape(name)}</Name>"


def _prefix_xml(name: str) -> str:
    return f"<BlobPrefix>{_name_xml(name)}</BlobPrefix>"


def _metadata_xml(metadata: Mapping[str, str]) -> str:
    inner = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in metadata.items())
    return f"<Metadata>{inner}</Metadata>"


def _xml(document: str) -> web.Response:
    body = f'\ufeff<?xml version="1.0" encoding="utf-8"?>{document}'
    return web.Response(body=body.encode(), content_type="application/xml")
