"""Whatever happens, and in whatever order: run it again and it is right.

Here a few seeds of each; `python -m tests.faults` runs as many as you like, and a seed that
it names can be replayed with RECONCILE_SEED.
"""

import os
import signal

import pytest

from tests.faults import histories, signals, steadiness, writers

SEED = int(os.environ.get("RECONCILE_SEED", "1"))
# How many seeds of each scene, in blocks that two processes share evenly.
HISTORIES = {
    ("apply", "small"): 390,
    ("destroy", "small"): 45,
    ("prune", "small"): 45,
    ("apply", "full"): 15,
    ("destroy", "full"): 5,
}
WRITERS = {
    ("apply", "small"): 30,
    ("destroy", "small"): 5,
    ("prune", "small"): 10,
    ("apply", "full"): 5,
}
BLOCK = {"small": 15, "full": 5}

pytestmark = pytest.mark.timeout(600)


def blocks(counts):
    """Yield (command, spec, seeds) for so many seeds of each scene."""
    for (command, spec), count in counts.items():
        for first in range(SEED, SEED + count, BLOCK[spec]):
            seeds = range(first, min(first + BLOCK[spec], SEED + count))
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

    seeds = [seed for seed in range(SEED, SEED + 20) if writers.parallelism(seed) == 1][:2]
    for seed in seeds:
        assert order(seed) == order(seed)


def test_five_hundred_histories_and_fifty_orders_are_told():
    assert sum(HISTORIES.values()) >= 500
    assert sum(WRITERS.values()) >= 50


def test_a_history_is_made_from_its_seed_alone():
    assert histories.history(7, 100) == histories.history(7, 100)
    assert histories.history(7, 100) != histories.history(8, 100)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_run_soon_and_starts_nothing_new(arena, small, number):
    step = 9 if number is signal.SIGTERM else 17
    for nth in range(3, len(small.requests), step):
        assert signals.stopped(arena, small, nth, number) == ""


def test_nothing_is_written_when_nothing_changed(arena, full):
    arena.restore(full.before)
    assert arena.run(*full.words).code == 0
    spec = full.words[1]
    assert steadiness.writes_of(arena, ("plan", spec), 5) == []
    assert steadiness.writes_of(arena, ("apply", spec, "--yes"), 2) == []


def test_one_failing_answer_in_ten_costs_less_than_another_run(arena, full):
    """At most 1.2 times the requests of a clean run, where 1.11 is what cannot be avoided.

    Whoever is to get 177 answers of which each fails with one chance in ten must ask
    177 / 0.9 times: 1.11. Every request of the sandbox counts, whatever is sent and however
    many runs it takes until one ends well; a second run alone would be 1.4. The rest above
    the floor is chance (the spread of one seed is 0.03) and what is looked at again: see
    `steadiness.amplification`. A seed is one history; of the first 29 none was above 1.19,
    and their mean is 1.11.
    """
    factors = [steadiness.amplification(arena, full, seed) for seed in range(SEED, SEED + 5)]
    assert max(factors) <= 1.2
