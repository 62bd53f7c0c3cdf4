"""In which order the files of tests are begun, and by whom: the longest first.

`make test` gives each worker one file after the other. Whoever begins a long one last keeps the
others waiting for it. Files that rehearse the same scenes go to one worker, which does so once.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from xdist.scheduler import LoadFileScheduling

ROOT = Path(__file__).parents[2]
COSTS = Path(__file__).with_name("costs.txt")
"""Seconds and file, one a line: what took seconds when it was measured, on one idle core.

Only the order follows from it. To measure again, sum `--durations=0` by file.
"""
REHEARSED = "rehearsed scenes"
TOGETHER = {
    "tests/faults/test_histories.py": REHEARSED,
    "tests/faults/test_killed_anywhere.py": REHEARSED,
    "tests/faults/test_stale.py": REHEARSED,
}
TEST_S = 0.02
"""What a test costs in a file that is not among them."""


def recorded() -> dict[str, float]:
    """Return the seconds of each file that takes some."""
    rows = (line.split() for line in COSTS.read_text(encoding="utf-8").splitlines())
    return {name: float(seconds) for seconds, name in rows}


def longest_first(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """Return tests file by file, the longest file first; within a file their order stays."""
    files: dict[str, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path.relative_to(ROOT).as_posix(), []).append(item)
    costs = recorded()

    def cost_s(name: str) -> float:
        return costs.get(name, len(files[name]) * TEST_S)

    order = sorted(files, key=lambda name: (-cost_s(name), name))
    return [item for name in order for item in files[name]]


class FilesTogether(LoadFileScheduling):
    """Gives a worker a file at a time, and those that share what they make as if they were one."""

    def _split_scope(self, nodeid: str) -> str:
        name = super()._split_scope(nodeid)
        return TOGETHER.get(name, name)
