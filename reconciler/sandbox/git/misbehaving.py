"""Answers of a git server on a bad day, for a repository that was told to behave so.

`slow` sends a byte at a time and never ends; `huge` sends a pack without an end, `bomb` a pack of
one file of 4 GiB in 4 MiB, `refs` an advertisement without an end; `garbage` is not git at all;
`redirect` names another host.
"""

from __future__ import annotations

import asyncio
import random
import struct
import zlib
from collections.abc import Iterator
from itertools import chain

from aiohttp import web

BEHAVIORS = ("normal", "slow", "huge", "bomb", "refs", "garbage", "redirect", "unauthorized", "unavailable")  # fmt: skip
UPLOAD = "git-upload-pack"
ELSEWHERE = "https://git.elsewhere.test/acme/ml.git/info/refs"
DRIP_S = 0.2
CHUNK = 60_000
BOMB_BYTES = 4 << 30
BLOB = 3
FLUSH = b"0000"
STATUSES = {
    "unauthorized": (401, {"WWW-Authenticate": 'Basic realm="GitHub"'}),
    "unavailable": (503, {}),
    "redirect": (302, {"Location": ELSEWHERE}),
}


async def misbehave(
    request: web.Request, behavior: str, *, is_pack: bool
) -> web.StreamResponse | None:
    """Answer as the repository was told to; None where this request is answered as usual."""
    content_type = f"application/x-{UPLOAD}-{'result' if is_pack else 'advertisement'}"
    if behavior in STATUSES:
        status, headers = STATUSES[behavior]
        return web.Response(status=status, headers=headers)
    if behavior == "garbage":
        return web.Response(body=random.Random(7).randbytes(5_000), content_type=content_type)
    endless = (ENDLESS_PACKS if is_pack else ENDLESS_REFS).get(behavior)
    if endless is None:
        return None
    chunks = endless()
    if b"deepen" in await request.read():
        chunks = chain([FLUSH], chunks)  # no commit is a boundary
    return await _sent(request, chunks, content_type, DRIP_S if behavior == "slow" else 0)


async def _sent(
    request: web.Request, chunks: Iterator[bytes], content_type: str, wait_s: float
) -> web.StreamResponse:
    """Send until there is no more, or the client has left."""
    response = web.StreamResponse(headers={"Content-Type": content_type})
    await response.prepare(request)
    try:
        for chunk in chunks:
            await response.write(chunk)
            await asyncio.sleep(wait_s)
        await response.write_eof()
    except ConnectionError:
        response.force_close()
    return response


def _drops() -> Iterator[bytes]:
    """A line of the greatest length, but by the byte, and of another one then."""
    while True:
        yield from (b"fff0", *(b"." for _ in range(0xFFF0 - 4)))


def _refs() -> Iterator[bytes]:
    yield from (_line(f"# service={UPLOAD}\n".encode()), FLUSH)
    number = 0
    while True:
        number += 1
        yield b"".join(
            _line(f"{number:040x} refs/heads/branch-{number}-{i}\n".encode()) for i in range(500)
        )


def _huge() -> Iterator[bytes]:
    """Files of noise that were not announced to end."""
    yield from (_line(b"NAK\n"), _band(b"PACK" + struct.pack(">LL", 2, 0xFFFFFFFF)))
    noise = random.Random(7)
    while True:
        content = noise.randbytes(CHUNK - 100)
        yield _band(_size(BLOB, len(content)) + zlib.compress(content, 0))


def _bomb() -> Iterator[bytes]:
    yield from (_line(b"NAK\n"), _band(b"PACK" + struct.pack(">LL", 2, 1)))
    yield _band(_size(BLOB, BOMB_BYTES))
    packer, zeros = zlib.compressobj(9), bytes(8 << 20)
    for _ in range(BOMB_BYTES // len(zeros)):
        yield from _bands(packer.compress(zeros))
    yield from _bands(packer.flush())
    yield FLUSH


def _line(content: bytes) -> bytes:
    """Return a line of git's protocol: its length in four hex digits comes first."""
    return f"{len(content) + 4:04x}".encode() + content


def _band(content: bytes) -> bytes:
    return _line(b"\x01" + content)


def _bands(content: bytes) -> Iterator[bytes]:
    for start in range(0, len(content), CHUNK):
        yield _band(content[start : start + CHUNK])


def _size(kind: int, size: int) -> bytes:
    """Return the head of an object in a pack: its type and size, seven bits a byte."""
    found, size = bytearray([kind << 4 | size & 15]), size >> 4
    while size:
        found[-1] |= 0x80
        found.append(size & 127)
        size >>= 7
    return bytes(found)


ENDLESS_PACKS = {"slow": _drops, "huge": _huge, "bomb": _bomb}
ENDLESS_REFS = {"slow": _drops, "refs": _refs}
