"""Open files below a folder and nowhere else, whatever is swapped while we look.

A path that was checked and is then opened may by then lead elsewhere: whoever can write to
the tree puts a link in the place of a folder in between. So every component is opened from
the one before it and none of them through a link (`openat` with O_NOFOLLOW; O_NONBLOCK, so
that a pipe does not hold us), and what was opened is asked what it is.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def real_path(path: Path | str, *, strict: bool = False) -> Path:
    """Return a path without links.

    Raises `OSError` where it has to be there (`strict`) and is not, or where a link leads back to
    itself: `Path.resolve` raises a `RuntimeError` for that one, with or without `strict`.
    """
    return Path(os.path.realpath(path, strict=strict))


def open_file(top: Path, path: Path) -> BufferedReader:
    """Return a regular file below `top`, open for reading.

    `path` is `top` and names below it, none of them a link. Raises `OSError` when one of
    them is one by now, or when the last is no regular file.
    """
    parts = path.relative_to(top).parts
    if not parts:
        raise IsADirectoryError(errno.EISDIR, "is not a regular file", str(path))
    with folder_below(top, parts[:-1]) as folder:
        return open_in(folder, parts[-1])


def open_in(folder: int, name: str) -> BufferedReader:
    """Return a regular file of an open folder, open for reading. Raises `OSError`."""
    number = os.open(name, _FILE, dir_fd=folder)
    if stat.S_ISREG(os.fstat(number).st_mode):
        return os.fdopen(number, "rb")
    os.close(number)
    raise OSError(0, "is not a regular file", name)


@contextmanager
def folder_below(top: Path | int, parts: Sequence[str]) -> Iterator[int]:
    """Give the descriptor of a folder that lies some names below another one.

    Raises `OSError` if the name is not a folder, or is a link to one.
    """
    held = os.dup(top) if isinstance(top, int) else os.open(top, _FOLDER)
    try:
        for part in parts:
            following = os.open(part, _FOLDER | os.O_NOFOLLOW, dir_fd=held)
            os.close(held)
            held = following
        yield held
    finally:
        os.close(held)
