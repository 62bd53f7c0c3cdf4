"""Write the files of a revision into a private folder, out of git's objects.

There is no checkout: no filter, hook, link or submodule can matter. Only regular files are written;
links and submodules are left out. A name that git itself would not check out, or that could mean
two files on another machine, refuses the whole revision.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.diagnostics import Diagnostic, RefusedError
from reconciler.gitops.git.packs import Objects
from reconciler.limits import MIB, TREE_BYTES, TREE_DEPTH, TREE_FILES, TREE_NAMES
from reconciler.secrets import on_one_line

if TYPE_CHECKING:
    from dulwich.objects import ObjectID

LONGEST_NAME = 255
LONGEST_PATH = 1024
SHA_BYTES = 20
Entry = tuple[tuple[str, ...], "ObjectID"]


def write(objects: Objects, tree: ObjectID, folder: Path, check: Callable[[], object]) -> None:
    """Write a tree into a folder that is made for it; nothing is left of one that is refused."""
    folder.mkdir(mode=0o700)
    try:
        size = 0
        for parts, sha in files_of(objects, tree):
            check()
            content = _content(objects, sha, parts)
            size += len(content)
            _hold_bytes(size)
            _write(folder, parts, content)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def files_of(objects: Objects, tree: ObjectID) -> Iterator[Entry]:
    """Yield the names and the object of each regular file. Raises `RefusedError`."""
    names = files = 0
    waiting: list[Entry] = [((), tree)]
    while waiting:
        above, sha = waiting.pop()
        for name, mode, found in _entries(objects, sha, above):
            names += 1
            parts = (*above, name)
            _hold(parts, names)
            if stat.S_ISDIR(mode):
                waiting.append((parts, found))
            elif stat.S_ISREG(mode):
                files += 1
                _hold_files(files)
                yield parts, found


def _entries(
    objects: Objects, sha: ObjectID, above: tuple[str, ...]
) -> Iterator[tuple[str, int, ObjectID]]:
    """Yield what a folder holds, as its object says it: each name once, and none that could harm."""
    from dulwich.errors import ObjectFormatException
    from dulwich.objects import ObjectID, Tree, parse_tree

    found = objects.get(sha)
    if not isinstance(found, Tree):
        raise _refused(f"the folder {_shown(above)} is not there, or is not a folder")
    seen: set[str] = set()
    try:
        for raw, mode, entry in parse_tree(found.as_raw_string(), SHA_BYTES, strict=True):
            name = _named(raw, above)
            folded = unicodedata.normalize("NFC", name).casefold()
            if folded in seen:
                raise _refused(f"{_shown((*above, name))} is there twice, but for its case")
            seen.add(folded)
            yield name, mode, ObjectID(entry)
    except ObjectFormatException as error:
        raise _refused(f"the folder {_shown(above)} is damaged") from error


def _named(raw: bytes, above: tuple[str, ...]) -> str:
    """Return a name that is safe on any file system. Raises `RefusedError`."""
    from dulwich.index import validate_path_element_hfs, validate_path_element_ntfs

    try:
        name = raw.decode()
    except UnicodeDecodeError as error:
        raise _refused(f"a name in {_shown(above)} is not UTF-8") from error
    is_bad = (
        not name
        or any(one in "/\\\x7f" or one < " " for one in name)
        or len(raw) > LONGEST_NAME
        or not validate_path_element_ntfs(raw)
        or not validate_path_element_hfs(raw)
    )
    if is_bad:
        raise _refused(f"{_shown((*above, name))} is not a name that a file may have")
    return name


def _hold(parts: tuple[str, ...], names: int) -> None:
    if names > TREE_NAMES:
        raise _refused(f"it has more than {TREE_NAMES} names")
    if len(parts) > TREE_DEPTH or len("/".join(parts).encode()) > LONGEST_PATH:
        raise _refused(f"{_shown(parts)} is too deep: {TREE_DEPTH} levels are allowed")


def _hold_bytes(size: int) -> None:
    if size > TREE_BYTES:
        raise _refused(f"it has more than {TREE_BYTES // MIB} MiB of files")


def _hold_files(files: int) -> None:
    if files > TREE_FILES:
        raise _refused(f"it has more than {TREE_FILES} files")


def _content(objects: Objects, sha: ObjectID, parts: tuple[str, ...]) -> bytes:
    from dulwich.objects import Blob

    found = objects.get(sha)
    if not isinstance(found, Blob):
        raise _refused(f"{_shown(parts)} is not there, or is not a file")
    return found.as_raw_string()


def _write(folder: Path, parts: tuple[str, ...], content: bytes) -> None:
    place = folder
    for part in parts[:-1]:
        place = place / part
        with contextlib.suppress(FileExistsError):
            place.mkdir(mode=0o700)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(place / parts[-1], flags, 0o600), "wb") as file:
        file.write(content)


def _shown(parts: tuple[str, ...]) -> str:
    return on_one_line(repr("/".join(parts)), 200) if parts else "at the top"


def _refused(why: str) -> RefusedError:
    return RefusedError(
        Diagnostic(
            "the revision cannot be used",
            detail=why,
            hint="remove it from the repository, or keep the specs in a repository of their own",
        )
    )
