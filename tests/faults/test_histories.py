"""Whatever happens, and in whatever order: run it again and it is right.

Here a few seeds of each, other ones with every commit; `make reliability` takes as many as you
like, and a seed that it names can be played again with RECONCILE_SEED.
"""

import itertools
import signal

import pytest

from tests.faults import histories, signals, stale, steadiness, writers
from tests.faults.seed import SEED, drawn

# How many seeds of each scene, others with every commit; `.ci/run` takes more, of the whole
# scenario too, and `make reliability` thousands.
HISTORIES = {("apply", "small"): 2, ("destroy", "small"): 1, ("prune", "small"): 1}
WRITERS = {("apply", "small"): 1, ("destroy", "small"): 1, ("prune", "small"): 1}
BLOCK = 10
"""How many seeds a test takes, so that two processes share them evenly."""
SIGNALS = 1

pytestmark = pytest.mark.timeout(600)


def blocks(counts):
    """Yield (command, spec, seeds) for so many seeds of each scene."""
    for (command, spec), count in counts.items():
        for first in range(0, count, BLOCK):
            seeds = range(SEED + first, SEED + min(first + BLOCK, count))
            yield pytest.param(command, spec, seeds, id=f"{command}-{spec}-{first}")


@pytest.fixture
def small(stage):
    """The small spec applied to an empty world."""
    return stage("apply", "small")


@pytest.fixture
def full(stage):
    """The whole scenario applied to an empty world."""
    return stage("apply", "full")


@pytest.mark.parametrize(("command", "spec", "seeds"), list(blocks(HISTORIES)))
def test_up_to_three_faults_are_survived(arena, stage, command, spec, seeds):
    played = stage(command, spec)
    assert [text for seed in seeds if (text := histories.violation(arena, played, seed))] == []


@pytest.mark.parametrize(("command", "spec", "seeds"), list(blocks(WRITERS)))
def test_two_writers_without_a_lock_come_to_one_state(arena, stage, command, spec, seeds):
    played = stage(command, spec)
    assert [text for seed in seeds if (text := writers.violation(arena, played, seed))] == []


def test_a_seed_is_one_order_of_two_writers(arena, small):
    def order(seed):
        writers.both(arena, small, seed)
        return [(e["client"], e["method"]) for e in arena.journal() if e["kind"] != "token"]

    seed = next(seed for seed in itertools.count(SEED) if writers.parallelism(seed) == 1)
    assert order(seed) == order(seed)


def test_a_history_is_made_from_its_seed_alone():
    assert histories.history(7, 100) == histories.history(7, 100)
    assert histories.history(7, 100) != histories.history(8, 100)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_run_soon_and_starts_nothing_new(arena, small, number):
    requests = range(1, len(small.requests) + 1)
    for nth in drawn(requests, SIGNALS, number.name):
        assert signals.stopped(arena, small, nth, number) == ""


def test_nothing_is_written_when_nothing_changed(arena, full):
    arena.restore(stale.right(arena, full))
    spec = full.words[1]
    assert steadiness.writes_of(arena, ("plan", spec), 2) == []
    assert steadiness.writes_of(arena, ("apply", spec, "--yes"), 1) == []


def test_one_failing_answer_in_ten_costs_less_than_another_run(arena, full):
    """At most 1.2 times the requests of a clean run, where 1.11 is what cannot be avoided.

    Whoever is to get 177 answers of which each fails with one chance in ten must ask
    177 / 0.9 times: 1.11. Every request of the sandbox counts, whatever is sent and however
    many runs it takes until one ends well; a second run alone would be 1.4. The rest above
    the floor is chance (the spread of one seed is 0.03) and what is looked at again. So one
    seed here, always the same: `make reliability` takes the mean of many others.
    """
    assert steadiness.amplification(arena, full, 1) <= 1.2
