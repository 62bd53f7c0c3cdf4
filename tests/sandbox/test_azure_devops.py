"""The sandbox's Azure DevOps: threads with properties, statuses of iterations, refusals."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Sandbox
from tests.support.forge import AZURE_REPO, Forge

PULL = "pullRequests/1"


@pytest.fixture
def forge(sandbox: Sandbox) -> Forge:
    found = Forge(sandbox)
    found.open(AZURE_REPO, head="bigger", by="ann")
    found.sign_in("build", pull_requests="write")
    return found


def thread(forge: Forge, **parts: Any) -> dict[str, Any]:
    comments = [{"parentCommentId": 0, "content": "a plan", "commentType": 1}]
    answer = forge.azure("POST", f"{PULL}/threads", {"comments": comments, **parts})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def key_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["typeKey"]


def test_properties_come_back_typed(forge: Forge) -> None:
    made = thread(
        forge,
        status=4,
        properties={
            "plain": "chat",
            "short": {"type": "System.String", "value": "a"},
            "long": {"$type": "System.Int32", "$value": 7},
            "number": 3,
            "half": 0.5,
            "flag": True,
        },
    )
    found = forge.azure("GET", f"{PULL}/threads").json()
    assert found["count"] == 1 and found["value"] == [made]
    assert made["status"] == "closed"
    assert made["comments"][0]["commentType"] == "text"
    assert made["comments"][0]["author"]["displayName"] == "plans Build Service (acme)"
    assert made["properties"] == {
        "plain": {"$type": "System.String", "$value": "chat"},
        "short": {"$type": "System.String", "$value": "a"},
        "long": {"$type": "System.Int32", "$value": 7},
        "number": {"$type": "System.Int32", "$value": 3},
        "half": {"$type": "System.Double", "$value": 0.5},
        "flag": {"$type": "System.String", "$value": "True"},
    }
    refused = forge.azure(
        "POST", f"{PULL}/threads", {"comments": [{"content": "x"}], "properties": {"list": []}}
    )
    assert refused.status_code == 400


def test_a_thread_is_edited_answered_and_deleted(forge: Forge) -> None:
    place = f"{PULL}/threads/{thread(forge)['id']}"
    assert (
        forge.azure("PATCH", f"{place}/comments/1", {"content": "newer"}).json()["content"]
        == "newer"
    )
    assert forge.azure("PATCH", place, {"status": "active"}).json()["status"] == "active"
    assert forge.azure("POST", f"{place}/comments", {"content": "more"}).json()["id"] == 2
    assert forge.azure("DELETE", f"{place}/comments/1").status_code == 200
    shown = forge.azure("GET", place).json()
    first, second = shown["comments"]
    assert first["isDeleted"] and "content" not in first
    assert second["content"] == "more" and not shown["isDeleted"]


def test_nobody_edits_the_comment_of_another(forge: Forge) -> None:
    forge.do("comment", repo=AZURE_REPO, number=1, by="ann", body="a plan")
    number = forge.azure("GET", f"{PULL}/threads").json()["value"][0]["id"]
    place = f"{PULL}/threads/{number}/comments/1"
    assert forge.azure("PATCH", place, {"content": "mine"}).status_code == 403
    shown = forge.azure("GET", place).json()
    assert (shown["content"], shown["author"]["displayName"]) == ("a plan", "ann")


@pytest.mark.parametrize(
    "body",
    [{}, {"comments": []}, {"comments": [{}]}, {"comments": [{"content": "x" * 150_001}]}],
)
def test_a_thread_that_is_refused(forge: Forge, body: dict[str, Any]) -> None:
    assert forge.azure("POST", f"{PULL}/threads", body).status_code == 400
    assert forge.azure("GET", f"{PULL}/threads").json()["count"] == 0


def test_a_status_of_an_iteration(forge: Forge) -> None:
    forge.do("push", repo=AZURE_REPO, number=1)
    assert [one["id"] for one in forge.azure("GET", f"{PULL}/iterations").json()["value"]] == [1, 2]
    body = {
        "iterationId": 2,
        "state": "succeeded",
        "context": {"genre": "reconcile", "name": "plan"},
    }
    made = forge.azure("POST", f"{PULL}/statuses", body).json()
    assert (made["iterationId"], made["state"], made["context"]["genre"]) == (
        2,
        "succeeded",
        "reconcile",
    )
    assert forge.azure("GET", f"{PULL}/statuses").json()["value"] == [made]
    assert forge.azure("GET", f"{PULL}/statuses/1").json() == made
    for changed in ({"context": {"genre": "g"}}, {"iterationId": 3}, {"state": "green"}):
        assert forge.azure("POST", f"{PULL}/statuses", {**body, **changed}).status_code == 400
    assert forge.azure("GET", f"{PULL}/statuses").json()["count"] == 1


def test_who_may_not_and_what_is_not_there(forge: Forge) -> None:
    forge.sign_in("build", pull_requests="read")
    assert forge.azure("GET", f"{PULL}/threads").status_code == 200
    refused = forge.azure("POST", f"{PULL}/threads", {"comments": [{"content": "x"}]})
    assert key_of(refused) == (403, "GitNeedsPermissionException")
    assert refused.json()["message"].startswith(
        "TF401027: You need the Git 'PullRequestContribute' permission to perform this action. "
        "Details: identity 'Build\\"
    )
    missing = forge.azure("GET", "pullRequests/9")
    assert key_of(missing) == (404, "GitPullRequestNotFoundException")
    assert missing.json()["message"] == "TF401180: The requested pull request was not found."
    other = "/acme/plans/_apis/git/repositories/other"
    assert key_of(forge.azure("GET", other)) == (404, "GitRepositoryNotFoundException")
    other = "/acme/none/_apis/git/repositories/ml"
    assert key_of(forge.azure("GET", other)) == (404, "ProjectDoesNotExistWithNameException")


def test_how_one_signs_in(forge: Forge) -> None:
    token, url = forge.token, f"{forge.url}/_azuredevops/acme/_apis/connectionData"
    answer = forge.session.get(url, auth=("", token))
    shown = answer.json()["authenticatedUser"]
    assert shown["id"] == thread(forge)["comments"][0]["author"]["id"]
    for bad in ("", "made up"):
        forge.token = bad
        answer = forge.azure("GET", PULL)
        assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (
            203,
            "text/html",
        )
    forge.do("expire", token=token)
    forge.token = token
    assert forge.azure("GET", PULL).status_code == 401


def test_api_versions(forge: Forge) -> None:
    asked = {"comments": [{"content": "x"}]}
    threads = f"{PULL}/threads"
    for version in ("7.1", "6.0", "7.1-preview.1", "7.2-preview"):
        assert forge.azure("GET", threads, **{"api-version": version}).status_code == 200
    assert key_of(forge.azure("GET", threads, **{"api-version": "7.2"})) == (
        400,
        "VssInvalidPreviewVersionException",
    )
    assert key_of(forge.azure("GET", threads, **{"api-version": "9.0"})) == (
        400,
        "VssVersionOutOfRangeException",
    )
    assert forge.azure("GET", threads, **{"api-version": None}).status_code == 200
    missing = forge.azure("POST", threads, asked, **{"api-version": None})
    assert key_of(missing) == (400, "VssVersionNotSpecifiedException")


def test_a_pull_request_by_ids_and_by_its_merge_commit(forge: Forge) -> None:
    shown = forge.azure("GET", "pullrequests/1").json()
    repo = shown["repository"]
    place = f"/acme/{repo['project']['id']}/_apis/git/repositories/{repo['id']}"
    assert forge.azure("GET", f"{place}/pullRequests/1").json() == shown
    assert (shown["status"], shown["sourceRefName"]) == ("active", "refs/heads/bigger")
    sha = forge.do("merge", repo=AZURE_REPO, number=1)["merge_sha"]
    body = {"queries": [{"type": "lastMergeCommit", "items": [sha]}]}
    found = forge.azure("POST", "pullrequestquery", body).json()["results"][0]
    assert [(one["pullRequestId"], one["status"]) for one in found[sha]] == [(1, "completed")]
    assert thread(forge)["id"]
