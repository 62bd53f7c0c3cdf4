"""Folders and files that are ours alone; standard library only.

The state directory lies where the command is run, often in a checkout of somebody else's: a link
that was planted there would lead a private key to wherever its author wants it.
"""

from __future__ import annotations

import contextlib
import os
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:  # the standard import of `pathlib` would be the only one
    from pathlib import Path

NEVER_THROUGH_LINKS = os.O_NOFOLLOW | os.O_CLOEXEC
HOME = ".reconcile"
"""The folder that we make for a state directory where none is named."""
OTHERS = 0o077


def private_folder(folder: Path) -> None:
    """Make a folder that only we can read, or take the one that is there.

    Raises `OSError` where it, or what is directly in it, is a link, or somebody else's.
    """
    if folder.parent.name == HOME:
        folder.parent.parent.mkdir(parents=True, exist_ok=True)
        _made(folder.parent)
    else:
        folder.parent.mkdir(parents=True, exist_ok=True)
    if _made(folder).st_mode & OTHERS:
        folder.chmod(stat.S_IRWXU)
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_symlink():
                raise OSError(0, f"{entry.name} in it is a link: remove it", str(folder))


def _made(folder: Path) -> os.stat_result:
    """Return a folder of our own, made if there is none."""
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=stat.S_IRWXU)
    found = folder.lstat()
    if stat.S_ISLNK(found.st_mode):
        raise OSError(0, "it is a link: remove it", str(folder))
    if not stat.S_ISDIR(found.st_mode):
        raise OSError(0, "Not a directory", str(folder))
    if found.st_uid != os.geteuid():
        raise OSError(0, "it belongs to another user", str(folder))
    return found


def write_private(file: Path, content: bytes) -> None:
    """Write a file that only we can read, whole or not at all, and through no link."""
    fresh = file.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | NEVER_THROUGH_LINKS
    with os.fdopen(os.open(fresh, flags, 0o600), "wb") as stream:
        stream.write(content)
    fresh.replace(file)
