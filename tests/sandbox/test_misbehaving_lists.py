"""Lists that leave items out, show them twice, fail on a page or never end."""

from __future__ import annotations

import urllib.error
import urllib.parse
from typing import Any

import pytest

from tests.support.sandbox import GROUP, Sandbox, fault

IDENTITIES = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities"


def listed(sandbox: Sandbox, path: str = IDENTITIES) -> Any:
    return sandbox.send("GET", path, api_version="2024-11-30")[1]


def names(body: Any) -> list[str]:
    return [item["name"] for item in body["value"]]


@pytest.fixture
def identities(sandbox: Sandbox, rm: Any, put: Any) -> None:
    for name in ("id1", "id2", "id3"):
        put(f"Microsoft.ManagedIdentity/userAssignedIdentities/{name}", "2024-11-30")


def test_a_list_leaves_items_out_or_shows_them_twice(sandbox: Sandbox, identities: None) -> None:
    fault(sandbox, method="GET", path="Identities\\?", action={"omit": "/id2$"})
    fault(sandbox, method="GET", path="Identities\\?", nth=2, action={"repeat": "/id[13]$"})
    assert names(listed(sandbox)) == ["id1", "id3"]
    assert names(listed(sandbox)) == ["id1", "id2", "id3", "id1", "id3"]
    assert names(listed(sandbox)) == ["id1", "id2", "id3"]


def test_a_list_comes_in_pages_and_the_second_can_fail(sandbox: Sandbox, identities: None) -> None:
    fault(sandbox, method="GET", path="Identities\\?", action={"pages": 2}, times=3)
    fault(sandbox, method="GET", path="skipToken", nth=2, action={"status": 404})
    first = listed(sandbox)
    path, _, query = first["nextLink"].removeprefix(sandbox.url).partition("?")
    assert names(first) == ["id1", "id2"]
    words = dict(urllib.parse.parse_qsl(query))
    answers = [sandbox.send("GET", path, **words)[:2] for _ in range(2)]
    assert [status for status, _ in answers] == [200, 404]
    assert names(answers[0][1]) == ["id3"]


def test_a_list_says_that_it_goes_on_where_nothing_is(sandbox: Sandbox, identities: None) -> None:
    for link in ("{url}", "no address", "https://elsewhere.example/page2"):
        fault(sandbox, method="GET", path="Identities", action={"next_link": link})
        address = f"{sandbox.url}{IDENTITIES}?api-version=2024-11-30"
        assert listed(sandbox)["nextLink"] == link.replace("{url}", address)
        assert "nextLink" not in listed(sandbox)
        sandbox.control("DELETE", "faults")


def test_what_is_no_list_is_not_spoilt(sandbox: Sandbox, identities: None) -> None:
    fault(sandbox, method="GET", action={"omit": ""}, times=2)
    assert sandbox.send("GET", f"{IDENTITIES}/id1", api_version="2024-11-30")[0] == 200
    assert sandbox.send("GET", f"{IDENTITIES}/none", api_version="2024-11-30")[0] == 404
