"""Divide rows into train and test, the same way on every machine and Python.

Each row has a key: the first 8 bytes of SHA-256 over `seed|index|` and the row's line as it
is written (index from 0 over all rows, seed and index in decimal). The rows with the
smallest keys (the lower index first among equal ones) are the test rows; their number is
the share of the rows, half rounded up. Both files keep the order of the source.
"""

from __future__ import annotations

import hashlib
from array import array
from decimal import ROUND_HALF_UP, Decimal

MORE_ROWS = "take more rows, or other shares"
_BUCKET_BITS = 16


def row_key(seed: int, index: int, line: bytes) -> int:
    """Return the 64-bit key that decides where a row goes."""
    digest = hashlib.sha256(b"%d|%d|" % (seed, index))
    digest.update(line)
    return int.from_bytes(digest.digest()[:8], "big")


def test_count(rows: int, share: float) -> int:
    """Return how many of the rows are for testing; decimal arithmetic, half rounded up."""
    exact = Decimal(rows) * Decimal(repr(share))
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def undivided(rows: int, share: float) -> str:
    """Return why rows cannot be divided, "" when both parts have one at least."""
    if 0 < test_count(rows, share) < rows:
        return ""
    return (
        f"{rows} row{'' if rows == 1 else 's'} cannot be divided into {1 - share:g} and "
        f"{share:g}: one part would be empty"
    )


def test_mask(keys: array[int], count: int) -> bytearray:
    """Return 1 for each test row: the `count` smallest keys. Nine bytes a row are held.

    Only the one bucket (of 65,536) that the border runs through is sorted.
    """
    shift = 64 - _BUCKET_BITS
    sizes = array("Q", bytes(8 << _BUCKET_BITS))
    for key in keys:
        sizes[key >> shift] += 1
    border, left = 0, count
    while border < len(sizes) - 1 and sizes[border] <= left:
        left -= sizes[border]
        border += 1
    mask = bytearray(key >> shift < border for key in keys)
    inside = sorted((key, index) for index, key in enumerate(keys) if key >> shift == border)
    for _, index in inside[:left]:
        mask[index] = 1
    return mask
