"""A pass that is killed, stopped or superseded at a request: the next ones put everything right.

A few requests of each; `make reliability` takes all of them.
"""

from __future__ import annotations

import random

import pytest

from tests.support.disturbed_loop import killed_at, stopped_at, superseded_at
from tests.support.one_spec import CLUSTER, OneSpec

REQUESTS = range(1, 26)
"""Of the pass that makes a cluster again, and of the one after it."""
CHANCE = random.Random(20261129)


def few() -> list[int]:
    return sorted(CHANCE.sample(REQUESTS, 3))


@pytest.fixture
def missing(kept: OneSpec) -> OneSpec:
    """A loop that has to make a cluster anew."""
    kept.set(drift="correct").drift(CLUSTER, None)
    return kept


@pytest.mark.parametrize("nth", few())
def test_a_pass_that_is_killed_at_a_request(missing: OneSpec, nth: int) -> None:
    assert killed_at(missing, nth) == ""
    assert missing.nodes() == 2


@pytest.mark.parametrize("nth", few())
def test_a_pass_that_is_stopped_at_a_request(missing: OneSpec, nth: int) -> None:
    assert stopped_at(missing, nth) == ""
    assert missing.nodes() == 2


@pytest.mark.parametrize("nth", few())
def test_a_pass_that_a_newer_revision_meets_at_a_request(missing: OneSpec, nth: int) -> None:
    def edit() -> None:
        missing.edit("max_instances: 2", "max_instances: 3")

    assert superseded_at(missing, nth, edit) == ""
    assert missing.nodes() == 3
