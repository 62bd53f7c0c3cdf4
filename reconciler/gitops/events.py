"""What is worth telling of the end of a pass, as data: what is wrong now, and what was done.

Pure. Whether it was told before is `EventLog`'s to know.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby

from reconciler.diagnostics import Diagnostic, Severity, errors_of
from reconciler.engine.types import Address
from reconciler.gitops.records import (
    Condition,
    ConditionReason,
    ConditionStatus,
    ConditionType,
    Drift,
    Event,
    PassEnd,
)
from reconciler.render.event_text import applied_text, contended_text, drift_text, problem_text
from reconciler.secrets import shortened

SEVERITIES = {
    ConditionReason.WAITING_FOR_APPROVAL: Severity.WARNING,
    ConditionReason.CONTENDED: Severity.WARNING,
    ConditionReason.DRIFTED: Severity.WARNING,
    ConditionReason.DEGRADED: Severity.WARNING,
    ConditionReason.SUCCEEDED: Severity.NOTE,
    ConditionReason.PROGRESSING: Severity.NOTE,
    ConditionReason.RECOVERED: Severity.NOTE,
    ConditionReason.NOTIFICATION_FAILED: Severity.WARNING,
    ConditionReason.OUTSIDE_WINDOW: Severity.NOTE,
    ConditionReason.SUSPENDED: Severity.NOTE,
    ConditionReason.DEPENDENCY_NOT_READY: Severity.NOTE,
}
"""How much a reason matters; all others are errors."""
BAD = {
    ConditionType.READY: ConditionStatus.FALSE,
    ConditionType.STALLED: ConditionStatus.TRUE,
    ConditionType.SOURCE_VERIFIED: ConditionStatus.FALSE,
    ConditionType.HEALTHY: ConditionStatus.FALSE,
}
"""Which status of a condition is worth telling; drift is told resource by resource."""
MOST_OF_CODE = 200


def states_of(end: PassEnd) -> list[Event]:
    """Return what is wrong at the end of a pass, each thing once; nothing where all is well."""
    found = {
        event.about: event
        for event in (*_conditions(end), *_problems(end), *_drift(end), *_contended(end))
    }
    return list(found.values())


def deeds_of(end: PassEnd) -> list[Event]:
    """Return what a pass did that is told each time: it wrote, and nothing went wrong."""
    is_ready = _is(end, ConditionType.READY, ConditionStatus.TRUE)
    if not end.writes or not (is_ready or end.is_pending) or errors_of(end.problems):
        return []
    took_s = (end.ended - end.began).total_seconds()
    reason = ConditionReason.SUCCEEDED if is_ready else ConditionReason.PROGRESSING
    return [_event(end, reason, applied_text(end.writes, took_s, is_ready=is_ready))]


def is_over(event: Event, end: PassEnd) -> bool:
    """Return whether a pass in which something is no longer wrong proves that it is over.

    One that did not come as far as the resource proves nothing of it: only one that found
    everything ready does, or for drift and for what is of no resource one that compared. What
    another replica does proves nothing.
    """
    if _is(end, ConditionType.LEASE_HELD, ConditionStatus.FALSE):
        return False
    if event.severity is Severity.NOTE or event.reason is ConditionReason.CONTENDED:
        return True
    if not event.address:
        return end.condition(ConditionType.SYNCED) is not None
    if event.reason is ConditionReason.DRIFTED:
        synced = end.condition(ConditionType.SYNCED)
        return synced is not None and synced.status is not ConditionStatus.UNKNOWN
    return _is(end, ConditionType.READY, ConditionStatus.TRUE)


def _is(end: PassEnd, wanted: ConditionType, status: ConditionStatus) -> bool:
    found = end.condition(wanted)
    return found is not None and found.status is status


def _conditions(end: PassEnd) -> Iterator[Event]:
    """Yield what conditions say, each reason once; where problems say it better, not at all."""
    bad = {c.reason: c for c in end.conditions if _is_bad(c)}
    if len(bad) > 1:
        bad.pop(ConditionReason.STALLED, None)
    if errors_of(end.problems):
        bad.pop(_reason(end) or ConditionReason.FAILED, None)
    return (_of_condition(end, condition) for condition in bad.values())


def _is_bad(condition: Condition) -> bool:
    is_suspended = condition.reason is ConditionReason.SUSPENDED
    return is_suspended or BAD.get(condition.type) is condition.status


def _of_condition(end: PassEnd, item: Condition) -> Event:
    code = end.effect if item.reason is ConditionReason.WAITING_FOR_APPROVAL else ""
    return replace(_event(end, item.reason, item.message), code=code)


def _problems(end: PassEnd) -> Iterator[Event]:
    reason = _reason(end)
    for problem in errors_of(end.problems) if reason else ():
        told = _event(end, reason or ConditionReason.FAILED, problem_text(problem))
        yield replace(
            told,
            severity=Severity.ERROR,
            address=problem.address,
            code=code_of(problem),
        )


def _reason(end: PassEnd) -> ConditionReason | None:
    """Return under which reason the problems of a pass are told: that of what they came to."""
    stalled, ready = end.condition(ConditionType.STALLED), end.condition(ConditionType.READY)
    if stalled and stalled.status is ConditionStatus.TRUE:
        return stalled.reason
    return ready.reason if ready and ready.status is ConditionStatus.FALSE else None


def code_of(problem: Diagnostic) -> str:
    """Return what tells a problem from others of the same resource: never its words."""
    typed = type(problem.because).__name__ if problem.because else ""
    return shortened(problem.code or problem.id or typed, MOST_OF_CODE)


def _drift(end: PassEnd) -> Iterator[Event]:
    synced = end.condition(ConditionType.SYNCED)
    if synced is None or synced.reason is not ConditionReason.DRIFTED:
        return
    rows = sorted(end.drift, key=lambda row: (row.address, row.field))
    for address, found in groupby(rows, key=lambda row: row.address):
        yield _of_drift(end, address, list(found))
    if not rows:
        yield _of_condition(end, synced)


def _of_drift(end: PassEnd, address: Address, rows: list[Drift]) -> Event:
    fields = [row.field for row in rows]
    author = next((row for row in rows if row.changed_by), rows[0])
    message = drift_text(address, fields, author.changed_by, author.client)
    told = _event(end, ConditionReason.DRIFTED, message)
    code = shortened(",".join(fields), MOST_OF_CODE)
    return replace(told, address=address, code=code, changed_by=author.changed_by)


def _contended(end: PassEnd) -> Iterator[Event]:
    for row in end.contended:
        author = next((one.changed_by for one in end.drift if _is_same(one, row)), "")
        message = contended_text(row.address, row.field, author)
        told = _event(end, ConditionReason.CONTENDED, message)
        code = shortened(row.field, MOST_OF_CODE)
        yield replace(told, address=row.address, code=code, changed_by=author)


def _is_same(one: Drift, other: Drift) -> bool:
    return (one.address, one.field) == (other.address, other.field)


def _event(end: PassEnd, reason: ConditionReason, message: str) -> Event:
    severity = SEVERITIES.get(reason, Severity.ERROR)
    return Event(end.ended, severity, end.spec, reason, message, end.revision, end.effect)
