"""Keep one comment on a pull request, and the statuses of its commit, as the plans now say.

Nothing is written for a commit that is no longer the newest of the pull request: that is left to
the run of the newest one. Two runs at once make two comments at most, and then the first stays.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from reconciler.cloud.github import GitHub
from reconciler.cloud.repository_host import FORBIDDEN
from reconciler.diagnostics import ApiError, Diagnostic
from reconciler.engine.comment_edits import Author, Comment, edits_for

NOT_FOUND, UNPROCESSABLE = 404, 422
WITHHELD = (FORBIDDEN, NOT_FOUND, UNPROCESSABLE)
"""What GitHub answers where the token may not, and for what it does not take."""


@dataclass(frozen=True)
class Status:
    """What a commit's list of checks says of a spec, or of all."""

    context: str
    is_good: bool
    text: str


@dataclass(frozen=True)
class ToPublish:
    """The comment and the statuses of a pull request's newest commit, as the run knows it."""

    number: int
    head: str
    body: str
    is_news: bool
    statuses: tuple[Status, ...]
    is_grave: bool = False


@dataclass
class Published:
    """What came of it; `refused` are the problems for which something was not written."""

    outcome: str = ""
    refused: list[Diagnostic] = field(default_factory=list)
    is_commented: bool = True


def publish(github: GitHub, wanted: ToPublish) -> Published:
    """Write comment and statuses; what GitHub does not let us write is told, not raised.

    Raises what `GitHub.ask` does where the pull request cannot be read.
    """
    with github.answers_read():
        return _publish(github, wanted)


def _publish(github: GitHub, wanted: ToPublish) -> Published:
    why = _why_not(github, wanted)
    if why:
        return Published(why)
    done = Published("unchanged")
    creator = _set_statuses(github, wanted, done)
    try:
        author = _author(github) or creator
        done.outcome = _comment(github, wanted, author)
    except ApiError as error:
        if error.status not in WITHHELD:
            raise
        done.refused += error.diagnostics
        done.is_commented = False
    return done


def _why_not(github: GitHub, wanted: ToPublish) -> str:
    """Return why this run has nothing to say any more; "" where it has."""
    pull = github.ask("GET", f"pulls/{wanted.number}")
    if pull["state"] != "open":
        return "closed"
    return "" if str(pull["head"]["sha"]).startswith(wanted.head) else "superseded"


def _set_statuses(github: GitHub, wanted: ToPublish, done: Published) -> int | None:
    """Set every status; return the id of the user whom GitHub takes us for."""
    creator = None
    for status in wanted.statuses:
        body = {
            "state": "success" if status.is_good else "failure",
            "context": status.context,
            "description": status.text,
        }
        try:
            answer = github.ask("POST", f"statuses/{wanted.head}", body)
        except ApiError as error:
            if error.status not in WITHHELD:
                raise
            done.refused += error.diagnostics
            return creator
        creator = int(answer["creator"]["id"])
    return creator


def _author(github: GitHub) -> int | None:
    """Return the id of a person's token; None for that of an App, which is told with a write."""
    try:
        return int(github.ask("GET", "/user")["id"])
    except ApiError as error:
        if error.status not in WITHHELD:
            raise
        return None


def _comment(github: GitHub, wanted: ToPublish, author: Author | None) -> str:
    """Make our one comment say `body`; return what was done to it."""
    found = _comments(github, wanted)
    if author is None:
        # Nothing told us who we are, so a comment has to: it goes again if it is not our first.
        author = _create(github, wanted).author
        found = _comments(github, wanted)
    edits = edits_for(found, author, wanted.body, is_news=wanted.is_news)
    why = _why_not(github, wanted)
    if why:
        return why
    outcome = "unchanged"
    if edits.update is not None:
        github.ask("PATCH", f"issues/comments/{edits.update}", {"body": wanted.body})
        outcome = "updated"
    elif edits.creates:
        _create(github, wanted)
        found, outcome = _comments(github, wanted), "created"
        edits = edits_for(found, author, wanted.body, is_news=False)
    _delete(github, edits.delete)
    return outcome


def _comments(github: GitHub, wanted: ToPublish) -> list[Comment]:
    rows = github.every(f"issues/{wanted.number}/comments")
    return [_read(row) for row in rows if row["user"] is not None]


def _create(github: GitHub, wanted: ToPublish) -> Comment:
    path = f"issues/{wanted.number}/comments"
    return _read(github.ask("POST", path, {"body": wanted.body}))


def _read(row: dict[str, object]) -> Comment:
    user = row["user"]
    if not isinstance(user, dict):
        raise TypeError("a comment without its user")
    return Comment(int(str(row["id"])), int(user["id"]), str(row["body"] or ""))


def _delete(github: GitHub, ids: Iterable[int]) -> None:
    """Delete comments; one that another run of ours deleted meanwhile is gone as well."""
    for number in ids:
        try:
            github.ask("DELETE", f"issues/comments/{number}")
        except ApiError as error:
            if error.status != NOT_FOUND:
                raise
