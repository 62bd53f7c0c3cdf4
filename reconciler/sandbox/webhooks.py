"""Where chats take messages: an incoming webhook of Slack, a workflow's webhook of Teams.

Both are addresses that are secrets themselves, so nobody signs in. What came is in the journal;
faults make them fail. Sources: docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
(errors: 400 `invalid_payload` and `no_text`); learn.microsoft.com/microsoftteams/platform/
webhooks-and-connectors/how-to/connectors-using (an Adaptive Card as attachment, at most 28 KB).
"""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from reconciler.sandbox.world import World

Json = dict[str, Any]
SLACK, TEAMS = "/_webhooks/slack/{name}", "/_webhooks/teams/{name}"
CARD = "application/vnd.microsoft.card.adaptive"
MOST_OF_CARD = 28 * 1024


def routes(world: World) -> list[web.RouteDef]:
    """Return the routes; they keep nothing."""
    del world
    return [web.post(SLACK, _slack), web.post(TEAMS, _teams)]


async def _slack(request: web.Request) -> web.Response:
    body = _object(await request.read())
    if body is None:
        return web.Response(status=400, text="invalid_payload")
    if not body.get("text") and not body.get("blocks") and not body.get("attachments"):
        return web.Response(status=400, text="no_text")
    return web.Response(text="ok")


async def _teams(request: web.Request) -> web.Response:
    raw = await request.read()
    if len(raw) > MOST_OF_CARD:
        return web.Response(status=413)
    if not _is_card(_object(raw)):
        message = "The request content is not valid: a message with an Adaptive Card is expected."
        refused = {"error": {"code": "InvalidRequestContent", "message": message}}
        return web.json_response(refused, status=400)
    return web.Response(status=202)


def _is_card(body: Json | None) -> bool:
    match body:
        case {"type": "message", "attachments": [{"contentType": kind, "content": dict(card)}]}:
            return bool(kind == CARD and card.get("type") == "AdaptiveCard" and card.get("body"))
        case _:
            return False


def _object(raw: bytes) -> Json | None:
    try:
        body = json.loads(raw)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None
