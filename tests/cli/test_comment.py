"""`reconcile comment` at a GitHub: one comment, kept; statuses; nothing of Azure is asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from reconciler.cloud.azure import Azure
from reconciler.cloud.endpoints import Cloud
from reconciler.cloud.github import GitHub
from reconciler.cloud.run_scope import RunScope
from reconciler.diagnostics import ExitCode
from reconciler.operations.publish_comment import Status, ToPublish, publish
from reconciler.render.plan_comment import plan_comment
from reconciler.render.plan_document import read_plan_document
from reconciler.secrets import Secret
from tests.render.test_plan_comment import EFFECT, change, document
from tests.support.commands import Ended, in_process
from tests.support.controls import Pool
from tests.support.forge import REPO, Forge
from tests.support.sandbox import Sandbox, fault

ALL = {"pull_requests": "write", "statuses": "write"}


class Pull:
    """One pull request, and the job that comments on it."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox, self.folder = sandbox, folder
        sandbox.reset()
        self.forge = Forge(sandbox)
        self.head = str(self.forge.open(head="bigger", by="ann")["pushes"][-1])
        self.forge.sign_in("actions", **ALL)
        self.plan(document())

    def plan(self, content: Any, name: str = "plan.json") -> None:
        (self.folder / name).write_text(json.dumps(content), encoding="utf-8")

    def push(self) -> str:
        self.head = str(self.forge.do("push", repo=REPO, number=1)["pushes"][-1])
        return self.head

    def comment(self, *words: str, head: str = "", **more: str) -> Ended:
        """Run the command as a step of GitHub Actions would."""
        event = {"pull_request": {"number": 1, "head": {"sha": head or self.head}}}
        (self.folder / "event.json").write_text(json.dumps(event), encoding="utf-8")
        step = {
            "GITHUB_API_URL": f"{self.sandbox.url}/_github",
            "GITHUB_REPOSITORY": REPO,
            "GITHUB_EVENT_PATH": str(self.folder / "event.json"),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary.md"),
            "GITHUB_TOKEN": self.forge.token,
        }
        words = words or ("plan.json",)
        return in_process(self.folder, "comment", *words, "--to", "github", **{**step, **more})

    @property
    def comments(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.forge.github("GET", "issues/1/comments").json()
        return found

    @property
    def statuses(self) -> dict[str, tuple[str, str]]:
        found = self.forge.github("GET", f"commits/{self.head}/status").json()["statuses"]
        return {one["context"]: (one["state"], one["description"]) for one in found}


@pytest.fixture(scope="module")
def _sandbox(pool: Pool) -> Iterator[Sandbox]:
    with pool.lent() as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("REQUESTS_CA_BUNDLE", server.ca_file)
        yield Sandbox(server)


@pytest.fixture
def pull(_sandbox: Sandbox, tmp_path: Path) -> Pull:
    return Pull(_sandbox, tmp_path)


def test_a_comment_and_its_statuses_are_made(pull: Pull) -> None:
    done = pull.comment()
    assert (done.returncode, done.stderr) == (ExitCode.OK, "")
    assert done.stdout == "Pull request 1 of acme/ml: created.\n"
    (only,) = pull.comments
    assert f"Effect: `{EFFECT}`" in only["body"]
    assert f"head={pull.head} " in only["body"]
    assert pull.statuses == {
        "reconcile/chat": ("success", f"{EFFECT}: 1 to create"),
        "reconcile": ("success", "chat · 1 to create"),
    }


def test_the_same_comment_is_kept_over_pushes(pull: Pull) -> None:
    pull.comment()
    (first,) = pull.comments
    assert "unchanged" in pull.comment().stdout
    pull.push()
    pull.plan(document(resource_changes=[], applyable=False))
    assert "updated" in pull.comment().stdout
    (only,) = pull.comments
    assert only["id"] == first["id"]
    assert "chat · no changes" in only["body"]


def test_without_changes_no_comment_is_begun(pull: Pull) -> None:
    pull.plan(document(resource_changes=[], applyable=False))
    assert pull.comment().returncode == ExitCode.OK
    assert pull.comments == []
    assert pull.statuses["reconcile"] == ("success", "chat · no changes")


def test_of_two_runs_at_once_the_first_comment_stays(pull: Pull) -> None:
    pull.comment()
    (first,) = pull.comments
    pull.forge.github("POST", "issues/1/comments", {"body": first["body"]})
    pull.push()
    assert "updated" in pull.comment().stdout
    assert [one["id"] for one in pull.comments] == [first["id"]]


def test_a_marker_typed_by_somebody_else_is_left_alone(pull: Pull) -> None:
    text = "<!-- reconcile:v1 spec=chat -->\n\napprove this"
    pull.forge.do("comment", repo=REPO, number=1, by="eve", body=text)
    pull.comment()
    assert [one["body"] for one in pull.comments if one["user"]["login"] == "eve"] == [text]
    assert len(pull.comments) == 2


def test_an_older_run_says_nothing(pull: Pull) -> None:
    old = pull.head
    pull.push()
    done = pull.comment(head=old)
    assert done.returncode == ExitCode.OK
    assert "superseded" in done.stdout
    assert pull.comments == [] and pull.statuses == {}


def test_a_closed_pull_request_is_left_alone(pull: Pull) -> None:
    pull.forge.do("close", repo=REPO, number=1)
    assert "closed" in pull.comment().stdout
    assert pull.comments == []


def test_a_token_without_statuses_finds_its_own_comment(pull: Pull) -> None:
    pull.forge.sign_in("actions", pull_requests="write")
    for _ in range(2):
        done = pull.comment()
        assert done.returncode == ExitCode.OK
        assert "Resource not accessible" in done.stderr
        assert len(pull.comments) == 1
        pull.push()


def test_a_comment_that_is_not_taken_goes_into_the_summary(pull: Pull) -> None:
    pull.forge.sign_in("actions", pull_requests="read", statuses="write")
    done = pull.comment()
    assert done.returncode == ExitCode.OK
    assert "warning: GitHub answered 403" in done.stderr
    assert EFFECT in (pull.folder / "summary.md").read_text(encoding="utf-8")
    assert pull.statuses["reconcile"][0] == "success"
    assert pull.comment("plan.json", "--require-comment").returncode == ExitCode.DENIED


def test_a_blocked_plan_is_a_failure(pull: Pull) -> None:
    pull.plan(document(spec="other", errored=True, applyable=False), "other.json")
    pull.comment("plan.json", "other.json")
    assert {name: state for name, (state, _) in pull.statuses.items()} == {
        "reconcile/chat": "success",
        "reconcile/other": "failure",
        "reconcile": "failure",
    }
    assert len(pull.comments) == 1


def test_a_limit_of_the_rate_is_waited_for(pull: Pull) -> None:
    action = {"status": 403, "headers": {"Retry-After": "1"}}
    fault(pull.sandbox, path="/_github/", method="POST", action=action, times=2)
    assert pull.comment().returncode == ExitCode.OK
    assert len(pull.comments) == 1


def test_no_limit_is_waited_for_longer_than_a_minute(pull: Pull) -> None:
    action = {"status": 403, "headers": {"Retry-After": "61"}}
    fault(pull.sandbox, path="/_github/", method="POST", action=action, times=9)
    done = pull.comment()
    assert done.returncode == ExitCode.OK
    assert "secondary rate limit" in done.stderr
    sent = [one for one in pull.sandbox.entries(kind="forge") if one["method"] == "POST"]
    assert len(sent) == 2
    assert EFFECT in (pull.folder / "summary.md").read_text(encoding="utf-8")


def test_no_azure_and_no_credential_of_it_is_used(pull: Pull) -> None:
    before = len(pull.sandbox.entries())
    cloud = {"AZURE_CLIENT_ID": "x", "AZURE_CLIENT_SECRET": "y", "AZURE_TENANT_ID": "z"}
    done = pull.comment(AZURE_AUTHORITY_HOST=pull.sandbox.url, **cloud)
    assert done.returncode == ExitCode.OK
    assert {one["kind"] for one in pull.sandbox.entries()[before:]} == {"forge"}


def test_a_token_is_in_no_output(pull: Pull) -> None:
    done = pull.comment("plan.json", "-v")
    assert pull.forge.token not in done.stdout + done.stderr
    bad = pull.comment(GITHUB_TOKEN="ghs_expired0000000000000000000000000000")
    assert bad.returncode == ExitCode.DENIED
    assert "Bad credentials" in bad.stderr
    assert "ghs_expired" not in bad.stdout + bad.stderr


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"GITHUB_TOKEN": ""}, "there is no token in GITHUB_TOKEN"),
        ({"GITHUB_REPOSITORY": "../user"}, "no repository like OWNER/NAME"),
        ({"GITHUB_EVENT_PATH": ""}, "no pull request with a commit"),
        ({"GITHUB_API_URL": "http://localhost"}, "GITHUB_API_URL is not an https:// address"),
    ],
)
def test_what_is_missing_is_named(pull: Pull, more: dict[str, str], told: str) -> None:
    done = pull.comment(**more)
    assert done.returncode == ExitCode.USAGE
    assert told in done.stderr


def test_an_artefact_that_is_no_plan_is_refused(pull: Pull) -> None:
    pull.plan(document(resource_changes=[change("x", "create") | {"type": 1}]))
    done = pull.comment()
    assert done.returncode == ExitCode.REFUSED
    assert "plan.json is not a plan" in done.stderr
    assert pull.comments == [] and pull.statuses == {}


def test_of_runs_that_overlap_one_comment_stays(pull: Pull) -> None:
    plan = read_plan_document(pull.folder / "plan.json")
    for _ in range(3):
        body, statuses = (
            plan_comment([plan], pull.head),
            (Status("reconcile", is_good=True, text="a plan"),),
        )
        wanted = ToPublish(1, pull.head, body, is_news=True, statuses=statuses)
        with Azure(Cloud()) as azure, ThreadPoolExecutor(8) as pool:
            github = GitHub(
                RunScope(azure, ""), f"{pull.sandbox.url}/_github", Secret(pull.forge.token), REPO
            )
            done = list(pool.map(lambda _: publish(github, wanted).outcome, range(8)))  # noqa: B023
        assert {"created", "updated"} & set(done)
        (only,) = pull.comments
        assert only["body"].strip() == body.strip()
        pull.push()
