"""A run that is killed after the DELETE of a replace: the next one makes again all that went."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from reconciler.engine.types import Action, Status
from reconciler.operations.apply.executor import Report, apply
from reconciler.render.reason_text import explanations
from tests.support.faulted import arm, of, sent
from tests.support.passing_time import PassingTime
from tests.support.serving import ENDPOINT, SPEC, Azure, Events

EP, BLUE, TRAFFIC = "endpoints.phi3-ep", "deployments.blue", "endpoints.phi3-ep.traffic"
DEPLOYMENT = f"{ENDPOINT}/deployments/blue"
REPLACING = SPEC.replace(
    "    traffic: {blue: 100}", "    description: new\n    traffic: {blue: 100}"
)
TWO = REPLACING.replace("instance_count: 1", "instance_count: 2")


class KilledAfterDelete(threading.Event):
    """Ends a run in its first wait after a DELETE, while time stands still in Azure."""

    def __init__(self, azure: Azure) -> None:
        super().__init__()
        self._azure, self._since = azure, azure.now()

    def wait(self, timeout: float | None = None) -> bool:
        if "DELETE" in {e["method"] for e in self._azure.everything(self._since)}:
            self._azure.control("POST", "clock", {"mode": "frozen"})
            self.set()
        return self.is_set()


@pytest.fixture
def half_replaced(live: Azure) -> Azure:
    """The endpoint is being deleted, and its deployment does not say so yet."""
    loaded, connection, planned = live.load(REPLACING), live.connection(), live.plan(REPLACING)
    connection.stop = KilledAfterDelete(live)
    apply(loaded, connection, planned, progress=Events(), parallelism=1)
    assert live.get(ENDPOINT)["properties"]["provisioningState"] == "Deleting"
    assert live.get(DEPLOYMENT)["properties"]["provisioningState"] == "Succeeded"
    return live


def rerun(azure: Azure, text: str, time: PassingTime, *rules: dict[str, Any]) -> Report:
    """Plan while Azure is still deleting; while apply runs, time goes on."""
    loaded, connection, planned = azure.load(text), azure.connection(), azure.plan(text)
    azure.control("POST", "clock", {"mode": "instant"})
    connection.stop = time
    for rule in rules:
        arm(azure, **rule)
    return apply(loaded, connection, planned, progress=Events(), parallelism=1)


@pytest.mark.parametrize(("text", "instances"), [(REPLACING, 1), (TWO, 2)])
def test_what_went_with_a_parent_is_made_again_by_the_next_run(
    half_replaced: Azure, monkeypatch: pytest.MonkeyPatch, text: str, instances: int
) -> None:
    shown = half_replaced.plan(text)
    for address in (BLUE, TRAFFIC):
        assert shown.change_of(address).is_pending
        assert f"`{EP}` is being deleted" in explanations(shown.change_of(address))[0]
    report = rerun(half_replaced, text, PassingTime(monkeypatch))
    assert report.exit_code == 0
    assert (of(report, BLUE).action, of(report, BLUE).status) == (Action.CREATE, Status.DONE)
    assert half_replaced.get(DEPLOYMENT)["sku"]["capacity"] == instances
    assert half_replaced.get(ENDPOINT)["properties"]["traffic"] == {"blue": 100}
    assert half_replaced.changes(text) == {}


def test_a_read_that_still_shows_what_went_with_a_parent_is_not_believed(
    half_replaced: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The deployment has the address of the new endpoint, and the birthday of the old one."""
    action = {"status": 200, "body": half_replaced.get(DEPLOYMENT)}
    stale = {"method": "GET", "path": r"deployments/blue\?", "action": action, "times": 2}
    since = half_replaced.now()
    report = rerun(half_replaced, REPLACING, PassingTime(monkeypatch), stale)
    assert report.exit_code == 0
    assert len(sent(half_replaced, since, "PUT", "/blue")) == 1
    assert half_replaced.changes(REPLACING) == {}


def test_what_is_protected_in_a_parent_that_went_is_not_made_again_unseen(
    half_replaced: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = REPLACING + f"lifecycle: {{{BLUE}: {{protect: true}}}}\n"
    since = half_replaced.now()
    assert "a new plan then shows" in explanations(half_replaced.plan(text).change_of(BLUE))[1]
    report = rerun(half_replaced, text, PassingTime(monkeypatch))
    assert of(report, BLUE).status is Status.REFUSED
    assert sent(half_replaced, since, "PUT", "/blue") == []
    half_replaced.applied(text)
    assert half_replaced.changes(text) == {}
