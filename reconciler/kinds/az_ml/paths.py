"""Local paths of an az ml file, which are relative to it, as a spec in another folder names them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reconciler.kinds.az_ml.shaped import REMOTE

PATHS = frozenset({"path", "code", "conda_file", "train", "test"})
"""The fields that name local files or folders, wherever they stand."""


def moved(item: Any, from_folder: Path, to_folder: Path) -> Any:
    """Return an item with its local paths relative to another folder; all else is as it was."""
    if isinstance(item, dict):
        return {
            key: _moved_path(value, from_folder, to_folder)
            if key in PATHS and isinstance(value, str)
            else moved(value, from_folder, to_folder)
            for key, value in item.items()
        }
    if isinstance(item, list):
        return [moved(value, from_folder, to_folder) for value in item]
    return item


def is_local(path: str) -> bool:
    """Return whether a path names something of this machine, and not of Azure or of the spec."""
    return not (REMOTE.match(path) or path.startswith(("${{", "/", "~")))


def _moved_path(path: str, from_folder: Path, to_folder: Path) -> str:
    if not is_local(path):
        return path
    kept = "/" if path.endswith("/") else ""
    return Path(os.path.relpath(from_folder / path, to_folder)).as_posix() + kept


def local_paths(item: Any) -> Iterator[str]:
    """Yield each local path of an item."""
    if isinstance(item, dict):
        for key, value in item.items():
            if key in PATHS and isinstance(value, str) and is_local(value):
                yield value
            else:
                yield from local_paths(value)
    elif isinstance(item, list):
        for value in item:
            yield from local_paths(value)
