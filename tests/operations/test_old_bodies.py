"""A read from a replica that is behind shows what this run deleted: that is nobody else's work."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from reconciler.engine.types import Action, Status
from reconciler.operations.apply.executor import Report, apply
from tests.support.faulted import arm, error, of, sent
from tests.support.passing_time import PassingTime
from tests.support.serving import ENDPOINT, SPEC, Azure, Events

EP, BLUE = "endpoints.phi3-ep", "deployments.blue"
DEPLOYMENT = f"{ENDPOINT}/deployments/blue"
REPLACING = SPEC.replace(
    "    traffic: {blue: 100}", "    description: new\n    traffic: {blue: 100}"
)
CLOSED = SPEC.replace("    traffic:", "    public_network_access: disabled\n    traffic:")
BUSY = {**error(409, "Conflict"), "headers": {}}


def showing(azure: Azure, path: str, body: Any, **rule: Any) -> None:
    """Let reads of an address be answered with a body, as by a replica that is behind."""
    arm(azure, "GET", path, {"status": 200, "body": body}, **rule)


class AfterConflict(PassingTime):
    """Passes all waits; in the first one after a 409 an old body is put before some reads."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, azure: Azure, path: str, body: Any, times: int
    ) -> None:
        super().__init__(monkeypatch)
        self._azure, self._since = azure, azure.now()
        self._rules = [(path, body, times)]

    def wait(self, timeout: float | None = None) -> bool:
        if self._rules and 409 in (e["status"] for e in self._azure.everything(self._since)):
            path, body, times = self._rules.pop()
            showing(self._azure, path, body, times=times)
        return super().wait(timeout)


def replaced(azure: Azure, stop: PassingTime, path: str, *, nth: int = 1) -> Report:
    """Replace the endpoint; the nth PUT of an address finds Azure busy."""
    loaded, connection, planned = azure.load(REPLACING), azure.connection(), azure.plan(REPLACING)
    arm(azure, "PUT", path, BUSY, nth=nth)
    connection.stop = stop
    return apply(loaded, connection, planned, progress=Events(), parallelism=1)


@pytest.mark.parametrize("times", [1, 5, 100])
def test_the_old_one_is_not_taken_for_one_that_somebody_else_made(
    live: Azure, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """The first PUT drains it, the second one makes it again. 100 is longer than we ask."""
    path, since = r"onlineEndpoints/phi3-ep\?", live.now()
    stop = AfterConflict(monkeypatch, live, path, live.get(ENDPOINT), times)
    report = replaced(live, stop, path, nth=2)
    live.control("DELETE", "faults")
    entries = [e for e in live.everything(since) if e["path"].casefold() == ENDPOINT.casefold()]
    assert [e["method"] for e in entries if e["method"] != "GET"][:4] == [
        "PUT",
        "DELETE",
        "PUT",
        "PUT",
    ]
    if times < 100:
        assert report.exit_code == 0
        assert (of(report, EP).action, of(report, EP).status) == (Action.REPLACE, Status.DONE)
    assert live.get(ENDPOINT)["properties"]["description"] == "new"


@pytest.mark.parametrize("times", [1, 5])
def test_what_went_with_a_parent_is_not_taken_for_done(
    live: Azure, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    path, since = r"deployments/blue\?", live.now()
    report = replaced(
        live, AfterConflict(monkeypatch, live, path, live.get(DEPLOYMENT), times), path
    )
    assert report.exit_code == 0
    assert of(report, BLUE).status is Status.DONE
    assert [e["status"] for e in sent(live, since, "PUT", "/blue")] == [409, 201]
    assert live.changes(REPLACING) == {}


def test_replicas_that_disagree_whether_it_is_at_rest_are_asked_with_pauses(
    live: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = copy.deepcopy(live.get(ENDPOINT))
    busy["properties"]["provisioningState"] = "Updating"
    loaded, connection, planned = live.load(CLOSED), live.connection(), live.plan(CLOSED)
    connection.stop = time = PassingTime(monkeypatch)
    for nth in range(5):
        showing(live, r"onlineEndpoints/phi3-ep\?", busy, nth=2 * nth + 1)
    report = apply(loaded, connection, planned, progress=Events(), parallelism=1)
    assert report.exit_code == 0
    assert time.passed_s > 0.1 + 0.2 + 0.3 + 0.4
    assert live.get(ENDPOINT)["properties"]["publicNetworkAccess"] == "Disabled"
