"""`apply --approved from-status`: only what the merged pull request's own status showed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.diagnostics import ExitCode
from reconciler.sandbox.launch import Server
from tests.support.commands import Ended, attached, reconcile
from tests.support.controls import Pool
from tests.support.forge import REPO, Forge
from tests.support.sandbox import Sandbox

SPEC = """version: 1
name: tiny
target:
  subscription_id: 00000000-0000-0000-0000-000000000000
  resource_group: rg-tiny
  location: westeurope
identities:
  reader: {}
"""


class Merge:
    """A pull request whose plan was shown, and the job that applies after its merge."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.sandbox, self.folder = Sandbox(server), attached(folder, server)
        self.sandbox.reset()
        self.spec = folder / "spec.yaml"
        self.spec.write_text(SPEC)
        self.forge = Forge(self.sandbox)
        self.head = str(self.forge.open(head="bigger", by="ann")["pushes"][-1])
        self.forge.sign_in("actions", pull_requests="write", statuses="write")

    def effect(self) -> str:
        done = reconcile(self.folder, "plan", "spec.yaml", "-o", "json")
        return str(json.loads(done.stdout)["effect"])

    def status(self, text: str, state: str = "success") -> None:
        body = {"state": state, "context": "reconcile/tiny", "description": text}
        answer = self.forge.github("POST", f"statuses/{self.head}", body)
        assert answer.status_code == 201, answer.text

    def merge(self) -> str:
        return str(self.forge.do("merge", repo=REPO, number=1, method="squash")["merge_sha"])

    def apply(self, commit: str, *words: str) -> Ended:
        step = {
            "GITHUB_API_URL": f"{self.sandbox.url}/_github",
            "GITHUB_REPOSITORY": REPO,
            "GITHUB_TOKEN": self.forge.token,
            "GITHUB_SHA": commit,
        }
        given = ("apply", "spec.yaml", "--approved", "from-status", *words)
        return reconcile(self.folder, *given, **step)

    @property
    def writes(self) -> int:
        return sum(one["method"] == "PUT" for one in self.sandbox.journal())


@pytest.fixture(scope="module")
def _server(pool: Pool) -> Iterator[Server]:
    with pool.lent() as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("REQUESTS_CA_BUNDLE", server.ca_file)
        yield server


@pytest.fixture
def merge(_server: Server, tmp_path: Path) -> Merge:
    return Merge(_server, tmp_path)


def test_what_the_status_showed_is_applied_without_asking(merge: Merge) -> None:
    merge.status("plan-000000000000: 9 to delete")
    merge.status(f"{merge.effect()}: 2 to create")
    done = merge.apply(merge.merge())
    assert done.returncode == ExitCode.OK, done.stderr
    assert merge.writes


def test_what_the_status_did_not_show_is_not(merge: Merge) -> None:
    merge.status(f"{merge.effect()}: 2 to create")
    commit = merge.merge()
    text = merge.spec.read_text(encoding="utf-8")
    merge.spec.write_text(text.replace("reader:", "writer:"), encoding="utf-8")
    done = merge.apply(commit)
    assert done.returncode == ExitCode.REFUSED
    assert "was approved" in done.stderr
    assert not merge.writes


def test_a_status_of_no_changes_approves_none(merge: Merge) -> None:
    merge.status("no changes")
    done = merge.apply(merge.merge())
    assert done.returncode == ExitCode.REFUSED
    assert "and no change was approved" in done.stderr
    assert not merge.writes


def test_a_status_of_somebody_else_approves_nothing(merge: Merge) -> None:
    effect = merge.effect()
    merge.forge.sign_in("ann")
    merge.status(f"{effect}: 2 to create")
    merge.forge.sign_in("actions", statuses="read", pull_requests="read")
    commit = merge.merge()
    done = merge.apply(commit)
    assert done.returncode == ExitCode.REFUSED
    assert "has no status `reconcile/tiny` by github-actions[bot]" in done.stderr
    assert not merge.writes
    assert merge.apply(commit, "--status-by", "ann").returncode == ExitCode.OK


def test_a_failed_status_approves_nothing(merge: Merge) -> None:
    merge.status(f"{merge.effect()}: 2 to create")
    merge.status(f"{merge.effect()}: 2 to create", "failure")
    done = merge.apply(merge.merge())
    assert done.returncode == ExitCode.REFUSED
    assert "is not a success" in done.stderr


def test_a_commit_that_is_no_merge_approves_nothing(merge: Merge) -> None:
    merge.status(f"{merge.effect()}: 2 to create")
    done = merge.apply(merge.head)
    assert done.returncode == ExitCode.REFUSED
    assert "is not the merge of one pull request" in done.stderr
    assert not merge.writes
    assert merge.apply("main").returncode == ExitCode.USAGE
