"""What real passes over a sandbox tell: on the page, in the metrics, as events."""

import pytest

from reconciler.gitops.last_passes import LastPasses
from reconciler.gitops.report import Reporter
from reconciler.gitops.spec_gauges import gauges
from reconciler.gitops.status import details, overview
from reconciler.render.loop_page import loop_page
from tests.support.looped import Told
from tests.support.one_spec import CLUSTER


class Watched:
    """A loop whose passes are told to a reporter, as the runner tells them."""

    def __init__(self, looped):
        self.looped, self.told, self.last = looped, Told(), LastPasses()
        self.reporter = Reporter(self.told, [self.last])

    def look(self):
        end = self.looped.look()
        self.reporter.passed(end)
        return end

    def until_ready(self):
        while self.look().is_pending:
            pass

    @property
    def page(self):
        return loop_page(overview([], self.last.all(), 1, self.looped.time))

    @property
    def values(self):
        (one,) = self.last.all()
        return details(one)


@pytest.fixture
def watched(looped):
    return Watched(looped)


def test_a_spec_from_nothing_to_ready(watched):
    end = watched.look()
    assert end.is_pending
    working = {row["address"]: row for row in watched.values["working"]}
    assert working
    since = {address: row["since"] for address, row in working.items()}
    assert "Azure is working on" in watched.page
    watched.until_ready()
    later = watched.values
    assert (later["state"], later["working"]) == ("ready", [])
    assert later["interval_seconds"] == 600.0
    assert all(text.endswith("Z") for text in since.values())
    assert watched.told.reasons[0] == "Progressing"
    assert set(watched.told.reasons) <= {"Progressing", "Succeeded"}
    before = len(watched.told.events)
    for _ in range(3):
        watched.look()
    assert len(watched.told.events) == before


def test_a_plan_that_waits_is_shown_with_the_command_that_approves_it(watched):
    watched.looped.set(changes="approve")
    end = watched.look()
    command = (
        "az tag update --operation Merge --resource-id /subscriptions/"
        "00000000-0000-0000-0000-000000000000/resourceGroups/rg-smallest --tags "
        f"reconcile-approve.small={end.effect}"
    )
    assert command in watched.page
    assert watched.values["approvals"] == [end.effect]
    assert watched.told.reasons == ["WaitingForApproval"]


def test_drift_is_an_event_and_over_when_somebody_puts_it_back(kept):
    watched = Watched(kept)
    kept.drift(CLUSTER, {"properties": {"properties": {"scaleSettings": {"maxNodeCount": 9}}}})
    watched.look()
    (event,) = watched.told.events
    assert (event.reason.value, event.address) == ("Drifted", "compute.cpu-cluster")
    families = {one.name: one for one in gauges(watched.last.all(), kept.time, per_spec=True)}
    assert [one.value for one in families["reconcile_drift_resources"].samples] == [1]
    kept.drift(CLUSTER, {"properties": {"properties": {"scaleSettings": {"maxNodeCount": 2}}}})
    watched.look()
    assert watched.told.reasons == ["Drifted", "Recovered"]
