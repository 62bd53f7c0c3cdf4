"""What lies in what, by ARM ids: never by half a name, always without case."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.engine.ids import is_within

GROUP = "/subscriptions/s/resourceGroups/rg"
WORKSPACE = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/ws"
COMPUTE = f"{WORKSPACE}/computes/gpu"

NAMES = st.text("abAB-_.1", min_size=1, max_size=6)
IDS = st.lists(NAMES, min_size=1, max_size=4).map(lambda names: "/" + "/".join(names))


@pytest.mark.parametrize("outer", [WORKSPACE, GROUP, "/subscriptions/s"])
def test_a_thing_lies_in_all_that_its_id_begins_with(outer):
    assert is_within(COMPUTE, outer)
    assert not is_within(outer, COMPUTE)


def test_case_says_nothing():
    assert is_within(COMPUTE.upper(), WORKSPACE.lower())
    assert is_within(COMPUTE.lower(), WORKSPACE.upper())


@pytest.mark.parametrize("other", [f"{WORKSPACE}2", f"{WORKSPACE}-hub/computes/gpu"])
def test_a_name_that_only_begins_the_same_is_another_one(other):
    assert not is_within(other, WORKSPACE)


@pytest.mark.parametrize("same", [WORKSPACE, WORKSPACE.upper(), f"{WORKSPACE}/"])
def test_nothing_lies_in_itself_however_it_is_written(same):
    assert not is_within(same, WORKSPACE)
    assert not is_within(WORKSPACE, same)


def test_a_slash_at_the_end_says_nothing():
    assert is_within(COMPUTE, f"{WORKSPACE}/")
    assert is_within(f"{COMPUTE}/", WORKSPACE)


@given(IDS, st.lists(NAMES, min_size=1, max_size=3))
def test_whatever_is_made_in_a_thing_lies_in_it_and_the_thing_not_in_that(outer, names):
    inner = "/".join([outer, *names])
    assert is_within(inner, outer.swapcase())
    assert not is_within(outer, inner.swapcase())
