"""Azure DevOps' pull requests, their iterations, and the statuses of both.

Source: learn.microsoft.com/rest/api/azure/devops/git/pull-requests, pull-request-iterations,
pull-request-statuses and pull-request-query, 7.1.
"""

from __future__ import annotations

from typing import Any

from reconciler.sandbox.forge.azure_errors import AzureError, missing, wrong
from reconciler.sandbox.forge.azure_properties import typed
from reconciler.sandbox.forge.azure_shapes import (
    identity,
    iteration,
    listed,
    pull_request,
    repository,
)
from reconciler.sandbox.forge.azure_threads import find_pull, member
from reconciler.sandbox.forge.exchange import Ask, Reply, Route

Json = dict[str, Any]
STATUSES = "forge_pull_statuses"
STATES = (
    "notSet",
    "pending",
    "succeeded",
    "failed",
    "error",
    "notApplicable",
    "partiallySucceeded",
)
QUERIES = ("notSet", "lastMergeCommit", "commit")


def show_repository(ask: Ask) -> Reply:
    """GET a repository."""
    return Reply(200, repository(ask, ask.repo))


def show(ask: Ask) -> Reply:
    """GET one pull request."""
    return Reply(200, pull_request(ask, find_pull(ask)))


def show_all(ask: Ask) -> Reply:
    """GET all; active ones unless `searchCriteria.status` asks for others."""
    wanted = ask.query.get("searchCriteria.status", "active").lower()
    found = [pull_request(ask, pull) for pull in ask.repositories.pulls(ask.repo)]
    shown = [pull for pull in reversed(found) if wanted in ("all", pull["status"])]
    return Reply(200, listed(shown))


def query(ask: Ask) -> Reply:
    """POST for the pull requests that commits came with, or are the merge commits of."""
    asked = ask.body.get("queries")
    if not isinstance(asked, list) or not all(isinstance(one, dict) for one in asked):
        raise missing("queries")
    return Reply(200, {"queries": asked, "results": [_results(ask, one) for one in asked]})


def _results(ask: Ask, asked: Json) -> Json:
    by_merge = member(asked.get("type", "notSet"), QUERIES, "type") == "lastMergeCommit"
    items = asked.get("items")
    if not isinstance(items, list):
        raise missing("queries.Items")
    found: dict[str, list[Json]] = {}
    for pull in ask.repositories.pulls(ask.repo):
        commits = [pull["merge_sha"]] if by_merge else pull["pushes"]
        for sha in (one for one in commits if one in items):
            found.setdefault(sha, []).append(pull_request(ask, pull))
    return found


def iterations(ask: Ask) -> Reply:
    """GET the pushes of a pull request."""
    pull = find_pull(ask)
    numbers = range(1, len(pull["pushes"]) + 1)
    return Reply(200, listed([iteration(ask, pull, number) for number in numbers]))


def statuses(ask: Ask) -> Reply:
    """GET every status of a pull request, the oldest first."""
    return Reply(200, listed([_status(ask, one) for one in _of_pull(ask)]))


def add_status(ask: Ask) -> Reply:
    """POST a status of a pull request, or of one of its iterations."""
    pull, context = find_pull(ask), ask.body.get("context")
    if not isinstance(context, dict) or not isinstance(context.get("name"), str):
        raise missing("status.Context.Name")
    number = ask.body.get("iterationId")
    if number is not None and number not in range(1, len(pull["pushes"]) + 1):
        raise wrong(f"The pull request has no iteration {number}")
    now = ask.repositories.time()
    record = {
        "id": len(_of_pull(ask)) + 1,
        "repo": ask.repo.lower(),
        "pull": pull["number"],
        "iteration": number,
        "state": member(ask.body.get("state", "notSet"), STATES, "state"),
        "description": ask.body.get("description"),
        "target": ask.body.get("targetUrl"),
        "context": {"name": context["name"], "genre": context.get("genre")},
        "properties": typed(ask.body.get("properties")),
        "author": ask.token.login,
        "created": now,
    }
    key = f"{record['repo']}#{record['pull']}#{record['id']}"
    ask.repositories.store.put_document(STATUSES, key, record)
    return Reply(200, _status(ask, record))


def show_status(ask: Ask) -> Reply:
    """GET one status."""
    for one in _of_pull(ask):
        if str(one["id"]) == ask.args["s"]:
            return Reply(200, _status(ask, one))
    message = f"The requested status {ask.args['s']} was not found."
    raise AzureError(404, message, "GitPullRequestStatusNotFoundException")


def _of_pull(ask: Ask) -> list[Json]:
    number = find_pull(ask)["number"]
    return ask.repositories.kept(STATUSES, repo=ask.repo.lower(), pull=number)


def _status(ask: Ask, record: Json) -> Json:
    tied = {} if record["iteration"] is None else {"iterationId": record["iteration"]}
    return {
        **tied,
        "id": record["id"],
        "state": record["state"],
        "description": record["description"],
        "context": record["context"],
        "creationDate": record["created"],
        "updatedDate": record["created"],
        "createdBy": identity(ask, record["author"]),
        "targetUrl": record["target"],
        "properties": record["properties"],
    }


_R = "{o}/{p}/_apis/git/repositories/{r}"
_P = _R + "/pullRequests/{n}"
ROUTES = (
    Route("GET", _R, show_repository),
    Route("GET", _R + "/pullRequests", show_all),
    Route("GET", _P, show),
    Route("GET", _P + "/iterations", iterations),
    Route("GET", _P + "/statuses", statuses),
    Route("POST", _P + "/statuses", add_status),
    Route("GET", _P + "/statuses/{s}", show_status),
    Route("POST", _R + "/pullRequestQuery", query, ("pull-requests:read",)),
)
