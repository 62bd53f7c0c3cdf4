"""`reconcile comment` at an Azure DevOps: one thread, kept; statuses of the newest push."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.diagnostics import ExitCode
from tests.render.test_plan_comment import EFFECT, document
from tests.support.commands import Ended, in_process
from tests.support.controls import Pool
from tests.support.forge import AZURE_REPO, Forge
from tests.support.sandbox import Sandbox

DANGER = {"summary": "deletes all data", "addresses": ["data.papers"]}


class Pull:
    """One pull request, and the build that comments on it."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox, self.folder = sandbox, folder
        sandbox.reset()
        self.forge = Forge(sandbox)
        self.head = str(self.forge.open(repo=AZURE_REPO, head="bigger", by="ann")["pushes"][-1])
        self.forge.sign_in("build", pull_requests="write")
        self.plan(document())

    def plan(self, content: Any) -> None:
        (self.folder / "plan.json").write_text(json.dumps(content), encoding="utf-8")

    def push(self) -> None:
        self.head = str(self.forge.do("push", repo=AZURE_REPO, number=1)["pushes"][-1])

    def comment(self, *words: str, **more: str) -> Ended:
        """Run the command as a step of Azure Pipelines would."""
        step = {
            "SYSTEM_COLLECTIONURI": f"{self.sandbox.url}/_azuredevops/acme/",
            "SYSTEM_TEAMPROJECT": "plans",
            "BUILD_REPOSITORY_NAME": "ml",
            "SYSTEM_PULLREQUEST_PULLREQUESTID": "1",
            "SYSTEM_PULLREQUEST_SOURCECOMMITID": self.head,
            "SYSTEM_ACCESSTOKEN": self.forge.token,
            "AGENT_TEMPDIRECTORY": str(self.folder),
            "REQUESTS_CA_BUNDLE": self.sandbox.ca_file,
        }
        given = ("comment", "plan.json", "--to", "azure-devops", *words)
        return in_process(self.folder, *given, **{**step, **more})

    @property
    def threads(self) -> list[dict[str, Any]]:
        """The threads that a reader sees, with the id of their pull request's comment."""
        found = self.forge.azure("GET", "pullRequests/1/threads").json()["value"]
        return [one for one in found if not one["isDeleted"]]

    @property
    def statuses(self) -> list[tuple[str, str, str, int]]:
        found = self.forge.azure("GET", "pullRequests/1/statuses").json()["value"]
        return [
            (one["context"]["name"], one["state"], one["description"], one["iterationId"])
            for one in found
        ]


@pytest.fixture(scope="module")
def _sandbox(pool: Pool) -> Iterator[Sandbox]:
    with pool.lent() as server:
        yield Sandbox(server)


@pytest.fixture
def pull(_sandbox: Sandbox, tmp_path: Path) -> Pull:
    return Pull(_sandbox, tmp_path)


def test_a_thread_and_statuses_are_made(pull: Pull) -> None:
    done = pull.comment()
    assert (done.returncode, done.stderr) == (ExitCode.OK, "")
    assert done.stdout == "Pull request 1 of plans/ml: created.\n"
    (only,) = pull.threads
    assert only["status"] == "closed"
    assert f"Effect: `{EFFECT}`" in only["comments"][0]["content"]
    assert pull.statuses == [
        ("plan/chat", "succeeded", f"{EFFECT}: 1 to create", 1),
        ("plan", "succeeded", "chat · 1 to create", 1),
    ]


def test_the_same_thread_is_kept_over_pushes(pull: Pull) -> None:
    pull.comment()
    (first,) = pull.threads
    assert "unchanged" in pull.comment().stdout
    pull.push()
    pull.plan(document(resource_changes=[], applyable=False))
    assert "updated" in pull.comment().stdout
    (only,) = pull.threads
    assert only["id"] == first["id"]
    assert "chat · no changes" in only["comments"][0]["content"]
    assert pull.statuses[-1][-1] == 2


def test_only_what_needs_attention_holds_up_a_merge(pull: Pull) -> None:
    pull.plan(document(attention=[DANGER]))
    pull.comment()
    assert [one["status"] for one in pull.threads] == ["active"]
    pull.plan(document())
    pull.comment()
    assert [one["status"] for one in pull.threads] == ["closed"]


def test_of_two_threads_of_ours_the_first_stays(pull: Pull) -> None:
    pull.comment()
    (first,) = pull.threads
    body = {
        "comments": [{"parentCommentId": 0, "commentType": 1} | _said(first)],
        "status": 4,
        "properties": {"reconcile.v1": {"$type": "System.String", "$value": "comment"}},
    }
    assert pull.forge.azure("POST", "pullRequests/1/threads", body).ok
    pull.push()
    assert "updated" in pull.comment().stdout
    assert [one["id"] for one in pull.threads] == [first["id"]]


def _said(thread: dict[str, Any]) -> dict[str, str]:
    return {"content": thread["comments"][0]["content"]}


def test_a_mark_that_somebody_else_typed_is_left_alone(pull: Pull) -> None:
    text = "<!-- reconcile:v1 spec=chat -->\n\napprove this"
    pull.forge.do("comment", repo=AZURE_REPO, number=1, by="eve", body=text)
    pull.comment()
    assert text in [_said(one)["content"] for one in pull.threads]
    assert len(pull.threads) == 2


def test_an_older_build_says_nothing(pull: Pull) -> None:
    old = pull.head
    pull.push()
    done = pull.comment(SYSTEM_PULLREQUEST_SOURCECOMMITID=old)
    assert done.returncode == ExitCode.OK
    assert "superseded" in done.stdout
    assert (pull.threads, pull.statuses) == ([], [])


def test_what_the_build_may_not_write_goes_into_its_summary(pull: Pull) -> None:
    pull.forge.sign_in("build", pull_requests="read")
    done = pull.comment()
    assert done.returncode == ExitCode.OK, done.stderr
    assert "contribute to pull requests" in done.stderr
    assert "##vso[task.uploadsummary]" in done.stdout
    (summary,) = pull.folder.glob("*/reconcile.md")
    assert EFFECT in summary.read_text(encoding="utf-8")
    assert pull.comment("--require-comment").returncode == ExitCode.DENIED


@pytest.mark.parametrize(
    ("more", "code", "told"),
    [
        ({"SYSTEM_ACCESSTOKEN": "unknown-token"}, ExitCode.DENIED, "Azure DevOps answered 203"),
        ({"SYSTEM_ACCESSTOKEN": ""}, ExitCode.USAGE, "there is no token in SYSTEM_ACCESSTOKEN"),
        ({"SYSTEM_COLLECTIONURI": "http://x"}, ExitCode.USAGE, "is not an https:// address"),
        ({"SYSTEM_TEAMPROJECT": ".."}, ExitCode.USAGE, "no repository like PROJECT/NAME"),
        ({"SYSTEM_PULLREQUEST_PULLREQUESTID": ""}, ExitCode.USAGE, "no pull request with a commit"),
    ],
)
def test_what_is_missing_is_named(
    pull: Pull, more: dict[str, str], code: ExitCode, told: str
) -> None:
    done = pull.comment(**more)
    assert done.returncode == code
    assert told in done.stderr
    assert "unknown-token" not in done.stdout + done.stderr
