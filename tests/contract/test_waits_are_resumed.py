"""What Azure was at work on when our wait ended is waited for by the next run, not written again."""

import threading

import pytest

from reconciler.engine.types import Phase, Status
from reconciler.operations.apply.executor import apply
from reconciler.operations.load import load
from reconciler.operations.plan.destroy import plan_destroy
from reconciler.render.report import report_lines
from reconciler.render.words import is_running
from tests.support.azure import ROOT, Quiet, edited, granting_in

SMALL = "examples/smallest.yaml"
SERVING = "specs/phi3-ultrachat.yaml"
OWN_DATA = "examples/bring-your-own-data.yaml"
CLUSTER = "compute.cpu-cluster"


class Stop(threading.Event):
    """Is set by the first wait, as Ctrl-C in the middle of it would."""

    def __init__(self, *, armed=False):
        super().__init__()
        self.armed = armed

    def wait(self, timeout=None):
        if self.armed:
            self.set()
        return self.is_set()


class StopAt(Quiet):
    """Lets time stand still when work on one resource begins, and stops the first wait."""

    def __init__(self, azure, address, stop):
        self._azure, self._address, self._stop = azure, address, stop

    def started(self, address, action):
        if address == self._address:
            self._azure.control("POST", "clock", {"mode": "frozen"})
            self._stop.armed = True


def interrupted(azure, loaded, planned, address):
    """Carry out a plan that is stopped while it waits for one resource.

    Role assignments are in effect at once: no wait comes before the request, on any machine.
    """
    connection = granting_in(0.0, azure.connection(loaded))
    connection.stop = stop = Stop()
    watcher = StopAt(azure, address, stop)
    report = apply(loaded, connection, planned, progress=watcher, parallelism=1)
    assert stop.is_set()
    azure.clear_journal()
    return {o.address: o for o in report.outcomes}


@pytest.fixture
def azure(azure):
    yield azure
    azure.control("POST", "clock", {"mode": "instant"})


def resumed(azure, loaded):
    """Apply from another machine, while time goes on again from the first wait."""
    planned = azure.plan(loaded)
    connection = azure.connection(loaded)
    connection.stop = Stop()
    azure.control("POST", "clock", {"mode": "instant"})
    report = apply(loaded, connection, planned, progress=Quiet())
    assert [(o.address, o.problems) for o in report.outcomes if o.problems] == []
    return planned


def creates(azure, part):
    """The PUTs of a resource, but those that only set an endpoint's traffic."""
    puts = [e for e in azure.journal() if e["method"] == "PUT" and e["path"].endswith(part)]
    return [e for e in puts if not (e["request_body"]["properties"].get("traffic"))]


@pytest.mark.parametrize(
    ("spec", "address", "part"),
    [
        (SMALL, "workspace", "/workspaces/smallest-ws"),
        (SMALL, CLUSTER, "/computes/"),
        (SERVING, "endpoints.phi3-ultrachat-ep", "/onlineEndpoints/phi3-ultrachat-ep"),
        (SERVING, "deployments.blue", "/deployments/blue"),
    ],
)
def test_a_create_is_waited_for_and_not_sent_again(azure, spec, address, part):
    loaded = load(str(ROOT / spec))
    outcomes = interrupted(azure, loaded, azure.plan(loaded), address)
    assert outcomes[address].status is Status.PENDING
    planned = resumed(azure, loaded)
    assert planned.change_of(address).is_pending
    assert creates(azure, part) == []
    assert azure.plan(loaded).is_empty


def test_an_update_is_waited_for_and_not_sent_again(azure, tmp_path):
    loaded = load(str(ROOT / SMALL))
    azure.apply(loaded)
    changed = edited(tmp_path, SMALL, ("max_instances: 2", "max_instances: 1"))
    outcomes = interrupted(azure, changed, azure.plan(changed), CLUSTER)
    assert outcomes[CLUSTER].status is Status.PENDING
    resumed(azure, changed)
    assert azure.writes() == []
    assert azure.plan(changed).is_empty


def test_an_update_that_differs_from_the_one_under_way_is_made_after_it(azure, tmp_path):
    loaded = load(str(ROOT / SMALL))
    azure.apply(loaded)
    first = edited(tmp_path, SMALL, ("max_instances: 2", "max_instances: 1"))
    interrupted(azure, first, azure.plan(first), CLUSTER)
    second = edited(tmp_path, SMALL, ("max_instances: 2", "max_instances: 4"))
    resumed(azure, second)
    assert len(azure.writes()) == 1
    assert azure.plan(second).is_empty


def test_a_delete_is_waited_for_and_then_the_rest_goes(azure):
    loaded = load(str(ROOT / SMALL))
    azure.apply(loaded)
    planned = plan_destroy(loaded, azure.connection(loaded))
    outcomes = interrupted(azure, loaded, planned, CLUSTER)
    assert outcomes[CLUSTER].status is Status.PENDING
    azure.control("POST", "clock", {"mode": "instant"})
    report = azure.destroy(loaded)
    assert [(o.address, o.problems) for o in report.outcomes if o.problems] == []
    assert plan_destroy(loaded, azure.connection(loaded)).is_empty


class Stopper(Quiet):
    """Stops a run when work on a resource begins, or when something of it is transferred."""

    def __init__(self, azure, address, stop, event):
        self._azure, self._address, self._stop, self._event = azure, address, stop, event

    def started(self, address, action):
        self._at("started", address)

    def bytes(self, address, done, total):
        self._at("bytes", address)

    def _at(self, event, address):
        if (event, address) == (self._event, self._address):
            self._azure.control("POST", "clock", {"mode": "frozen"})
            self._stop.set()


@pytest.mark.parametrize(
    ("spec", "event", "address"),
    [
        *((SMALL, "started", a) for a in load(str(ROOT / SMALL)).resources),
        (OWN_DATA, "bytes", "datasets.support"),
        (OWN_DATA, "started", "jobs.finetune"),
    ],
)
def test_only_what_runs_is_said_to_run(azure, spec, event, address):
    """It said that a resource still runs whose PUT was never sent."""
    loaded = load(str(ROOT / spec))
    planned = azure.plan(loaded)
    connection = granting_in(0.0, azure.connection(loaded))
    stopper = Stopper(azure, address, connection.stop, event)
    report = apply(loaded, connection, planned, progress=stopper, parallelism=2)
    assert report.interrupted
    now = {c.address: c.observed for c in azure.plan(loaded).changes}
    busy = {a for a, seen in now.items() if seen is not None and seen.phase is Phase.PENDING}
    assert {o.address for o in report.outcomes if is_running(o)} == busy
    lines = [item.text for item in report_lines(report, elapsed_s=1)]
    assert ("Still running in Azure:" in lines) is bool(busy)
    ended = {o.address: o.status for o in report.outcomes}
    assert ended[address] in (Status.PENDING, Status.SKIPPED, Status.DONE)
