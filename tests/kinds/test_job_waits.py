"""However our wait for a run ends, the run goes on and is found again; it is never sent twice."""

from __future__ import annotations

import threading
import time

import pytest

from reconciler.diagnostics import ExitCode
from reconciler.engine.types import Status
from reconciler.kinds.job import follow
from reconciler.kinds.job.queue_reasons import reason_of
from reconciler.operations.apply.executor import apply
from reconciler.render.reason_text import detail_of, summary_of
from tests.support.training import Events, spec, training_in

JOB = "jobs.tune"
DOWN = {"drop": True}


class NoWait(threading.Event):
    """A stop event that does not wait, and counts how often it was asked to."""

    def __init__(self):
        super().__init__()
        self.waits = 0
        self.then = lambda: None

    def wait(self, timeout=None):
        self.waits += 1
        self.then()
        return self.is_set()


class Watcher(Events):
    """Calls back when the job begins, and when something is said of it."""

    def __init__(self, begun=lambda: None, said=lambda message: None):
        super().__init__()
        self._begun, self._said = begun, said

    def started(self, address, action):
        if address == JOB:
            self._begun()

    def say(self, address, message, *, link=""):
        super().say(address, message, link=link)
        if address == JOB:
            self._said(message)


@pytest.fixture(scope="module")
def azure(pool, tmp_path_factory):
    with training_in(pool, tmp_path_factory) as found:
        yield found


@pytest.fixture(scope="module")
def text(azure):
    """A spec whose data is up and whose cluster stands; only the job is still to be run."""
    whole = spec("waits")
    before = whole[: whole.index("jobs:\n")]
    azure.applied(before)
    return whole


@pytest.fixture
def queued(azure, text):
    """The spec with a job in the queue, submitted from another machine; time stands still."""
    changed = text.replace("learning_rate: 0.00002", f"learning_rate: {next(RATES)}")
    frozen = Watcher(begun=lambda: azure.control("POST", "clock", {"mode": "frozen"}))
    report = azure.apply(changed, no_wait=True, progress=frozen)
    assert report.exit_code is ExitCode.PENDING
    azure.since = azure.now()
    yield changed
    azure.control("DELETE", "faults")
    azure.control("POST", "clock", {"mode": "instant"})


RATES = (f"0.000{n:03}" for n in range(100, 999))


def run(azure, text, watcher=None, connection=None):
    connection = connection or azure.connection()
    if not isinstance(connection.stop, NoWait):
        connection.stop = NoWait()
    progress = watcher or Events()
    return apply(azure.load(text), connection, azure.plan(text), progress=progress)


def outcome(report):
    return next(o for o in report.outcomes if o.address == JOB)


def finish(azure, text):
    """Apply from yet another machine while time goes on; nothing may be submitted."""
    azure.control("DELETE", "faults")
    azure.control("POST", "clock", {"mode": "instant"})
    report = run(azure, text)
    assert report.exit_code is ExitCode.OK, [o.problems for o in report.outcomes if o.problems]
    assert azure.writes(azure.since, "/jobs/") == []


def test_the_end_of_timeout_leaves_the_run_pending(azure, queued):
    connection = azure.connection()
    connection.stop = NoWait()

    def late(_message):
        connection.deadline = time.monotonic() - 1

    ended = outcome(run(azure, queued, Watcher(said=late), connection))
    assert ended.status is Status.PENDING
    assert "--timeout is up" in summary_of(ended.problems[0])
    assert f"`{JOB}` is" in summary_of(ended.problems[0])
    assert "/runs/tune-" in detail_of(ended.problems[0])
    finish(azure, queued)


def test_ctrl_c_leaves_the_run_pending(azure, queued):
    connection = azure.connection()
    connection.stop = NoWait()
    report = run(azure, queued, Watcher(said=lambda _: connection.stop.set()), connection)
    assert outcome(report).status is Status.PENDING
    assert report.interrupted
    finish(azure, queued)


def test_a_network_that_comes_back_is_waited_for(azure, queued):
    rule = {"method": "GET", "path": "/jobs/tune-", "when": "before", "times": 30, "action": DOWN}
    armed = []

    def cut_then_go_on(_message):
        if not armed:
            armed.append(azure.control("POST", "faults", rule))
            azure.control("POST", "clock", {"mode": "instant"})

    report = run(azure, queued, Watcher(said=cut_then_go_on))
    assert armed
    assert report.exit_code is ExitCode.OK
    assert azure.writes(azure.since, "/jobs/") == []


def test_a_network_that_stays_away_leaves_the_run_pending(azure, queued):
    rule = {"method": "GET", "path": "/jobs/tune-", "when": "before", "times": 0, "action": DOWN}
    ended = outcome(
        run(azure, queued, Watcher(said=lambda _: azure.control("POST", "faults", rule)))
    )
    assert ended.status is Status.PENDING
    assert "can no longer be reached" in summary_of(ended.problems[0])
    finish(azure, queued)


TROUBLE = {
    "quota": (
        {"errors": [{"error": {"code": "ClusterCoreQuotaReached", "message": "24 of 24 cores"}}]},
        "ClusterCoreQuotaReached: 24 of 24 cores",
        "raise the quota",
    ),
    "capacity": (
        {"errors": [{"error": {"code": "AllocationFailed", "message": "no machines left"}}]},
        "AllocationFailed: no machines left",
        "another size or region",
    ),
    "node failure": (
        {"nodeStateCounts": {"unusableNodeCount": 2, "runningNodeCount": 0}},
        "2 nodes unusable",
        "get new machines",
    ),
    "preemption": (
        {"nodeStateCounts": {"preemptedNodeCount": 1}},
        "1 node preempted",
        "another size or region",
    ),
    "other jobs": (
        {"nodeStateCounts": {"runningNodeCount": 1}, "scaleSettings": {"maxNodeCount": 1}},
        "1 node busy with other jobs of 1",
        "",
    ),
    "no machines allowed": ({"scaleSettings": {"maxNodeCount": 0}}, "`max_instances` is 0", "1 or"),
    "nothing wrong": ({"errors": None, "nodeStateCounts": None}, "", ""),
    "an odd answer": ({"errors": "broken", "nodeStateCounts": {}}, "", ""),
}


@pytest.mark.parametrize("trouble", TROUBLE)
def test_what_a_cluster_says_is_told_with_what_helps(trouble):
    properties, text, hint = TROUBLE[trouble]
    reason = reason_of("gpu", {"properties": properties})
    assert text in reason.text
    assert hint in reason.hint


@pytest.mark.parametrize("trouble", ["quota", "capacity", "node failure"])
def test_a_queue_that_does_not_move_says_why_and_has_an_end(azure, queued, monkeypatch, trouble):
    properties, said, hint = TROUBLE[trouble]
    body = {"properties": {"computeType": "AmlCompute", "properties": properties}}
    action = {"status": 200, "body": body}
    rule = {"method": "GET", "path": r"/computes/gpu", "when": "before", "times": 0}
    clock = Clock()
    monkeypatch.setattr(follow, "time", clock)
    connection = azure.connection()
    connection.stop = NoWait()
    connection.stop.then = lambda: clock.pass_by(600)
    watcher = Watcher(begun=lambda: azure.control("POST", "faults", {**rule, "action": action}))
    ended = outcome(run(azure, queued, watcher, connection))
    assert ended.status is Status.PENDING
    assert "did not start within 240 min" in summary_of(ended.problems[0])
    assert said in summary_of(ended.problems[0])
    assert hint in ended.problems[0].hint
    assert any(said in line for line in watcher.said)
    finish(azure, queued)


class Clock:
    """`time`, moved by hand."""

    def __init__(self):
        self._ahead = 0.0

    def pass_by(self, seconds):
        self._ahead += seconds

    def monotonic(self):
        return time.monotonic() + self._ahead


def test_a_run_that_somebody_cancelled_is_not_submitted_again(azure, queued):
    (job,) = [j for j in azure.plan(queued).changes if j.address == JOB and j.observed is not None]
    azure.control("POST", "clock", {"mode": "instant"})
    azure.arm.post(f"{job.observed.outputs['id']}/cancel", "2024-10-01-preview")
    for _ in range(3):
        report = run(azure, queued)
        assert outcome(report).status is Status.FAILED
    assert azure.writes(azure.since, "/jobs/") == []
    assert f"--retry {JOB}" in outcome(report).problems[0].hint
