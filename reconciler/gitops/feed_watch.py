"""What the loop knows of changes by others: asked for each minute, kept for a day.

A feed that is away stops nothing: passes come at their intervals, and drift has no author.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta

from reconciler.diagnostics import ReconcileError, Severity
from reconciler.gitops.feed import FeedChange
from reconciler.gitops.ports import Feed, Reports
from reconciler.gitops.records import ConditionReason, Drift, Event

ASK_EACH = timedelta(seconds=60)
OVERLAP = timedelta(minutes=10)
"""How far back each question goes: records come up to five minutes late, in any order."""
AT_START = timedelta(hours=1)
KEPT = timedelta(days=1)
MOST_KEPT = 10_000


class FeedWatch:
    """Asks a feed, and keeps what it said. Safe to use from many threads."""

    def __init__(self, feed: Feed) -> None:
        """Ask for nothing yet."""
        self._feed = feed
        self._known: dict[str, FeedChange] = {}
        self._since: datetime | None = None
        self._failed = False
        self._lock = threading.Lock()

    def look(self, now: datetime, subscriptions: set[str], reports: Reports) -> list[FeedChange]:
        """Return what was not known before; nothing where the feed cannot be asked, which is told."""
        since = now - AT_START if self._since is None else self._since - OVERLAP
        try:
            found = self._feed.changes(since, subscriptions)
        except ReconcileError as error:
            self._tell(error, now, reports)
            return []
        self._since = now
        if self._failed:
            self._failed = False
            reports.over("", ConditionReason.FEED_UNAVAILABLE, now)
        return self._new(found, now)

    def author_of(self, resource_id: str, path: str) -> Drift | None:
        """Return who changed a field of a resource last, as far as the feed knows."""
        with self._lock:
            known = [c for c in self._known.values() if _is_of(c, resource_id)]
        for change in sorted(known, key=lambda one: one.time, reverse=True):
            author = change.author_of(path)
            if author is not None:
                return author
        return None

    def _new(self, found: Iterable[FeedChange], now: datetime) -> list[FeedChange]:
        with self._lock:
            new = {one.id: one for one in found if one.id not in self._known}
            kept = {**self._known, **new}.items()
            young = ((id_, one) for id_, one in kept if now - one.time < KEPT)
            self._known = dict(deque(young, maxlen=MOST_KEPT))
        return list(new.values())

    def _tell(self, error: ReconcileError, now: datetime, reports: Reports) -> None:
        """Tell it once; the next question goes back to where the last answer ended."""
        if not self._failed:
            summary = error.diagnostics[0].summary
            what = f"changes by others are seen late and without an author: {summary}"
            reason = ConditionReason.FEED_UNAVAILABLE
            reports.happened(Event(now, Severity.WARNING, "", reason, what))
        self._failed = True


def _is_of(change: FeedChange, resource_id: str) -> bool:
    return change.resource_id.casefold() == resource_id.casefold()
