"""One resource has one time for all it needs: no chain of waits holds a run for ever."""

from __future__ import annotations

import threading
import time

import pytest

from reconciler.cloud import long_running, poll, resource_deadline, run_limits
from reconciler.diagnostics import DeadlineError, OverdueError
from reconciler.engine.types import Status
from reconciler.kinds import HANDLERS
from reconciler.kinds.extensions import StatesWait
from reconciler.operations.apply import executor, resource_run, wait
from reconciler.operations.load import load
from reconciler.operations.plan.destroy import plan_destroy
from reconciler.render.reason_text import detail_of, summary_of
from tests.support.azure import ROOT, Azure, Quiet

SMALL = str(ROOT / "examples/smallest.yaml")
STEP_S = 600.0
WORKSPACE = r"MachineLearningServices/workspaces/[\w-]+(\?|$)"


class Clock:
    """`time`, moved by hand."""

    def __init__(self):
        self.ahead = 0.0

    def monotonic(self):
        return time.monotonic() + self.ahead


class NoWait(threading.Event):
    """A stop event whose waits pass at once and take ten minutes on the clock."""

    def __init__(self, clock):
        super().__init__()
        self._clock = clock

    def wait(self, timeout=None):
        self._clock.ahead += STEP_S if timeout else 0.0
        return self.is_set()


@pytest.fixture
def azure(started):
    world = Azure(started.server)
    world.control("POST", "reset", {})
    yield world
    world.control("DELETE", "faults")
    world.control("POST", "clock", {"mode": "instant"})


@pytest.fixture
def clock(monkeypatch):
    moved = Clock()
    for module in (run_limits, resource_deadline, long_running, poll, wait):
        monkeypatch.setattr(module, "time", moved)
    return moved


class Freezing(Quiet):
    """Lets the time of Azure stand still as soon as work on the workspace begins."""

    def __init__(self, azure):
        self._azure = azure

    def started(self, address, action):
        if address == "workspace":
            self._azure.control("POST", "clock", {"mode": "frozen"})


class Denying(Quiet):
    """Lets Azure refuse every read of the workspace but the one before its write."""

    def __init__(self, azure):
        self._azure = azure

    def started(self, address, action):
        if address != "workspace":
            return
        error = {"error": {"code": "AuthorizationFailed", "message": "You may not read it."}}
        denied = {"status": 403, "body": error}
        rule = {"method": "GET", "path": WORKSPACE, "nth": 2, "times": 0}
        self._azure.control("POST", "faults", {**rule, "action": denied})


def applied(azure, clock, progress):
    loaded = load(SMALL)
    connection = azure.connection(loaded)
    connection.stop = NoWait(clock)
    report = executor.apply(
        loaded, connection, azure.plan(loaded), progress=progress, parallelism=1
    )
    return {o.address: o for o in report.outcomes}


def held_up(azure, polls):
    """Let the operation of the workspace show itself unfinished so many times, then done."""
    steps = ["InProgress"] * polls + ["Succeeded"]
    rule = {"method": "PUT", "path": WORKSPACE, "when": "after"}
    azure.control("POST", "faults", {**rule, "action": {"operation": steps}})


def test_one_that_azure_still_works_on_is_pending_after_its_time(azure, clock):
    """Two waits, each within its own bound of two hours, are three hours together."""
    held_up(azure, polls=10)
    outcomes = applied(azure, clock, Freezing(azure))
    ended = outcomes["workspace"]
    assert ended.status is Status.PENDING
    assert summary_of(ended.problems[0]) == "`workspace` did not finish within 3 h"
    assert detail_of(ended.problems[0]) == "Azure is still working on it (Creating)"
    assert ended.problems[0].hint.startswith("run the same command again")
    assert ended.problems[0].position
    assert outcomes["compute.cpu-cluster"].status is Status.SKIPPED
    assert outcomes["workspace.storage_account"].status is Status.DONE
    assert clock.ahead <= 3 * 3600 + 20 * STEP_S
    azure.control("POST", "clock", {"mode": "instant"})
    azure.clear_journal()
    report, problems = azure.apply(load(SMALL))
    assert problems == []
    assert not [w for w in azure.writes() if w.endswith("/workspaces/ws-smallest")]
    assert report.exit_code == 0


def test_one_that_azure_does_not_work_on_has_failed_after_its_time(azure, clock, monkeypatch):
    monkeypatch.setattr(resource_run, "LONGEST_S", 3600.0)
    held_up(azure, polls=100)
    ended = applied(azure, clock, Quiet())["workspace"]
    assert ended.status is Status.FAILED
    assert summary_of(ended.problems[0]) == "`workspace` did not finish within 1 h"
    assert detail_of(ended.problems[0]) == "Azure is not working on it"
    azure.control("DELETE", "faults")
    assert azure.apply(load(SMALL))[1] == []


def test_what_cannot_be_read_after_its_time_has_failed_and_says_why(azure, clock, monkeypatch):
    monkeypatch.setattr(resource_run, "LONGEST_S", 3600.0)
    held_up(azure, polls=100)
    ended = applied(azure, clock, Denying(azure))["workspace"]
    assert ended.status is Status.FAILED
    assert "You may not read it" in detail_of(ended.problems[0])


def test_a_delete_that_is_through_in_the_end_is_done(azure, clock, monkeypatch):
    monkeypatch.setattr(resource_run, "LONGEST_S", 3600.0)
    loaded = load(SMALL)
    assert azure.apply(loaded)[1] == []
    steps = ["InProgress"] * 100
    rule = {"method": "DELETE", "path": "/computes/", "when": "after"}
    azure.control("POST", "faults", {**rule, "action": {"operation": steps}})
    connection = azure.connection(loaded)
    connection.stop = NoWait(clock)
    report = executor.apply(
        loaded, connection, plan_destroy(loaded, connection), progress=Quiet(), parallelism=1
    )
    ended = {o.address: o for o in report.outcomes}["compute.cpu-cluster"]
    assert (ended.status, ended.problems) == (Status.DONE, ())


def test_the_waits_that_a_spec_states_come_on_top():
    loaded = load(str(ROOT / "specs/phi3-ultrachat.yaml"))
    stating = {
        a: r for a, r in loaded.resources.items() if isinstance(HANDLERS[r.kind], StatesWait)
    }
    waits = {a: HANDLERS[r.kind].stated_wait_s(r) for a, r in stating.items()}
    assert waits.pop("jobs.finetune") == 1440 * 60
    assert waits.pop("quota.standardNCADSA100v4Family") > 0
    assert waits == {}


def test_the_sooner_of_both_ends_is_told(azure):
    connection = azure.connection(load(SMALL))
    connection.deadline = time.monotonic() + 1000
    with connection.resource_deadline.within(-1):
        with pytest.raises(OverdueError):
            connection.timeouts()
        with pytest.raises(OverdueError):
            connection.sleep(1)
    connection.deadline = time.monotonic() - 1
    with connection.resource_deadline.within(1000), pytest.raises(DeadlineError):
        connection.timeouts()


def test_a_time_belongs_to_its_thread_and_ends_with_its_block(azure):
    connection = azure.connection(load(SMALL))
    seen = []
    with connection.resource_deadline.within(50):
        other = threading.Thread(target=lambda: seen.append(connection.resource_deadline.end))
        other.start()
        other.join()
        assert connection.resource_deadline.end
    assert seen == [None]
    assert connection.resource_deadline.end is None
