"""Take a pack apart in memory that somebody else made, within limits that hold before inflating.

dulwich unpacks; it believes the sizes that a pack states. So every object is first inflated piece
by piece, without keeping it, and held against what it states: an object, or a delta's result, of
a gigabyte in a kilobyte is refused before there is one.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING

from reconciler.limits import GIT_OBJECT_BYTES, GIT_OBJECTS, GIT_UNPACKED_BYTES, KIB, MIB

if TYPE_CHECKING:
    from dulwich.objects import ShaFile

Objects = dict[bytes, "ShaFile"]
"""Objects by the digests of what they hold, as 40 digits: whoever sent them cannot choose those."""

HEAD_BYTES = 12
DIGEST_BYTES = 20
OFFSET_DELTA, REF_DELTA = 6, 7
STEP = 64 * KIB
LONGEST_NUMBER = 10
"""Bytes of a number in a pack's head of an object: seven bits each."""


class PackError(ValueError):
    """A pack that is damaged, or larger than we take."""


def unpacked(pack: bytes, check: Callable[[], object]) -> Objects:
    """Return the objects of a pack. `check` is called often, and raises when time is up.

    Raises `PackError` and what dulwich raises for a pack that is not one.
    """
    from dulwich.object_format import DEFAULT_OBJECT_FORMAT
    from dulwich.pack import PackData, PackInflater

    measure(pack, check)
    found: Objects = {}
    data = PackData.from_file(BytesIO(pack), DEFAULT_OBJECT_FORMAT, len(pack))
    try:
        for one in PackInflater.for_pack_data(data):
            check()
            found[one.id] = one
    finally:
        data.close()
    return found


def measure(pack: bytes, check: Callable[[], object]) -> int:
    """Return how many bytes the objects of a pack have. Raises `PackError` beyond the limits."""
    if pack[:4] != b"PACK" or len(pack) < HEAD_BYTES + DIGEST_BYTES:
        raise PackError("it is not a pack")
    body = memoryview(pack)[:-DIGEST_BYTES]
    if hashlib.sha1(body, usedforsecurity=False).digest() != pack[-DIGEST_BYTES:]:
        raise PackError("its checksum is wrong")
    count = int.from_bytes(pack[8:HEAD_BYTES], "big")
    if count > GIT_OBJECTS:
        raise PackError(f"it has {count} objects, more than {GIT_OBJECTS}")
    at, total = HEAD_BYTES, 0
    for _ in range(count):
        check()
        at, size = _object(body, at)
        total += size
        if total > GIT_UNPACKED_BYTES:
            raise PackError(f"unpacked it has more than {GIT_UNPACKED_BYTES // MIB} MiB")
    if at != len(body):
        raise PackError("it has more than its objects")
    return total


def _object(pack: memoryview, at: int) -> tuple[int, int]:
    """Return where an object ends, and how many bytes it has with what its delta makes."""
    kind, size, at = _head(pack, at)
    if kind == OFFSET_DELTA:
        _, at = _number(pack, at)
    elif kind == REF_DELTA:
        at += DIGEST_BYTES
    _hold(size)
    beginning, at = _inflated(pack, at, size)
    if kind not in (OFFSET_DELTA, REF_DELTA):
        return at, size
    _, after = _number(beginning, 0)
    result, _ = _number(beginning, after)
    _hold(result)
    return at, size + result


def _hold(size: int) -> None:
    if size > GIT_OBJECT_BYTES:
        raise PackError(f"a file has {size} bytes, more than {GIT_OBJECT_BYTES // MIB} MiB")


def _head(pack: memoryview, at: int) -> tuple[int, int, int]:
    """Return the type and size that an object states, and where its head ends.

    Source: git-scm.com/docs/pack-format.
    """
    first = _byte(pack, at)
    kind, size = first >> 4 & 7, first & 15
    if not first & 0x80:
        return kind, size, at + 1
    rest, at = _number(pack, at + 1)
    return kind, size | rest << 4, at


def _number(content: bytes | memoryview, at: int) -> tuple[int, int]:
    """Return a number of seven bits a byte, the lowest first, and where it ends."""
    found = 0
    for place in range(LONGEST_NUMBER):
        byte = _byte(content, at + place)
        found |= (byte & 0x7F) << 7 * place
        if not byte & 0x80:
            return found, at + place + 1
    raise PackError("a number in it has no end")


def _byte(content: bytes | memoryview, at: int) -> int:
    if at >= len(content):
        raise PackError("it ends too early")
    return content[at]


def _inflated(pack: memoryview, at: int, size: int) -> tuple[bytes, int]:
    """Return the first bytes of a stream, and where it ends. It has exactly so many bytes."""
    stream, given, beginning = zlib.decompressobj(), 0, b""
    while not stream.eof:
        taken = stream.unconsumed_tail or pack[at : at + STEP]
        if not stream.unconsumed_tail:
            if not len(taken):
                raise PackError("it ends too early")
            at += len(taken)
        piece = stream.decompress(taken, STEP)
        beginning = beginning or piece[: 2 * LONGEST_NUMBER]
        given += len(piece)
        if given > size:
            break
    if given != size:
        raise PackError("an object has another size than it states")
    return beginning, at - len(stream.unused_data)
