"""Whatever happens, and in whatever order: run it again and it is right.

Here a few seeds of each; `python -m tests.faults` runs as many as you like, and a seed that
it names can be replayed with RECONCILE_SEED.
"""

import os
import signal

import pytest

from tests.faults import histories, signals, steadiness, writers
from tests.faults.scenes import scene

SEED = int(os.environ.get("RECONCILE_SEED", "1"))

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def small(arena, tmp_path_factory):
    """The small spec applied to an empty world."""
    return scene(arena, tmp_path_factory.mktemp("small"), "apply", "small")


@pytest.fixture(scope="module")
def full(arena, tmp_path_factory):
    """The whole scenario applied to an empty world."""
    return scene(arena, tmp_path_factory.mktemp("full"), "apply", "full")


def test_up_to_three_faults_are_survived(arena, small):
    for seed in range(SEED, SEED + 15):
        assert histories.violation(arena, small, seed) == ""


def test_up_to_three_faults_are_survived_by_a_training_run(arena, full):
    for seed in range(SEED, SEED + 3):
        assert histories.violation(arena, full, seed) == ""


def test_a_history_is_made_from_its_seed_alone():
    assert histories.history(7, 100) == histories.history(7, 100)
    assert histories.history(7, 100) != histories.history(8, 100)


def test_two_writers_without_a_lock_come_to_one_state(arena, small):
    for seed in range(SEED, SEED + 4):
        assert writers.violation(arena, small, seed) == ""


def test_two_writers_without_a_lock_train_once(arena, full):
    for seed in range(SEED, SEED + 2):
        assert writers.violation(arena, full, seed) == ""


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
