"""GitHub's pull requests and the issues below them: read, found by a commit, commented on.

Source: docs.github.com/rest/pulls/pulls, rest/commits/commits, rest/issues/comments.
"""

from __future__ import annotations

from typing import Any

from reconciler.sandbox.forge.exchange import Ask, Reply, Route
from reconciler.sandbox.forge.github_errors import GitHubError, invalid, not_found, text_of
from reconciler.sandbox.forge.github_lists import paged
from reconciler.sandbox.forge.github_shapes import (
    app_of,
    made_by,
    node,
    pull_request,
    repository,
    user,
)
from reconciler.sandbox.forge.issues import find_issue

Json = dict[str, Any]
COMMENTS = "forge_comments"
MOST_CHARACTERS = 65_536


def show_repository(ask: Ask) -> Reply:
    """GET /repos/{owner}/{repo}."""
    return Reply(200, repository(ask, ask.repo))


def show(ask: Ask) -> Reply:
    """GET one pull request, open or not."""
    pull = ask.repositories.pull(ask.repo, ask.args["n"])
    if pull is None:
        raise not_found()
    return Reply(200, pull_request(ask, pull))


def listed(ask: Ask) -> Reply:
    """GET all; `state` is open unless asked for, `head` is OWNER:BRANCH."""
    state, head, base = ask.query.get("state", "open"), ask.query.get("head"), ask.query.get("base")
    found = [pull_request(ask, pull) for pull in ask.repositories.pulls(ask.repo)]
    shown = [
        pull
        for pull in reversed(found)
        if state in (pull["state"], "all")
        and head in (None, pull["head"]["label"])
        and base in (None, pull["base"]["ref"])
    ]
    return paged(ask, shown)


def of_commit(ask: Ask) -> Reply:
    """GET those of a commit: merged ones that brought it to the base, else the open ones."""
    sha = ask.repositories.resolve(ask.repo, ask.args["sha"])
    if sha is None:
        raise GitHubError(422, f"No commit found for SHA: {ask.args['sha']}")
    every = list(ask.repositories.pulls(ask.repo))
    brought = [pull for pull in every if pull["merged"] and sha in _brought(pull)]
    still_open = [pull for pull in every if pull["state"] == "open" and sha in pull["pushes"]]
    return paged(ask, [pull_request(ask, pull) for pull in brought or still_open])


def _brought(pull: Json) -> list[str]:
    """Return the commits that a merge put on the base: a squash or rebase makes new ones."""
    own = pull["pushes"] if pull.get("method") == "merge" else []
    return [*own, pull["merge_sha"]]


def comments(ask: Ask) -> Reply:
    """GET the comments of an issue or pull request, by ascending id."""
    number = find_issue(ask, ask.args["n"])["number"]
    found = _of_issue(ask, number)
    since = ask.query.get("since", "")
    return paged(ask, [_comment(ask, one) for one in found if one["updated"] >= since])


def _of_issue(ask: Ask, number: int) -> list[Json]:
    return ask.repositories.kept(COMMENTS, repo=ask.repo.lower(), issue=number)


def add_comment(ask: Ask) -> Reply:
    """POST a comment; closed issues take them, too."""
    issue = find_issue(ask, ask.args["n"])
    if issue["locked"] and not ask.token.may("contents:write"):
        raise GitHubError(403, "Unable to create comment because issue is locked.")
    text = text_of(ask.body, "body") or ""
    if not text.strip():
        raise invalid("IssueComment", "unprocessable", "data", "Body cannot be blank")
    if len(text) > MOST_CHARACTERS:
        limit = f"Body is too long (maximum is {MOST_CHARACTERS} characters)"
        raise invalid("IssueComment", "unprocessable", "data", limit)
    now = ask.repositories.time()
    record = {
        "id": ask.repositories.next_id(),
        "repo": ask.repo.lower(),
        "issue": issue["number"],
        "body": text,
        **made_by(ask),
        "created": now,
        "updated": now,
    }
    ask.repositories.store.put_document(COMMENTS, str(record["id"]), record)
    shown = _comment(ask, record)
    return Reply(201, shown, {"Location": shown["url"]})


def show_comment(ask: Ask) -> Reply:
    """GET one comment."""
    return Reply(200, _comment(ask, _found(ask)))


def edit_comment(ask: Ask) -> Reply:
    """PATCH a comment, one's own or, with the right to write, somebody else's."""
    record, text = _found(ask), text_of(ask.body, "body") or ""
    if len(text) > MOST_CHARACTERS:
        limit = f"body is too long (maximum is {MOST_CHARACTERS} characters)"
        raise invalid("IssueComment", "custom", "body", limit)
    if not text.strip():
        raise invalid("IssueComment", "custom", "body", "body cannot be blank")
    changed = {**record, "body": text, "updated": ask.repositories.time()}
    ask.repositories.store.put_document(COMMENTS, str(record["id"]), changed)
    return Reply(200, _comment(ask, changed))


def delete_comment(ask: Ask) -> Reply:
    """DELETE a comment."""
    ask.repositories.store.delete_document(COMMENTS, str(_found(ask)["id"]))
    return Reply(204)


def _found(ask: Ask) -> Json:
    record = ask.repositories.store.document(COMMENTS, ask.args["c"])
    if record is None or record["repo"] != ask.repo.lower():
        raise not_found()
    return dict(record)


def _comment(ask: Ask, record: Json) -> Json:
    base, number = f"{ask.url}/repos/{ask.repo}/issues", record["id"]
    is_pull = ask.repositories.pull(ask.repo, str(record["issue"])) is not None
    place = f"{'pull' if is_pull else 'issues'}/{record['issue']}"
    return {
        "url": f"{base}/comments/{number}",
        "html_url": f"{ask.url}/{ask.repo}/{place}#issuecomment-{number}",
        "issue_url": f"{base}/{record['issue']}",
        "id": number,
        "node_id": node("IssueComment", number),
        "user": user(ask, record["author"]),
        "created_at": record["created"],
        "updated_at": record["updated"],
        "author_association": "NONE" if record["app"] else "CONTRIBUTOR",
        "body": record["body"],
        "performed_via_github_app": app_of(record),
    }


_R = "repos/{o}/{r}"
_READ = ("issues:read", "pull-requests:read")
_WRITE = ("issues:write", "pull-requests:write")
_DOCS = "issues/comments#"
ROUTES = (
    Route("GET", _R, show_repository, ("metadata:read",), "repos/repos#get-a-repository"),
    Route("GET", _R + "/pulls", listed, ("pull-requests:read",), "pulls/pulls#list-pull-requests"),
    Route(
        "GET",
        _R + "/pulls/{n}",
        show,
        ("pull-requests:read",),
        "pulls/pulls#get-a-pull-request",
    ),
    Route(
        "GET",
        _R + "/commits/{sha*}/pulls",
        of_commit,
        ("pull-requests:read",),
        "commits/commits#list-pull-requests-associated-with-a-commit",
    ),
    Route("GET", _R + "/issues/{n}/comments", comments, _READ, _DOCS + "list-issue-comments"),
    Route(
        "POST", _R + "/issues/{n}/comments", add_comment, _WRITE, _DOCS + "create-an-issue-comment"
    ),
    Route("GET", _R + "/issues/comments/{c}", show_comment, _READ, _DOCS + "get-an-issue-comment"),
    Route(
        "PATCH",
        _R + "/issues/comments/{c}",
        edit_comment,
        _WRITE,
        _DOCS + "update-an-issue-comment",
    ),
    Route(
        "DELETE",
        _R + "/issues/comments/{c}",
        delete_comment,
        _WRITE,
        _DOCS + "delete-an-issue-comment",
    ),
)
