"""What the loop believes of its source: the last good revision, and what is wrong with the newest.

A repository that is away changes nothing: the last good revision is kept, drift from it too. One
whose newest revision is not signed as it should be goes on with the last good one. One that lost
its ref, or was rewritten, is not written from until a person has looked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from reconciler.diagnostics import ReconcileError, Severity, UnforeseenError
from reconciler.gitops.ports import RefGoneError, Reports, Source
from reconciler.gitops.records import (
    Condition,
    ConditionReason,
    ConditionStatus,
    ConditionType,
    Event,
    Revision,
    Tree,
)

TOLD_AFTER = 3
"""So many looks in a row must fail before it is told."""


@dataclass(frozen=True)
class Trouble:
    """Why the newest revision is not the one that is kept; `closes`: nothing is written meanwhile."""

    condition: Condition
    closes: bool = False


class SourceWatch:
    """Asks the source, and keeps what it said. One look at a time."""

    def __init__(self, source: Source, reports: Reports) -> None:
        """Nothing is known yet."""
        self._source = source
        self._reports = reports
        self._failures = 0
        self.tree: Tree | None = None
        self.verified: Condition | None = None
        self.trouble: Trouble | None = None

    def look(self, now: datetime) -> bool:
        """Ask once; True where there is another good revision than before."""
        try:
            tree = self._source.latest()
            verified = self._source.verified(tree)
        except RefGoneError as error:
            self._failed(error, now)
            self.trouble = Trouble(_stalled(ConditionReason.REWOUND_HISTORY, error), closes=True)
            return False
        except ReconcileError as error:
            self._failed(error, now)
            return False
        except Exception as error:  # noqa: BLE001 - a look that failed, not the end of all looks
            self._failed(UnforeseenError.of(error), now)
            return False
        self._answered(now)
        self.verified = verified
        if verified.status is ConditionStatus.FALSE:
            self._not_verified(verified, tree.revision)
            return False
        self.trouble = None
        is_new = self.tree is None or self.tree.revision != tree.revision
        self.tree = tree
        return is_new

    def conditions(self) -> Iterator[Condition]:
        """Yield what to say of the source beside how a pass ended."""
        if self.verified is not None:
            yield self.verified
        if self.trouble is not None:
            yield self.trouble.condition

    def _failed(self, error: ReconcileError, now: datetime) -> None:
        self._failures += 1
        if self._failures == TOLD_AFTER:
            reason = ConditionReason.SOURCE_UNAVAILABLE
            summary = error.diagnostics[0].summary
            self._reports.happened(Event(now, Severity.WARNING, "", reason, summary))

    def _answered(self, now: datetime) -> None:
        if self._failures >= TOLD_AFTER:
            self._reports.over("", ConditionReason.SOURCE_UNAVAILABLE, now)
        self._failures = 0

    def _not_verified(self, verified: Condition, revision: Revision) -> None:
        message = f"{revision.short}: {verified.message}"
        stalled = Condition(
            ConditionType.STALLED,
            ConditionStatus.TRUE,
            ConditionReason.NOT_VERIFIED,
            message,
            revision,
        )
        self.trouble = Trouble(stalled)


def _stalled(reason: ConditionReason, error: ReconcileError) -> Condition:
    summary = error.diagnostics[0].summary
    return Condition(ConditionType.STALLED, ConditionStatus.TRUE, reason, summary)
