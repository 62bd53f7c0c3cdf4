"""A file or a folder of any size that is uploaded as it is: names, sizes and digests, no bytes.

Read once when a spec is expanded; what is uploaded later must still be the same. The rules are
those of a flow's folder: nothing outside, only regular files, ignore files hold, and what looks
like a key stays here.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import BufferedReader
from pathlib import Path

from reconciler.diagnostics import Diagnostic, Position
from reconciler.kinds.local.folder import LEFT_OUT
from reconciler.kinds.local.ignore_rules import PatternError
from reconciler.kinds.local.left_out import IGNORE_FILES, LeftOut, holds_key, names_key
from reconciler.limits import IGNORE_FILE_BYTES, MIB, TREE_DEPTH, TREE_FILES, TREE_NAME
from reconciler.safe_open import folder_below, open_in, real_path

SEARCHED_BYTES = MIB
"""How much of a text is searched for keys."""
RELATIVE = "check the path: it is relative to the spec"
_TAKE_OUT = "remove it from the folder, or name it in an ignore file"


@dataclass(frozen=True)
class TreeFile:
    """One file: its name in the folder with `/`, the names that really lead to it, its digest."""

    name: str
    parts: tuple[str, ...]
    size: int
    sha256: str


@dataclass(frozen=True)
class LocalTree:
    """The files below `root`, in the order of their names. `shown`: its name in messages."""

    root: Path
    shown: str
    files: tuple[TreeFile, ...] = ()
    problems: tuple[Diagnostic, ...] = ()

    @property
    def size(self) -> int:
        """The bytes of all files."""
        return sum(file.size for file in self.files)

    @property
    def digest(self) -> str:
        """The SHA-256 over all names and contents, in hex."""
        digest = hashlib.sha256()
        for file in self.files:
            for item in (file.name, file.sha256):
                text = item.encode()
                digest.update(b"%d:" % len(text) + text)
        return digest.hexdigest()

    @contextmanager
    def opened(self, file: TreeFile) -> Iterator[BufferedReader]:
        """Open a file for reading, below the root and nowhere else. Raises `OSError`."""
        with (
            folder_below(self.root, file.parts[:-1]) as folder,
            open_in(folder, file.parts[-1]) as f,
        ):
            yield f


def read_tree(path: Path, shown: str, top: Path) -> LocalTree:
    """Return the files of a folder, which must lie in `top`."""
    try:
        root = _real(path, shown, top)
        with folder_below(top, root.relative_to(top).parts) as number:
            return _Walk(root, shown).whole(number)
    except _Refused as refusal:
        return LocalTree(path, shown, problems=(refusal.problem,))
    except OSError as error:
        what = f"{shown} cannot be read as a folder: {error.strerror}"
        return LocalTree(path, shown, problems=(Diagnostic(what),))


def read_one(path: Path, shown: str, top: Path) -> LocalTree:
    """Return one file, which must lie in `top`, as a tree of it alone."""
    try:
        real = _real(path, shown, top)
        with folder_below(top, real.parent.relative_to(top).parts) as number:
            if real.is_dir():
                hint = "name a file; for a whole folder use `local_folder`"
                what = f"{shown} is a folder, not a file"
                return LocalTree(path.parent, shown, problems=(Diagnostic(what, hint=hint),))
            walk = _Walk(real.parent, str(Path(shown).parent))
            return walk.one(number, real.name, path.name)
    except _Refused as refusal:
        return LocalTree(path.parent, shown, problems=(refusal.problem,))
    except OSError as error:
        what = f"{shown} cannot be read: {error.strerror}"
        return LocalTree(path.parent, shown, problems=(Diagnostic(what),))


def _real(path: Path, shown: str, top: Path) -> Path:
    """Return a path without links. Raises `_Refused` where it is not there, or outside."""
    try:
        real = real_path(path, strict=True)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its links form a loop"
        raise _Refused(Diagnostic(f"{shown} cannot be read: {reason}", hint=RELATIVE)) from error
    if not real.is_relative_to(top):
        hint = (
            f"keep it below {top}, or put an empty file `.reconcile-root` into a folder above both"
        )
        raise _Refused(Diagnostic(f"{shown} is outside {top}", hint=hint))
    return real


class _Walk:
    """One walk over a folder, all of it by open descriptors."""

    def __init__(self, root: Path, shown: str) -> None:
        self._root = root
        self._shown = shown
        self._seen = 0
        self._rules = LeftOut()
        self._files: list[TreeFile] = []
        self._problems: list[Diagnostic] = []

    def whole(self, number: int) -> LocalTree:
        """Return all files of a folder."""
        self._read_rules(number)
        for name, is_link in self._below(number, "", TREE_DEPTH):
            self._consider(number, name, is_link=is_link)
        if not self._files and not self._problems:
            self._problems.append(Diagnostic(f"{self._shown} has no files to upload"))
        files = tuple(sorted(self._files, key=lambda file: file.name))
        return LocalTree(self._root, self._shown, files, tuple(self._problems))

    def one(self, number: int, name: str, called: str) -> LocalTree:
        """Return one file of a folder, under the name by which the spec calls it."""
        self._consider(number, name, is_link=False)
        files = tuple(replace(file, name=called) for file in self._files)
        return LocalTree(self._root, self._shown, files, tuple(self._problems))

    def _read_rules(self, number: int) -> None:
        for name in IGNORE_FILES:
            try:
                with open_in(number, name) as file:
                    self._rules = LeftOut.of(name, file.read(IGNORE_FILE_BYTES + 1))
            except FileNotFoundError:
                continue
            except (OSError, PatternError) as error:
                what = f"{name} cannot be used: {getattr(error, 'strerror', None) or error}"
                self._tell(name, what, "make it a file of patterns", getattr(error, "line", 1))
            break

    def _below(self, number: int, prefix: str, depth: int) -> Iterator[tuple[str, bool]]:
        """Yield what is not itself a real folder, and whether it is a link."""
        inner: list[str] = []
        with os.scandir(number) as entries:
            for entry in sorted(entries, key=lambda one: one.name):
                name = prefix + entry.name
                if entry.name in LEFT_OUT and entry.is_dir():
                    continue
                self._count(depth)
                if entry.is_dir(follow_symlinks=False):
                    if not self._rules.ignores_all_in(name):
                        inner.append(entry.name)
                elif not self._rules.ignores(name) and name not in IGNORE_FILES:
                    yield name, entry.is_symlink()
        for folder in inner:
            with folder_below(number, [folder]) as below:
                yield from self._below(below, f"{prefix}{folder}/", depth - 1)

    def _count(self, depth: int) -> None:
        self._seen += 1
        if self._seen > TREE_FILES:
            raise _Refused(
                Diagnostic(f"{self._shown} has more than {TREE_FILES:,} files", hint=_TAKE_OUT)
            )
        if not depth:
            what = f"{self._shown} has more than {TREE_DEPTH} folders in each other"
            raise _Refused(Diagnostic(what, hint=_TAKE_OUT))

    def _consider(self, number: int, name: str, *, is_link: bool) -> None:
        if not name.isprintable() or len(name) > TREE_NAME:
            what = f"{name!a} is not a name for a file in Azure's storage"
            self._problems.append(Diagnostic(what, hint="rename it"))
        elif names_key(name):
            self._refuse(name, "is a file of keys or passwords")
        else:
            self._take(number, name, is_link=is_link)

    def _take(self, number: int, name: str, *, is_link: bool) -> None:
        try:
            parts = self._behind(name) if is_link else tuple(name.split("/"))
            with folder_below(number, parts[:-1]) as folder, open_in(folder, parts[-1]) as file:
                start = file.read(SEARCHED_BYTES)
                if b"\0" not in start and holds_key(start):
                    self._refuse(name, "contains a key or a token")
                    return
                file.seek(0)
                digest = hashlib.file_digest(file, "sha256").hexdigest()
                self._files.append(TreeFile(name, parts, os.fstat(file.fileno()).st_size, digest))
        except _Refused as refusal:
            self._problems.append(refusal.problem)
        except OSError as error:
            says = f"cannot be read: {error.strerror}" if error.errno else str(error.strerror)
            self._tell(name, f"{name} {says}", _TAKE_OUT)

    def _behind(self, name: str) -> tuple[str, ...]:
        """Return the names that lead to what a link means. Raises `_Refused`."""
        try:
            target = real_path(self._root / name, strict=True)
        except OSError as error:
            raise self._refused(name, "is a broken link") from error
        if not target.is_relative_to(self._root):
            raise self._refused(name, "is a link to a place outside the folder")
        return target.relative_to(self._root).parts

    def _refused(self, name: str, why: str) -> _Refused:
        return _Refused(Diagnostic(f"{name} {why}", self._at(name), hint=_TAKE_OUT))

    def _refuse(self, name: str, why: str) -> None:
        """Note that a file is not uploaded, and what to type for it to stay here."""
        line = f"add the line `{self._rules.line_for(name)}` to {self._shown}/{self._rules.file}"
        self._tell(name, f"{name} {why}: it would be uploaded", f"{line}, or remove it")

    def _tell(self, name: str, what: str, hint: str, line: int = 1) -> None:
        self._problems.append(Diagnostic(what, self._at(name, line), hint=hint))

    def _at(self, name: str, line: int = 1) -> Position:
        return Position(f"{self._shown}/{name}", line, 1)


class _Refused(Exception):  # noqa: N818 - a verdict
    """Why a file or a folder is not taken."""

    def __init__(self, problem: Diagnostic) -> None:
        super().__init__(problem.summary)
        self.problem = problem
