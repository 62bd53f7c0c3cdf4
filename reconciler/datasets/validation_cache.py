"""Remember which large local files were found good, so that a plan need not read them again.

Keyed by the digest of the bytes and the version of the rules; only good files are
remembered, so forgetting costs time and nothing else.
"""

from __future__ import annotations

from pathlib import Path

from reconciler.datasets.cache import cache_folder
from reconciler.datasets.fingerprint import FORMAT
from reconciler.diagnostics import LocalError

WORTH_REMEMBERING_BYTES = 4 << 20


def is_known_good(path: Path, digest: str) -> bool:
    """Return whether these bytes were checked before and nothing was wrong."""
    marker = _marker(path, digest)
    return marker is not None and marker.exists()


def remember_good(path: Path, digest: str) -> None:
    """Note that these bytes are good; a cache that cannot be written is no reason to fail."""
    marker = _marker(path, digest)
    if marker is None:
        return
    try:
        marker.parent.mkdir(exist_ok=True)
        marker.touch()
    except OSError:
        return


def _marker(path: Path, digest: str) -> Path | None:
    """Return the file that stands for a verdict; None where it is not worth one."""
    try:
        if path.stat().st_size < WORTH_REMEMBERING_BYTES:
            return None
        return cache_folder() / "checked" / f"{FORMAT}-{digest}"
    except (OSError, LocalError):
        return None
