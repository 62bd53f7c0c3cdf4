"""What a pass came to, in one word: for metrics, spans and the statuses of commits."""

from __future__ import annotations

from enum import StrEnum

from reconciler.gitops.records import (
    ConditionReason,
    ConditionStatus,
    ConditionType,
    PassEnd,
)


class Result(StrEnum):
    """All is well; something is wrong; Azure still works; or nothing was to be done yet."""

    SUCCESS = "success"
    FAILURE = "failure"
    PENDING = "pending"
    SKIP = "skip"


OF_UNREADY = {
    ConditionReason.WAITING_FOR_APPROVAL: Result.SKIP,
    ConditionReason.OUTSIDE_WINDOW: Result.SKIP,
    ConditionReason.SUSPENDED: Result.SKIP,
    ConditionReason.DEPENDENCY_NOT_READY: Result.SKIP,
    ConditionReason.SUPERSEDED: Result.SKIP,
}
"""What reasons for not being ready come to; all others are failures."""


def result_of(end: PassEnd) -> Result:
    """Return what a pass came to."""
    ready, lease = end.condition(ConditionType.READY), end.condition(ConditionType.LEASE_HELD)
    if lease and lease.status is ConditionStatus.FALSE:
        return Result.SKIP
    if ready is None or ready.status is ConditionStatus.UNKNOWN:
        return Result.PENDING if end.is_pending or ready is None else Result.SKIP
    if ready.status is ConditionStatus.TRUE:
        return Result.SUCCESS
    return OF_UNREADY.get(ready.reason, Result.FAILURE)


def waits_for_approval(end: PassEnd) -> bool:
    """Return whether nothing but an approval is missing for what a pass would do."""
    ready = end.condition(ConditionType.READY)
    return ready is not None and ready.reason is ConditionReason.WAITING_FOR_APPROVAL
