"""Azure DevOps' comment threads of a pull request.

Source: learn.microsoft.com/rest/api/azure/devops/git/pull-request-threads and
pull-request-thread-comments, 7.1. Statuses and comment types come as numbers or words and are shown
as words; a deleted comment stays, without its text.
"""

from __future__ import annotations

from typing import Any

from reconciler.sandbox.forge.azure_errors import AzureError, missing, no_pull_request, wrong
from reconciler.sandbox.forge.azure_properties import typed
from reconciler.sandbox.forge.azure_shapes import identity, listed, repository
from reconciler.sandbox.forge.exchange import Ask, Reply, Route
from reconciler.sandbox.forge.repositories import Repositories

Json = dict[str, Any]
THREADS = "forge_threads"
STATUSES = ("unknown", "active", "fixed", "wontFix", "closed", "byDesign", "pending")
COMMENT_TYPES = ("unknown", "text", "codeChange", "system")
MOST_CHARACTERS = 150_000


def find_pull(ask: Ask) -> Json:
    """Return the pull request that a path names."""
    pull = ask.repositories.pull(ask.repo, ask.args["n"])
    if pull is None:
        raise no_pull_request()
    return pull


def show_all(ask: Ask) -> Reply:
    """GET the threads of a pull request, deleted ones too."""
    pull = find_pull(ask)
    found = ask.repositories.kept(THREADS, repo=ask.repo.lower(), pull=pull["number"])
    return Reply(200, listed([_thread(ask, one) for one in found]))


def create(ask: Ask) -> Reply:
    """POST a thread with its first comments."""
    pull, sent = find_pull(ask), ask.body.get("comments")
    if not isinstance(sent, list) or not sent:
        raise missing("commentThread.Comments")
    record = keep(
        ask.repositories,
        pull,
        status=member(ask.body.get("status", "unknown"), STATUSES, "status"),
        properties=typed(ask.body.get("properties")),
        context=ask.body.get("threadContext"),
        comments=[_new(ask, one, number) for number, one in enumerate(sent, start=1)],
    )
    return Reply(200, _thread(ask, record))


def keep(repositories: Repositories, pull: Json, **parts: Any) -> Json:
    """Keep a new thread of a pull request."""
    now = repositories.time()
    record = {
        "id": repositories.next_id("thread", 101),
        "repo": pull["repo"].lower(),
        "pull": pull["number"],
        "properties": {},
        "context": None,
        "created": now,
        "updated": now,
        **parts,
    }
    key = _key(record["repo"], pull, str(record["id"]))
    repositories.store.put_document(THREADS, key, record)
    return record


def show(ask: Ask) -> Reply:
    """GET one thread."""
    return Reply(200, _thread(ask, _found(ask)))


def update(ask: Ask) -> Reply:
    """PATCH a thread's status, or its properties: those that are named."""
    record = _found(ask)
    if "status" in ask.body:
        record["status"] = member(ask.body["status"], STATUSES, "status")
    changed = {**record["properties"], **typed(ask.body.get("properties"))}
    return Reply(200, _thread(ask, _kept(ask, {**record, "properties": changed})))


def comments(ask: Ask) -> Reply:
    """GET the comments of a thread."""
    record = _found(ask)
    return Reply(200, listed([_comment(ask, record, one) for one in record["comments"]]))


def reply(ask: Ask) -> Reply:
    """POST one more comment to a thread."""
    record = _found(ask)
    made = _new(ask, ask.body, len(record["comments"]) + 1)
    _kept(ask, {**record, "comments": [*record["comments"], made]})
    return Reply(200, _comment(ask, record, made))


def show_comment(ask: Ask) -> Reply:
    """GET one comment."""
    record = _found(ask)
    return Reply(200, _comment(ask, record, _of(record, ask.args["c"])))


def edit(ask: Ask) -> Reply:
    """PATCH the text of one's own comment."""
    record = _found(ask)
    edited = _own(ask, record)
    edited |= {"content": _content(ask.body), "updated": ask.repositories.time()}
    _kept(ask, record)
    return Reply(200, _comment(ask, record, edited))


def delete(ask: Ask) -> Reply:
    """DELETE one's own comment."""
    record = _found(ask)
    _own(ask, record).update(deleted=True, content=None)
    _kept(ask, record)
    return Reply(200)


def member(value: Any, members: tuple[str, ...], field: str) -> str:
    """Return the word that a number or a word of an enumeration means."""
    if isinstance(value, int) and 0 <= value < len(members):
        return members[value]
    for one in members:
        if isinstance(value, str) and one.lower() == value.lower():
            return one
    raise wrong(f"{value!r} is not a valid value of {field}")


def _new(ask: Ask, sent: Any, number: int) -> Json:
    if not isinstance(sent, dict):
        raise missing("comment")
    return {
        **comment(ask.repositories, ask.token.login, _content(sent)),
        "id": number,
        "parent": sent.get("parentCommentId") or 0,
        "kind": member(sent.get("commentType", "text"), COMMENT_TYPES, "commentType"),
    }


def comment(repositories: Repositories, login: str, content: str) -> Json:
    """Return the record of a first comment."""
    now = repositories.time()
    return {
        "id": 1,
        "parent": 0,
        "author": login,
        "content": content,
        "kind": "text",
        "created": now,
        "updated": now,
        "deleted": False,
    }


def _content(sent: Json) -> str:
    content = sent.get("content")
    if not isinstance(content, str) or not content:
        raise missing("comment.Content")
    if len(content) > MOST_CHARACTERS:
        raise wrong(f"The content of a comment is at most {MOST_CHARACTERS} characters long")
    return content


def _found(ask: Ask) -> Json:
    pull = find_pull(ask)
    record = ask.repositories.store.document(THREADS, _key(ask.repo, pull, ask.args["t"]))
    if record is None:
        message = f"The requested thread {ask.args['t']} was not found."
        raise AzureError(404, message, "GitPullRequestCommentThreadNotFoundException")
    return {**record, "comments": [dict(one) for one in record["comments"]]}


def _of(record: Json, number: str) -> Json:
    for one in record["comments"]:
        if str(one["id"]) == number:
            found: Json = one
            return found
    raise AzureError(404, f"The requested comment {number} was not found.", "CommentNotFound")


def _own(ask: Ask, record: Json) -> Json:
    found = _of(record, ask.args["c"])
    if found["author"] != ask.token.login:
        message = "Only its author can change a comment."
        raise AzureError(403, message, "GitPullRequestCommentNotEditableException")
    return found


def _kept(ask: Ask, record: Json) -> Json:
    changed = {**record, "updated": ask.repositories.time()}
    key = _key(record["repo"], {"number": record["pull"]}, str(record["id"]))
    ask.repositories.store.put_document(THREADS, key, changed)
    return changed


def _key(repo: str, pull: Json, thread: str) -> str:
    return f"{repo.lower()}#{pull['number']}#{thread}"


def _thread(ask: Ask, record: Json) -> Json:
    link = _link(ask, record)
    is_deleted = all(one["deleted"] for one in record["comments"])
    return {
        "pullRequestThreadContext": None,
        "id": record["id"],
        "publishedDate": record["created"],
        "lastUpdatedDate": record["updated"],
        "comments": [_comment(ask, record, one) for one in record["comments"]],
        **({"status": record["status"]} if record["status"] != "unknown" else {}),
        "threadContext": record["context"],
        "properties": record["properties"],
        "identities": None,
        "isDeleted": is_deleted,
        "_links": {"self": {"href": link}, "repository": {"href": link.split("/pullRequests")[0]}},
    }


def _comment(ask: Ask, record: Json, made: Json) -> Json:
    text = {} if made["deleted"] else {"content": made["content"]}
    return {
        "id": made["id"],
        "parentCommentId": made["parent"],
        "author": identity(ask, made["author"]),
        **text,
        "publishedDate": made["created"],
        "lastUpdatedDate": made["updated"],
        "lastContentUpdatedDate": made["updated"],
        **({"isDeleted": True} if made["deleted"] else {}),
        "commentType": made["kind"],
        "usersLiked": [],
        "_links": {"self": {"href": f"{_link(ask, record)}/comments/{made['id']}"}},
    }


def _link(ask: Ask, record: Json) -> str:
    base = repository(ask, ask.repo)["url"]
    return f"{base}/pullRequests/{record['pull']}/threads/{record['id']}"


_P = "{o}/{p}/_apis/git/repositories/{r}/pullRequests/{n}"
ROUTES = (
    Route("GET", _P + "/threads", show_all),
    Route("POST", _P + "/threads", create),
    Route("GET", _P + "/threads/{t}", show),
    Route("PATCH", _P + "/threads/{t}", update),
    Route("GET", _P + "/threads/{t}/comments", comments),
    Route("POST", _P + "/threads/{t}/comments", reply),
    Route("GET", _P + "/threads/{t}/comments/{c}", show_comment),
    Route("PATCH", _P + "/threads/{t}/comments/{c}", edit),
    Route("DELETE", _P + "/threads/{t}/comments/{c}", delete),
)
