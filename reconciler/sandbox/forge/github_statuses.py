"""GitHub's commit statuses: set, listed, and combined.

Source: docs.github.com/rest/commits/statuses. The combined status names no creator; the list does.
"""

from __future__ import annotations

from typing import Any

from reconciler.sandbox.forge.exchange import Ask, Reply, Route
from reconciler.sandbox.forge.github_errors import GitHubError, invalid, text_of
from reconciler.sandbox.forge.github_lists import page_of, paged
from reconciler.sandbox.forge.github_shapes import node, repository, user

Json = dict[str, Any]
STATUSES = "forge_statuses"
STATES = ("error", "failure", "pending", "success")
MOST_CHARACTERS = 140
MOST = 1_000
"""Of a commit and context."""


def create(ask: Ask) -> Reply:
    """POST a status of a commit that is there."""
    sha = ask.repositories.resolve(ask.repo, ask.args["sha"])
    if sha is None:
        raise GitHubError(422, f"No commit found for SHA: {ask.args['sha']}")
    record = {**_checked(ask.body), "repo": ask.repo.lower(), "sha": sha}
    of_context = {key: record[key] for key in ("repo", "sha", "context")}
    if len(ask.repositories.kept(STATUSES, **of_context)) >= MOST:
        message = "This SHA and context has reached the maximum number of statuses."
        raise GitHubError(
            422,
            "Validation Failed",
            [{"resource": "Status", "code": "custom", "message": message}],
        )
    record |= {
        "id": ask.repositories.next_id(),
        "author": ask.token.login,
        "created": ask.repositories.time(),
    }
    ask.repositories.store.put_document(STATUSES, str(record["id"]), record)
    return Reply(201, _full(ask, record))


def _checked(body: Json) -> Json:
    state = text_of(body, "state")
    if state not in STATES:
        raise invalid("Status", "custom", "state", "state is not included in the list")
    description = text_of(body, "description", required=False)
    if description is not None and len(description) > MOST_CHARACTERS:
        limit = f"description is too long (maximum is {MOST_CHARACTERS} characters)"
        raise invalid("Status", "custom", "description", limit)
    target = text_of(body, "target_url", required=False)
    if target and not target.startswith(("http://", "https://")):
        raise invalid("Status", "custom", "target_url", "target_url must use http(s) scheme")
    context = text_of(body, "context", required=False) or "default"
    return {"state": state, "description": description, "target_url": target, "context": context}


def listed(ask: Ask) -> Reply:
    """GET the statuses of a commit or branch, the newest first, each with its creator."""
    return paged(ask, [_full(ask, one) for one in reversed(_of_commit(ask, _commit(ask)))])


def combined(ask: Ask) -> Reply:
    """GET the newest status of each context, and what they come to."""
    sha = _commit(ask)
    newest = {one["context"]: one for one in _of_commit(ask, sha)}
    states = {one["state"] for one in newest.values()}
    total = "failure" if states & {"error", "failure"} else "pending"
    shown, headers = page_of(ask, [_simple(ask, one) for one in newest.values()])
    link = f"{ask.url}/repos/{ask.repo}/commits/{sha}"
    body = {
        "state": "success" if states == {"success"} else total,
        "statuses": shown,
        "sha": sha,
        "total_count": len(newest),
        "repository": repository(ask, ask.repo),
        "commit_url": link,
        "url": f"{link}/status",
    }
    return Reply(200, body, headers)


def _commit(ask: Ask) -> str:
    sha = ask.repositories.resolve(ask.repo, ask.args["sha"])
    if sha is None:
        raise GitHubError(422, f"No commit found for SHA: {ask.args['sha']}")
    return sha


def _of_commit(ask: Ask, sha: str) -> list[Json]:
    return ask.repositories.kept(STATUSES, repo=ask.repo.lower(), sha=sha)


def _simple(ask: Ask, record: Json) -> Json:
    return {
        "url": f"{ask.url}/repos/{ask.repo}/statuses/{record['sha']}",
        "avatar_url": user(ask, record["author"])["avatar_url"],
        "id": record["id"],
        "node_id": node("StatusContext", record["id"]),
        "state": record["state"],
        "description": record["description"],
        "target_url": record["target_url"],
        "context": record["context"],
        "created_at": record["created"],
        "updated_at": record["created"],
    }


def _full(ask: Ask, record: Json) -> Json:
    return {**_simple(ask, record), "creator": user(ask, record["author"])}


_R = "repos/{o}/{r}"
_DOCS = "commits/statuses#"
ROUTES = (
    Route(
        "POST",
        _R + "/statuses/{sha}",
        create,
        ("statuses:write",),
        _DOCS + "create-a-commit-status",
    ),
    Route(
        "GET",
        _R + "/commits/{sha*}/statuses",
        listed,
        ("statuses:read",),
        _DOCS + "list-commit-statuses-for-a-reference",
    ),
    Route(
        "GET",
        _R + "/commits/{sha*}/status",
        combined,
        ("statuses:read",),
        _DOCS + "get-the-combined-status-for-a-specific-reference",
    ),
)
