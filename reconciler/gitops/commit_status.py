"""The end of a pass as the status of its commit, for every host of repositories alike. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.gitops.records import (
    ConditionReason,
    ConditionStatus,
    ConditionType,
    PassEnd,
)
from reconciler.gitops.results import Result, result_of, waits_for_approval
from reconciler.render.event_text import status_text

GENRE = "reconcile"


@dataclass(frozen=True)
class CommitStatus:
    """What is told of a commit. Two are the same if all but `text` is: words differ each time.

    `is_change`: the pass did something, or would.
    """

    spec: str
    ref: str
    commit: str
    result: Result
    head: str
    """Why, in words for scripts, with the plan that waits: how its text begins."""
    text: str
    is_change: bool = False

    @property
    def context(self) -> str:
        """What it is called on the commit."""
        return f"{GENRE}/{self.spec}"

    @classmethod
    def of(cls, end: PassEnd) -> CommitStatus | None:
        """Return that of a pass; None where another replica tells, or no commit is known."""
        ready, lease = end.condition(ConditionType.READY), end.condition(ConditionType.LEASE_HELD)
        is_of_another = lease is not None and lease.status is ConditionStatus.FALSE
        if end.revision is None or ready is None or is_of_another:
            return None
        head = head_of(end, ready.reason)
        text = status_text(head, ready.message)
        is_change = bool(end.writes or end.effect)
        revision, result = end.revision, result_of(end)
        return cls(end.spec, revision.ref, revision.commit, result, head, text, is_change)


def head_of(end: PassEnd, ready: ConditionReason) -> str:
    """Return the reason that says most, with the plan that waits."""
    stalled = end.condition(ConditionType.STALLED)
    if stalled is not None and stalled.status is ConditionStatus.TRUE:
        return stalled.reason.value
    return f"{ready.value} {end.effect}" if waits_for_approval(end) and end.effect else ready.value
