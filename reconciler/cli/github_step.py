"""Where a step of GitHub Actions runs: the API, the repository, the token."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.diagnostics import LocalError, UsageError

if TYPE_CHECKING:
    from reconciler.secrets import Secret

API = "https://api.github.com"
MOST_OF_TOKEN = 1 << 16
SEE = "outside of a workflow for pull requests, pass --repository, --pull-request and --head"


def api() -> str:
    """Return the address of the API. Raises `UsageError` for one that is not https."""
    api = os.environ.get("GITHUB_API_URL") or API
    if not api.startswith("https://"):
        raise UsageError.because("GITHUB_API_URL is not an https:// address")
    return api


def token_of(
    file: str | None, variable: str = "GITHUB_TOKEN", hint: str = "set GITHUB_TOKEN"
) -> Secret:
    """Return the token of a file, or else of a variable. Raises `UsageError` if there is none."""
    from reconciler.secrets import Secret

    text = read_small(Path(file), MOST_OF_TOKEN).strip() if file else os.environ.get(variable, "")
    if not text or not text.isascii() or not text.isprintable():
        where = "the file of --token-file" if file else variable
        raise UsageError.because(f"there is no token in {where}", hint=hint)
    return Secret(text)


def repository_of(named: str | None) -> str:
    """Return `owner/name`. Raises `UsageError` where there is none."""
    import re

    name = named or os.environ.get("GITHUB_REPOSITORY", "")
    if not re.fullmatch(r"[A-Za-z0-9-]{1,64}/(?!\.\.?$)[A-Za-z0-9._-]{1,128}", name):
        raise UsageError.because(
            "no repository like OWNER/NAME is given", hint="set GITHUB_REPOSITORY"
        )
    return str(name)


def read_small(path: Path, most: int) -> str:
    """Return the text of a file, so many bytes at most. Raises `LocalError`."""
    try:
        with path.open("rb") as file:
            return file.read(most).decode("utf-8", "replace")
    except OSError as error:
        raise LocalError.because(f"{path} cannot be read: {error.strerror}") from error
