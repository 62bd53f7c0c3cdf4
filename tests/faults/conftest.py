"""One sandbox for the fault tests, in which time is instant."""

import pytest

from reconciler.sandbox.launch import launch
from tests.contract.conftest import Azure
from tests.faults.arena import Arena


@pytest.fixture(scope="session")
def arena(tmp_path_factory):
    state = tmp_path_factory.mktemp("arena")
    with launch(state, clock="instant") as server:
        yield Arena(server, state)


@pytest.fixture
def azure(arena):
    """The same sandbox, empty, for runs in this process."""
    arena.reset()
    return Azure(arena.server)
