"""Issues and labels of the sandbox's GitHub."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Sandbox
from tests.support.forge import Forge


@pytest.fixture
def forge(sandbox: Sandbox) -> Forge:
    found = Forge(sandbox)
    found.open()
    found.sign_in("actions", issues="write")
    return found


def numbers(forge: Forge, **query: str) -> list[int]:
    return [one["number"] for one in forge.github("GET", "issues", **query).json()]


def test_an_issue_is_opened_changed_and_closed(forge: Forge) -> None:
    made = forge.github("POST", "issues", {"title": "drift", "body": "1", "labels": ["Drift"]})
    assert (made.status_code, made.json()["number"]) == (201, 2)
    assert made.json()["performed_via_github_app"]["slug"] == "github-actions"
    assert numbers(forge, labels="drift", creator="github-actions[bot]") == [2]
    assert numbers(forge, labels="drift,other") == []
    assert forge.github("PATCH", "issues/2", {"body": "2"}).json()["body"] == "2"
    assert forge.github("POST", "issues/2/comments", {"body": "clean"}).status_code == 201
    closed = forge.github("PATCH", "issues/2", {"state": "closed"}).json()
    assert (closed["state"], closed["state_reason"], closed["comments"]) == (
        "closed",
        "completed",
        1,
    )
    assert numbers(forge, labels="drift") == []
    assert numbers(forge, labels="drift", state="all") == [2]
    assert forge.github("PATCH", "issues/2", {"state": "open"}).json()["state_reason"] == "reopened"


def test_pull_requests_are_among_the_issues(forge: Forge) -> None:
    forge.github("POST", "issues", {"title": "drift"})
    found = forge.github("GET", "issues").json()
    assert [("pull_request" in one, one["number"]) for one in found] == [(False, 2), (True, 1)]
    assert forge.github("GET", "issues/1").json()["pull_request"]
    assert forge.github("GET", "issues", per_page=1).links["next"]["url"].endswith("page=2")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"title": " "}, "missing_field"),
        ({"title": "x" * 257}, "title is too long (maximum is 256 characters)"),
        ({"title": "x", "body": "x" * 65_537}, "body is too long (maximum is 65536 characters)"),
        ({"title": "x", "labels": "drift"}, "is not an array"),
        ({}, "wasn't supplied"),
    ],
)
def test_an_issue_that_github_refuses(forge: Forge, body: dict[str, Any], told: str) -> None:
    answer = forge.github("POST", "issues", body)
    assert answer.status_code == 422 and told in answer.text.replace("\\'", "'")
    assert numbers(forge) == [1]


def test_who_may_not_open_one(forge: Forge) -> None:
    forge.sign_in("actions", pull_requests="write")
    assert forge.github("POST", "issues", {"title": "drift"}).status_code == 403


def test_labels_of_a_pull_request(forge: Forge) -> None:
    forge.sign_in("actions", pull_requests="write")
    assert forge.github("POST", "labels", {"name": "Delete", "color": "ff0000"}).status_code == 201
    again = forge.github("POST", "labels", {"name": "delete"})
    assert again.json()["errors"][0]["code"] == "already_exists"
    place = "issues/1/labels"
    forge.github("POST", place, {"labels": ["delete"]})
    added = forge.github("POST", place, ["change", "delete"]).json()
    assert [(one["name"], one["color"]) for one in added] == [
        ("Delete", "ff0000"),
        ("change", "ededed"),
    ]
    shown = forge.github("GET", "pulls/1").json()["labels"]
    assert shown == added == forge.github("GET", place).json()
    assert forge.github("DELETE", f"{place}/delete").json() == added[1:]
    assert forge.github("DELETE", f"{place}/delete").json()["message"] == "Label does not exist"
    forge.github("POST", place, ["plan/delete"])
    shown = forge.github("GET", "labels/plan%2Fdelete").json()
    assert shown["url"].endswith("/labels/plan%2Fdelete")
    assert forge.github("DELETE", f"{place}/plan%2Fdelete").json() == added[1:]
    assert forge.github("PUT", place, {"labels": []}).json() == []
    assert len(forge.github("GET", "labels").json()) == 3
    assert forge.github("GET", "labels/none").status_code == 404
