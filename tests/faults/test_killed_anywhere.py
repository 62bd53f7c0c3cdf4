"""kill -9 before or after any request, the same command once more, and it is right.

A sample of every scene that moves with the commit; `make reliability` takes every point.
"""

import json

import pytest

from tests.faults import worlds
from tests.faults.canonical import canonical
from tests.faults.crash import points, run_killed, survives
from tests.faults.generated import two_hundred
from tests.faults.scenes import ONE_BY_ONE, Scene, rehearsed
from tests.faults.seed import drawn

COMMANDS = ("apply", "destroy", "prune", "replace")
KILLS = [*((command, "small", 1) for command in COMMANDS), ("apply", "full", 1)]
"""How many points of a command on a spec."""
PAIRS = 1
WORLDS = 1
OWNER = "v1:"

pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize(("command", "spec", "count"), KILLS)
def test_one_more_run_is_all_it_takes(arena, stage, command, spec, count):
    played = stage(command, spec)
    places = drawn(points(played), count, played.name)
    assert [text for place in places if (text := survives(arena, played, place))] == []


def test_two_kills_need_no_more_than_one_run_after_them(arena, stage):
    played = stage("apply", "small")
    for number in range(PAIRS):
        pair = drawn(points(played), 2, f"pair {number}")
        assert survives(arena, played, *pair) == ""


def test_a_kill_leaves_one_of_the_worlds_that_a_calm_run_passes(arena, stage):
    """So trying each of those worlds is trying every point of a run that is too long to repeat."""
    played = stage("apply", "small")
    passed = [canonical(json.loads(text)) for text in worlds.passed(arena, played)]
    assert len(passed) >= len(played.requests) - 3  # a token is asked for by nobody's turn
    for point in drawn(points(played), WORLDS, "worlds"):
        arena.restore(played.before)
        assert run_killed(arena, played.words, point).killed
        assert arena.canonical() in [canonical(played.before), *passed]


def test_many_resources_come_right_from_any_world(arena, tmp_path):
    """The generated spec with few identities; `make reliability` has all two hundred."""
    file = tmp_path / "many.yaml"
    file.write_text(two_hundred(identities=3), encoding="utf-8")
    arena.reset()
    words = ("apply", str(file), "--yes", "-o", "json", *ONE_BY_ONE)
    played = rehearsed(arena, Scene("apply of many", words, arena.snapshot()))
    files = worlds.record(arena, played, tmp_path)
    assert len(files) > 20
    for world in drawn(files, WORLDS, "many"):
        assert worlds.violation(arena, played, world) == ""


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
