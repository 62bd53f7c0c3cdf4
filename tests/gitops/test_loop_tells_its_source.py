"""A loop over a git repository tells the commits that it reads there, as the App that it reads with."""

import json

import pytest

from reconciler.diagnostics import SpecError
from reconciler.gitops.config import load_config
from tests.support.azure import ROOT
from tests.support.commands import attached, in_process
from tests.support.controls import Controls
from tests.support.git_server import REPO, GitServer

PERMISSIONS = {"contents": "read", "statuses": "write", "deployments": "write"}
SMALLEST = (ROOT / "examples/smallest.yaml").read_text("utf-8")


class World:
    """A repository with an App, and a loop that follows it, one pass at a time."""

    def __init__(self, server, folder):
        self.controls, self.folder = Controls(server), folder
        self.controls.empty()
        self.controls.control("POST", "settings", {"forge": 1})
        self.git = GitServer(self.controls)
        app = self._do(op="app", login="loop", permissions=PERMISSIONS, repositories=[REPO])
        (folder / "app.pem").write_text(app["key"])
        signs_in = f"app_id: {app['app_id']}, installation_id: {app['installation_id']}"
        attached(folder, server)
        (folder / "loop.yaml").write_text(
            f"version: 1\nsource:\n  url: {self.git.url}\n  ref: refs/heads/main\n"
            f"  credentials: {{github_app: {{{signs_in}, key_file: app.pem}}}}\n"
            "specs: [{name: chat, path: chat.yaml, changes: approve}]\n"
            f"notify: [{{type: github_status, repository: {REPO}}}]\n"
        )

    def _do(self, **body):
        return json.loads(self.controls.control("POST", "forge", body))

    def once(self):
        return in_process(self.folder, "loop", "loop.yaml", "--once", "--sandbox")

    def told(self, place):
        """Return what was written at GitHub, in its words."""
        entries = self.controls.entries(kind="forge")
        made = [one for one in entries if one["method"] == "POST" and place in one["path"]]
        assert {one["status"] for one in made} <= {201}
        return [(one["path"], one["request_body"]) for one in made]


@pytest.fixture
def world(server, tmp_path):
    return World(server, tmp_path)


def test_an_invalid_commit_is_red_with_the_place_and_the_next_one_a_deployment(world):
    bad = world.git.commit({"chat.yaml": "version: 2\n"})
    assert world.once().returncode == 1
    ((path, body),) = world.told("/statuses/")
    assert path.endswith(f"/statuses/{bad}")
    assert (body["state"], body["context"]) == ("failure", "reconcile/chat")
    assert body["description"].startswith("InvalidSpec: chat.yaml:1:1: ")
    world.controls.clear_journal()
    good = world.git.commit({"chat.yaml": SMALLEST})
    done = world.once()
    assert (done.returncode, done.stderr) == (0, "")
    ((path, body),) = world.told(f"/statuses/{good}")
    assert body["state"] == "pending"
    assert body["description"].startswith("WaitingForApproval plan-")
    (deployment, status) = world.told("/deployments")
    assert (deployment[1]["ref"], deployment[1]["environment"]) == (good, "chat")
    assert status[1]["state"] == "queued"


def test_the_app_of_the_loop_asks_for_no_more_than_telling_takes(world):
    world.git.commit({"chat.yaml": "version: 2\n"})
    world.once()
    asked = [body for _, body in world.told("access_tokens")]
    assert asked == [{"permissions": {"contents": "read"}}, {"permissions": PERMISSIONS}]


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("folder: .", "5:4: the source names no repository of GitHub"),
        ("url: https://github.com/acme/ml.git", "5:4: there is no token to tell GitHub with"),
    ],
)
def test_a_notification_that_cannot_be_sent_is_a_problem_of_the_configuration(
    tmp_path, source, problem
):
    file = tmp_path / "loop.yaml"
    file.write_text(
        f"version: 1\nsource: {{{source}}}\nspecs: [{{name: a, path: a.yaml}}]\nnotify:\n"
        " - {type: github_status}\n"
    )
    with pytest.raises(SpecError) as error:
        load_config(str(file))
    told = [f"{d.position.line}:{d.position.column}: {d.summary}" for d in error.value.diagnostics]
    assert problem in told
