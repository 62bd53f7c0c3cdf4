"""kill -9 before or after any request, the same command once more, and it is right.

By default every point of the smallest spec and a seeded sample of the rest; with
RECONCILE_CRASH_POINTS=all every point of everything. Another seed: RECONCILE_SEED.
"""

import json
import os
import random

import pytest

from tests.faults import worlds
from tests.faults.canonical import canonical
from tests.faults.crash import points, run_killed, survives

SEED = int(os.environ.get("RECONCILE_SEED", "20261123"))
ALL = os.environ.get("RECONCILE_CRASH_POINTS") == "all"
EVERY = 10**6
AT_MOST = {"small": EVERY, "full": 6, "two-hundred": 1}
PARTS = {"small": 4, "full": 2, "two-hundred": 1}
"""In how many tests the points of a scene are tried, so that two processes share them evenly."""
PAIRS = 12
WORLDS = 3
OWNER = "v1:"

pytestmark = pytest.mark.timeout(7200 if ALL else 300)


@pytest.mark.parametrize("command", ["apply", "destroy", "prune", "replace"])
@pytest.mark.parametrize(
    ("spec", "part"), [(spec, n) for spec in PARTS for n in range(PARTS[spec])]
)
def test_one_more_run_is_all_it_takes(arena, stage, command, spec, part):
    played = stage(command, spec)
    places = points(played)
    if not ALL and AT_MOST[spec] < len(places):
        places = random.Random(SEED).sample(places, AT_MOST[spec])
    places = places[part :: PARTS[spec]]
    wrong = [text for place in places if (text := survives(arena, played, place))]
    assert wrong == []


def test_two_kills_need_no_more_than_one_run_after_them(arena, stage):
    played = stage("apply", "small")
    chance = random.Random(SEED)
    for _ in range(PAIRS):
        pair = chance.sample(points(played), 2)
        assert survives(arena, played, *pair) == ""


def test_a_kill_leaves_one_of_the_worlds_that_a_calm_run_passes(arena, stage):
    """So trying each of those worlds is trying every point of a run that is too long to repeat."""
    played = stage("apply", "small")
    passed = [canonical(json.loads(text)) for text in worlds.passed(arena, played)]
    assert len(passed) >= len(played.requests) - 3  # a token is asked for by nobody's turn
    for point in random.Random(SEED).sample(points(played), 12):
        arena.restore(played.before)
        assert run_killed(arena, played.words, point).killed
        assert arena.canonical() in [canonical(played.before), *passed]


@pytest.mark.parametrize("command", ["apply", "destroy"])
def test_two_hundred_resources_come_right_from_any_world(arena, stage, tmp_path, command):
    played = stage(command, "two-hundred")
    files = worlds.record(arena, played, tmp_path)
    assert len(files) > 200
    for file in random.Random(SEED).sample(files, WORLDS):
        assert worlds.violation(arena, played, file) == ""


@pytest.mark.parametrize("spec", ["small", "full"])
def test_what_is_made_is_marked_by_the_request_that_makes_it(stage, spec):
    """No prefix of a run leaves anything of ours unmarked, so a kill cannot either (I12)."""
    first = {}
    marked = set()
    for entry in stage("apply", spec).requests:
        if entry["method"] != "PUT" or not entry["committed"] or entry["kind"] != "arm":
            continue
        path, text = entry["path"].lower(), json.dumps(entry["request_body"])
        first.setdefault(path, text)
        if OWNER in text:
            marked.add(path)
    assert len(marked) >= {"small": 6, "full": 18}[spec]
    assert [path for path in sorted(marked) if OWNER not in first[path]] == []
    unmarked = {path.rpartition("/providers/")[2].split("/")[0] for path in first.keys() - marked}
    assert unmarked <= {"microsoft.quota"}


def test_the_measure_sees_a_difference(arena, stage):
    """The oracle itself: a world with one tag more is another world."""
    played = stage("apply", "small")
    arena.restore(played.before)
    arena.run(*played.words)
    assert arena.canonical() == played.after
    group = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-smallest"
    arena.control("POST", "drift", {"op": "patch", "id": group, "body": {"tags": {"x": "y"}}})
    assert arena.canonical() != played.after
