"""Hear of every open of a file in a folder, whichever process and library does it (Linux).

Python's audit hook does not see what duckdb opens; the kernel does.
Source: inotify(7).
"""

import contextlib
import ctypes
import os
import struct

IN_OPEN = 0x20
IN_NONBLOCK = 0o4000
HEADER = struct.Struct("iIII")


@contextlib.contextmanager
def opens(folder):
    """Give a function that returns the names opened in a folder since it was asked last."""
    libc = ctypes.CDLL(None, use_errno=True)
    number = libc.inotify_init1(IN_NONBLOCK)
    if number < 0 or libc.inotify_add_watch(number, os.fsencode(folder), IN_OPEN) < 0:
        raise OSError(ctypes.get_errno(), "inotify")
    try:
        yield lambda: list(_names(number))
    finally:
        os.close(number)


def _names(number):
    with contextlib.suppress(BlockingIOError):
        while content := os.read(number, 1 << 16):
            at = 0
            while at < len(content):
                *_, length = HEADER.unpack_from(content, at)
                at += HEADER.size
                yield content[at : at + length].rstrip(b"\0").decode() or "."
                at += length
