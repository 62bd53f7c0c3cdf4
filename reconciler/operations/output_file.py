"""Files that a user asks for: written whole or not at all, for the user alone, and in no device."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from reconciler.diagnostics import LocalError

INSTEAD = "name a file; `-o json` prints to standard output"


def refuse_special(path: Path) -> None:
    """Raise `LocalError` for what is there and not a regular file: a device, a pipe, a folder."""
    try:
        is_other = path.exists() and not path.is_file()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise LocalError.because(f"{path} cannot be written: {reason}") from error
    if is_other:
        raise LocalError.because(f"{path} exists and is not a regular file", hint=INSTEAD)


def write_whole(path: Path, text: str) -> None:
    """Write a file in the place of what is there. Raises `LocalError` when it cannot be."""
    refuse_special(path)
    name = ""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".reconcile-")
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
        Path(name).replace(path)
    except OSError as error:
        if name:
            Path(name).unlink(missing_ok=True)
        raise LocalError.because(f"{path} cannot be written: {error.strerror}") from error


def append(path: Path, text: str) -> None:
    """Add text to a file of the build server. Raises `LocalError` when it cannot be written."""
    refuse_special(path)
    try:
        with path.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except OSError as error:
        raise LocalError.because(f"{path} cannot be written: {error.strerror}") from error


def write_private(folder: Path, name: str, text: str) -> Path:
    """Write a file that only we can read, in a new folder below `folder`; return its path.

    Raises `LocalError` when it cannot be written.
    """
    try:
        path = Path(tempfile.mkdtemp(dir=folder, prefix="reconcile-")) / name
    except OSError as error:
        raise LocalError.because(f"{folder} cannot be written: {error.strerror}") from error
    write_whole(path, text)
    return path
