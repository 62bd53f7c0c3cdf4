"""kill -9 around requests that upload a model or code, register them, or deploy: one more run."""

import shutil

from tests.faults.crash import Point, survives
from tests.faults.scenes import ONE_BY_ONE, ROOT, Scene, rehearsed
from tests.faults.seed import drawn

KILLS = 1
OURS = ("/_blob/", "/models/", "/codes/", "/environments/", "/deployments/")


def test_one_more_run_is_all_it_takes(arena, tmp_path):
    shutil.copytree(ROOT / "examples/serving", tmp_path / "serving")
    spec = shutil.copy(ROOT / "examples/own-script.yaml", tmp_path)
    arena.reset()
    words = ("apply", str(spec), "--yes", "-o", "json", *ONE_BY_ONE)
    played = rehearsed(arena, Scene("apply of a deployment", words, arena.snapshot()))
    kills = [
        Point(nth, when)
        for nth, entry in enumerate(played.requests, 1)
        if any(part in entry["path"] for part in OURS)
        for when in ("before", "after")
    ]
    assert len(kills) > 20
    for point in drawn(kills, KILLS, played.name):
        assert survives(arena, played, point) == ""
