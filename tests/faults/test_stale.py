"""Reads that are behind, in a row and in turns, and lists of flows that lie.

A sample that moves with the commit; `make reliability` plays every case.
"""

import json

import pytest

from tests.faults import stale
from tests.faults.canonical import difference
from tests.faults.seed import drawn

FLOWS = "/_aml/flow/"

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def small(stage):
    """The small spec applied to an empty world."""
    return stage("apply", "small")


@pytest.fixture
def full(stage):
    """The whole scenario applied to an empty world."""
    return stage("apply", "full")


def sample(cases, count):
    """Return a few cases, none that waits for ten reads."""
    return drawn([c for c in cases if c.behind < max(stale.BEHIND)], count, "stale")


@pytest.mark.parametrize(("command", "count"), [("apply", 2), ("destroy", 1), ("prune", 1)])
def test_reads_that_are_behind_are_waited_out(arena, stage, command, count):
    played = stage(command, "small")
    for case in sample(stale.cases(played), count):
        assert stale.violation(arena, played, case) == ""


def test_reads_that_are_behind_are_waited_out_by_a_training_run(arena, full):
    """Up to ten in a row."""
    (case,) = drawn(stale.cases(full), 1, "training")
    assert stale.violation(arena, full, case) == ""


def test_a_plan_that_was_misled_makes_nothing_twice(arena, small, full):
    for played, count in ((small, 3), (full, 1)):
        for case in sample([c for c in stale.cases_again(arena, played) if c.every == 1], count):
            assert stale.violation(arena, played, case) == ""


def test_two_replicas_that_answer_in_turns_do_not_make_it_swing(arena, small):
    for case in sample([c for c in stale.cases_again(arena, small) if c.every > 1], 3):
        assert stale.violation(arena, small, case) == ""


def active_flows(arena):
    """Return the ids of the flows that are not archived."""
    documents = arena.snapshot()["documents"]
    flows = [json.loads(text)["flow"] for space, _, text in documents if space == "flows"]
    return [flow["flowId"] for flow in flows if not flow["isArchived"]]


def test_a_flow_that_a_list_shows_twice_is_not_archived_as_its_own_twin(arena, full):
    arena.restore(full.before)
    arena.arm({"method": "GET", "path": FLOWS, "times": 0, "action": {"repeat": ""}})
    ended = arena.run(*full.words)
    assert ended.code == 0, ended
    assert arena.canonical() == full.after, difference(full.after, arena.canonical())
    assert len(active_flows(arena)) == 1


@pytest.mark.parametrize("lie", [{"stale": 2}, {"omit": ""}], ids=["behind", "omitted"])
def test_a_flow_that_two_lists_did_not_show_stays_the_only_one(arena, full, lie):
    arena.restore(stale.right(arena, full))
    only = active_flows(arena)
    arena.arm({"method": "GET", "path": FLOWS, "times": 2, "action": lie})
    ended = arena.run(*full.words)
    assert ended.code == 0, ended
    assert active_flows(arena) == only
