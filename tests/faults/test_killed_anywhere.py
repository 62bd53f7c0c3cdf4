"""kill -9 before or after any request, the same command once more, and it is right.

By default every point of the smallest spec and a seeded sample of the rest; with
RECONCILE_CRASH_POINTS=all every point of everything. Other seeds: RECONCILE_SEED.
"""

import os
import random

import pytest

from tests.faults import scenes
from tests.faults.crash import points, survives

SEED = int(os.environ.get("RECONCILE_SEED", "20261123"))
ALL = os.environ.get("RECONCILE_CRASH_POINTS") == "all"
SAMPLE = 8
EVERY = 10**6

pytestmark = pytest.mark.timeout(7200 if ALL else 300)


@pytest.mark.parametrize(
    ("name", "spec", "at_most"),
    [("apply of the small spec", scenes.SMALL, EVERY), ("apply of the full", scenes.FULL, SAMPLE)],
)
def test_a_killed_apply_needs_one_more_run(arena, name, spec, at_most):
    scene = scenes.applying(arena, name, spec)
    places = points(scene)
    if not ALL and at_most < len(places):
        places = random.Random(SEED).sample(places, at_most)
    wrong = [text for place in places if (text := survives(arena, scene, place))]
    assert wrong == []


def test_the_measure_sees_a_difference(arena):
    """The oracle itself: a world with one tag more, or one resource less, is another world."""
    scene = scenes.applying(arena, "apply of the small spec", scenes.SMALL)
    arena.run(*scene.words)
    assert arena.canonical() == scene.after
    group = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-smallest"
    arena.control("POST", "drift", {"op": "patch", "id": group, "body": {"tags": {"x": "y"}}})
    assert arena.canonical() != scene.after
