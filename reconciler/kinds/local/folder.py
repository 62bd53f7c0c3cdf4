"""A folder that is uploaded, as bytes: only regular files, only inside, only so many.

What is read here is what is checked, what the fingerprint covers and what is uploaded. Text
is taken as Git stores it: with LF and without a byte order mark, whatever a checkout made of it.
"""

from __future__ import annotations

import hashlib
import os
import stat
from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.diagnostics import Diagnostic, Position
from reconciler.kinds.local.ignore_rules import PatternError
from reconciler.kinds.local.left_out import (
    IGNORE_FILES,
    LeftOut,
    holds_key,
    line_of_key,
    names_key,
)
from reconciler.limits import FLOW_BYTES, FLOW_DEPTH, FLOW_ENTRIES, FLOW_FILES, IGNORE_FILE_BYTES
from reconciler.safe_open import folder_below, open_in, real_path

FLOW_FILE = "flow.dag.yaml"
ROOT_MARK = ".reconcile-root"
TAKE_OUT = "remove it from the folder"
LEFT_OUT = frozenset({"__pycache__", ".promptflow", ".git", ".runs", ".venv"})
"""Folders that tools leave behind and that are no part of a flow."""


@dataclass(frozen=True)
class Purpose:
    """What a folder is uploaded for: the words of its messages, and how much it may hold."""

    what: str
    field: str
    keys_from: str
    readers: str = "workspace"
    most_files: int = FLOW_FILES
    most_entries: int = FLOW_ENTRIES
    most_bytes: int = FLOW_BYTES

    @property
    def no_folder(self) -> str:
        """What to do where there is no such folder."""
        return f"check the {self.what}'s `{self.field}`: it is relative to the spec"

    @property
    def too_far(self) -> str:
        """What to do where it lies too far from the spec."""
        return (
            f"keep the {self.what} beside the spec's folder or below it, or put an empty file "
            f"`{ROOT_MARK}` into the folder that holds both"
        )

    @property
    def smaller(self) -> str:
        """What to do where it is too large."""
        return f"remove files that the {self.what} does not need, or name them in `.amlignore`"

    def over(self, files: int, size: int) -> str:
        """Return which limit so many files and bytes are over; "" where none."""
        if files > self.most_files:
            return f"{self.most_files} files"
        return f"{self.most_bytes >> 20} MiB" if size > self.most_bytes else ""


FLOW = Purpose("flow", "path", "a flow gets its keys from a connection", "project")


@dataclass(frozen=True)
class LocalFolder:
    """The files of a folder by their path inside it, with `/`."""

    shown: str
    files: Mapping[str, bytes] = field(default_factory=dict)
    problems: tuple[Diagnostic, ...] = ()

    def fingerprint(self, *parts: str) -> str:
        """Return a digest of all names and bytes, and of `parts`: 16 hex digits."""
        digest = hashlib.sha256()
        for item in (*parts, "", *(f"{n}\0{_sha(c)}" for n, c in sorted(self.files.items()))):
            digest.update(f"{len(item)}:{item}".encode())
        return digest.hexdigest()[:16]


def root_of(spec_folder: Path) -> Path:
    """Return the folder that what a spec uploads must lie in: the one above the spec's.

    A file `.reconcile-root` in the spec's folder or above it names another one; the nearest counts.
    Not `.git`: an export of a repository has none, and a spec means the same in both.
    """
    here = real_path(spec_folder)
    for folder in (here, *here.parents):
        if (folder / ROOT_MARK).exists():
            return folder
    return here.parent if here.parent != here.parent.parent else here


def read_folder(
    folder: Path, shown: str, top: Path | None = None, purpose: Purpose = FLOW
) -> LocalFolder:
    """Return the files of a folder, which lies in `top`. `shown`: its name in messages.

    What does not belong (a link to outside, a device, too much) is a problem, not an error.
    """
    try:
        real = real_path(folder, strict=True)
        top = real if top is None else top
        if not real.is_relative_to(top):
            problem = Diagnostic(f"{shown} is outside {top}", hint=purpose.too_far)
            return LocalFolder(shown, problems=(problem,))
        with folder_below(top, real.relative_to(top).parts) as number:
            return _Reading(real, shown, number, purpose).whole()
    except (OSError, ValueError):
        problem = Diagnostic(f"there is no folder {shown}", hint=purpose.no_folder)
        return LocalFolder(shown, problems=(problem,))


def read_file(path: Path, name: str, shown: str, top: Path, purpose: Purpose = FLOW) -> LocalFolder:
    """Return one file that is uploaded too, under a `name`. `path`: real, in `top`."""
    beside = str(Path(shown).parent)
    try:
        with folder_below(top, path.parent.relative_to(top).parts) as number:
            found = _Reading(path.parent, beside, number, purpose).one(path.name)
    except OSError:
        return LocalFolder(beside, problems=(Diagnostic(f"there is no file {shown}"),))
    files = {name: found.files[path.name]} if found.files else {}
    return LocalFolder(beside, files, found.problems)


class _Reading:
    """One folder that is read, all of it by its open descriptor."""

    def __init__(self, real: Path, shown: str, number: int, purpose: Purpose) -> None:
        self._purpose = purpose
        self._real = real
        self._shown = shown
        self._number = number
        self._entries = 0
        self._size = 0
        self._files: dict[str, bytes] = {}
        self._problems: list[Diagnostic] = []
        self._left_out = self._rules()

    def _rules(self) -> LeftOut:
        """Return what is left out; an ignore file that cannot be read is a problem."""
        for name in IGNORE_FILES:
            try:
                with open_in(self._number, name) as file:
                    return LeftOut.of(name, file.read(IGNORE_FILE_BYTES + 1))
            except FileNotFoundError:
                continue
            except (OSError, PatternError) as error:
                where = Position(f"{self._shown}/{name}", getattr(error, "line", 1), 1)
                what = f"{name} cannot be used: {getattr(error, 'strerror', None) or error}"
                self._problems.append(Diagnostic(what, where, hint="make it a file of patterns"))
                return LeftOut(name)
        return LeftOut()

    def one(self, name: str) -> LocalFolder:
        """Return one file of the folder, and no other."""
        if self._left_out.ignores(name):
            where = Position(f"{self._shown}/{name}", 1, 1)
            what = f"{name} is included, but {self._left_out.file} leaves it out"
            self._problems.append(Diagnostic(what, where, hint="remove one of the two"))
        else:
            self._consider(name, is_link=False)
        return LocalFolder(self._shown, self._files, tuple(self._problems))

    def whole(self) -> LocalFolder:
        """Return what is in the folder, in the order of the names."""
        try:
            for name, is_link in sorted(self._walk(self._number, "", FLOW_DEPTH)):
                self._consider(name, is_link=is_link)
        except _TooLarge as limit:
            what = f"the {self._purpose.what} in {self._shown} has more than {limit}"
            self._problems.append(Diagnostic(what, hint=self._purpose.smaller))
        return LocalFolder(self._shown, self._files, tuple(self._problems))

    def _walk(self, number: int, prefix: str, depth: int) -> Iterator[tuple[str, bool]]:
        """Yield everything that is not itself a real folder, and whether it is a link.

        Links are not followed, folders that tools leave behind are left out.
        """
        inner: list[str] = []
        with os.scandir(number) as entries:
            for entry in entries:
                self._entries += 1
                if self._entries > self._purpose.most_entries:
                    raise _TooLarge(f"{self._purpose.most_entries} files and folders")
                if not depth:
                    raise _TooLarge(f"{FLOW_DEPTH} folders in each other")
                if entry.name in LEFT_OUT and entry.is_dir():
                    continue
                name = prefix + entry.name
                if entry.is_dir(follow_symlinks=False):
                    if not self._left_out.ignores_all_in(name):
                        inner.append(entry.name)
                elif not self._left_out.ignores(name):
                    yield name, entry.is_symlink()
        for name in inner:
            with folder_below(number, [name]) as below:
                yield from self._walk(below, f"{prefix}{name}/", depth - 1)

    def _consider(self, name: str, *, is_link: bool) -> None:
        if names_key(name):
            self._refuse(name, "is a file of keys or passwords")
        else:
            self._take(name, is_link=is_link)

    def _take(self, name: str, *, is_link: bool) -> None:
        """Keep the bytes of a file, or note why not. Raises `_TooLarge`."""
        where = Position(f"{self._shown}/{name}", 1, 1)
        try:
            target = self._behind(name) if is_link else tuple(name.split("/"))
            below = folder_below(self._number, target[:-1])
            with below as folder, open_in(folder, target[-1]) as file:
                content = file.read(self._purpose.most_bytes - self._size + 1)
        except _Refused as refusal:
            what = Diagnostic(f"{name} {refusal}", where, hint=TAKE_OUT)
            self._problems.append(what)
            return
        except OSError as error:
            reason = error.strerror or "unknown"
            says = f"cannot be read: {reason}" if error.errno else reason
            self._problems.append(Diagnostic(f"{name} {says}", where, hint=TAKE_OUT))
            return
        self._size += len(content)
        if excess := self._purpose.over(len(self._files) + 1, self._size):
            raise _TooLarge(excess)
        if holds_key(content):
            self._refuse(name, "contains a key or a token", line_of_key(content))
        else:
            self._files[name] = as_stored(content)

    def _refuse(self, name: str, why: str, line: int = 1) -> None:
        """Note that a file is not uploaded, and what to type for it to stay here."""
        rules, purpose = self._left_out, self._purpose
        self._problems.append(
            Diagnostic(
                f"{name} {why}: it would be uploaded with the {purpose.what}",
                Position(f"{self._shown}/{name}", line, 1),
                detail=f"whoever may read the {purpose.readers} could read it",
                hint=f"add the line `{rules.line_for(name)}` to {self._shown}/{rules.file}, or "
                f"remove it; {purpose.keys_from}",
            )
        )

    def _behind(self, name: str) -> tuple[str, ...]:
        """Return the names that lead from the folder to what a link in it means."""
        try:
            target = real_path(self._real / name, strict=True)
        except OSError as error:
            raise _Refused("is a broken link") from error
        if not target.is_relative_to(self._real):
            raise _Refused("is a link to a place outside the folder")
        if not stat.S_ISREG(target.lstat().st_mode):
            raise _Refused("is not a regular file")
        return target.relative_to(self._real).parts


class _Refused(Exception):  # noqa: N818 - a verdict
    """Why a file is not taken."""


class _TooLarge(Exception):  # noqa: N818 - a verdict
    """Which limit the folder is over."""


def as_stored(content: bytes) -> bytes:
    """Return a text with LF as its line ends and without a byte order mark; others as they are.

    As in Git, a NUL byte or a CR without LF means that it is not text.
    """
    lines = content.replace(b"\r\n", b"\n")
    return content if b"\0" in content or b"\r" in lines else lines.removeprefix(BOM_UTF8)


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
