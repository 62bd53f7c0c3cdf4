"""kill -9 around requests that upload or register data: one more run, and it is right.

Every one of them takes minutes, so `make reliability` does it; a kill in the middle of an upload
is tried in `test_volumes.py` each time.
"""

import os
import shutil

import pytest

from tests.faults.crash import Point, survives
from tests.faults.scenes import ONE_BY_ONE, ROOT, Scene, rehearsed

OURS = ("/_blob/", "/data/")

pytestmark = [
    pytest.mark.timeout(1_200),
    pytest.mark.skipif("RECONCILE_FUZZ" not in os.environ, reason="a part of make reliability"),
]


def test_one_more_run_is_all_it_takes(arena, tmp_path):
    shutil.copytree(ROOT / "examples/data", tmp_path / "data")
    spec = shutil.copy(ROOT / "examples/data.yaml", tmp_path)
    arena.reset()
    words = ("apply", str(spec), "--yes", "-o", "json", *ONE_BY_ONE)
    played = rehearsed(arena, Scene("apply of data", words, arena.snapshot()))
    kills = [
        Point(nth, when)
        for nth, entry in enumerate(played.requests, 1)
        if any(part in entry["path"] for part in OURS)
        for when in ("before", "after")
    ]
    assert len(kills) > 20
    assert [told for point in kills if (told := survives(arena, played, point))] == []
