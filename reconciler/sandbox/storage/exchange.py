"""One storage request on its way: its target, the store, and the headers all answers share."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.utils import formatdate

from aiohttp import web

from reconciler.sandbox.storage.content import Piece, PieceWriter
from reconciler.sandbox.storage.errors import StorageError
from reconciler.sandbox.storage.target import Target
from reconciler.sandbox.world import World

META = "x-ms-meta-"
SHARED_HEADERS = "storage_headers"
"""Where the request keeps the headers of its answer, for handlers that stream."""
MAX_XML_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class Exchange:
    """What a handler gets: authenticated, with an account that exists."""

    world: World
    request: web.Request
    target: Target

    @property
    def metadata(self) -> dict[str, str]:
        """The `x-ms-meta-*` headers of the request."""
        found = {}
        for name, text in self.request.headers.items():
            if name.lower().startswith(META):
                found[name[len(META) :]] = text
        return found

    @property
    def place(self) -> tuple[str, str, str]:
        """Account, container and blob, "" where the request is about the container."""
        return self.target.account, self.target.space, self.target.path

    @property
    def lease_id(self) -> str:
        """The lease that the caller says it has."""
        return self.request.headers.get("x-ms-lease-id", "")

    async def stream(
        self, chunks: Iterable[bytes], length: int, status: int, headers: Mapping[str, str]
    ) -> web.StreamResponse:
        """Answer with `length` bytes taken from `chunks` as the client takes them."""
        shared = self.request[SHARED_HEADERS]
        response = web.StreamResponse(status=status, headers={**shared, **headers})
        response.content_length = length
        await response.prepare(self.request)
        for chunk in chunks:
            await response.write(chunk)
        await response.write_eof()
        return response

    async def receive(self, writer: PieceWriter) -> Piece:
        """Stream the request's body into `writer`; checks Content-MD5."""
        try:
            async for chunk in self.request.content.iter_any():
                writer.write(chunk)
        except BaseException:
            writer.abandon()
            raise
        piece = writer.finish()
        require_md5(self.request.headers.get("Content-MD5"), piece.md5)
        return piece

    async def xml_body(self) -> bytes:
        """A small XML body; more than 16 MiB is refused."""
        body = await self.request.content.read(MAX_XML_BYTES)
        while len(body) < MAX_XML_BYTES:
            chunk = await self.request.content.read(MAX_XML_BYTES - len(body))
            if not chunk:
                return body
            body += chunk
        raise StorageError("InvalidXmlDocument", "The document is too large.")


def require_md5(header: str | None, md5: str) -> None:
    """Raise unless `header` (base64, may be absent) is the digest `md5` (hex)."""
    if header is None:
        return
    try:
        sent = base64.b64decode(header, validate=True).hex()
    except binascii.Error as error:
        raise StorageError("InvalidHeaderValue", "Content-MD5 is not base64.") from error
    if sent != md5:
        raise StorageError("Md5Mismatch")


def md5_header(md5: str) -> str:
    """A hex digest as the base64 that Content-MD5 carries."""
    return base64.b64encode(bytes.fromhex(md5)).decode()


def http_date(seconds: float) -> str:
    """A time in seconds since 1970 as HTTP writes it."""
    return formatdate(seconds, usegmt=True)


def version_headers(etag: str, modified: float) -> dict[str, str]:
    """ETag and Last-Modified."""
    return {"ETag": etag, "Last-Modified": http_date(modified)}


def metadata_headers(metadata: Mapping[str, str]) -> dict[str, str]:
    """Metadata as headers of a response."""
    return {META + name: text for name, text in metadata.items()}
