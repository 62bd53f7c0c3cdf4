"""The sandbox's GitHub answers, refuses and counts as the published REST API does."""

from __future__ import annotations

import json
import urllib.error

import pytest

from tests.sandbox.conftest import Sandbox
from tests.support.forge import REPO, Forge


@pytest.fixture
def forge(sandbox: Sandbox) -> Forge:
    found = Forge(sandbox)
    found.open(head="bigger", by="ann")
    found.sign_in("actions", pull_requests="write", statuses="write")
    return found


def comment(forge: Forge, text: str = "a plan") -> int:
    answer = forge.github("POST", "issues/1/comments", {"body": text})
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def test_unless_asked_for_there_is_no_github(sandbox: Sandbox) -> None:
    forge = Forge(sandbox)
    sandbox.control("POST", "settings", {"forge": 0})
    answer = forge.github("GET", "pulls/1")
    assert answer.status_code == 404
    assert "serve --forge" in answer.json()["message"]


def test_a_comment_is_of_whom_the_token_is(forge: Forge) -> None:
    comment(forge)
    forge.do("comment", repo=REPO, number=1, by="eve", body="a plan")
    forge.sign_in("ann")
    comment(forge)
    found = forge.github("GET", "issues/1/comments").json()
    assert [one["user"]["login"] for one in found] == ["github-actions[bot]", "eve", "ann"]
    assert [one["user"]["type"] for one in found] == ["Bot", "User", "User"]
    apps = [one["performed_via_github_app"] for one in found]
    assert apps[0]["slug"] == "github-actions" and apps[0]["id"] == 15368
    assert apps[1:] == [None, None]
    forge.sign_in("app/acme", issues="write")
    comment(forge)
    last = forge.github("GET", "issues/1/comments").json()[-1]
    assert last["user"]["login"] == "acme[bot]"
    assert last["performed_via_github_app"]["slug"] == "acme"


def test_a_comment_is_edited_and_deleted(forge: Forge) -> None:
    number = comment(forge)
    assert (
        forge.github("PATCH", f"issues/comments/{number}", {"body": "newer"}).json()["body"]
        == "newer"
    )
    assert forge.github("GET", f"issues/comments/{number}").json()["body"] == "newer"
    assert forge.github("DELETE", f"issues/comments/{number}").status_code == 204
    assert forge.github("GET", f"issues/comments/{number}").status_code == 404
    assert forge.github("GET", "issues/1/comments").json() == []


def test_comments_come_in_pages(forge: Forge) -> None:
    made = [comment(forge, f"number {number}") for number in range(5)]
    seen, answer = [], forge.github("GET", "issues/1/comments", per_page=2)
    assert answer.links["last"]["url"].endswith("per_page=2&page=3")
    while True:
        seen += [one["id"] for one in answer.json()]
        if "next" not in answer.links:
            break
        url = answer.links["next"]["url"].removeprefix(f"{forge.url}/_github")
        answer = forge.github("GET", url)
    assert seen == made
    assert set(answer.links) == {"prev", "first"}
    assert "Link" not in forge.github("GET", "issues/1/comments").headers


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"body": "x" * 65_537}, "Body is too long (maximum is 65536 characters)"),
        ({"body": " "}, "Body cannot be blank"),
    ],
)
def test_a_comment_that_github_refuses(forge: Forge, body: dict[str, str], told: str) -> None:
    answer = forge.github("POST", "issues/1/comments", body)
    assert answer.status_code == 422
    assert answer.json()["message"] == "Validation Failed"
    assert answer.json()["errors"] == [
        {"resource": "IssueComment", "code": "unprocessable", "field": "data", "message": told}
    ]
    assert forge.github("GET", "issues/1/comments").json() == []


def test_the_longest_comment_is_counted_in_characters(forge: Forge) -> None:
    number = comment(forge, "\N{WARNING SIGN}" * 65_536)
    answer = forge.github("PATCH", f"issues/comments/{number}", {"body": "x" * 65_537})
    assert answer.json()["errors"][0]["message"] == "body is too long (maximum is 65536 characters)"


def test_a_body_that_is_no_comment(forge: Forge) -> None:
    for body, told in [({}, '"body" wasn\'t supplied.'), ({"body": 1}, "1 is not a string.")]:
        answer = forge.github("POST", "issues/1/comments", body)
        assert answer.status_code == 422 and told in answer.json()["message"]
    assert forge.github("POST", "issues/1/comments", [1]).json()["message"] == (
        "Body should be a JSON object"
    )


def test_who_may_not(forge: Forge) -> None:
    forge.sign_in("actions", pull_requests="read")
    assert forge.github("GET", "issues/1/comments").status_code == 200
    answer = forge.github("POST", "issues/1/comments", {"body": "a plan"})
    assert answer.status_code == 403
    assert answer.json()["message"] == "Resource not accessible by integration"
    forge.sign_in("ann", statuses="write")
    answer = forge.github("POST", "issues/1/comments", {"body": "a plan"})
    assert answer.json()["message"] == "Resource not accessible by personal access token"
    forge.sign_in("ann", repositories=["acme/other"])
    assert forge.github("GET", "pulls/1").status_code == 404
    forge.token = ""
    assert forge.github("GET", "pulls/1").status_code == 404
    assert forge.github("GET", "/user").status_code == 401


def test_a_bad_token_and_an_old_one(forge: Forge) -> None:
    old = forge.token
    forge.do("expire", token=old)
    for token in (old, "ghs_made_up"):
        forge.token = token
        answer = forge.github("GET", "pulls/1")
        assert (answer.status_code, answer.json()["message"]) == (401, "Bad credentials")


def test_whom_a_token_is_of(forge: Forge) -> None:
    assert forge.github("GET", "/user").status_code == 403
    forge.sign_in("ann")
    assert forge.github("GET", "/user").json()["login"] == "ann"


def test_a_pull_request_through_its_life(forge: Forge) -> None:
    first = forge.github("GET", "pulls/1").json()
    forge.do("push", repo=REPO, number=1)
    pushed = forge.github("GET", "pulls/1").json()
    assert first["head"]["sha"] != pushed["head"]["sha"] and pushed["state"] == "open"
    merged = forge.do("merge", repo=REPO, number=1, method="squash")["merge_sha"]
    shown = forge.github("GET", "pulls/1").json()
    assert (shown["state"], shown["merged"]) == ("closed", True)
    assert shown["merge_commit_sha"] == merged
    assert comment(forge, "a closed one takes comments")
    with pytest.raises(urllib.error.HTTPError, match="not open"):
        forge.do("push", repo=REPO, number=1)
    assert forge.github("GET", "pulls").json() == []
    assert [one["number"] for one in forge.github("GET", "pulls", state="all").json()] == [1]


def test_the_pull_request_of_a_commit(forge: Forge) -> None:
    sha = forge.github("GET", "pulls/1").json()["head"]["sha"]

    def numbers(commit: str) -> list[int]:
        return [one["number"] for one in forge.github("GET", f"commits/{commit}/pulls").json()]

    assert numbers(sha) == [1]
    merged = forge.do("merge", repo=REPO, number=1, method="squash")["merge_sha"]
    assert numbers(merged) == [1]
    assert numbers(sha) == []
    again = forge.open(head="again")
    forge.do("merge", repo=REPO, number=again["number"])
    assert numbers(again["pushes"][0]) == [again["number"]]
    answer = forge.github("GET", f"commits/{'0' * 40}/pulls")
    assert answer.status_code == 422
    assert answer.json()["message"] == f"No commit found for SHA: {'0' * 40}"


def test_a_fork_is_told_from_a_branch(forge: Forge) -> None:
    number = forge.open(fork="eve", by="eve")["number"]
    shown = forge.github("GET", f"pulls/{number}").json()
    assert shown["head"]["repo"]["full_name"] == "eve/ml" and shown["head"]["repo"]["fork"]
    assert shown["base"]["repo"]["full_name"] == REPO
    assert not forge.github("GET", "pulls/1").json()["head"]["repo"]["fork"]


def test_a_locked_conversation_takes_no_comment(forge: Forge) -> None:
    forge.do("lock", repo=REPO, number=1)
    answer = forge.github("POST", "issues/1/comments", {"body": "a plan"})
    assert answer.status_code == 403
    assert answer.json()["message"] == "Unable to create comment because issue is locked."


def test_the_secondary_limit_is_a_fault(forge: Forge, sandbox: Sandbox) -> None:
    action = {"status": 403, "headers": {"Retry-After": "1"}}
    sandbox.control("POST", "faults", {"method": "POST", "path": "/_github/", "action": action})
    answer = forge.github("POST", "issues/1/comments", {"body": "a plan"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (403, "1")
    assert "secondary rate limit" in answer.json()["message"]
    assert comment(forge)
    assert len(forge.github("GET", "issues/1/comments").json()) == 1


def test_the_journal_has_it_without_a_token(forge: Forge, sandbox: Sandbox) -> None:
    comment(forge)
    entry = sandbox.journal("forge")[-1]
    assert entry["path"] == f"/_github/repos/{REPO}/issues/1/comments"
    assert entry["request_body"] == {"body": "a plan"} and entry["committed"]
    assert forge.token not in sandbox.control("GET", "journal")
    assert forge.token not in sandbox.control("GET", "snapshot")


def test_a_snapshot_has_it_all(forge: Forge, sandbox: Sandbox) -> None:
    number = comment(forge)
    saved = json.loads(sandbox.control("GET", "snapshot"))
    sandbox.control("POST", "reset")
    assert forge.github("GET", "issues/1/comments").status_code == 404
    sandbox.control("POST", "restore", saved)
    assert [one["id"] for one in forge.github("GET", "issues/1/comments").json()] == [number]


def test_what_is_not_emulated_says_so(forge: Forge) -> None:
    assert forge.github("GET", "branches").status_code == 501
