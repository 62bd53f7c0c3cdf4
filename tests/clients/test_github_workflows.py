"""The example workflows, run step by step with bash: a branch, a fork, an apply, a night's drift."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from reconciler.sandbox.launch import Server
from tests.support.commands import attached
from tests.support.controls import Controls, Pool
from tests.support.workflows import Job, safe_environment

ROOT = Path(__file__).parents[2]
GITHUB = ROOT / "examples" / "github"
NAME = "acme/ml"
GROUP = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-smallest/providers"
STORAGE = f"{GROUP}/Microsoft.Storage/storageAccounts/smallestwsstorage"
NAMED = "{name: smallestwsstorage}"
TEXT = (ROOT / "examples/smallest.yaml").read_text(encoding="utf-8")
SPEC = TEXT.replace(NAMED, f"{NAMED[:-1]}, tags: {{team: one}}}}")
PROCESS = ROOT / "tests" / "support" / "brief_process.py"
TOOLS = {
    "reconcile": f'echo "$@" >> "$ASKED"; exec {sys.executable} -P {PROCESS} "$@" $SIGNED_IN',
    "pipx": '[ "$1 $2" = "install reconcile-azureml==0.1.0" ]',
}
"""What a runner has on its path; the package is the one that is tested."""


class World:
    """A repository, the subscription that it describes, and runners for the jobs."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.folder, self.server = folder, server
        self.asked = folder / "asked.txt"
        self.controls = Controls(server)
        self.controls.control("POST", "settings", {"forge": 1})
        self._jobs = 0
        self._artifacts: dict[str, Path] = {}
        (folder / "bin").mkdir()
        for name, script in TOOLS.items():
            (folder / "bin" / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
            (folder / "bin" / name).chmod(0o755)
        self.repository = folder / "repository"
        shutil.copytree(GITHUB, self.repository / ".github")
        (self.repository / "azure").mkdir()
        self.spec = self.repository / "azure" / "spec.yaml"
        self.spec.write_text(SPEC, encoding="utf-8")
        (self.repository / ".gitignore").write_text(".reconcile/\n", encoding="utf-8")
        self.git("init", "-q", "-b", "main")
        self.commit()

    def git(self, *words: str, at: Path | None = None) -> None:
        identity = ("-c", "user.name=a", "-c", "user.email=a@example.com")
        subprocess.run(["git", *identity, *words], cwd=at or self.repository, check=True)

    def commit(self) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "A change")

    def pull_request(self, text: str, *, file: str = "azure/spec.yaml") -> int:
        """Open a pull request with one change, make the merge commit, and return its number."""
        number = int(self.forge(op="open", repo=NAME, head="change", by="ann")["number"])
        self.git("checkout", "-q", "-b", f"change-{number}", "main")
        (self.repository / file).write_text(text, encoding="utf-8")
        self.commit()
        self.git("checkout", "-q", "-B", f"merge-{number}", "main")
        self.git("merge", "-q", "--no-ff", "-m", "Merge", f"change-{number}")
        return number

    def job(self, event: dict[str, Any], **more: str) -> Job:
        self._jobs += 1
        folder = self.folder / f"job-{self._jobs}"
        own = {"ASKED": str(self.asked), "SIGNED_IN": "", **self._api()}
        environment = {**safe_environment(), **own, "XDG_STATE_HOME": str(folder / "home"), **more}
        environment["PATH"] = f"{self.folder / 'bin'}:{environment['PATH']}"
        actions = {
            "actions/checkout": self._checkout,
            "azure/login": self._login,
            "actions/upload-artifact": self._upload,
            "actions/download-artifact": self._download,
        }
        github = {"event": event, "repository": NAME, "token": self._token()}
        variables = {
            "RECONCILE_PACKAGE": "reconcile-azureml==0.1.0",
            **dict.fromkeys(("PLAN_CLIENT_ID", "APPLY_CLIENT_ID"), "an id"),
            **dict.fromkeys(("AZURE_TENANT_ID", "AZURE_SUBSCRIPTION_ID"), "another id"),
        }
        return Job(folder, github, environment, actions, variables)

    def forge(self, **words: Any) -> Any:
        return json.loads(self.controls.control("POST", "forge", words))

    def _api(self) -> dict[str, str]:
        api = f"{self.server.url}/_github"
        ca_file = str(self.server.ca_file)
        return {"GITHUB_API_URL": api, "GITHUB_REPOSITORY": NAME, "CURL_CA_BUNDLE": ca_file}

    def _token(self) -> str:
        """Return what the runner gives the job that comments."""
        rights = {"pull-requests": "write"}
        return str(self.forge(op="token", login="actions", permissions=rights)["token"])

    def comments(self, number: int) -> list[str]:
        """Return the comments of the Actions App that GitHub holds."""
        token = self.forge(op="token", login="ann")["token"]
        found = requests.get(
            f"{self.server.url}/_github/repos/{NAME}/issues/{number}/comments",
            headers={"Authorization": f"Bearer {token}"},
            verify=self.server.ca_file,
            timeout=10,
        ).json()
        return [c["body"] for c in found if c["user"]["login"] == "github-actions[bot]"]

    def _checkout(self, job: Job, given: dict[str, str]) -> None:
        assert given["persist-credentials"] == "False"
        self.git("clone", "-q", str(self.repository), str(job.workspace), at=self.folder)
        attached(job.workspace, self.server)

    def _login(self, job: Job, given: dict[str, str]) -> None:
        assert all(given[name] for name in ("client-id", "tenant-id", "subscription-id"))
        job.environment["SIGNED_IN"] = "--sandbox"

    def _upload(self, _job: Job, given: dict[str, str]) -> None:
        self._artifacts[given["name"]] = Path(given["path"])

    def _download(self, job: Job, given: dict[str, str]) -> None:
        shutil.copytree(self._artifacts[given["name"]], job.workspace / given["path"])

    def commands(self) -> list[str]:
        """Return what `reconcile` was asked for, and forget it."""
        asked = self.asked.read_text(encoding="utf-8").splitlines() if self.asked.exists() else []
        self.asked.unlink(missing_ok=True)
        return asked

    def checked(self, event: dict[str, Any]) -> dict[str, Job]:
        """Run all jobs of the check of a pull request."""
        file = GITHUB / "workflows" / "plan.yml"
        plan = self.job(event).run(file, "plan")
        comment = self.job(event).run(file, "comment", plan=plan)
        fork = self.job(event).run(file, "fork")
        needs = {"plan": plan, "comment": comment, "fork": fork}
        return {**needs, "reconcile": self.job(event).run(file, "reconcile", **needs)}


def event(number: int, source: str = NAME) -> dict[str, Any]:
    """Return the parts of a `pull_request` event that its documentation promises."""
    repositories = {n: {"repo": {"full_name": r}} for n, r in (("head", source), ("base", NAME))}
    return {
        "action": "opened",
        "number": number,
        "pull_request": {"number": number, **repositories},
        "repository": {"full_name": NAME},
    }


@pytest.fixture
def world(tmp_path: Path, pool: Pool) -> Iterator[World]:
    with pool.lent() as server:
        yield World(tmp_path, server)


def results(jobs: dict[str, Job]) -> dict[str, str]:
    return {name: job.result for name, job in jobs.items()}


def test_a_branch_gets_a_plan_a_comment_and_a_green_check(world: World) -> None:
    number = world.pull_request(SPEC.replace("max_instances: 2", "max_instances: 3"))
    forged = "<!-- reconcile:smallest -->\nall is well"
    world.forge(op="comment", repo=NAME, number=number, by="eve", body=forged)
    jobs = world.checked(event(number))
    assert results(jobs) == dict.fromkeys(jobs, "success") | {"fork": "skipped"}
    (comment,) = world.comments(number)
    assert comment.startswith("<!-- reconcile:smallest -->\n\n### reconcile plan\n")
    assert "max_instances: 3" in comment
    assert jobs["plan"].summary == comment
    (asked,) = world.commands()
    assert asked.startswith("plan azure/spec.yaml -o github --out-json ")
    writes = [e for e in world.controls.entries() if e["method"] in ("PUT", "DELETE")]
    assert writes == []
    file = GITHUB / "workflows" / "plan.yml"
    assert world.job(event(number)).run(file, "comment", plan=jobs["plan"]).result == "success"
    assert world.comments(number) == [comment]


def test_an_invalid_spec_is_a_red_check_with_a_comment(world: World) -> None:
    number = world.pull_request(SPEC + "compte: {}\n")
    jobs = world.checked(event(number))
    expected = {"plan": "failure", "comment": "success", "fork": "skipped", "reconcile": "failure"}
    assert results(jobs) == expected
    assert "::error file=azure/spec.yaml,line=" in jobs["plan"].log
    assert "### reconcile plan: blocked" in world.comments(number)[0]


def test_a_fork_that_changes_the_spec_asks_nothing_of_azure_and_is_red(world: World) -> None:
    number = world.pull_request(SPEC.replace("max_instances: 2", "max_instances: 3"))
    jobs = world.checked(event(number, "somebody/ml"))
    skipped = dict.fromkeys(("plan", "comment"), "skipped")
    assert results(jobs) == {**skipped, "fork": "failure", "reconcile": "failure"}
    assert "this needs a plan by a maintainer" in jobs["fork"].log
    assert "max_instances: 3" in jobs["fork"].summary
    asked = world.commands()
    assert asked == [
        "validate azure/spec.yaml -o github",
        "plan azure/spec.yaml --sandbox -o github",
    ]
    assert world.comments(number) == []


def test_a_fork_that_leaves_the_spec_alone_is_green(world: World) -> None:
    number = world.pull_request("hello\n", file="README.md")
    jobs = world.checked(event(number, "somebody/ml"))
    assert (jobs["fork"].result, jobs["reconcile"].result) == ("success", "success")


def test_after_the_merge_what_was_approved_is_applied_and_a_nights_drift_is_told(
    world: World,
) -> None:
    file = GITHUB / "workflows" / "apply.yml"
    plan = world.job({}).run(file, "plan")
    assert plan.outputs["effect"].startswith("plan-")
    apply = world.job({}).run(file, "apply", plan=plan)
    assert apply.result == "success", apply.log
    again = world.job({}).run(file, "plan")
    assert again.outputs == {"effect": ""}
    assert world.job({}).run(file, "apply", plan=again).result == "skipped"
    changed = {"op": "tag", "id": STORAGE, "body": {"team": "another"}}
    world.controls.control("POST", "drift", changed)
    night = world.job({}).run(GITHUB / "workflows" / "drift.yml", "drift")
    assert night.outputs == {"code": "2"}
    assert "tags.team: another, the spec says one" in night.summary
