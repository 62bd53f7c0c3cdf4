"""Check runs and deployments of the sandbox's GitHub."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Sandbox
from tests.support.forge import Forge

NOTE = {
    "path": "spec.yaml",
    "start_line": 3,
    "end_line": 3,
    "annotation_level": "warning",
    "message": "replaced",
}
OUTPUT = {"title": "a plan", "summary": "2 to create"}


@pytest.fixture
def forge(sandbox: Sandbox) -> Forge:
    found = Forge(sandbox)
    found.open()
    found.sign_in("actions", checks="write", statuses="write", deployments="write")
    return found


def run(forge: Forge, **parts: Any) -> Any:
    sha = forge.github("GET", "commits/topic/status").json()["sha"]
    return forge.github("POST", "check-runs", {"name": "plan", "head_sha": sha, **parts})


def test_a_check_run_from_queued_to_concluded(forge: Forge) -> None:
    made = run(forge)
    assert (made.status_code, made.json()["status"]) == (201, "queued")
    assert made.json()["app"]["slug"] == "github-actions"
    place = f"check-runs/{made.json()['id']}"
    body = {"conclusion": "neutral", "output": {**OUTPUT, "annotations": [NOTE]}}
    ended = forge.github("PATCH", place, body).json()
    assert (ended["status"], ended["conclusion"]) == ("completed", "neutral")
    forge.github("PATCH", place, {"output": {**OUTPUT, "annotations": [NOTE]}})
    assert forge.github("GET", place).json()["output"]["annotations_count"] == 2
    notes = forge.github("GET", f"{place}/annotations").json()
    assert [(one["path"], one["start_line"]) for one in notes] == [("spec.yaml", 3)] * 2
    found = forge.github("GET", "commits/topic/check-runs", check_name="plan").json()
    assert (found["total_count"], found["check_runs"][0]["id"]) == (1, made.json()["id"])


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ({"conclusion": "green"}, "green is not a member of"),
        ({"status": "completed"}, '"conclusion" wasn\'t supplied.'),
        (
            {"output": {**OUTPUT, "summary": "x" * 65_536}},
            "Only 65535 characters are allowed; 65536 were supplied.",
        ),
        (
            {"output": {**OUTPUT, "annotations": [NOTE] * 51}},
            "No more than 50 items are allowed; 51 were supplied.",
        ),
        ({"output": {**OUTPUT, "annotations": [{"path": "x"}]}}, '"start_line" wasn\'t supplied.'),
        ({"output": {"title": "a plan"}}, '"summary" wasn\'t supplied.'),
        ({"head_sha": "2" * 40}, f"No commit found for SHA: {'2' * 40}"),
    ],
)
def test_a_check_run_that_github_refuses(forge: Forge, parts: dict[str, Any], told: str) -> None:
    answer = run(forge, **parts)
    assert answer.status_code == 422 and told in answer.json()["message"]
    assert forge.github("GET", "commits/topic/check-runs").json()["total_count"] == 0


def test_apps_alone_make_them(forge: Forge) -> None:
    number = run(forge).json()["id"]
    forge.sign_in("app/acme", checks="write")
    answer = forge.github("PATCH", f"check-runs/{number}", {"conclusion": "success"})
    assert answer.status_code == 403 and "Invalid app_id" in answer.json()["message"]
    forge.sign_in("ann")
    answer = run(forge)
    assert answer.status_code == 403
    assert answer.json()["message"] == "You must authenticate via a GitHub App."
    assert forge.github("GET", f"check-runs/{number}").json()["conclusion"] is None
    forge.sign_in("actions", checks="read", statuses="read")
    assert run(forge).json()["message"] == "Resource not accessible by integration"


def test_a_deployment_waits_for_green_contexts(forge: Forge) -> None:
    body = {"ref": "topic", "environment": "prod"}
    sha = forge.github("GET", "commits/topic/status").json()["sha"]
    forge.github("POST", f"statuses/{sha}", {"state": "failure", "context": "plan"})
    refused = forge.github("POST", "deployments", body)
    assert refused.status_code == 409
    assert refused.json()["message"] == "Conflict: Commit status checks failed for topic."
    assert forge.github("POST", "deployments", {**body, "ref": "none"}).status_code == 422
    made = forge.github("POST", "deployments", {**body, "required_contexts": []})
    assert (made.status_code, made.json()["sha"]) == (201, sha)
    forge.github("POST", f"statuses/{sha}", {"state": "success", "context": "plan"})
    assert forge.github("POST", "deployments", body).status_code == 201
    assert len(forge.github("GET", "deployments", environment="prod").json()) == 2
    assert forge.github("GET", "deployments", environment="other").json() == []


def test_a_newer_success_retires_the_older_one(forge: Forge) -> None:
    body = {"ref": "topic", "environment": "test"}
    older, newer = (forge.github("POST", "deployments", body).json()["id"] for _ in range(2))
    for number in (older, newer):
        place = f"deployments/{number}/statuses"
        assert forge.github("POST", place, {"state": "in_progress"}).status_code == 201
        forge.github("POST", place, {"state": "success", "description": "done"})
    states = [one["state"] for one in forge.github("GET", f"deployments/{older}/statuses").json()]
    assert states == ["inactive", "success", "in_progress"]
    newest = forge.github("GET", f"deployments/{newer}/statuses").json()[0]
    assert (newest["state"], newest["description"]) == ("success", "done")
    place = f"deployments/{newer}/statuses"
    assert forge.github("POST", place, {"state": "green"}).status_code == 422
    too_long = {"state": "success", "description": "x" * 141}
    assert forge.github("POST", place, too_long).status_code == 422
