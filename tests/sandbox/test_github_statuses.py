"""Commit statuses of the sandbox's GitHub: set, listed, combined, counted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox.clock import Clock
from reconciler.sandbox.forge import github_statuses
from reconciler.sandbox.forge.exchange import Ask
from reconciler.sandbox.forge.github_errors import GitHubError
from reconciler.sandbox.forge.repositories import Repositories
from reconciler.sandbox.forge.tokens import Token
from reconciler.sandbox.store import Store
from tests.sandbox.conftest import Sandbox
from tests.support.forge import Forge


@pytest.fixture
def forge(sandbox: Sandbox) -> Forge:
    found = Forge(sandbox)
    found.open()
    found.sign_in("actions", pull_requests="write", statuses="write")
    return found


def head_of(forge: Forge) -> str:
    return str(forge.github("GET", "pulls/1").json()["head"]["sha"])


def test_a_status_names_its_creator_in_the_list_alone(forge: Forge) -> None:
    sha = head_of(forge)
    for state in ("pending", "success"):
        body = {"state": state, "context": "reconcile/chat", "description": "2 to create"}
        answer = forge.github("POST", f"statuses/{sha}", body)
        assert answer.status_code == 201
        assert answer.json()["creator"]["login"] == "github-actions[bot]"
    listed = forge.github("GET", f"commits/{sha}/statuses").json()
    assert [one["state"] for one in listed] == ["success", "pending"]
    assert {one["creator"]["login"] for one in listed} == {"github-actions[bot]"}
    combined = forge.github("GET", f"commits/{sha}/status").json()
    assert (combined["state"], combined["total_count"], combined["sha"]) == ("success", 1, sha)
    assert "creator" not in combined["statuses"][0]


@pytest.mark.parametrize(
    ("states", "combined"),
    [
        ([], "pending"),
        (["success", "success"], "success"),
        (["success", "pending"], "pending"),
        (["pending", "error"], "failure"),
        (["success", "failure"], "failure"),
    ],
)
def test_what_statuses_come_to(forge: Forge, states: list[str], combined: str) -> None:
    for number, state in enumerate(states):
        sent = {"state": state, "context": f"check {number}"}
        assert forge.github("POST", f"statuses/{head_of(forge)}", sent).status_code == 201
    assert forge.github("GET", "commits/topic/status").json()["state"] == combined


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"state": "green"}, "state is not included in the list"),
        (
            {"state": "success", "description": "x" * 141},
            "description is too long (maximum is 140 characters)",
        ),
        ({"state": "success", "target_url": "ftp://here"}, "target_url must use http(s) scheme"),
    ],
)
def test_a_status_that_github_refuses(forge: Forge, body: dict[str, str], told: str) -> None:
    answer = forge.github("POST", f"statuses/{head_of(forge)}", body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["message"] == told
    assert answer.json()["errors"][0]["resource"] == "Status"


def test_a_branch_has_slashes(forge: Forge) -> None:
    sha = forge.open(head="feature/bigger")["pushes"][0]
    for ref in ("feature%2Fbigger", "feature/bigger", "heads/feature/bigger"):
        assert forge.github("GET", f"commits/{ref}/status").json()["sha"] == sha


def test_a_commit_that_is_not_there_and_one_who_may_not(forge: Forge) -> None:
    body, sha = {"state": "success"}, head_of(forge)
    answer = forge.github("POST", f"statuses/{'1' * 40}", body)
    assert answer.status_code == 422
    assert answer.json()["message"] == f"No commit found for SHA: {'1' * 40}"
    forge.sign_in("actions", pull_requests="write", statuses="read")
    assert forge.github("POST", f"statuses/{sha}", body).status_code == 403


def test_a_commit_takes_a_thousand_of_a_context(tmp_path: Path) -> None:
    store = Store(tmp_path / "state.db", "https://here")
    repositories = Repositories(store, Clock(store, "instant"))
    sha = repositories.commit("acme/ml")

    def post(context: str) -> Any:
        body, args = {"state": "success", "context": context}, {"o": "acme", "r": "ml", "sha": sha}
        return github_statuses.create(
            Ask("POST", "https://here", "/", args, {}, body, Token("ann", 1), repositories)
        )

    kept = {"repo": "acme/ml", "sha": sha, "context": "plan"}
    for number in range(999):
        store.put_document(github_statuses.STATUSES, f"old {number}", kept)
    assert post("plan").status == 201
    with pytest.raises(GitHubError, match="Validation Failed") as refused:
        post("plan")
    assert "maximum number of statuses" in refused.value.errors[0]["message"]
    assert post("other").status == 201
    store.close()
