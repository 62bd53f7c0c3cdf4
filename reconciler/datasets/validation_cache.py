"""Remember what good local files hold, so that they need not be parsed again.

Keyed by the digest of the bytes and the version of the rules; only good files are
remembered, so forgetting costs time and nothing else. Large files are remembered on disk too.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from reconciler.bounded_json import loads
from reconciler.datasets.cache import cache_folder
from reconciler.diagnostics import LocalError

WORTH_REMEMBERING_BYTES = 4 << 20
VERDICT_VALUES = 10_000
_KEPT = 1000
_LINES_SHOWN = 5
_here: dict[tuple[str, str], Verdict] = {}
"""What this process has read; a spec is expanded and then checked."""


@dataclass(frozen=True)
class Unseen:
    """A key of rows that training would not see: how many rows have it, and the first lines."""

    key: str
    count: int = 0
    first: tuple[int, ...] = ()

    def also_in(self, line: int) -> Unseen:
        """Return it with one more row."""
        first = self.first if len(self.first) >= _LINES_SHOWN else (*self.first, line)
        return Unseen(self.key, self.count + 1, first)


@dataclass(frozen=True)
class Verdict:
    """A good file: the digest of what its rows mean, and their number."""

    digest: str
    rows: int
    unseen: tuple[Unseen, ...] = ()


def verdict_on(path: Path, raw: str, rules: str) -> Verdict | None:
    """Return what is known of these bytes, by their SHA-256; None where nothing is."""
    marker = _marker(path, raw, rules)
    if (raw, rules) in _here or marker is None:
        return _here.get((raw, rules))
    try:
        saved = loads(marker.read_text(encoding="utf-8"), VERDICT_VALUES)
        unseen = (Unseen(u["key"], u["count"], tuple(u["first"])) for u in saved["unseen"])
        return Verdict(str(saved["digest"]), int(saved["rows"]), tuple(unseen))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def remember_good(path: Path, raw: str, rules: str, verdict: Verdict) -> None:
    """Note what these bytes hold; a cache that cannot be written is no reason to fail."""
    if len(_here) >= _KEPT:
        _here.clear()
    _here[raw, rules] = verdict
    marker = _marker(path, raw, rules)
    if marker is None:
        return
    try:
        marker.parent.mkdir(exist_ok=True)
        marker.write_text(json.dumps(asdict(verdict)), encoding="utf-8")
    except OSError:
        return


def _marker(path: Path, raw: str, rules: str) -> Path | None:
    """Return the file that stands for a verdict; None where it is not worth one."""
    try:
        if path.stat().st_size < WORTH_REMEMBERING_BYTES:
            return None
        return cache_folder() / "checked" / f"{rules}-{raw}"
    except (OSError, LocalError):
        return None
