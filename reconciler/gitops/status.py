"""The state of the specs as plain data, in the words of the conditions: what `/status` answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from reconciler.engine.types import JsonObject
from reconciler.gitops.last_passes import LastPass
from reconciler.gitops.records import Condition, ConditionReason, ConditionStatus, ConditionType
from reconciler.gitops.results import Result, result_of, waits_for_approval
from reconciler.render.event_text import problem_text
from reconciler.render.loop_page import Overview, urgency
from reconciler.render.plan_json import diagnostic

PAGE = 100
FORMAT_VERSION = "1.0"


def summary(spec: str, one: LastPass | None) -> JsonObject:
    """Return a spec in a few words; one without a pass yet is `Unknown`."""
    if one is None:
        return {"spec": spec, "state": "unknown", "ready": "Unknown", "reason": "", "message": ""}
    ready, state = one.end.condition(ConditionType.READY), state_of(one)
    synced = one.end.condition(ConditionType.SYNCED)
    said = synced if state == "drifted" else ready
    return {
        "spec": spec,
        "state": state,
        "ready": (ready.status if ready else ConditionStatus.UNKNOWN).value,
        "reason": (ready.reason if ready else ConditionReason.UNKNOWN).value,
        "message": said.message if said else "",
        "since": time_text(ready.transition if ready else None),
        "revision": str(one.end.revision or ""),
        "plan": one.end.effect,
        "drift": len({row.address for row in one.end.drift}),
        "ended": time_text(one.end.ended),
        "cost": {"currency": one.cost[0], "per_hour": f"{one.cost[1]:f}"} if one.cost else None,
    }


def details(one: LastPass) -> JsonObject:
    """Return everything that is known of a spec."""
    end = one.end
    return summary(end.spec, one) | {
        "format_version": FORMAT_VERSION,
        "applied": str(end.applied or ""),
        "pending": end.is_pending,
        "began": time_text(end.began),
        "interval_seconds": end.interval_s,
        "last_success": time_text(one.succeeded),
        "waiting_for_approval_since": time_text(one.waiting_since),
        "reads": end.reads,
        "writes": end.writes,
        "contended": [f"{row.address}.{row.field}".rstrip(".") for row in end.contended],
        "approvals": list(end.approvals),
        "working": [
            {
                "address": work.address,
                "kind": work.kind,
                "phase": work.phase,
                "since": time_text(since),
            }
            for work, since in one.working
        ],
        "conditions": [condition_values(one) for one in end.conditions],
        "drifted": [
            {
                "address": row.address,
                "field": row.field,
                "changedBy": row.changed_by,
                "clientType": row.client,
                "operation": row.operation,
                "time": time_text(row.time),
            }
            for row in end.drift
        ],
        "diagnostics": [
            {"address": one.address, "text": problem_text(one)} | diagnostic(one)
            for one in end.problems
        ],
        "resource_plan": end.plan,
    }


def page(
    specs: Iterable[str], last: Iterable[LastPass], number: int, size: int = PAGE
) -> JsonObject:
    """Return one page of all specs, by name, counted from 1."""
    known = {one.end.spec: one for one in last}
    names = sorted({*specs, *known})
    rows = [summary(name, known.get(name)) for name in part_of(names, number, size)]
    pages = pages_of(names, size)
    found: JsonObject = {
        "format_version": FORMAT_VERSION,
        "total": len(names),
        "page": number,
        "pages": pages,
        "specs": rows,
    }
    return found | ({"next": f"/status?page={number + 1}"} if number < pages else {})


def overview(
    specs: Iterable[str], last: Iterable[LastPass], number: int, now: datetime, size: int = PAGE
) -> Overview:
    """Return what the page for people tells, the most urgent specs first."""
    known = {one.end.spec: one for one in last}
    every = sorted({*specs, *known})
    states = {name: state_of(known[name]) if name in known else "unknown" for name in every}
    names = sorted(states, key=lambda name: (urgency(states[name]), name))
    shown = [
        details(known[name]) if name in known else summary(name, None)
        for name in part_of(names, number, size)
    ]
    sums: dict[str, Decimal] = {}
    for one in known.values():
        if one.cost:
            sums[one.cost[0]] = sums.get(one.cost[0], Decimal()) + one.cost[1]
    costs = {currency: f"{amount:f}" for currency, amount in sorted(sums.items())}
    return Overview(
        list(states.values()), shown, time_text(now), number, pages_of(names, size), costs
    )


def part_of(names: Sequence[str], number: int, size: int) -> Sequence[str]:
    """Return the names of one page."""
    begin = (number - 1) * size
    return names[begin : begin + size]


def pages_of(names: Sequence[str], size: int) -> int:
    """Return how many pages there are; one where there is nothing."""
    return max(1, -(-len(names) // size))


def state_of(one: LastPass) -> str:
    """Return what matters most of a spec, in one word."""
    stalled = one.end.condition(ConditionType.STALLED)
    synced = one.end.condition(ConditionType.SYNCED)
    if stalled and stalled.status is ConditionStatus.TRUE:
        return "stalled"
    if result_of(one.end) is Result.FAILURE:
        return "failed"
    if waits_for_approval(one.end):
        return "approval"
    if synced and synced.reason is ConditionReason.DRIFTED:
        return "drifted"
    return {Result.PENDING: "pending", Result.SKIP: "held"}.get(result_of(one.end), "ready")


def condition_values(one: Condition) -> JsonObject:
    """Return a condition in the names of KEP-1623."""
    return {
        "type": one.type.value,
        "status": one.status.value,
        "observedRevision": str(one.revision or ""),
        "lastTransitionTime": time_text(one.transition),
        "reason": one.reason.value,
        "message": one.message,
    }


def time_text(at: datetime | None) -> str:
    """Return a time in UTC, whole seconds, "" for none."""
    return at.isoformat(timespec="seconds").replace("+00:00", "Z") if at else ""
