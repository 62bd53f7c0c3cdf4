"""kill -9 around requests that upload code, register it, or submit a command job: one run of it."""

import shutil

from tests.faults.crash import Point, survives
from tests.faults.scenes import ONE_BY_ONE, ROOT, Scene, rehearsed
from tests.faults.seed import drawn

KILLS = 1
OURS = ("/_blob/", "/codes/", "/environments/", "/jobs/", "/models/")


def test_one_more_run_is_all_it_takes(arena, tmp_path):
    examples = shutil.copytree(ROOT / "examples", tmp_path / "examples")
    spec = examples / "train-in-the-sandbox.yaml"
    arena.reset()
    words = ("apply", str(spec), "--yes", "-o", "json", *ONE_BY_ONE)
    played = rehearsed(arena, Scene("apply of a command job", words, arena.snapshot()))
    assert list(played.jobs.values()) == [1]
    kills = [
        Point(nth, when)
        for nth, entry in enumerate(played.requests, 1)
        if any(part in entry["path"] for part in OURS)
        for when in ("before", "after")
    ]
    assert len(kills) > 20
    for point in drawn(kills, KILLS, played.name):
        assert survives(arena, played, point) == ""
