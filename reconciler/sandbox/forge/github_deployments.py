"""GitHub's deployments and their statuses.

Source: docs.github.com/rest/deployments/deployments and rest/deployments/statuses.
"""

from __future__ import annotations

from typing import Any

from reconciler.sandbox.forge.exchange import Ask, Reply, Route
from reconciler.sandbox.forge.github_errors import (
    GitHubError,
    invalid,
    malformed,
    member_of,
    not_found,
    text_of,
)
from reconciler.sandbox.forge.github_lists import paged
from reconciler.sandbox.forge.github_shapes import app_of, made_by, node, user
from reconciler.sandbox.forge.github_statuses import STATUSES as COMMIT_STATUSES

Json = dict[str, Any]
DEPLOYMENTS, STATUSES = "forge_deployments", "forge_deployment_statuses"
STATES = ("error", "failure", "inactive", "in_progress", "queued", "pending", "success")
MOST_CHARACTERS = 140


def create(ask: Ask) -> Reply:
    """POST a deployment of a ref, whose required contexts are green (all, unless named)."""
    ref = text_of(ask.body, "ref") or ""
    sha = ask.repositories.resolve(ask.repo, ref)
    if sha is None:
        raise GitHubError(422, f"No ref found for: {ref}")
    _require_contexts(ask, sha, ref)
    environment = text_of(ask.body, "environment", required=False) or "production"
    record = {
        "id": ask.repositories.next_id(),
        "repo": ask.repo.lower(),
        "ref": ref,
        "sha": sha,
        "task": text_of(ask.body, "task", required=False) or "deploy",
        "payload": ask.body.get("payload", {}),
        "environment": environment,
        "description": _description(ask.body, "Deployment"),
        "transient": bool(ask.body.get("transient_environment")),
        "production": bool(ask.body.get("production_environment", environment == "production")),
        **made_by(ask),
        "created": ask.repositories.time(),
    }
    ask.repositories.store.put_document(DEPLOYMENTS, str(record["id"]), record)
    return Reply(201, _deployment(ask, record))


def _require_contexts(ask: Ask, sha: str, ref: str) -> None:
    required = ask.body.get("required_contexts")
    if required is not None and not isinstance(required, list):
        raise malformed(f"For 'properties/required_contexts', {required!r} is not an array.")
    found = ask.repositories.kept(COMMIT_STATUSES, repo=ask.repo.lower(), sha=sha)
    newest = {one["context"]: one["state"] for one in found}
    wanted = list(newest) if required is None else required
    if any(newest.get(str(context)) != "success" for context in wanted):
        raise GitHubError(409, f"Conflict: Commit status checks failed for {ref}.")


def _description(body: Json, resource: str) -> str:
    text = text_of(body, "description", required=False) or ""
    if len(text) > MOST_CHARACTERS:
        told = f"description is too long (maximum is {MOST_CHARACTERS} characters)"
        raise invalid(resource, "custom", "description", told)
    return text


def listed(ask: Ask) -> Reply:
    """GET deployments, the newest first; `sha`, `ref`, `task` and `environment` narrow it."""
    wanted = {
        name: ask.query[name] for name in ("sha", "ref", "task", "environment") if name in ask.query
    }
    found = ask.repositories.kept(DEPLOYMENTS, repo=ask.repo.lower(), **wanted)
    return paged(ask, [_deployment(ask, one) for one in reversed(found)])


def show(ask: Ask) -> Reply:
    """GET one deployment."""
    return Reply(200, _deployment(ask, _found(ask)))


def add_status(ask: Ask) -> Reply:
    """POST a status; a success makes those before it in the environment inactive."""
    deployment = _found(ask)
    if member_of(ask.body, "state", STATES) is None:
        raise malformed('"state" wasn\'t supplied.')
    record = {
        "state": ask.body["state"],
        "description": _description(ask.body, "DeploymentStatus"),
        "log_url": text_of(ask.body, "log_url", required=False) or "",
        "environment_url": text_of(ask.body, "environment_url", required=False) or "",
        **made_by(ask),
    }
    kept = _kept(ask, deployment, record)
    if record["state"] == "success" and ask.body.get("auto_inactive", True):
        _retire_others(ask, deployment, record)
    return Reply(201, _status(ask, deployment, kept))


def _kept(ask: Ask, deployment: Json, record: Json) -> Json:
    number, now = ask.repositories.next_id(), ask.repositories.time()
    kept = {**record, "id": number, "deployment": deployment["id"], "created": now}
    ask.repositories.store.put_document(STATUSES, str(number), kept)
    return kept


def _retire_others(ask: Ask, deployment: Json, record: Json) -> None:
    same = {key: deployment[key] for key in ("repo", "environment")}
    for other in ask.repositories.kept(DEPLOYMENTS, **same):
        states = [one["state"] for one in _of(ask, other)]
        is_older = other["id"] < deployment["id"] and not other["transient"]
        if is_older and not other["production"] and states[-1:] == ["success"]:
            _kept(ask, other, {**record, "state": "inactive", "description": ""})


def statuses(ask: Ask) -> Reply:
    """GET the statuses of a deployment, the newest first."""
    deployment = _found(ask)
    found = reversed(_of(ask, deployment))
    return paged(ask, [_status(ask, deployment, one) for one in found])


def _of(ask: Ask, deployment: Json) -> list[Json]:
    return ask.repositories.kept(STATUSES, deployment=deployment["id"])


def _found(ask: Ask) -> Json:
    record = ask.repositories.store.document(DEPLOYMENTS, ask.args["d"])
    if record is None or record["repo"] != ask.repo.lower():
        raise not_found()
    return dict(record)


def _deployment(ask: Ask, record: Json) -> Json:
    base = f"{ask.url}/repos/{ask.repo}"
    link = f"{base}/deployments/{record['id']}"
    return {
        "url": link,
        "id": record["id"],
        "node_id": node("Deployment", record["id"]),
        "sha": record["sha"],
        "ref": record["ref"],
        "task": record["task"],
        "payload": record["payload"],
        "original_environment": record["environment"],
        "environment": record["environment"],
        "description": record["description"] or None,
        "creator": user(ask, record["author"]),
        "created_at": record["created"],
        "updated_at": record["created"],
        "statuses_url": f"{link}/statuses",
        "repository_url": base,
        "transient_environment": record["transient"],
        "production_environment": record["production"],
        "performed_via_github_app": app_of(record),
    }


def _status(ask: Ask, deployment: Json, record: Json) -> Json:
    link = f"{ask.url}/repos/{ask.repo}/deployments/{deployment['id']}"
    return {
        "url": f"{link}/statuses/{record['id']}",
        "id": record["id"],
        "node_id": node("DeploymentStatus", record["id"]),
        "state": record["state"],
        "creator": user(ask, record["author"]),
        "description": record["description"],
        "environment": deployment["environment"],
        "target_url": record["log_url"],
        "log_url": record["log_url"],
        "environment_url": record["environment_url"],
        "created_at": record["created"],
        "updated_at": record["created"],
        "deployment_url": link,
        "repository_url": f"{ask.url}/repos/{ask.repo}",
        "performed_via_github_app": app_of(record),
    }


_R = "repos/{o}/{r}/deployments"
_READ, _WRITE = ("deployments:read",), ("deployments:write",)
_DOCS, _OF = "deployments/deployments#", "deployments/statuses#"
ROUTES = (
    Route("GET", _R, listed, _READ, _DOCS + "list-deployments"),
    Route("POST", _R, create, _WRITE, _DOCS + "create-a-deployment"),
    Route("GET", _R + "/{d}", show, _READ, _DOCS + "get-a-deployment"),
    Route("GET", _R + "/{d}/statuses", statuses, _READ, _OF + "list-deployment-statuses"),
    Route("POST", _R + "/{d}/statuses", add_status, _WRITE, _OF + "create-a-deployment-status"),
)
