"""The command line as a process of its own, on the embedded sandbox of a folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

TIMEOUT_S = 100


def reconcile(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder whose embedded sandbox keeps its state there."""
    return without_sandbox(folder, *words, "--sandbox", **environment)


def without_sandbox(
    folder: Path, *words: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder as it would run against Azure itself."""
    return subprocess.run(
        [sys.executable, "-m", "reconciler", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=TIMEOUT_S,
        env={**os.environ, "XDG_STATE_HOME": str(folder / "home"), **environment},
    )
