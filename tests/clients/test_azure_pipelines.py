"""The example pipelines, run step by step with bash: a branch, a fork, an apply, a night's drift."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
import requests

from reconciler.sandbox.launch import Server
from tests.support.controls import Pool
from tests.support.pipelines import PipelineJob
from tests.support.reviewed import LARGER, ROOT, STORAGE, Reviewed

PIPELINES = ROOT / "examples" / "azure-devops"
NAME = "acme/plans/ml"


class World(Reviewed):
    """A repository on Azure DevOps, and agents for the jobs of its pipelines."""

    def __init__(self, folder: Path, server: Server) -> None:
        super().__init__(folder, server, NAME, PIPELINES, "azure-pipelines")
        self.url = f"{server.url}/_azuredevops/acme/"

    def job(self, number: int = 0, *, fork: bool = False) -> PipelineJob:
        folder, environment = self.runner()
        variables = {
            "RECONCILE_PACKAGE": "reconcile-azureml==0.1.0",
            "System.PullRequest.IsFork": str(fork),
            "System.PullRequest.PullRequestId": str(number),
            "System.CollectionUri": self.url,
            "System.TeamProject": "plans",
            "Build.Repository.Name": "ml",
            "System.PullRequest.SourceCommitId": self.head(number) if number else "",
            "System.AccessToken": self.token("build", pull_requests="write"),
        }
        environment["REQUESTS_CA_BUNDLE"] = str(self.server.ca_file)
        tasks = {
            "checkout": self._checkout,
            "AzureCLI@2": self._sign_in,
            "publish": self._publish,
            "download": self._download,
        }
        return PipelineJob(folder, variables, environment, tasks)

    def _checkout(self, job: PipelineJob, step: Mapping[str, Any]) -> None:
        if step["checkout"] == "none":
            return
        assert step["persistCredentials"] is False
        self.clone_to(job.workspace)

    def _sign_in(self, job: PipelineJob, step: Mapping[str, Any]) -> None:
        assert step["inputs"]["azureSubscription"] in ("reconcile-plan", "reconcile-apply")
        job.environment["SIGNED_IN"] = "--sandbox"

    def _publish(self, job: PipelineJob, step: Mapping[str, Any]) -> None:
        self.artifacts[step["artifact"]] = job.step_folder(step, "publish")

    def _download(self, job: PipelineJob, step: Mapping[str, Any]) -> None:
        copytree(self.artifacts[step["artifact"]], job.folder / step["artifact"])

    def asked(self, path: str) -> Any:
        """Return what Azure DevOps tells somebody who may read the repository."""
        return requests.get(
            f"{self.url}plans/_apis/git/repositories/ml/{path}",
            params={"api-version": "7.1"},
            headers={"Authorization": f"Bearer {self.token('ann')}"},
            verify=self.server.ca_file,
            timeout=10,
        ).json()

    def head(self, number: int) -> str:
        """Return the newest commit of a pull request."""
        return str(self.asked(f"pullRequests/{number}")["lastMergeSourceCommit"]["commitId"])

    def threads(self, number: int) -> list[dict[str, Any]]:
        """Return the threads that Azure DevOps holds."""
        return list(self.asked(f"pullRequests/{number}/threads")["value"])


@pytest.fixture
def world(tmp_path: Path, pool: Pool) -> Iterator[World]:
    with pool.lent() as server:
        yield World(tmp_path, server)


def test_a_branch_gets_a_plan_and_one_thread(world: World) -> None:
    number, file = world.pull_request(LARGER), PIPELINES / "plan.yml"
    plan = world.job(number).run(file, "plan")
    assert plan.result == "Succeeded", plan.log
    assert plan.outputs["plan.effect"].startswith("plan-")
    assert "### reconcile plan\n" in plan.summary
    assert world.job(number).run(file, "fork").result == "Skipped"
    for _ in range(2):
        comment = world.job(number).run(file, "comment", plan=plan)
        assert comment.result == "Succeeded", comment.log
    (thread,) = world.threads(number)
    assert thread["status"] == "active", "what it makes accepts connections from any network"
    (comment,) = (c["content"] for c in thread["comments"])
    assert "max_instances: 3" in comment
    asked, commented, *again = world.commands()
    assert asked.startswith("plan azure/spec.yaml --base ")
    assert all(one.endswith("plan.json --to azure-devops") for one in (commented, *again))
    assert "Pending anyway, without this change" in plan.summary


def test_an_invalid_spec_is_a_red_check_with_a_comment(world: World) -> None:
    number, file = world.pull_request(f"{LARGER}compte: {{}}\n"), PIPELINES / "plan.yml"
    plan = world.job(number).run(file, "plan")
    assert plan.result == "Failed"
    assert "##vso[task.logissue type=error;sourcepath=azure/spec.yaml;linenumber=" in plan.log
    assert world.job(number).run(file, "comment", plan=plan).result == "Succeeded"
    (thread,) = world.threads(number)
    assert "no plan that can be applied" in thread["comments"][0]["content"]


def test_a_fork_that_changes_the_spec_asks_nothing_of_azure_and_is_red(world: World) -> None:
    number, file = world.pull_request(LARGER), PIPELINES / "plan.yml"
    plan = world.job(number, fork=True).run(file, "plan")
    comment = world.job(number, fork=True).run(file, "comment", plan=plan)
    assert (plan.result, comment.result) == ("Skipped", "Skipped")
    fork = world.job(number, fork=True).run(file, "fork")
    assert fork.result == "Failed"
    assert "this needs a plan by a maintainer" in fork.log
    assert "max_instances: 3" in fork.summary
    assert world.commands() == [
        "validate azure/spec.yaml -o azure-devops",
        "plan azure/spec.yaml --sandbox -o azure-devops",
    ]
    assert world.threads(number) == []


def test_after_the_merge_what_was_approved_is_applied_and_a_nights_drift_is_red(
    world: World,
) -> None:
    file = PIPELINES / "apply.yml"
    plan = world.job().run(file, "plan")
    apply = world.job().run(file, "apply", plan=plan)
    assert apply.result == "Succeeded", apply.log
    again = world.job().run(file, "plan")
    assert again.outputs["plan.effect"] == ""
    assert world.job().run(file, "apply", plan=again).result == "Skipped"
    changed = {"op": "tag", "id": STORAGE, "body": {"team": "another"}}
    world.controls.control("POST", "drift", changed)
    night = world.job().run(PIPELINES / "drift.yml", "drift")
    assert night.result == "Failed"
    assert "##vso[task.logissue type=error]Azure differs from the spec" in night.log
    assert "tags.team: another, the spec says one" in night.summary
