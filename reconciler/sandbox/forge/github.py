"""The base of GitHub's REST API: signing in, headers, permissions; operations are beside it.

Sources: docs.github.com/rest/using-the-rest-api (getting started, troubleshooting, rate limits)
and docs.github.com/rest/authentication (permissions of fine-grained tokens and Apps).
"""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from reconciler.sandbox.forge import (
    github_apps,
    github_checks,
    github_deployments,
    github_issues,
    github_labels,
    github_pulls,
    github_statuses,
)
from reconciler.sandbox.forge.apps import Apps
from reconciler.sandbox.forge.exchange import Ask, Reply, Route, find
from reconciler.sandbox.forge.github_errors import GitHubError, not_found
from reconciler.sandbox.forge.github_shapes import user
from reconciler.sandbox.forge.repositories import Repositories
from reconciler.sandbox.forge.tokens import NOBODY, Token, Tokens

Json = dict[str, Any]
BASE = "/_github"
VERSIONS = ("2022-11-28", "2026-03-10")
MEDIA = "application/json; charset=utf-8"
LIMIT = 5000


def show_user(ask: Ask) -> Reply:
    """GET /user: the bearer; an App has none."""
    if ask.token.app:
        raise GitHubError(403, "Resource not accessible by integration")
    return Reply(200, user(ask, ask.token.login))


ROUTES = (
    Route("GET", "user", show_user, (), "users/users#get-the-authenticated-user"),
    *github_pulls.ROUTES,
    *github_statuses.ROUTES,
    *github_issues.ROUTES,
    *github_labels.ROUTES,
    *github_checks.ROUTES,
    *github_deployments.ROUTES,
    *github_apps.ROUTES,
)


class GitHub:
    """Answers requests below `/_github`."""

    def __init__(self, repositories: Repositories, tokens: Tokens, base_url: str) -> None:
        self._repositories, self._tokens = repositories, tokens
        self._url = base_url + BASE

    def answer(self, request: web.Request, raw: bytes) -> web.Response:
        """Return what GitHub would."""
        if "User-Agent" not in request.headers:
            text = "Request forbidden by administrative rules. Please make sure your request has a User-Agent header"
            return web.Response(status=403, text=text)
        docs = ""
        try:
            token = self._token(request)
            route, args = self._route(request)
            docs = route.docs
            reply = self._carried_out(request, raw, route, args, token)
        except GitHubError as error:
            self._repositories.store.rollback()
            reply = Reply(error.status, error.body(docs))
        return _response(request, reply)

    def _token(self, request: web.Request) -> Token:
        header = request.headers.get("Authorization", "")
        if not header:
            return NOBODY
        scheme, _, text = header.partition(" ")
        if request.path.startswith(f"{BASE}/app/"):
            return Apps(self._repositories.store).signed_in(text.strip())
        found = self._tokens.find(text.strip()) if scheme.lower() in ("bearer", "token") else None
        if found is None or found.expired:
            raise GitHubError(401, "Bad credentials")
        return found

    def _route(self, request: web.Request) -> tuple[Route, dict[str, str]]:
        path = request.path.removeprefix(BASE)
        found = find(ROUTES, request.method, path)
        if found is None:
            raise GitHubError(501, f"The sandbox does not emulate {request.method} {path}")
        return found

    def _carried_out(
        self, request: web.Request, raw: bytes, route: Route, args: dict[str, str], token: Token
    ) -> Reply:
        version = request.headers.get("X-GitHub-Api-Version", VERSIONS[0])
        if version not in VERSIONS:
            raise GitHubError(400, f"{version} is not a supported version of the REST API")
        ask = Ask(
            request.method,
            self._url,
            request.path.removeprefix(BASE),
            args,
            dict(request.query),
            None,
            token,
            self._repositories,
        )
        self._permit(ask, route)
        if request.method in ("POST", "PATCH", "PUT"):
            ask.body = _object(raw, request.path)
        return route.handler(ask)

    def _permit(self, ask: Ask, route: Route) -> None:
        """Raise what the bearer of a token is told that it may not do."""
        if "r" in ask.args:
            known = ask.repositories.find(ask.repo) is not None
            if not known or not ask.token.sees(ask.repo):
                raise not_found()
        if not ask.token.login:
            raise GitHubError(401, "Requires authentication")
        if route.needs and not any(ask.token.may(one) for one in route.needs):
            bearer = "integration" if ask.token.app else "personal access token"
            raise GitHubError(403, f"Resource not accessible by {bearer}")


def _object(raw: bytes, path: str) -> Json:
    """Return the body; one of labels may be their array alone."""
    try:
        body = json.loads(raw or b"{}")
    except ValueError as error:
        raise GitHubError(400, "Problems parsing JSON") from error
    if isinstance(body, list) and path.endswith("/labels"):
        return {"labels": body}
    if not isinstance(body, dict):
        raise GitHubError(400, "Body should be a JSON object")
    return body


def _response(request: web.Request, reply: Reply) -> web.Response:
    version = request.headers.get("X-GitHub-Api-Version", VERSIONS[0])
    headers = {
        "X-GitHub-Media-Type": "github.v3; format=json",
        "x-github-api-version-selected": version,
        "X-RateLimit-Limit": str(LIMIT),
        "X-RateLimit-Resource": "core",
        **reply.headers,
    }
    if reply.body is None:
        return web.Response(status=reply.status, headers=headers)
    response = web.json_response(reply.body, status=reply.status, headers=headers)
    response["json"] = reply.body
    return response
