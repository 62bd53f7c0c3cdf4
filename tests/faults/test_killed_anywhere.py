"""kill -9 before or after any request, the same command once more, and it is right.

By default every point of the smallest spec and a seeded sample of the rest; with
RECONCILE_CRASH_POINTS=all every point of everything. Another seed: RECONCILE_SEED.
"""

import os
import random

import pytest

from tests.faults.crash import points, survives
from tests.faults.scenes import scene

SEED = int(os.environ.get("RECONCILE_SEED", "20261123"))
ALL = os.environ.get("RECONCILE_CRASH_POINTS") == "all"
EVERY = 10**6
AT_MOST = {"small": EVERY, "full": 6, "two-hundred": 1}

pytestmark = pytest.mark.timeout(7200 if ALL else 300)


@pytest.mark.parametrize("command", ["apply", "destroy", "prune"])
@pytest.mark.parametrize("spec", AT_MOST)
def test_one_more_run_is_all_it_takes(arena, tmp_path, command, spec):
    played = scene(arena, tmp_path, command, spec)
    places = points(played)
    if not ALL and AT_MOST[spec] < len(places):
        places = random.Random(SEED).sample(places, AT_MOST[spec])
    wrong = [text for place in places if (text := survives(arena, played, place))]
    assert wrong == []


def test_two_kills_need_no_more_than_one_run_after_them(arena, tmp_path):
    played = scene(arena, tmp_path, "apply", "small")
    chance = random.Random(SEED)
    for _ in range(5):
        pair = chance.sample(points(played), 2)
        assert survives(arena, played, *pair) == ""


def test_the_measure_sees_a_difference(arena, tmp_path):
    """The oracle itself: a world with one tag more is another world."""
    played = scene(arena, tmp_path, "apply", "small")
    arena.restore(played.before)
    arena.run(*played.words)
    assert arena.canonical() == played.after
    group = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-smallest"
    arena.control("POST", "drift", {"op": "patch", "id": group, "body": {"tags": {"x": "y"}}})
    assert arena.canonical() != played.after
