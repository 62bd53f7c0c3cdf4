"""GitHub's issues: listed with the pull requests among them, opened, changed, closed.

Source: docs.github.com/rest/issues/issues. Every pull request is an issue, with `pull_request`.
"""

from __future__ import annotations

from typing import Any

from reconciler.sandbox.forge.exchange import Ask, Reply, Route
from reconciler.sandbox.forge.github_errors import invalid, member_of, text_of
from reconciler.sandbox.forge.github_labels import made, names_of
from reconciler.sandbox.forge.github_lists import paged
from reconciler.sandbox.forge.github_pulls import COMMENTS
from reconciler.sandbox.forge.github_shapes import app_of, labels, made_by, node, user
from reconciler.sandbox.forge.issues import every_issue, find_issue, save_issue

Json = dict[str, Any]
LONGEST_TITLE, LONGEST_BODY = 256, 65_536
STATES = ("open", "closed")
REASONS = ("completed", "not_planned", "duplicate", "reopened")


def listed(ask: Ask) -> Reply:
    """GET open issues, newest first; `state`, `labels` (all of them), `creator` narrow it."""
    state, creator = ask.query.get("state", "open"), ask.query.get("creator")
    wanted = {name.lower() for name in ask.query.get("labels", "").split(",") if name}
    found = [
        issue
        for issue in reversed(every_issue(ask))
        if state in (issue["state"], "all")
        and creator in (None, issue["author"])
        and wanted <= {name.lower() for name in issue.get("labels", [])}
    ]
    if ask.query.get("direction") == "asc":
        found.reverse()
    return paged(ask, [_issue(ask, one) for one in found])


def create(ask: Ask) -> Reply:
    """POST an issue."""
    title = _title(text_of(ask.body, "title") or "")
    now = ask.repositories.time()
    record = {
        "id": ask.repositories.next_id(),
        "number": ask.repositories.next_id(f"number {ask.repo.lower()}", 1),
        "repo": ask.repo.lower(),
        "title": title,
        "body": _body(text_of(ask.body, "body", required=False)),
        **made_by(ask),
        "state": "open",
        "reason": None,
        "locked": False,
        "labels": made(ask, names_of(ask.body)),
        "created": now,
        "closed": None,
    }
    shown = _issue(ask, save_issue(ask, record))
    return Reply(201, shown, {"Location": shown["url"]})


def show(ask: Ask) -> Reply:
    """GET one issue."""
    return Reply(200, _issue(ask, find_issue(ask, ask.args["n"])))


def update(ask: Ask) -> Reply:
    """PATCH an issue: what is named changes."""
    issue = find_issue(ask, ask.args["n"])
    if "title" in ask.body:
        issue["title"] = _title(text_of(ask.body, "title") or "")
    if "body" in ask.body:
        issue["body"] = _body(text_of(ask.body, "body", required=False))
    if "labels" in ask.body:
        issue["labels"] = made(ask, names_of(ask.body))
    reason = member_of(ask.body, "state_reason", REASONS)
    state = member_of(ask.body, "state", STATES)
    if state is not None and state != issue["state"]:
        closed = ask.repositories.time() if state == "closed" else None
        told = reason or ("completed" if closed else "reopened")
        issue |= {"state": state, "closed": closed, "reason": told}
    return Reply(200, _issue(ask, save_issue(ask, issue)))


def _title(title: str) -> str:
    if not title.strip():
        raise invalid("Issue", "missing_field", "title")
    if len(title) > LONGEST_TITLE:
        told = f"title is too long (maximum is {LONGEST_TITLE} characters)"
        raise invalid("Issue", "custom", "title", told)
    return title


def _body(body: str | None) -> str | None:
    if body is not None and len(body) > LONGEST_BODY:
        told = f"body is too long (maximum is {LONGEST_BODY} characters)"
        raise invalid("Issue", "custom", "body", told)
    return body


def _issue(ask: Ask, record: Json) -> Json:
    base = f"{ask.url}/repos/{ask.repo}"
    number, is_pull = record["number"], "pushes" in record
    link, place = f"{base}/issues/{number}", "pull" if is_pull else "issues"
    pull = {"pull_request": {"url": f"{base}/pulls/{number}"}} if is_pull else {}
    said = ask.repositories.kept(COMMENTS, repo=ask.repo.lower(), issue=number)
    return {
        "url": link,
        "repository_url": base,
        "comments_url": f"{link}/comments",
        "html_url": f"{ask.url}/{ask.repo}/{place}/{number}",
        "id": record["id"],
        "node_id": node("PullRequest" if is_pull else "Issue", record["id"]),
        "number": number,
        "title": record["title"],
        "user": user(ask, record["author"]),
        "labels": labels(ask, record),
        "state": record["state"],
        "state_reason": record.get("reason"),
        "locked": record["locked"],
        "assignee": None,
        "assignees": [],
        "milestone": None,
        "comments": len(said),
        "created_at": record["created"],
        "updated_at": record["updated"],
        "closed_at": record["closed"],
        "author_association": "NONE" if record.get("app") else "CONTRIBUTOR",
        "body": record["body"],
        "performed_via_github_app": app_of(record),
        **pull,
    }


_R = "repos/{o}/{r}"
_READ = ("issues:read", "pull-requests:read")
_WRITE = ("issues:write", "pull-requests:write")
_DOCS = "issues/issues#"
ROUTES = (
    Route("GET", _R + "/issues", listed, _READ, _DOCS + "list-repository-issues"),
    Route("POST", _R + "/issues", create, ("issues:write",), _DOCS + "create-an-issue"),
    Route("GET", _R + "/issues/{n}", show, _READ, _DOCS + "get-an-issue"),
    Route("PATCH", _R + "/issues/{n}", update, _WRITE, _DOCS + "update-an-issue"),
)
