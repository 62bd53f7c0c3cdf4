"""What GitHub shows of users, repositories, pull requests and comments.

Source: the response schemas of docs.github.com/rest, api version 2022-11-28.
"""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote

from reconciler.sandbox.forge.exchange import Ask
from reconciler.sandbox.forge.tokens import ACTIONS, person

Json = dict[str, Any]
LABELS = "forge_labels"


def node(kind: str, number: int) -> str:
    """Return the id of a node of GraphQL."""
    text = f"{len(kind):03}:{kind}{number}"
    return base64.b64encode(text.encode()).decode()


def user(ask: Ask, login: str) -> Json:
    """Return a simple user."""
    is_bot = login.endswith("[bot]")
    number = person(ask.repositories.store, login)
    path = f"{ask.url}/users/{login.replace('[', '%5B').replace(']', '%5D')}"
    return {
        "login": login,
        "id": number,
        "node_id": node("Bot" if is_bot else "User", number),
        "avatar_url": f"{ask.url}/avatars/{number}",
        "gravatar_id": "",
        "url": path,
        "html_url": f"{ask.url}/{'apps/' if is_bot else ''}{login.removesuffix('[bot]')}",
        "type": "Bot" if is_bot else "User",
        "site_admin": False,
    }


def app(slug: str, number: int) -> Json:
    """Return the App that something was made through."""
    name = "GitHub Actions" if slug == ACTIONS else slug
    return {"id": number, "slug": slug, "node_id": node("App", number), "name": name}


def made_by(ask: Ask) -> Json:
    """Return what a record keeps of its maker."""
    token = ask.token
    return {"author": token.login, "app": [token.app, token.app_id] if token.app else None}


def app_of(record: Json) -> Json | None:
    """Return the App that a record was made through, None for a person's own work."""
    return app(*record["app"]) if record.get("app") else None


def repository(ask: Ask, name: str) -> Json:
    """Return a minimal repository; those of a sandbox are private."""
    owner, short = name.split("/")
    found = ask.repositories.find(name) or {"id": 0}
    return {
        "id": found["id"],
        "node_id": node("Repository", found["id"]),
        "name": short,
        "full_name": name,
        "owner": user(ask, owner),
        "private": True,
        "fork": False,
        "url": f"{ask.url}/repos/{name}",
        "html_url": f"{ask.url}/{name}",
        "default_branch": "main",
    }


def pull_request(ask: Ask, pull: Json) -> Json:
    """Return a pull request as its own address shows it."""
    name, number = pull["repo"], pull["number"]
    owner = pull["fork"] or name.split("/")[0]
    head_repo = f"{owner}/{name.split('/')[1]}"
    link = f"{ask.url}/repos/{name}/pulls/{number}"
    return {
        "url": link,
        "id": pull["id"],
        "node_id": node("PullRequest", pull["id"]),
        "html_url": f"{ask.url}/{name}/pull/{number}",
        "issue_url": f"{ask.url}/repos/{name}/issues/{number}",
        "comments_url": f"{ask.url}/repos/{name}/issues/{number}/comments",
        "statuses_url": f"{ask.url}/repos/{name}/statuses/{pull['pushes'][-1]}",
        "number": number,
        "state": pull["state"],
        "locked": pull["locked"],
        "title": pull["title"],
        "user": user(ask, pull["author"]),
        "body": pull["body"],
        "created_at": pull["created"],
        "updated_at": pull["updated"],
        "closed_at": pull["closed"],
        "merged_at": pull["merged"],
        "merge_commit_sha": pull["merge_sha"],
        "labels": labels(ask, pull),
        "draft": False,
        "head": _end(ask, owner, pull["head"], pull["pushes"][-1], head_repo, pull["fork"]),
        "base": _end(ask, name.split("/")[0], pull["base"], pull["base_sha"], name, None),
        "author_association": "NONE" if pull["fork"] else "CONTRIBUTOR",
        "merged": pull["merged"] is not None,
        "mergeable": None if pull["merged"] else True,
        "commits": len(pull["pushes"]),
    }


def label(ask: Ask, record: Json) -> Json:
    """Return a label."""
    return {
        "id": record["id"],
        "node_id": node("Label", record["id"]),
        "url": f"{ask.url}/repos/{ask.repo}/labels/{quote(record['name'], safe='')}",
        "name": record["name"],
        "color": record["color"],
        "default": False,
        "description": record["description"],
    }


def labels(ask: Ask, issue: Json) -> list[Json]:
    """Return the labels of an issue or a pull request."""
    known = ask.repositories.store.documents(LABELS)
    keys = [f"{issue['repo'].lower()}#{name.lower()}" for name in issue.get("labels", [])]
    return [label(ask, known[key]) for key in keys]


def _end(ask: Ask, owner: str, ref: str, sha: str, repo: str, fork: str | None) -> Json:
    """Return the head or the base of a pull request."""
    shown = repository(ask, repo) | {"fork": fork is not None}
    return {
        "label": f"{owner}:{ref}",
        "ref": ref,
        "sha": sha,
        "user": user(ask, owner),
        "repo": shown,
    }
