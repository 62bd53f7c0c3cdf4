"""Keep one thread on a pull request of Azure DevOps, and the statuses of its newest iteration.

The thread is ours by its property and its author. It is closed, so that it holds up no merge,
unless something needs attention.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reconciler.cloud.azure_devops import AzureDevOps
from reconciler.diagnostics import ApiError
from reconciler.engine.comment_edits import Comment, edits_for
from reconciler.operations.publish_comment import NOT_FOUND, WITHHELD, Published, ToPublish

PROPERTY = "reconcile.v1"
ACTIVE, CLOSED = "active", "closed"


@dataclass(frozen=True)
class _Thread:
    """One of the threads that have our property: its first comment, and whether it is resolved."""

    comment: Comment
    first: int
    status: str


def publish_thread(host: AzureDevOps, wanted: ToPublish) -> Published:
    """Write thread and statuses; what Azure DevOps does not let us write is told, not raised.

    Raises what `AzureDevOps.ask` does where the pull request cannot be read.
    """
    with host.answers_read():
        return _publish(host, wanted)


def _publish(host: AzureDevOps, wanted: ToPublish) -> Published:
    why = _why_not(host, wanted)
    if why:
        return Published(why)
    done = Published("unchanged")
    _set_statuses(host, wanted, done)
    try:
        done.outcome = _thread(host, wanted)
    except ApiError as error:
        if error.status not in WITHHELD:
            raise
        done.refused += error.diagnostics
        done.is_commented = False
    return done


def _why_not(host: AzureDevOps, wanted: ToPublish) -> str:
    """Return why this run has nothing to say any more; "" where it has."""
    pull = host.of_pull_request("GET", wanted.number)
    if pull["status"] != "active":
        return "closed"
    return "" if pull["lastMergeSourceCommit"]["commitId"] == wanted.head else "superseded"


def _set_statuses(host: AzureDevOps, wanted: ToPublish, done: Published) -> None:
    iteration = _iteration(host, wanted)
    for status in wanted.statuses:
        body = {
            **({"iterationId": iteration} if iteration else {}),
            "state": "succeeded" if status.is_good else "failed",
            "description": status.text,
            "context": {
                "genre": "reconcile",
                "name": status.context.replace("reconcile", "plan", 1),
            },
        }
        try:
            host.of_pull_request("POST", wanted.number, "/statuses", body)
        except ApiError as error:
            if error.status not in WITHHELD:
                raise
            done.refused += error.diagnostics
            return


def _iteration(host: AzureDevOps, wanted: ToPublish) -> int:
    """Return the number of the push that was planned; 0 where none has its commit."""
    rows = host.of_pull_request("GET", wanted.number, "/iterations")["value"]
    own = [int(r["id"]) for r in rows if r["sourceRefCommit"]["commitId"] == wanted.head]
    return max(own, default=0)


def _thread(host: AzureDevOps, wanted: ToPublish) -> str:
    """Make our one thread say `body`; return what was done to it."""
    author, threads = host.who(), _threads(host, wanted)
    edits = edits_for(_comments(threads), author, wanted.body, is_news=wanted.is_news)
    why = _why_not(host, wanted)
    if why:
        return why
    outcome = "unchanged"
    if edits.creates:
        _create(host, wanted)
        threads, outcome = _threads(host, wanted), "created"
        edits = edits_for(_comments(threads), author, wanted.body, is_news=False)
    elif edits.update is not None:
        path = f"/threads/{edits.update}/comments/{threads[edits.update].first}"
        host.of_pull_request("PATCH", wanted.number, path, {"content": wanted.body})
        outcome = "updated"
    for number in edits.delete:
        _delete(host, wanted, number, threads[number].first)
    left = [t for t in threads.values() if t.comment.author == author]
    _settle(host, wanted, [t for t in left if t.comment.id not in edits.delete])
    return outcome


def _settle(host: AzureDevOps, wanted: ToPublish, ours: list[_Thread]) -> None:
    """Open or close our thread, where it is not yet."""
    status = ACTIVE if wanted.is_grave else CLOSED
    for thread in ours:
        if thread.status != status:
            path = f"/threads/{thread.comment.id}"
            host.of_pull_request("PATCH", wanted.number, path, {"status": status})


def _threads(host: AzureDevOps, wanted: ToPublish) -> dict[int, _Thread]:
    """Return the threads with our property that still have their first comment."""
    found = {}
    for row in host.of_pull_request("GET", wanted.number, "/threads")["value"]:
        written = [one for one in row["comments"] if not one.get("isDeleted")]
        if PROPERTY in (row.get("properties") or {}) and not row.get("isDeleted") and written:
            found[int(row["id"])] = _read(row, written[0])
    return found


def _read(row: dict[str, Any], first: dict[str, Any]) -> _Thread:
    text = str(first.get("content") or "")
    comment = Comment(int(row["id"]), str(first["author"]["id"]), text)
    return _Thread(comment, int(first["id"]), str(row.get("status", "")))


def _comments(threads: dict[int, _Thread]) -> list[Comment]:
    return [thread.comment for thread in threads.values()]


def _create(host: AzureDevOps, wanted: ToPublish) -> None:
    body = {
        "comments": [{"parentCommentId": 0, "content": wanted.body, "commentType": "text"}],
        "status": ACTIVE if wanted.is_grave else CLOSED,
        "properties": {PROPERTY: {"$type": "System.String", "$value": "comment"}},
    }
    host.of_pull_request("POST", wanted.number, "/threads", body)


def _delete(host: AzureDevOps, wanted: ToPublish, thread: int, comment: int) -> None:
    """Delete a thread's comment; one that another run of ours deleted meanwhile is gone as well."""
    try:
        host.of_pull_request("DELETE", wanted.number, f"/threads/{thread}/comments/{comment}")
    except ApiError as error:
        if error.status != NOT_FOUND:
            raise
