"""Commits, deployments and chats are told, over HTTPS: what the hosts hold then is looked at."""

import io
import json
from pathlib import Path

import pytest
import requests

from reconciler.gitops.config import LoopConfig
from reconciler.gitops.notify_github import Pace
from reconciler.gitops.report import JsonLines
from reconciler.gitops.telling import Telling
from tests.support.commands import attached, in_process
from tests.support.forge import AZURE_REPO, REPO, Forge
from tests.support.looped import NOON, REVISION, ill, refused, well
from tests.support.sandbox import Sandbox
from tests.support.signed_in import SignedIn

SHA = REVISION.commit


@pytest.fixture(scope="module")
def server(pool):
    with pool.lent() as lent:
        yield lent


@pytest.fixture
def sandbox(server):
    found = Sandbox(server)
    found.reset()
    return found


@pytest.fixture
def forge(sandbox):
    found = Forge(sandbox)
    for repo in (REPO, AZURE_REPO):
        found.do("commit", repo=repo, sha=SHA)
    return found


class Loop:
    """What tells of a loop in a sandbox, with one `notify`; nothing is sent before `flush`."""

    def __init__(self, server, folder, secret, notify, **more):
        file = folder / "secret"
        file.write_text(f"{secret}\n")
        place = "url_file" if notify["type"] == "webhook" else "token_file"
        source = {
            "version": 1,
            "source": {"folder": "."},
            "specs": [{"name": "chat", "path": "a.yaml"}],
            "notify": [{**notify, place: str(file)}],
            **more,
        }
        self.config, self._process = LoopConfig.model_validate(source), SignedIn(server).process
        self.again()

    def again(self):
        """Start anew: nothing of before is remembered."""
        self.out, self.at = io.StringIO(), NOON
        self.telling = Telling(
            self.config,
            self._process,
            lambda: ["chat"],
            lines=JsonLines(self.out),
            now=lambda: self.at,
        )

    def passed(self, *ends):
        for end in ends:
            self.at = max(self.at, end.ended)
            self.telling.reporter.passed(end)
            self.telling.flush()

    @property
    def events(self):
        return [json.loads(line) for line in self.out.getvalue().splitlines()]

    @property
    def reasons(self):
        return [event["reason"] for event in self.events]


@pytest.fixture
def github(server, forge, tmp_path):
    token = forge.sign_in("app/loop", statuses="write", deployments="write", contents="read")
    notify = {"type": "github_status", "repository": REPO, "api": f"{server.url}/_github"}
    return Loop(server, tmp_path, token, notify)


def statuses(forge):
    found = forge.github("GET", f"commits/{SHA}/statuses").json()
    return [(one["context"], one["state"], one["description"]) for one in reversed(found)]


def deployments(forge):
    found = []
    for one in forge.github("GET", "deployments").json():
        states = forge.github("GET", f"deployments/{one['id']}/statuses").json()
        found.append((one["environment"], one["sha"], [s["state"] for s in reversed(states)]))
    return found


def writes(forge):
    entries = forge._sandbox.journal("forge")
    return [one for one in entries if one["method"] == "POST" and one["status"] == 201]


def test_a_commit_is_told_what_became_of_it_only_where_that_changes(github, forge):
    waits = ill("WaitingForApproval", effect="plan-3f2a9c1b7d20", message="3 changes wait")
    github.passed(*(waits for _ in range(20)))
    for number in range(20):
        github.passed(ill("Failed", message=f"no quota (request {number})"))
    github.passed(*(well(minutes=minute) for minute in range(1, 20)))
    assert statuses(forge) == [
        (
            "reconcile/chat",
            "pending",
            "WaitingForApproval plan-3f2a9c1b7d20: 3 changes wait",
        ),
        ("reconcile/chat", "failure", "Failed: no quota (request 0)"),
        ("reconcile/chat", "success", "Succeeded"),
    ]


def test_a_long_message_is_cut_to_what_github_takes(github, forge):
    github.passed(ill("Failed", message="x" * 500))
    ((_, _, description),) = statuses(forge)
    assert len(description) == 140


def test_a_restart_writes_nothing_again(github, forge):
    github.passed(ill("Failed", message="request 1"), well(minutes=1, writes=2))
    before = len(writes(forge))
    for _ in range(5):
        github.again()
        github.passed(well(minutes=2))
    assert len(writes(forge)) == before


def test_a_thousand_silent_passes_post_nothing_and_ask_nothing(github, forge):
    github.passed(well())
    forge._sandbox.clear_journal()
    github.passed(*(well(minutes=minute) for minute in range(1000)))
    assert forge._sandbox.journal("forge") == []


def test_a_revision_that_changes_something_is_a_deployment_and_another_is_none(github, forge):
    github.passed(well())
    assert deployments(forge) == []
    waits = ill("WaitingForApproval", effect="plan-3f2a9c1b7d20")
    github.passed(waits, waits, well(minutes=5, writes=3), well(minutes=10))
    assert deployments(forge) == [("chat", SHA, ["queued", "success"])]
    github.again()
    github.passed(ill("Failed", minutes=15))
    assert deployments(forge) == [("chat", SHA, ["queued", "success", "failure"])]


def test_a_token_that_may_not_is_told_once_with_what_it_needs(github, forge):
    forge.sign_in("app/loop", statuses="read", contents="read")
    Path(github.config.notify[0].token_file).write_text(forge.token)
    github.passed(*(well(minutes=minute) for minute in range(10)))
    (event,) = github.events
    assert event["reason"] == "NotificationFailed"
    assert event["address"] == "github_status 1"
    assert "403" in event["message"]
    assert forge.token not in github.out.getvalue()


def test_a_github_that_is_away_is_told_later(github, forge):
    forge._sandbox.arm_fault(path="/_github/", method="POST", action={"status": 503}, times=50)
    github.passed(ill("Failed"))
    assert github.reasons[-1] == "NotificationFailed"
    forge._sandbox.control("DELETE", "faults")
    github.passed(well(minutes=10))
    assert [state for _, state, _ in statuses(forge)] == ["success"]
    assert github.reasons == ["Failed", "NotificationFailed", "Recovered", "Recovered"]


def test_twenty_writes_go_at_once_and_more_one_a_second():
    pace, now = Pace(), 1000.0
    waits = [pace.wait_s(now) for _ in range(23)]
    assert waits == [0.0] * 20 + [1.0, 2.0, 3.0]
    assert pace.wait_s(now + 60) == 0.0


def test_azure_devops_is_told_alike(server, forge, tmp_path):
    token = forge.sign_in("build", pull_requests="write")
    organization = f"{server.url}/_azuredevops/acme"
    notify = {"type": "azure_devops_status", "organization": organization}
    loop = Loop(server, tmp_path, token, {**notify, "project": "plans", "repository": "ml"})
    loop.passed(ill("Failed", message="request 1"), ill("Failed", message="request 2"), well())
    loop.again()
    loop.passed(well(minutes=5))
    found = forge.azure("GET", f"commits/{SHA}/statuses").json()["value"]
    assert [(one["state"], one["description"]) for one in reversed(found)] == [
        ("failed", "Failed: request 1"),
        ("succeeded", "Succeeded"),
    ]
    assert found[0]["context"] == {"genre": "reconcile", "name": "chat"}


def webhook(server, folder, kind, **more):
    url = f"{server.url}/_webhooks/{'slack' if kind == 'slack' else 'teams'}/a-secret-name"
    return Loop(server, folder, url, {"type": "webhook", "format": kind, **more})


def messages(sandbox):
    entries = [one for one in sandbox.journal("data") if "/_webhooks/" in one["path"]]
    return [one["request_body"] for one in entries if one["status"] in (200, 202)]


HOSTILE = "<!channel> [click](http://evil.example) & \u202e\x1b[31m"


def test_slack_gets_text_in_which_nothing_mentions_or_links(server, sandbox, tmp_path):
    loop = webhook(server, tmp_path, "slack")
    loop.passed(ill("Failed", problems=(refused(hint=HOSTILE),)))
    (message,) = messages(sandbox)
    assert message["mrkdwn"] is False
    assert message["text"].startswith("chat: Failed\nerror: no quota (request 1); &lt;!channel&gt;")
    assert f"revision: {REVISION}" in message["text"]
    assert "address: endpoints.chat" in message["text"]
    assert "\u202e" not in message["text"]


def test_teams_gets_a_card_of_plain_runs(server, sandbox, tmp_path):
    webhook(server, tmp_path, "teams").passed(ill("Failed", message=HOSTILE))
    (message,) = messages(sandbox)
    body = message["attachments"][0]["content"]["body"]
    runs = [run for row in body for run in row["inlines"]]
    assert {row["type"] for row in body} == {"RichTextBlock"}
    assert {run["type"] for run in runs} == {"TextRun"}
    assert runs[0]["text"] == "chat: Failed"
    assert runs[0]["color"] == "Attention"


def test_a_webhook_hears_of_what_is_on_and_of_its_end_only(server, sandbox, tmp_path):
    loop = webhook(server, tmp_path, "slack", on=["approval", "recovered"])
    waits = ill("WaitingForApproval", effect="plan-3f2a9c1b7d20", minutes=4)
    loop.passed(ill("Failed"), well(minutes=2), well(minutes=3, writes=1), waits, well(minutes=5))
    heads = [one["text"].splitlines()[0] for one in messages(sandbox)]
    assert heads == ["chat: WaitingForApproval", "chat: Recovered"]


def test_a_webhook_that_fails_stops_nothing_is_told_once_and_is_sent_later(
    server, sandbox, tmp_path
):
    loop = webhook(server, tmp_path, "slack")
    sandbox.arm_fault(path="/_webhooks/", action={"status": 503}, times=1000)
    loop.passed(*(ill("Failed", minutes=minute) for minute in range(20)))
    assert loop.reasons == ["Failed", "NotificationFailed"]
    assert "a-secret-name" not in loop.out.getvalue()
    sandbox.control("DELETE", "faults")
    loop.passed(well(minutes=60))
    assert [one["text"].splitlines()[0] for one in messages(sandbox)] == [
        "chat: Failed",
        "chat: Recovered",
    ]
    assert [one.get("address") for one in loop.events[2:]] == [None, "webhook 1"]


def test_an_address_that_is_no_secret_file_is_told(server, sandbox, tmp_path):
    loop = webhook(server, tmp_path, "slack")
    (tmp_path / "secret").write_text("http://plain.example/hook")
    loop.passed(ill("Failed"))
    assert "not an https:// address" in loop.events[1]["message"]
    (tmp_path / "secret").unlink()
    loop.again()
    loop.passed(ill("Failed"))
    assert "cannot be read" in loop.events[1]["message"]
    assert messages(sandbox) == []


def test_what_the_runner_starts_answers_and_sends_by_itself_and_ends(server, sandbox, tmp_path):
    url, asked = f"{server.url}/_webhooks/slack/a-secret-name", []
    notify = {"type": "webhook", "format": "slack"}
    http = {"public": ["status"]}
    loop = Loop(server, tmp_path, url, notify, listen="127.0.0.1:0", http=http)
    loop.telling.start(look=asked.append)
    try:
        loop.telling.reporter.passed(ill("Failed"))
        url = f"http://127.0.0.1:{loop.telling.port}"
        (chat,) = requests.get(f"{url}/status", timeout=10).json()["specs"]
        assert (chat["state"], chat["reason"]) == ("failed", "Failed")
        found = next(said for said in iter(lambda: messages(sandbox), None) if said)
        assert found[0]["text"].startswith("chat: Failed")
    finally:
        loop.telling.stop()
    assert not any(sender.is_alive() for sender in loop.telling._senders)
    assert asked == []


def test_a_process_that_ends_after_one_pass_tells_commits_and_no_chat(
    server, forge, sandbox, tmp_path
):
    (tmp_path / "token").write_text(forge.sign_in("app/loop", statuses="read", contents="read"))
    (tmp_path / "url").write_text(f"{server.url}/_webhooks/slack/a-secret-name")
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs/readme").write_text("nothing")
    github = f"type: github_status, repository: {REPO}, api: '{server.url}/_github'"
    (tmp_path / "loop.yaml").write_text(
        "version: 1\nsource: {folder: specs}\nspecs: [{name: chat, path: none.yaml}]\n"
        f"notify: [{{{github}, token_file: token}}, {{type: webhook, url_file: url}}]\n"
    )
    attached(tmp_path, server)
    done = in_process(tmp_path, "loop", "loop.yaml", "--once", "--sandbox")
    assert done.returncode == 1
    assert "chat" in done.stdout
    assert done.stderr.count("warning: github_status 1 could not be told: GitHub answered") == 1
    assert messages(sandbox) == []
