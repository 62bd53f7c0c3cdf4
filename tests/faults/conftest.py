"""One sandbox for the fault tests, in which time is instant."""

import pytest

from reconciler.cloud.run_scope import RunScope
from reconciler.sandbox.launch import launch
from tests.faults.arena import Arena
from tests.faults.scenes import scene
from tests.faults.seed import replay
from tests.support.azure import Azure


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    """Say under a failure which seed drew the sample."""
    report = yield
    if report.failed:
        report.sections.append(("the sample of this commit", replay(item.nodeid)))
    return report


@pytest.fixture(scope="session")
def arena(tmp_path_factory):
    state = tmp_path_factory.mktemp("arena")
    with launch(state, clock="instant") as server:
        yield Arena(server, state)


@pytest.fixture(scope="session")
def stage(arena, tmp_path_factory):
    """`stage(command, spec)`: a scene, rehearsed once in a process."""
    played = {}

    def of(command, spec):
        if (command, spec) not in played:
            folder = tmp_path_factory.mktemp(f"{command}-{spec}")
            played[command, spec] = scene(arena, folder, command, spec)
        return played[command, spec]

    return of


@pytest.fixture
def azure(arena, monkeypatch):
    """The same sandbox, empty, for runs in this process, whose waits are over at once."""
    monkeypatch.setattr(RunScope, "sleep", lambda _run, _seconds: None)
    arena.reset()
    return Azure(arena.server)
