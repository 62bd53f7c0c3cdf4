"""The folder of a flow as bytes: only regular files, only inside, only so many.

What is read here is what is checked, what the fingerprint covers and what is uploaded.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.diagnostics import Diagnostic, Position

FLOW_FILE = "flow.dag.yaml"
NO_FOLDER = "check the flow's `path`: it is relative to the spec"
MAX_FILES = 200
MAX_BYTES = 10 << 20
LEFT_OUT = frozenset({"__pycache__", ".promptflow", ".git", ".runs", ".venv"})
"""Folders that tools leave behind and that are no part of a flow."""


@dataclass(frozen=True)
class FlowFolder:
    """The files of a flow by their path inside the folder, with `/`."""

    shown: str
    files: Mapping[str, bytes] = field(default_factory=dict)
    problems: tuple[Diagnostic, ...] = ()

    def fingerprint(self, *parts: str) -> str:
        """Return a digest of all names and bytes, and of `parts`: 16 hex digits."""
        digest = hashlib.sha256()
        for item in (*parts, "", *(f"{n}\0{_sha(c)}" for n, c in sorted(self.files.items()))):
            digest.update(f"{len(item)}:{item}".encode())
        return digest.hexdigest()[:16]


def read_folder(folder: Path, shown: str) -> FlowFolder:
    """Return the files of a flow's folder. `shown` is its name in messages.

    What does not belong (a link to outside, a device, too much) is a problem, not an error.
    """
    place = Position(shown, 1, 1)
    if not folder.is_dir():
        return FlowFolder(
            shown, problems=(Diagnostic(f"there is no folder {shown}", place, hint=NO_FOLDER),)
        )
    files: dict[str, bytes] = {}
    problems: list[Diagnostic] = []
    size = 0
    for path in _walk(folder):
        name = path.relative_to(folder).as_posix()
        where = Position(f"{shown}/{name}", 1, 1)
        reason = _refusal(path, folder)
        if reason:
            problems.append(Diagnostic(f"{name} {reason}", where, hint="take it out of the folder"))
            continue
        size += path.stat().st_size
        if len(files) >= MAX_FILES or size > MAX_BYTES:
            limit = f"{MAX_FILES} files and {MAX_BYTES >> 20} MiB"
            problems.append(Diagnostic(f"the flow is larger than {limit}", place))
            break
        try:
            files[name] = path.read_bytes()
        except OSError as error:
            problems.append(Diagnostic(f"{name} cannot be read: {error.strerror}", where))
    return FlowFolder(shown, files, tuple(problems))


def _walk(folder: Path) -> list[Path]:
    """Return everything in the folder that is not itself a real directory, in order.

    Links to directories are returned, not followed.
    """
    found: list[Path] = []
    for top, folders, names in os.walk(folder, followlinks=False):
        folders[:] = sorted(f for f in folders if f not in LEFT_OUT)
        links = [f for f in folders if (Path(top) / f).is_symlink()]
        found.extend(Path(top) / name for name in (*names, *links))
        if len(found) > MAX_FILES * 4:
            break
    return sorted(found)


def _refusal(path: Path, folder: Path) -> str:
    """Return why a file must not be taken, "" when it may."""
    try:
        target = path.resolve(strict=True)
        mode = target.stat().st_mode
    except (OSError, RuntimeError):
        return "is a link that leads nowhere"
    if not target.is_relative_to(folder.resolve()):
        return "is a link that leads out of the folder"
    return "" if stat.S_ISREG(mode) else "is not a regular file"


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
