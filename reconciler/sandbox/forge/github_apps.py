"""GitHub's tokens of an App's installation.

Source: docs.github.com/rest/apps/apps, "Create an installation access token for an app".
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from reconciler.sandbox.forge.apps import Apps
from reconciler.sandbox.forge.exchange import Ask, Reply, Route
from reconciler.sandbox.forge.github_errors import GitHubError, not_found
from reconciler.sandbox.forge.tokens import LEVELS, Tokens

Json = dict[str, Any]
LIFETIME = timedelta(hours=1)
NOT_GRANTED = "The permissions requested are not granted to this installation."
NOT_ACCESSIBLE = (
    "There is at least one repository that does not exist or is not accessible to the parent "
    "installation."
)


def create_token(ask: Ask) -> Reply:
    """POST /app/installations/{id}/access_tokens: for an hour, and for no more than asked."""
    store = ask.repositories.store
    app = Apps(store).installed(ask.args["id"])
    if app is None or app["app_id"] != ask.token.app_id:
        raise not_found()
    permissions = _permissions(app, ask.body.get("permissions"))
    repositories = _repositories(app, ask.body.get("repositories"))
    text = Tokens(store).issue(f"app/{app['slug']}", permissions, repositories)
    ends = datetime.fromisoformat(ask.repositories.time()).astimezone(UTC) + LIFETIME
    body = {
        "token": text,
        "expires_at": f"{ends:%Y-%m-%dT%H:%M:%SZ}",
        "permissions": {name.replace("-", "_"): level for name, level in permissions.items()},
        "repository_selection": "all" if repositories is None else "selected",
    }
    return Reply(201, body)


def _permissions(app: Json, asked: Json | None) -> Json:
    """Return what the token may: what was asked for, and never more than the App."""
    granted: Json = app["permissions"]
    if asked is None:
        return granted
    wanted = {name.replace("_", "-"): level for name, level in asked.items()}
    for name, level in wanted.items():
        if level not in LEVELS or LEVELS.index(granted.get(name, "none")) < LEVELS.index(level):
            raise GitHubError(422, NOT_GRANTED)
    return wanted


def _repositories(app: Json, asked: list[str] | None) -> list[str] | None:
    """Return the repositories by their full names; a request has them without the owner."""
    installed: list[str] | None = app["repositories"]
    if asked is None or installed is None:
        return installed
    found = {name.partition("/")[2].lower(): name for name in installed}
    if not all(name.lower() in found for name in asked):
        raise GitHubError(422, NOT_ACCESSIBLE)
    return [found[name.lower()] for name in asked]


ROUTES = (
    Route(
        "POST",
        "app/installations/{id}/access_tokens",
        create_token,
        (),
        "apps/apps#create-an-installation-access-token-for-an-app",
    ),
)
