"""The sample moves with the commit, and can be played again."""

from tests.faults.seed import DIGITS, SEED, VARIABLE, WITHOUT_GIT, drawn, replay, seed_of

ONE, OTHER = "f223967a" + "0" * 32, "00898a2b" + "0" * 32


def test_every_commit_has_a_seed_of_its_own():
    assert seed_of({}, ONE) == int(ONE[:DIGITS], 16)
    assert seed_of({}, ONE) != seed_of({}, OTHER)


def test_without_git_the_seed_is_always_the_same():
    assert seed_of({}, "") == WITHOUT_GIT


def test_a_seed_that_is_stated_is_played_again():
    assert seed_of({VARIABLE: "7"}, ONE) == 7


def test_a_draw_is_the_same_for_the_same_seed_and_salt():
    assert drawn(range(100), 5) == drawn(range(100), 5)
    assert drawn(range(100), 5, "one") != drawn(range(100), 5, "other")
    assert drawn(range(3), 5) == [0, 1, 2]


def test_a_failure_says_how_to_play_it_again():
    assert replay("tests/faults/test_x.py::test_y").startswith(f"{VARIABLE}={SEED} ")
