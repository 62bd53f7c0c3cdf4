"""What Azure DevOps shows of identities, repositories and pull requests, at api-version 7.1.

Source: learn.microsoft.com/rest/api/azure/devops/git/pull-requests (GitPullRequest, IdentityRef).
"""

from __future__ import annotations

import uuid
from typing import Any

from reconciler.sandbox.forge.exchange import Ask

Json = dict[str, Any]
BUILD = "build"
"""The login of the identity that pipelines have."""
STATES = {"open": "active", "closed": "abandoned"}


def guid(text: str) -> str:
    """Return the id of what has this name, the same one each time."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"sandbox:{text.lower()}"))


def identity(ask: Ask, login: str) -> Json:
    """Return who a login is; a build identity is called after its project."""
    number = guid(login)
    base = f"{ask.url}/{ask.args['o']}"
    is_build = login == BUILD
    shown = f"{ask.args.get('p', 'Project Collection')} Build Service ({ask.args['o']})"
    return {
        "displayName": shown if is_build else login,
        "url": f"{base}/_apis/Identities/{number}",
        "id": number,
        "uniqueName": f"Build\\{number}" if is_build else f"{login}@example.com",
        "imageUrl": f"{base}/_api/_common/identityImage?id={number}",
        "descriptor": f"{'svc' if is_build else 'aad'}.{number}",
    }


def repository(ask: Ask, name: str) -> Json:
    """Return a repository and its project."""
    organisation, project, short = name.split("/")
    base = f"{ask.url}/{organisation}"
    project_id = guid(f"{organisation}/{project}")
    return {
        "id": guid(name),
        "name": short,
        "url": f"{base}/{project_id}/_apis/git/repositories/{guid(name)}",
        "project": {
            "id": project_id,
            "name": project,
            "url": f"{base}/_apis/projects/{project_id}",
            "state": "wellFormed",
            "visibility": "private",
        },
        "defaultBranch": "refs/heads/main",
    }


def pull_request(ask: Ask, pull: Json) -> Json:
    """Return a pull request; every push to it is an iteration."""
    repo = repository(ask, pull["repo"])
    fork = {"forkSource": {"repository": {"isFork": True}}} if pull["fork"] else {}
    link = f"{repo['url']}/pullRequests/{pull['number']}"
    closed = {"closedDate": pull["closed"]} if pull["closed"] else {}
    return {
        "repository": repo,
        "pullRequestId": pull["number"],
        "codeReviewId": pull["number"],
        "status": "completed" if pull["merged"] else STATES[pull["state"]],
        "createdBy": identity(ask, pull["author"]),
        "creationDate": pull["created"],
        **closed,
        "title": pull["title"],
        "description": pull["body"],
        "sourceRefName": f"refs/heads/{pull['head']}",
        "targetRefName": f"refs/heads/{pull['base']}",
        "mergeStatus": "succeeded",
        "isDraft": False,
        "mergeId": guid(f"merge {pull['id']}"),
        "lastMergeSourceCommit": _commit(repo, pull["pushes"][-1]),
        "lastMergeTargetCommit": _commit(repo, pull["base_sha"]),
        "lastMergeCommit": _commit(repo, pull["merge_sha"]),
        "reviewers": [],
        "url": link,
        "supportsIterations": True,
        **fork,
    }


def iteration(ask: Ask, pull: Json, number: int) -> Json:
    """Return one of a pull request's pushes."""
    repo = repository(ask, pull["repo"])
    return {
        "id": number,
        "description": pull["title"],
        "author": identity(ask, pull["author"]),
        "createdDate": pull["created"],
        "updatedDate": pull["created"],
        "sourceRefCommit": _commit(repo, pull["pushes"][number - 1]),
        "targetRefCommit": _commit(repo, pull["base_sha"]),
        "commonRefCommit": _commit(repo, pull["base_sha"]),
        "hasMoreCommits": False,
        "reason": "push" if number > 1 else "create",
    }


def listed(items: list[Any]) -> Json:
    """Return a list as Azure DevOps wraps it."""
    return {"value": items, "count": len(items)}


def _commit(repo: Json, sha: str) -> Json:
    return {"commitId": sha, "url": f"{repo['url']}/commits/{sha}"}
