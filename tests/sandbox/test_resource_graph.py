"""Resource Graph's change feed: what was written, by whom, told late, in pages, within a quota."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.sandbox import GROUP, SUBSCRIPTION, Sandbox

PATH = "/providers/Microsoft.ResourceGraph/resources"
QUERY = """resourcechanges
| extend at = todatetime(properties.changeAttributes.timestamp)
| where at > datetime(2020-01-01T00:00:00Z)
| project id, targetResourceId = tostring(properties.targetResourceId), \
changeType = tostring(properties.changeType), changes = properties.changes, \
changeAttributes = properties.changeAttributes, at
| order by at asc, id asc"""
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/acct1"
OF_ACCOUNT = {"sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}


def ask(sandbox: Sandbox, query: str = QUERY, **more: Any) -> tuple[int, Any, dict[str, str]]:
    body = {"query": query, "subscriptions": [SUBSCRIPTION], **more}
    return sandbox.send("POST", PATH, body, api_version="2024-04-01")


def rows(sandbox: Sandbox) -> list[Any]:
    status, page, _ = ask(sandbox)
    assert status == 200, page
    return list(page["data"])


@pytest.fixture
def account(put: Any) -> Any:
    return put("Microsoft.Storage/storageAccounts/acct1", "2023-05-01", **OF_ACCOUNT)


def test_writes_are_told_with_what_they_changed_and_who(sandbox: Sandbox, account: Any) -> None:
    sandbox.control("POST", "drift", {"op": "tag", "id": ACCOUNT, "body": {"team": "x"}})
    sandbox.control("POST", "drift", {"op": "delete", "id": ACCOUNT})
    created, changed, deleted = rows(sandbox)
    assert [one["changeType"] for one in (created, changed, deleted)] == [
        "Create",
        "Update",
        "Delete",
    ]
    assert {one["targetResourceId"] for one in (created, changed, deleted)} == {ACCOUNT}
    assert list(changed["changes"]) == ["tags.team"]
    assert changed["changes"]["tags.team"]["newValue"] == "x"
    by = changed["changeAttributes"]
    assert (by["clientType"], by["changedByType"]) == ("Azure Portal", "User")
    assert by["operation"] == "microsoft.storage/storageaccounts/write"
    assert created["changeAttributes"]["changedBy"] == sandbox.server.client_id


def test_a_write_that_changes_nothing_or_was_refused_is_not_told(
    sandbox: Sandbox, account: Any, put: Any
) -> None:
    put("Microsoft.Storage/storageAccounts/acct1", "2023-05-01", **OF_ACCOUNT)
    body = {"tags": {"a/b": "x"}}
    assert sandbox.send("PATCH", ACCOUNT, body, api_version="2023-05-01")[0] == 400
    assert len(rows(sandbox)) == 1


def test_what_is_in_no_table_of_resource_graph_is_not_told(sandbox: Sandbox, rm: Any) -> None:
    lock = f"{GROUP}/providers/Microsoft.Authorization/locks/keep"
    body = {"properties": {"level": "CanNotDelete"}}
    assert sandbox.send("PUT", lock, body, api_version="2020-05-01")[0] == 201
    assert rows(sandbox) == []


def test_it_is_told_late(sandbox: Sandbox, account: Any) -> None:
    sandbox.clock("frozen")
    sandbox.control("POST", "drift", {"op": "tag", "id": ACCOUNT, "body": {"team": "x"}})
    sandbox.control("POST", "settings", {"change_feed_delay_s": 240})
    sandbox.control("POST", "clock", {"advance": 239})
    assert len(rows(sandbox)) < 2
    sandbox.control("POST", "clock", {"advance": 1})
    assert len(rows(sandbox)) == 2


def test_it_comes_in_pages(sandbox: Sandbox, account: Any) -> None:
    for number in range(4):
        body = {"op": "tag", "id": ACCOUNT, "body": {"n": str(number)}}
        sandbox.control("POST", "drift", body)
    seen: list[str] = []
    token: dict[str, str] = {}
    for _ in range(3):
        _, page, _ = ask(sandbox, options={"$top": 2, **token})
        seen += [one["id"] for one in page["data"]]
        token = {"$skipToken": page.get("$skipToken", "")}
    assert (len(seen), len(set(seen))) == (5, 5)
    assert (page["resultTruncated"], token["$skipToken"]) == ("false", "")


def test_any_other_query_is_refused(sandbox: Sandbox) -> None:
    status, told, _ = ask(sandbox, "resources | take 5")
    assert (status, told["error"]["code"]) == (400, "BadRequest")
    codes = [one["code"] for one in told["error"]["details"]]
    assert codes == ["InvalidQuery", "ParserFailure"]


def test_so_many_queries_are_answered_and_no_more(sandbox: Sandbox) -> None:
    sandbox.clock("frozen")
    sandbox.control("POST", "clock", {"advance": 10})
    answers = [ask(sandbox) for _ in range(16)]
    assert [status for status, _, _ in answers] == [200] * 15 + [429]
    left = [int(headers["x-ms-user-quota-remaining"]) for _, _, headers in answers]
    assert left == [*range(14, -1, -1), 0]
    _, told, headers = answers[-1]
    assert told["error"]["details"][0]["code"] == "RateLimiting"
    assert headers["Retry-After"] == "5"
    sandbox.control("POST", "clock", {"advance": 5})
    assert ask(sandbox)[0] == 200
