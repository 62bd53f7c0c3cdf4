"""The end of a pass as a line for people, and as a line of JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime

from reconciler.diagnostics import Diagnostic, ExitCode
from reconciler.engine.types import JsonObject
from reconciler.gitops.records import (
    Condition,
    ConditionReason,
    ConditionStatus,
    ConditionType,
    Drift,
    PassEnd,
)
from reconciler.render.plan_json import diagnostic
from reconciler.render.words import things

Reason = ConditionReason
CODES = {
    ExitCode.REFUSED: (
        Reason.POLICY_VIOLATION,
        Reason.TOO_MANY_DELETES,
        Reason.REWOUND_HISTORY,
        Reason.NOT_VERIFIED,
    ),
    ExitCode.DENIED: (Reason.ACCESS_DENIED,),
    ExitCode.FAILED: (Reason.FAILED, Reason.INVALID_SPEC, Reason.NOT_FOUND, Reason.QUOTA_DENIED),
    ExitCode.UNAVAILABLE: (Reason.AZURE_UNAVAILABLE, Reason.SOURCE_UNAVAILABLE),
}
"""What `--once` leaves with, the most telling first. To wait for anything is no failure."""


def exit_code(ends: Iterable[PassEnd]) -> ExitCode:
    """Return what to leave with after one pass of each spec."""
    reasons = {condition.reason for end in ends for condition in end.conditions}
    return next((code for code, own in CODES.items() if reasons & {*own}), ExitCode.OK)


def pass_lines(end: PassEnd) -> Iterator[str]:
    """Yield what to tell people of a pass, the problems apart."""
    ready = end.condition(ConditionType.READY)
    commit = f" at {end.revision.short}" if end.revision else ""
    word = "Ready" if ready and ready.status is ConditionStatus.TRUE else "not Ready"
    why = f": {ready.reason}, {ready.message}" if ready else ""
    yield f"{end.spec}{commit}: {word}{why} ({things(end.writes, 'write')})"
    synced = end.condition(ConditionType.SYNCED)
    if synced and synced.status is ConditionStatus.FALSE:
        yield f"  {synced.reason}: {synced.message}"


def pass_json(end: PassEnd) -> str:
    """Return a pass as one line of JSON."""
    content: JsonObject = {
        "type": "pass",
        "format_version": "1.0",
        "spec": end.spec,
        "revision": str(end.revision or ""),
        "applied": str(end.applied or ""),
        "pending": end.is_pending,
        "effect": end.effect,
        "writes": end.writes,
        "reads": end.reads,
        "began": _time(end.began),
        "ended": _time(end.ended),
        "conditions": [_condition(condition) for condition in end.conditions],
        "drift": [_drift(item) for item in end.drift],
        "diagnostics": [_problem(item) for item in end.problems],
    }
    return json.dumps(content)


def _condition(condition: Condition) -> JsonObject:
    return {
        "type": condition.type,
        "status": condition.status,
        "reason": condition.reason,
        "message": condition.message,
        "observedRevision": str(condition.revision or ""),
        "lastTransitionTime": _time(condition.transition) if condition.transition else "",
    }


def _drift(item: Drift) -> JsonObject:
    return {
        "address": item.address,
        "field": item.field,
        "changedBy": item.changed_by,
        "clientType": item.client,
        "operation": item.operation,
        "time": _time(item.time) if item.time else "",
    }


def _problem(item: Diagnostic) -> JsonObject:
    return {"address": item.address, **diagnostic(item)}


def _time(time: datetime) -> str:
    return time.isoformat(timespec="seconds").replace("+00:00", "Z")
