"""Azure DevOps' statuses of commits.

Source: learn.microsoft.com/rest/api/azure/devops/git/statuses (create, list), 7.1: 201 with the
status; `context.name` is required; `latestOnly` gives the newest of each context.
"""

from __future__ import annotations

from typing import Any

from reconciler.sandbox.forge.azure_errors import AzureError, missing
from reconciler.sandbox.forge.azure_pulls import STATES
from reconciler.sandbox.forge.azure_shapes import identity, listed
from reconciler.sandbox.forge.azure_threads import member
from reconciler.sandbox.forge.exchange import Ask, Reply, Route

Json = dict[str, Any]
STATUSES = "forge_commit_statuses"


def add(ask: Ask) -> Reply:
    """POST a status of a commit that is there."""
    sha, context = _commit(ask), ask.body.get("context")
    if not isinstance(context, dict) or not isinstance(context.get("name"), str):
        raise missing("status.Context.Name")
    record = {
        "id": len(_of(ask, sha)) + 1,
        "repo": ask.repo.lower(),
        "sha": sha,
        "state": member(ask.body.get("state", "notSet"), STATES, "state"),
        "description": ask.body.get("description"),
        "target": ask.body.get("targetUrl"),
        "context": {"name": context["name"], "genre": context.get("genre")},
        "author": ask.token.login,
        "created": ask.repositories.time(),
    }
    key = f"{record['repo']}#{sha}#{record['id']}"
    ask.repositories.store.put_document(STATUSES, key, record)
    return Reply(201, _status(ask, record))


def show(ask: Ask) -> Reply:
    """GET the statuses of a commit, the newest first; of each context one with `latestOnly`."""
    found = list(reversed(_of(ask, _commit(ask))))
    if ask.query.get("latestOnly", "").lower() == "true":
        newest: dict[tuple[str, str], Json] = {}
        for one in found:
            newest.setdefault((one["context"]["genre"] or "", one["context"]["name"]), one)
        found = list(newest.values())
    begin = int(ask.query.get("skip", 0))
    end = begin + int(ask.query.get("top", 1000))
    return Reply(200, listed([_status(ask, one) for one in found[begin:end]]))


def _commit(ask: Ask) -> str:
    sha = ask.args["sha"]
    if ask.repositories.resolve(ask.repo, sha) != sha:
        message = f"TF401175: The version descriptor <Commit: {sha} > could not be resolved."
        raise AzureError(404, message, "GitUnresolvableToCommitException")
    return sha


def _of(ask: Ask, sha: str) -> list[Json]:
    return ask.repositories.kept(STATUSES, repo=ask.repo.lower(), sha=sha)


def _status(ask: Ask, record: Json) -> Json:
    return {
        "id": record["id"],
        "state": record["state"],
        "description": record["description"],
        "context": record["context"],
        "creationDate": record["created"],
        "updatedDate": record["created"],
        "createdBy": identity(ask, record["author"]),
        "targetUrl": record["target"],
    }


_C = "{o}/{p}/_apis/git/repositories/{r}/commits/{sha}/statuses"
ROUTES = (Route("GET", _C, show), Route("POST", _C, add))
