"""Which specs a command is about: those that a pattern names, or of them those that changed.

A spec changed since a commit when its text did, or anything that it names by a path: data, a
flow's folder. git says what changed, with what is not committed yet.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator
from glob import glob
from pathlib import Path
from typing import Any

from reconciler.diagnostics import SpecError, UsageError
from reconciler.safe_open import real_path
from reconciler.spec import document as documents

WILDCARDS = "*?["
LONGEST_PATH = 4096
TIMEOUT_S = 60


def is_pattern(source: str) -> bool:
    """Return whether a word names several specs: it has a wildcard and is no file itself."""
    return any(sign in source for sign in WILDCARDS) and not Path(source).exists()


def specs_named(source: str) -> list[str]:
    """Return the files that a pattern names (`**`: any folders), in order; a file names itself.

    Raises `UsageError` where it names none.
    """
    if not is_pattern(source):
        return [source]
    names = glob(source, recursive=True)  # noqa: PTH207 - a Path takes no absolute pattern
    found = sorted(name for name in names if Path(name).is_file())
    if not found:
        raise UsageError.because(
            f"no file matches {source}", hint="quote it, and use ** for folders within folders"
        )
    return found


def changed_since(sources: Iterable[str], commit: str) -> list[str]:
    """Return the specs that changed since a commit, with what they name by a path.

    Raises `UsageError` outside of a git checkout, and for a commit that it does not have.
    """
    named = list(sources)
    changed: dict[Path, tuple[Path, ...]] = {}
    for source in named:
        folder = real_path(Path(source)).parent
        if folder not in changed:
            changed[folder] = tuple(_changed(folder, commit))
    return [source for source in named if _is_changed(source, changed)]


def _is_changed(source: str, changed: dict[Path, tuple[Path, ...]]) -> bool:
    file = real_path(Path(source))
    found = changed[file.parent]
    if file in found:
        return True
    places = {Path(os.path.normpath(file.parent / text)) for text in _texts_of(source)}
    return any(not places.isdisjoint((path, *path.parents)) for path in found)


def _texts_of(source: str) -> Iterator[str]:
    """Yield every text of a spec that may be a path; nothing if it is not valid YAML."""
    try:
        data = documents.load(source).data
    except SpecError:
        return
    yield from (text for text in _texts(data) if text and len(text) < LONGEST_PATH)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


def _changed(folder: Path, commit: str) -> Iterator[Path]:
    """Yield every file of a checkout that differs from a commit, or that git does not know."""
    top = Path(_git(folder, "rev-parse", "--show-toplevel").rstrip("\n"))
    sure = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{commit}^{{commit}}")
    sha = _git(top, *sure, missing=commit).strip()
    names = _git(top, "diff", "--name-only", "--no-renames", "--no-ext-diff", "-z", sha, "--")
    names += _git(top, "ls-files", "--others", "--exclude-standard", "-z")
    yield from (top / name for name in names.split("\0") if name)


def _git(folder: Path, *words: str, missing: str = "") -> str:
    """Return what git prints in a folder."""
    try:
        done = subprocess.run(
            ["git", *words],
            cwd=folder,
            capture_output=True,
            text=True,
            errors="surrogateescape",
            timeout=TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UsageError.because("--changed-since needs git, which did not run") from error
    if done.returncode == 0:
        return done.stdout
    if missing:
        hint = "fetch it: actions/checkout does with `fetch-depth: 0`"
        raise UsageError.because(f"this checkout has no commit {missing}", hint=hint)
    raise UsageError.because(f"git cannot read {folder}", detail=done.stderr.strip())
