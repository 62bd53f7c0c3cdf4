"""What failed and may pass costs its resource a second decision, and never a second creation.

A prompt flow is made by a POST to a service that invents the id: nothing in it is idempotent.
"""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.engine.types import Status
from reconciler.operations.apply.executor import apply
from tests.support.faulted import arm, error, of, sent
from tests.support.passing_time import PassingTime
from tests.support.serving import ENDPOINT, SPEC, Azure, Events

TWO = SPEC.replace("instance_count: 1", "instance_count: 2")
FLOWS = r"/Flows(\?|$)"


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("action", [error(500, "Odd"), {"drop": True}], ids=["500", "cut off"])
def test_a_flow_whose_create_is_in_doubt_is_looked_for_and_made_once(
    azure: Azure, action: dict[str, Any], when: str
) -> None:
    since = azure.now()
    arm(azure, "POST", FLOWS, action, when=when)
    azure.applied()
    posts = sent(azure, since, "POST", "/Flows")
    assert sum(e["committed"] for e in posts) == 1
    assert len(posts) == (2 if when == "before" else 1)
    puts = [e["path"] for e in sent(azure, since, "PUT", "/chat.py") if "comp" not in e["query"]]
    assert len(puts) == 1, "the folder was uploaded again"
    assert azure.changes() == {}


def test_a_flow_that_cannot_be_made_is_given_up_after_three_decisions(azure: Azure) -> None:
    since = azure.now()
    arm(azure, "POST", FLOWS, error(500, "Odd"), times=0)
    report = azure.apply()
    assert of(report, "flows.chat").status is Status.FAILED
    assert of(report, "deployments.blue").status is Status.DONE
    assert len(sent(azure, since, "POST", "/Flows")) == 3
    azure.control("DELETE", "faults")
    azure.applied()


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_patch_that_is_in_doubt_is_decided_again(live: Azure, when: str) -> None:
    since = live.now()
    arm(live, "PATCH", "deployments/blue", error(503, "ServiceUnavailable"), when=when)
    live.applied(TWO)
    patches = [e for e in live.writes(since) if e.startswith("PATCH")]
    assert len(patches) == (2 if when == "before" else 1)
    assert live.get(f"{ENDPOINT}/deployments/blue")["sku"]["capacity"] == 2


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_archive_that_is_in_doubt_is_decided_again(live: Azure, when: str) -> None:
    arm(live, "PATCH", "/Flows/", error(500, "Odd"), when=when)
    report = live.destroy()
    assert of(report, "flows.chat").status is Status.DONE
    assert live.changes()["flows.chat"] == "create"


def test_a_read_that_is_out_for_a_while_fails_neither_plan_nor_apply(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four tries are not enough for either read: a plan looks again, an apply decides again."""
    time = PassingTime(monkeypatch)
    arm(azure, "GET", r"/Flows\?", error(503, "ServiceUnavailable"), times=5)
    loaded, connection = azure.load(), azure.connection()
    connection.stop = time
    planned = azure.plan()
    assert planned.blocked == []
    arm(azure, "GET", r"onlineEndpoints/phi3-ep\?", error(503, "ServiceUnavailable"), times=5)
    report = apply(loaded, connection, planned, progress=Events())
    assert report.exit_code == 0


def test_a_plan_does_not_ask_twice_when_most_is_out(azure: Azure) -> None:
    since = azure.now()
    arm(azure, "GET", r"^/subscriptions", error(503, "ServiceUnavailable"), times=0)
    assert len(azure.plan().blocked) > 2
    paths = [e["path"] for e in azure.journal(since)]
    assert max(map(paths.count, paths)) <= 4
