"""The sandbox's Azure DevOps keeps statuses of commits."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Sandbox
from tests.support.forge import AZURE_REPO, Forge

SHA = "a" * 40
PATH = f"commits/{SHA}/statuses"


@pytest.fixture
def forge(sandbox: Sandbox) -> Forge:
    found = Forge(sandbox)
    found.do("commit", repo=AZURE_REPO, sha=SHA)
    found.sign_in("build", pull_requests="write")
    return found


def status(state: str, name: str = "chat") -> dict[str, Any]:
    context = {"genre": "reconcile", "name": name}
    return {"state": state, "description": "a plan waits", "context": context}


def test_a_status_of_a_commit_is_kept_and_shown(forge: Forge) -> None:
    made = forge.azure("POST", PATH, status("pending"))
    assert made.status_code == 201
    assert made.json()["state"] == "pending"
    assert made.json()["context"] == {"genre": "reconcile", "name": "chat"}
    forge.azure("POST", PATH, status("succeeded"))
    forge.azure("POST", PATH, status("failed", "prod"))
    every = forge.azure("GET", PATH).json()["value"]
    assert [one["state"] for one in every] == ["failed", "succeeded", "pending"]
    newest = forge.azure("GET", PATH, latestOnly="true").json()["value"]
    assert [one["state"] for one in newest] == ["failed", "succeeded"]
    assert forge.azure("GET", PATH, top=1).json()["count"] == 1


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ({"state": "pending"}, "ArgumentNullException"),
        ({**status("pending"), "state": "green"}, "InvalidArgumentValueException"),
    ],
)
def test_a_status_in_another_form_is_refused(forge: Forge, body: Any, key: str) -> None:
    answer = forge.azure("POST", PATH, body)
    assert answer.status_code == 400
    assert answer.json()["typeKey"] == key
    assert forge.azure("GET", PATH).json()["count"] == 0


def test_a_commit_that_is_not_there_has_no_status(forge: Forge) -> None:
    answer = forge.azure("POST", PATH.replace("a", "b", 40), status("pending"))
    assert answer.status_code == 404


def test_who_may_only_read_sets_no_status(forge: Forge) -> None:
    forge.sign_in("ann", pull_requests="read")
    assert forge.azure("POST", PATH, status("pending")).status_code == 403
    assert forge.azure("GET", PATH).status_code == 200
