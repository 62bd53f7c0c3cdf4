"""The example workflows, run step by step with bash: a branch, a fork, an apply, a night's drift."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
import requests

from reconciler.sandbox.launch import Server
from tests.support.controls import Pool
from tests.support.reviewed import LARGER, ROOT, SPEC, STORAGE, Reviewed
from tests.support.workflows import Job

GITHUB = ROOT / "examples" / "github"
NAME = "acme/ml"


class World(Reviewed):
    """A repository on GitHub, and runners for the jobs of its workflows."""

    def __init__(self, folder: Path, server: Server) -> None:
        super().__init__(folder, server, NAME, GITHUB, ".github")

    def job(self, event: dict[str, Any], **rights: str) -> Job:
        folder, environment = self.runner()
        environment["GITHUB_API_URL"] = f"{self.server.url}/_github"
        environment["GITHUB_REPOSITORY"] = NAME
        environment["REQUESTS_CA_BUNDLE"] = str(self.server.ca_file)
        environment["GITHUB_EVENT_PATH"] = str(folder.with_suffix(".json"))
        Path(environment["GITHUB_EVENT_PATH"]).write_text(json.dumps(event), encoding="utf-8")
        actions = {
            "actions/checkout": self._checkout,
            "azure/login": self._login,
            "actions/upload-artifact": self._upload,
            "actions/download-artifact": self._download,
        }
        github = {
            "event": event,
            "repository": NAME,
            "token": self.token(
                "actions", **(rights or {"pull_requests": "write", "statuses": "write"})
            ),
        }
        variables = {
            "RECONCILE_PACKAGE": "reconcile-azureml==0.1.0",
            **dict.fromkeys(("PLAN_CLIENT_ID", "APPLY_CLIENT_ID"), "an id"),
            **dict.fromkeys(("AZURE_TENANT_ID", "AZURE_SUBSCRIPTION_ID"), "another id"),
        }
        return Job(folder, github, environment, actions, variables)

    def comments(self, number: int) -> list[str]:
        """Return the comments of the Actions App that GitHub holds."""
        found = self.asked(f"issues/{number}/comments")
        return [c["body"] for c in found if c["user"]["login"] == "github-actions[bot]"]

    def issues(self) -> list[tuple[str, str, bool]]:
        """Return each drift issue: its title, its state, and whether it names the tag."""
        found = self.asked("issues", state="all", labels="reconcile-drift")
        return [(i["title"], i["state"], "tags.team" in i["body"]) for i in found]

    def _checkout(self, job: Job, given: dict[str, str]) -> None:
        assert given["persist-credentials"] == "False"
        self.clone_to(job.workspace)

    def _login(self, job: Job, given: dict[str, str]) -> None:
        assert all(given[name] for name in ("client-id", "tenant-id", "subscription-id"))
        job.environment["SIGNED_IN"] = "--sandbox"

    def _upload(self, _job: Job, given: dict[str, str]) -> None:
        self.artifacts[given["name"]] = Path(given["path"])

    def _download(self, job: Job, given: dict[str, str]) -> None:
        copytree(self.artifacts[given["name"]], job.workspace / given["path"])

    def event(self, number: int, source: str = NAME) -> dict[str, Any]:
        """Return the parts of a `pull_request` event that its documentation promises."""
        pull = self.asked(f"pulls/{number}")
        sides = {
            n: pull[n] | {"repo": {"full_name": r}} for n, r in (("head", source), ("base", NAME))
        }
        return {
            "action": "opened",
            "number": number,
            "pull_request": {"number": number, **sides},
            "repository": {"full_name": NAME},
        }

    def asked(self, path: str, **words: str) -> Any:
        """Return what GitHub tells somebody who may read the repository."""
        return requests.get(
            f"{self.server.url}/_github/repos/{NAME}/{path}",
            params=words,
            headers={"Authorization": f"Bearer {self.token('ann')}"},
            verify=self.server.ca_file,
            timeout=10,
        ).json()

    def checked(self, event: dict[str, Any]) -> dict[str, Job]:
        """Run all jobs of the check of a pull request."""
        file = GITHUB / "workflows" / "plan.yml"
        plan = self.job(event).run(file, "plan")
        comment = self.job(event).run(file, "comment", plan=plan)
        fork = self.job(event).run(file, "fork")
        needs = {"plan": plan, "comment": comment, "fork": fork}
        return {**needs, "reconcile": self.job(event).run(file, "reconcile", **needs)}


@pytest.fixture
def world(tmp_path: Path, pool: Pool) -> Iterator[World]:
    with pool.lent() as server:
        yield World(tmp_path, server)


def results(jobs: dict[str, Job]) -> dict[str, str]:
    return {name: job.result for name, job in jobs.items()}


def test_a_branch_gets_a_plan_a_comment_and_a_green_check(world: World) -> None:
    number = world.pull_request(LARGER)
    forged = "<!-- reconcile:smallest -->\nall is well"
    world.forge(op="comment", repo=NAME, number=number, by="eve", body=forged)
    jobs = world.checked(world.event(number))
    assert results(jobs) == dict.fromkeys(jobs, "success") | {"fork": "skipped"}
    (comment,) = world.comments(number)
    assert comment.startswith("<!-- reconcile:v1 spec=smallest ")
    assert "max_instances: 3" in comment
    assert "max_instances: 3" in jobs["plan"].summary
    statuses = world.asked(f"commits/{world.event(number)['pull_request']['head']['sha']}/statuses")
    assert {s["context"]: s["state"] for s in statuses} == {
        "reconcile": "success",
        "reconcile/smallest": "success",
    }
    asked, commented = world.commands()
    assert asked.startswith("plan azure/spec.yaml --base ")
    assert commented == "comment plan/plan.json --to github"
    assert "Pending anyway, without this change" in comment
    writes = [e for e in world.controls.entries() if e["method"] in ("PUT", "DELETE")]
    assert writes == []
    file = GITHUB / "workflows" / "plan.yml"
    assert (
        world.job(world.event(number)).run(file, "comment", plan=jobs["plan"]).result == "success"
    )
    assert world.comments(number) == [comment]


def test_an_invalid_spec_is_a_red_check_with_a_comment(world: World) -> None:
    number = world.pull_request(SPEC + "compte: {}\n")
    jobs = world.checked(world.event(number))
    expected = {"plan": "failure", "comment": "success", "fork": "skipped", "reconcile": "failure"}
    assert results(jobs) == expected
    assert "::error file=azure/spec.yaml,line=" in jobs["plan"].log
    assert "### reconcile: smallest · no plan that can be applied" in world.comments(number)[0]


def test_a_fork_that_changes_the_spec_asks_nothing_of_azure_and_is_red(world: World) -> None:
    number = world.pull_request(LARGER)
    jobs = world.checked(world.event(number, "somebody/ml"))
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
    jobs = world.checked(world.event(number, "somebody/ml"))
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
    world.forge(op="commit", repo=NAME)
    changed = {"op": "tag", "id": STORAGE, "body": {"team": "another"}}
    world.controls.control("POST", "drift", changed)
    night = world.job({}).run(GITHUB / "workflows" / "drift.yml", "drift")
    assert night.outputs == {"code": "2"}
    assert "tags.team: another, the spec says one" in night.summary
    told = ("Azure differs from the spec", "open", True)
    for _ in range(2):
        assert issue(world, night).result == "success"
        assert world.issues() == [told]
    night.outputs["code"] = "0"
    assert issue(world, night).result == "success"
    assert world.issues() == [(told[0], "closed", True)]


def issue(world: World, night: Job) -> Job:
    """Run the job that keeps the issue of a night's drift."""
    return world.job({}, issues="write").run(GITHUB / "workflows/drift.yml", "issue", drift=night)
