"""What others do on a forge: `/_sandbox/forge` issues tokens and moves pull requests.

`{"op": "token", "login": "ann"}`, `{"op": "open", "repo": "acme/ml"}`, and `push`, `merge`,
`close`, `reopen`, `lock`, `commit`, `comment`, `expire`; each answers with what it made.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiohttp import web

from reconciler.sandbox.fault_checks import known
from reconciler.sandbox.forge import azure_threads as threads
from reconciler.sandbox.forge.apps import Apps
from reconciler.sandbox.forge.github_pulls import COMMENTS
from reconciler.sandbox.forge.repositories import Repositories
from reconciler.sandbox.forge.tokens import Tokens, person

Json = dict[str, Any]
WORDS = {
    "op", "login", "permissions", "repositories", "token", "repo", "number", "sha", "branch",
    "head", "base", "title", "body", "by", "fork", "method",
}  # fmt: skip


class Controls:
    """Carries the controls out."""

    def __init__(self, repositories: Repositories, tokens: Tokens) -> None:
        self._repositories, self._tokens = repositories, tokens

    async def run(self, request: web.Request) -> web.Response:
        """POST one operation. Raises ValueError with words for the user."""
        body = known(await request.json(), WORDS)
        operations: dict[str, Callable[[Json], Json]] = {
            "token": self._token,
            "expire": self._expire,
            "app": self._app,
            "commit": self._commit,
            "open": self._open,
            "push": lambda b: self._repositories.push(self._pull(b), b.get("sha", "")),
            "merge": lambda b: self._repositories.merge(self._pull(b), b.get("method", "merge")),
            "close": lambda b: self._repositories.close(self._pull(b)),
            "reopen": lambda b: self._repositories.reopen(self._pull(b)),
            "lock": lambda b: self._repositories.lock(self._pull(b)),
            "comment": self._comment,
        }
        op = str(body.get("op"))
        if op not in operations:
            raise ValueError(f"op is one of {', '.join(operations)}, not {op!r}")
        return web.json_response(operations[op](body))

    def _token(self, body: Json) -> Json:
        login = str(body.get("login") or "")
        if not login:
            raise ValueError("a token is of a login, of `actions`, or of `app/NAME`")
        seen = body.get("repositories")
        return {"token": self._tokens.issue(login, body.get("permissions"), seen)}

    def _app(self, body: Json) -> Json:
        """A GitHub App, installed: its ids and its private key."""
        apps = Apps(self._repositories.store)
        return apps.make(
            str(body.get("login") or ""), body.get("permissions"), body.get("repositories")
        )

    def _expire(self, body: Json) -> Json:
        self._tokens.expire(str(body.get("token", "")))
        return {}

    def _commit(self, body: Json) -> Json:
        sha, branch = str(body.get("sha", "")), str(body.get("branch", "main"))
        return {"sha": self._repositories.commit(str(body["repo"]), sha, branch)}

    def _open(self, body: Json) -> Json:
        return self._repositories.open(str(body["repo"]), body)

    def _comment(self, body: Json) -> Json:
        pull, login = self._pull(body), str(body.get("by", "ann"))
        person(self._repositories.store, login)
        made = self._thread if pull["repo"].count("/") == 2 else self._issue_comment
        return made(pull, login, str(body.get("body", "")))

    def _thread(self, pull: Json, login: str, text: str) -> Json:
        """A thread of Azure DevOps, as its web page makes it."""
        return threads.keep(
            self._repositories,
            pull,
            comments=[threads.comment(self._repositories, login, text)],
            status="active",
        )

    def _issue_comment(self, pull: Json, login: str, text: str) -> Json:
        now = self._repositories.time()
        record = {
            "id": self._repositories.next_id(),
            "repo": pull["repo"].lower(),
            "issue": pull["number"],
            "body": text,
            "author": login,
            "app": None,
            "created": now,
            "updated": now,
        }
        self._repositories.store.put_document(COMMENTS, str(record["id"]), record)
        return record

    def _pull(self, body: Json) -> Json:
        name, number = str(body.get("repo", "")), str(body.get("number", ""))
        found = self._repositories.pull(name, number)
        if found is None:
            raise ValueError(f"{name!r} has no pull request {number}")
        return found
