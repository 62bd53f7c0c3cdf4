"""Keeps what journals held before a test empties them, for `tools/sandbox_survey.py`."""

import os
from pathlib import Path


def is_wanted() -> bool:
    """Return whether somebody asked for the journals."""
    return bool(os.environ.get("RECONCILE_SURVEY"))


def keep(lines: str | bytes) -> None:
    """Append a journal to a file of this process in the folder RECONCILE_SURVEY, if one is set."""
    folder = os.environ.get("RECONCILE_SURVEY")
    if folder and lines:
        text = lines if isinstance(lines, str) else lines.decode()
        with (Path(folder) / f"{os.getpid()}.jsonl").open("a", encoding="utf-8") as file:
            file.write(text)
