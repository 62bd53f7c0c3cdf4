"""A folder of this machine as a source, for trying: its revision is a digest of its files.

What is planned is a copy, so that a file that is edited meanwhile changes nothing of a pass.
Links are left out, and what git and the sandbox keep there.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from reconciler.diagnostics import LocalError, ReconcileError, UnavailableError
from reconciler.gitops.records import (
    Condition,
    ConditionReason,
    ConditionStatus,
    ConditionType,
    Revision,
    Tree,
)
from reconciler.limits import MIB
from reconciler.safe_open import open_file

REF = "folder"
LEFT_OUT = (".git", ".reconcile")
MOST_FILES = 20_000
MOST_BYTES = 200 * MIB
DIGITS = 40
"""Hexadecimal digits of a revision, as of a commit."""


class Folder:
    """The files below a folder, as they are at each look."""

    def __init__(self, folder: str) -> None:
        """Copy nothing yet."""
        self._folder = Path(folder)
        self._copies = Path(tempfile.mkdtemp(prefix="reconcile-loop-"))
        self._kept: dict[str, Tree] = {}

    def latest(self) -> Tree:
        """Return a copy of what is there now."""
        files = dict(self._files())
        commit = _digest(files)
        if commit not in self._kept:
            self._kept[commit] = self._copied(commit, files)
        return self._kept[commit]

    def at(self, commit: str) -> Tree:
        """Return the files of an earlier look. Raises `UnavailableError`: a folder has no history."""
        if commit in self._kept:
            return self._kept[commit]
        raise UnavailableError.because(
            f"the folder {self._folder} is not at {commit[:12]} any more",
            hint="a git repository (`source: {url: ...}`) keeps its history",
        )

    def descends(self, commit: str, of: str) -> bool | None:
        """Nobody knows what came first."""
        return True if commit == of else None

    def verified(self, tree: Tree) -> Condition:
        """Nobody signs a folder."""
        return Condition(
            ConditionType.SOURCE_VERIFIED,
            ConditionStatus.UNKNOWN,
            ConditionReason.NOT_ASKED,
            "a folder has no signatures",
            tree.revision,
        )

    def forget(self, keep: Iterable[str]) -> None:
        """Remove the copies of all revisions but those in `keep`."""
        for commit in self._kept.keys() - set(keep):
            shutil.rmtree(self._kept.pop(commit).folder, ignore_errors=True)

    def close(self) -> None:
        """Remove every copy."""
        self._kept.clear()
        shutil.rmtree(self._copies, ignore_errors=True)

    def _files(self) -> Iterator[tuple[Path, bytes]]:
        """Yield each file with its content. Raises `UnavailableError` where it cannot be read."""
        files = size = 0
        try:
            for path in sorted(self._named()):
                with open_file(self._folder, path) as file:
                    content = file.read(MOST_BYTES - size + 1)
                files, size = files + 1, size + len(content)
                if files > MOST_FILES or size > MOST_BYTES:
                    raise _too_large(self._folder)
                yield path.relative_to(self._folder), content
        except OSError as error:
            raise UnavailableError.because(
                f"{error.filename or self._folder} cannot be read: {error.strerror}",
                hint="`source: {folder: PATH}` names a folder that the loop may read",
            ) from error

    def _named(self) -> Iterator[Path]:
        def fail(error: OSError) -> None:
            raise error

        for top, folders, names in os.walk(self._folder, onerror=fail):
            folders[:] = [name for name in folders if name not in LEFT_OUT]
            paths = (Path(top) / name for name in names)
            yield from (path for path in paths if not path.is_symlink() and path.is_file())

    def _copied(self, commit: str, files: dict[Path, bytes]) -> Tree:
        top = self._copies / commit
        top.mkdir(mode=0o700)
        for path, content in files.items():
            (top / path).parent.mkdir(parents=True, exist_ok=True)
            (top / path).write_bytes(content)
        return Tree(Revision(REF, commit), top, time=datetime.now(UTC))


def _digest(files: dict[Path, bytes]) -> str:
    whole = hashlib.sha256()
    for path, content in files.items():
        whole.update(f"{len(str(path))}:{path}:{len(content)}:".encode("utf-8", "surrogateescape"))
        whole.update(content)
    return whole.hexdigest()[:DIGITS]


def _too_large(folder: Path) -> ReconcileError:
    return LocalError.because(
        f"{folder} holds more than {MOST_FILES} files or {MOST_BYTES // MIB} MiB",
        hint="put the specs, and what they name, into a folder of their own",
    )
