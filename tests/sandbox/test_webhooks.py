"""The sandbox takes messages as the webhooks of Slack and Teams do, and refuses as they do."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.sandbox.conftest import Sandbox

CARD = {"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "a"}]}
KIND = "application/vnd.microsoft.card.adaptive"


def post(sandbox: Sandbox, path: str, body: Any) -> requests.Response:
    url = f"{sandbox.url}/_webhooks/{path}"
    return requests.post(url, data=body, verify=sandbox.ca_file, timeout=10)


def told(sandbox: Sandbox, path: str, values: Any) -> requests.Response:
    url = f"{sandbox.url}/_webhooks/{path}"
    return requests.post(url, json=values, verify=sandbox.ca_file, timeout=10)


def message(card: Any, kind: str = KIND) -> dict[str, Any]:
    return {"type": "message", "attachments": [{"contentType": kind, "content": card}]}


def test_slack_takes_a_text_and_names_what_it_refuses(sandbox: Sandbox) -> None:
    answer = told(sandbox, "slack/a", {"text": "chat: Failed"})
    assert (answer.status_code, answer.text) == (200, "ok")
    answers = [post(sandbox, "slack/a", body) for body in (b"", b"{}", b"[1]")]
    assert [one.text for one in answers] == ["invalid_payload", "no_text", "invalid_payload"]
    assert {one.status_code for one in answers} == {400}


def test_what_was_told_is_in_the_journal(sandbox: Sandbox) -> None:
    told(sandbox, "slack/a", {"text": "chat: Failed"})
    (entry,) = [one for one in sandbox.journal("data") if "/_webhooks/" in one["path"]]
    assert entry["request_body"] == {"text": "chat: Failed"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (message(CARD), 202),
        (message({**CARD, "type": "HeroCard"}), 400),
        (message(CARD, "text/plain"), 400),
        (message({**CARD, "body": []}), 400),
        ({"text": "plain"}, 400),
        (message({**CARD, "body": ["x" * 30_000]}), 413),
    ],
)
def test_teams_takes_an_adaptive_card_of_28_kb(sandbox: Sandbox, body: Any, status: int) -> None:
    assert told(sandbox, "teams/a", body).status_code == status
