"""Local files that a spec names: confined to its folder, regular, of a known format.

A spec may come from anybody (a pull request), so a path must not lead out of the folder
of the spec, not by `..` and not by a symlink: what it names is uploaded.
"""

from __future__ import annotations

import stat
from pathlib import Path

from reconciler.safe_open import real_path

JSONL = (".jsonl", ".ndjson")
PARQUET = (".parquet",)


def inside(root: Path, text: str) -> Path:
    """Return the file that a path in a spec means.

    Raises `ValueError` with a sentence when it is absolute, leads out of `root`, does not
    exist, is no regular file, or is of no known format.
    """
    if Path(text).is_absolute():
        raise ValueError(f"{text!r} is absolute: give a path relative to the spec")
    top = real_path(root)
    try:
        path = real_path(top / text, strict=True)
    except ValueError as error:
        raise ValueError(f"{text!r} is not a path: it contains a NUL character") from error
    except OSError as error:
        reason = getattr(error, "strerror", None) or "its links form a loop"
        raise ValueError(f"{text!r} cannot be read: {reason}") from error
    if not path.is_relative_to(top):
        raise ValueError(f"{text!r} is outside the folder of the spec")
    if not stat.S_ISREG(path.stat().st_mode):
        raise ValueError(f"{text!r} is not a regular file")
    if path.suffix.lower() not in (*JSONL, *PARQUET):
        raise ValueError(f"{text!r} is neither JSON lines (.jsonl) nor Parquet (.parquet)")
    return path


def is_parquet(path: Path) -> bool:
    """Return whether a file is Parquet, by its name."""
    return path.suffix.lower() in PARQUET
