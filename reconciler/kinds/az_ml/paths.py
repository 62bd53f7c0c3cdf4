"""Local paths of an az ml file, which are relative to it, as a spec in another folder names them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from reconciler.kinds.az_ml.shaped import is_local

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


def _moved_path(path: str, from_folder: Path, to_folder: Path) -> str:
    if not is_local(path):
        return path
    kept = "/" if path.endswith("/") else ""
    return Path(os.path.relpath(from_folder / path, to_folder)).as_posix() + kept
