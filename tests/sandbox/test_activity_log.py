"""The activity log tells every write to a subscription, as published, and no read."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.support.sandbox import GROUP, SUBSCRIPTION, Sandbox

LOG = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Insights/eventtypes/management/values"
IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities"
ONE = f"{GROUP}/providers/{IDENTITY}/one"
SINCE = "eventTimestamp ge '2020-01-01T00:00:00Z'"


def log(sandbox: Sandbox, where: str = "", **query: str) -> tuple[int, dict[str, Any]]:
    text = f"{SINCE} and {where}" if where else SINCE
    asked = {"$filter": text, **query}
    status, body, _ = sandbox.send("GET", LOG, api_version="2015-04-01", **asked)
    return status, body


def operations(sandbox: Sandbox, where: str = "") -> list[tuple[str, str]]:
    """Each operation with how it ended, oldest first."""
    status, body = log(sandbox, where)
    assert status == 200
    told = [(one["operationName"]["value"], one["status"]["value"]) for one in body["value"]]
    return told[::-1]


@pytest.fixture
def written(sandbox: Sandbox, rm: Any) -> Sandbox:
    """One identity that was written, read, refused once and deleted."""
    for method, body in (
        ("PUT", {"location": "eastus", "tags": {"team": "x"}}),
        ("GET", None),
        ("PUT", {"location": "nowhere"}),
        ("DELETE", None),
    ):
        sandbox.send(method, ONE, body, api_version="2024-11-30")
    return sandbox


def test_writes_and_deletes_are_told_and_no_read(written: Sandbox) -> None:
    assert operations(written) == [
        ("Microsoft.Resources/subscriptions/resourceGroups/write", "Succeeded"),
        (f"{IDENTITY}/write", "Succeeded"),
        (f"{IDENTITY}/write", "Failed"),
        (f"{IDENTITY}/delete", "Succeeded"),
    ]


def test_an_event_says_who_what_and_when(written: Sandbox) -> None:
    _, body = log(written, f"resourceUri eq '{ONE.upper()}'")
    newest = body["value"][0]
    assert re.fullmatch(r"[0-9a-f-]{36}", newest["caller"])
    assert newest["resourceId"] == ONE
    assert newest["resourceGroupName"] == "rg"
    assert newest["authorization"] == {"action": f"{IDENTITY}/delete", "scope": ONE}
    assert newest["subscriptionId"] == SUBSCRIPTION
    assert newest["id"].startswith(f"{ONE}/events/{newest['eventDataId']}/ticks/")


def test_an_action_is_told_of_its_resource(written: Sandbox) -> None:
    account = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/nothere"
    written.send("POST", f"{account}/listKeys", api_version="2023-05-01")
    action = ("Microsoft.Storage/storageAccounts/listKeys/action", "Failed")
    assert operations(written, "resourceProvider eq 'microsoft.storage'") == [action]
    assert log(written)[1]["value"][0]["resourceId"] == account


@pytest.mark.parametrize(
    ("where", "count"),
    [
        ("resourceGroupName eq 'RG'", 4),
        ("resourceGroupName eq 'other'", 0),
        ("status eq 'Failed'", 1),
        ("eventTimestamp le '2020-01-02T00:00:00Z'", 0),
        ("eventChannels eq 'Admin, Operation'", 4),
        ("eventChannels eq 'Admin'", 0),
    ],
)
def test_a_filter_tells_what_fits_it(written: Sandbox, where: str, count: int) -> None:
    assert len(operations(written, where)) == count


@pytest.mark.parametrize(
    "text",
    [
        "",
        "resourceGroupName eq 'rg'",
        "eventTimestamp ge 'yesterday'",
        f"{SINCE} or status eq 'Failed'",
        f"{SINCE} and nothing eq 'x'",
        f"{SINCE} and ",
    ],
)
def test_a_filter_of_another_form_is_refused(sandbox: Sandbox, rm: Any, text: str) -> None:
    status, body = log(sandbox, **{"$filter": text})
    assert (status, body["error"]["code"]) == (400, "BadRequest")


def test_members_are_selected_and_pages_are_followed(written: Sandbox) -> None:
    asked = {"$filter": SINCE, "$select": "operationName,eventTimestamp", "$top": "3"}
    status, body, _ = written.send("GET", LOG, api_version="2015-04-01", **asked)
    assert status == 200
    assert len(body["value"]) == 3
    assert set(body["value"][0]) == {"operationName", "eventTimestamp"}
    following = dict(parse_qsl(urlsplit(body["nextLink"]).query))
    version = following.pop("api-version")
    _, rest, _ = written.send("GET", LOG, api_version=version, **following)
    assert len(rest["value"]) == 1
