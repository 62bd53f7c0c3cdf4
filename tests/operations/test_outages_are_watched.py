"""The watch over every journal of the suite (`tests.support.outages`) sees what it must see."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.operations.plan.checks import outage
from tests.support.outages import outages, taken_away
from tests.support.serving import ENDPOINT, SPEC, Azure

ID = "/subscriptions/s/resourceGroups/g/providers/m/workspaces/w/onlineEndpoints/chat"
OTHER_SIZE = SPEC.replace(
    "instance_type: Standard_NC24ads_A100_v4", "instance_type: Standard_DS3_v2"
)


def taken() -> list[str]:
    """Return what was taken away until now, and let the test itself pass."""
    assert outages.file is not None
    found = outages.unallowed()
    outages.begin(outages.file)
    return found


def test_an_outage_that_no_check_saw_is_seen(live: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outage, "check_outages", lambda *_: ())
    assert live.apply(OTHER_SIZE, allow_outage=[]).exit_code == 0
    assert taken() == [ENDPOINT.casefold()]


def test_one_that_a_plan_announced_and_somebody_allowed_is_none(live: Azure) -> None:
    assert live.apply(OTHER_SIZE, allow_outage=["deployments.blue"]).exit_code == 0
    assert taken() == []


def test_what_was_allowed_before_allows_nothing_now(
    live: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert live.apply(OTHER_SIZE, allow_outage=["deployments.blue"]).exit_code == 0
    assert taken() == []
    monkeypatch.setattr(outage, "check_outages", lambda *_: ())
    assert live.apply(SPEC, allow_outage=[]).exit_code == 0
    assert taken() == [ENDPOINT.casefold()]


def asked(method: str, path: str = ID, client: str = "reconcile/1", **said: Any) -> dict[str, Any]:
    entry = {"method": method, "path": path, "client": client, "status": 200, "committed": True}
    return {**entry, "request_body": None, "response_body": None, **said}


def shares(**traffic: int) -> dict[str, Any]:
    return {"id": ID, "properties": {"traffic": traffic}}


SHOWN = asked("GET", response_body=shares(blue=100))
LISTED = asked("GET", ID.rpartition("/")[0], response_body={"value": [shares(blue=100)]})
GONE = asked("PUT", request_body=shares())
DELETED = asked("DELETE", f"{ID}/deployments/Blue")


@pytest.mark.parametrize("entry", [GONE, DELETED, asked("DELETE"), {**GONE, "method": "PATCH"}])
@pytest.mark.parametrize("before", [SHOWN, LISTED, asked("PUT", request_body=shares(blue=1))])
def test_every_way_to_take_all_traffic_away_is_one(
    before: dict[str, Any], entry: dict[str, Any]
) -> None:
    found = list(taken_away([before, entry]))
    assert found == [entry["path"].casefold()]


@pytest.mark.parametrize(
    "entry",
    [
        asked("PUT", request_body=shares(green=100)),
        asked("PUT", request_body={"properties": {"authMode": "Key"}}),
        asked("DELETE", f"{ID}/deployments/green"),
        {**GONE, "client": "azure-cli"},
        {**GONE, "status": 409},
        {**GONE, "committed": False},
    ],
)
def test_what_leaves_somebody_to_answer_or_is_of_others_is_none(entry: dict[str, Any]) -> None:
    assert list(taken_away([SHOWN, entry])) == []
