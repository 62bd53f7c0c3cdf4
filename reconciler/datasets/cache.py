"""Where downloads are kept between runs: `RECONCILE_CACHE`, else `~/.cache/reconcile`.

A container's user often has no home that can be written; then a folder of the system's
temporary directory does, private to the user.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reconciler.diagnostics import LocalError

ENVIRONMENT = "RECONCILE_CACHE"


def cache_folder() -> Path:
    """Return a folder that exists and can be written.

    Raises `LocalError` when the one that the user named cannot be, or when none can.
    """
    stated = os.environ.get(ENVIRONMENT)
    if stated:
        folder = Path(stated).expanduser()
        if not _usable(folder):
            raise LocalError.because(
                f"{folder} cannot be written",
                hint=f"set {ENVIRONMENT} to a folder that can be, or unset it",
            )
        return folder
    for folder in _defaults():
        if _usable(folder):
            return folder
    raise LocalError.because(
        "there is no folder to keep downloads in", hint=f"set {ENVIRONMENT} to one"
    )


def _defaults() -> Iterator[Path]:
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111 - never raises without a home
    if Path(base).is_absolute():
        yield Path(base) / "reconcile"
    yield Path(tempfile.gettempdir()) / f"reconcile-{os.getuid()}"


def _usable(folder: Path) -> bool:
    """Return whether the folder is there or can be made, is ours, and takes a file."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if folder.stat().st_uid != os.getuid():
            return False
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


@contextmanager
def workshop() -> Iterator[Path]:
    """Give a fresh folder for the files of one preparation; it is gone afterwards."""
    folder = cache_folder() / "work"
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as name:
        yield Path(name)
