"""Ends of passes as the loop makes them, for whoever is told of them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from reconciler.diagnostics import ApiError, Diagnostic
from reconciler.gitops.records import (
    Condition,
    ConditionReason,
    ConditionStatus,
    ConditionType,
    PassEnd,
    Revision,
)

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
REVISION = Revision("main", "3f2a9c1b7d20" * 3 + "abcd")
DAY = timedelta(hours=24)


def condition(kind, status, reason, message=""):
    return Condition(
        ConditionType(kind), ConditionStatus(status), ConditionReason(reason), message, REVISION
    )


def well(spec="chat", minutes=0, **more):
    """Return the end of a pass that found everything as it should be."""
    at = NOON + timedelta(minutes=minutes)
    conditions = (condition("Ready", "True", "Succeeded"), condition("Synced", "True", "InSync"))
    end = PassEnd(spec, REVISION, conditions, at - timedelta(seconds=2), at)
    return replace(end, **more)


def ill(reason, spec="chat", minutes=0, message="", **more):
    """Return the end of a pass that is not ready."""
    said = (condition("Ready", "False", reason, message),)
    return replace(well(spec, minutes), conditions=said, **more)


def refused(address="endpoints.chat", code="QuotaExceeded", request="1", **more):
    """Return the problem of a request that Azure refused."""
    told = Diagnostic(f"no quota (request {request})", detail=f"request {request}", **more)
    return replace(ApiError(400, code, told).diagnostics[0], address=address)


class Told:
    """A listener that remembers."""

    def __init__(self):
        self.ends, self.events = [], []

    def passed(self, end):
        self.ends.append(end)

    def happened(self, event):
        self.events.append(event)

    @property
    def reasons(self):
        return [event.reason.value for event in self.events]
