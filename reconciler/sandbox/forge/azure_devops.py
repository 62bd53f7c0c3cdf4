"""The base of Azure DevOps' REST API: signing in, api-versions, rights; operations are beside it.

Sources: learn.microsoft.com/azure/devops/integrate (authentication, status codes: a sign-in page
with 203 where nobody could be told from the credentials; versioning) and git permissions.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Any

from aiohttp import web

from reconciler.sandbox.forge import azure_commits, azure_pulls, azure_threads
from reconciler.sandbox.forge.azure_errors import (
    AzureError,
    bad_version,
    needs_permission,
    no_project,
    no_repository,
    wrong,
)
from reconciler.sandbox.forge.azure_shapes import BUILD, guid, identity
from reconciler.sandbox.forge.exchange import Ask, Reply, Route, find
from reconciler.sandbox.forge.repositories import REPOSITORIES, Repositories
from reconciler.sandbox.forge.tokens import Token, Tokens

Json = dict[str, Any]
BASE = "/_azuredevops"
SIGN_IN = """<!DOCTYPE html>
<html><head><title>Azure DevOps Services | Sign In</title></head><body></body></html>
"""
EXPIRED = "Access Denied: The Personal Access Token used has expired."


def connection(ask: Ask) -> Reply:
    """GET who the bearer is."""
    who = identity(ask, ask.token.login)
    account = {"Account": {"$type": "System.String", "$value": who["uniqueName"]}}
    shown = {
        "id": who["id"],
        "descriptor": who["descriptor"],
        "subjectDescriptor": who["descriptor"],
        "providerDisplayName": who["displayName"],
        "isActive": True,
        "properties": account,
    }
    return Reply(200, {"authenticatedUser": shown, "authorizedUser": shown})


ROUTES = (
    Route("GET", "{o}/_apis/connectionData", connection),
    *azure_threads.ROUTES,
    *azure_pulls.ROUTES,
    *azure_commits.ROUTES,
)


class AzureDevOps:
    """Answers requests below `/_azuredevops`."""

    def __init__(self, repositories: Repositories, tokens: Tokens, base_url: str) -> None:
        self._repositories, self._tokens = repositories, tokens
        self._url = base_url + BASE

    def answer(self, request: web.Request, raw: bytes) -> web.Response:
        """Return what Azure DevOps would."""
        token = self._tokens.find(_bearer(request.headers.get("Authorization", "")))
        if token is None:
            return web.Response(status=203, text=SIGN_IN, content_type="text/html")
        if token.expired:
            return web.Response(status=401, text=EXPIRED)
        try:
            reply = self._carried_out(request, raw, token)
        except AzureError as error:
            self._repositories.store.rollback()
            reply = Reply(error.status, error.body())
        if reply.body is None:
            return web.Response(status=reply.status)
        response = web.json_response(reply.body, status=reply.status)
        response["json"] = reply.body
        return response

    def _carried_out(self, request: web.Request, raw: bytes, token: Token) -> Reply:
        path = request.path.removeprefix(BASE)
        found = find(ROUTES, request.method, path)
        if found is None:
            message = f"The sandbox does not emulate {request.method} {path}"
            raise AzureError(501, message, "NotImplementedException", "System")
        refused = bad_version(_version(request), request.method)
        if refused is not None:
            raise refused
        route, args = found
        ask = Ask(
            request.method,
            self._url,
            path,
            self._named(args, token),
            dict(request.query),
            _object(raw),
            token,
            self._repositories,
        )
        _permit(ask, route)
        return route.handler(ask)

    def _named(self, args: dict[str, str], token: Token) -> dict[str, str]:
        """Return the arguments with names in place of ids of project and repository."""
        if "r" not in args:
            return args
        known = [one["name"] for one in self._repositories.store.documents(REPOSITORIES).values()]
        split = [name.split("/") for name in known if name.count("/") == 2]
        of_project = [
            name
            for name in split
            if _is(args["o"], name[0]) and _is(args["p"], name[1], "/".join(name[:2]))
        ]
        if not of_project:
            raise no_project(args["p"])
        for name in of_project:
            if _is(args["r"], name[2], "/".join(name)) and token.sees("/".join(name)):
                return {**args, "o": name[0], "p": name[1], "r": name[2]}
        raise no_repository(args["r"])


def _is(asked: str, name: str, full: str = "") -> bool:
    """Whether a name, in any case, or an id means what is called so."""
    return asked.lower() in (name.lower(), guid(full) if full else "")


def _permit(ask: Ask, route: Route) -> None:
    """Raise what the bearer of a token is told that it may not do."""
    if "r" not in ask.args:
        return
    if not ask.token.may("pull-requests:read"):
        raise no_repository(ask.args["r"])
    is_write = ask.method != "GET" and not route.needs
    if is_write and not ask.token.may("pull-requests:write"):
        login = ask.token.login
        raise needs_permission(f"Build\\{guid(login)}" if login == BUILD else login)


def _bearer(header: str) -> str:
    """Return the token of a header: a bearer's, or the password of basic authentication."""
    scheme, _, text = header.partition(" ")
    if scheme.lower() != "basic":
        return text.strip() if scheme.lower() == "bearer" else ""
    try:
        return base64.b64decode(text, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _version(request: web.Request) -> str:
    accepted = re.search(r"api-version=([^;\s]+)", request.headers.get("Accept", ""))
    return request.query.get("api-version", accepted[1] if accepted else "")


def _object(raw: bytes) -> Json:
    try:
        body = json.loads(raw or b"{}")
    except ValueError as error:
        raise wrong(f"The body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise wrong("The body is not a JSON object")
    return body
