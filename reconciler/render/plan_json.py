"""A plan as JSON in Terraform's names, so that existing policy tools can read it.

Source of the names: developer.hashicorp.com/terraform/internals/json-format. Secrets are
replaced by words; what is not known yet is absent from `after` and true in `after_unknown`.
"""

from __future__ import annotations

import json
from typing import assert_never

from reconciler.diagnostics import Diagnostic, Position, Severity
from reconciler.engine.cause import cause_of
from reconciler.engine.decisions import (
    Adopt,
    Blocked,
    Change,
    Create,
    Delete,
    NoOp,
    Replace,
    Run,
    Update,
    Wait,
)
from reconciler.engine.findings import Finding, Level
from reconciler.engine.types import Action, JsonObject
from reconciler.render.cost_text import cost_json, cost_sentence
from reconciler.render.drift import drifted, last_change, outside_only
from reconciler.render.fields import Views
from reconciler.render.held import STAYING, Held
from reconciler.render.origins import base_json, by_json
from reconciler.render.plan_entries import Entry, entries_of
from reconciler.render.plan_values import (
    after_apply,
    as_created,
    projected,
    sensitive_in,
    unknown_in,
)
from reconciler.render.reason_text import because, detail_of, explanations, summary_of
from reconciler.render.told import accepted_of, told_of, unused_of, why_accepted

FORMAT_VERSION = "1.3"

ACTIONS = {
    Action.NO_OP: ["no-op"],
    Action.CREATE: ["create"],
    Action.ADOPT: ["update"],
    Action.UPDATE: ["update"],
    Action.REPLACE: ["delete", "create"],
    Action.DELETE: ["delete"],
    Action.RUN: ["create"],
}


def plan_json(views: Views) -> str:
    """Return the plan as one JSON document; the same bytes for the same plan."""
    return json.dumps(document(views), indent=2, ensure_ascii=True, default=str) + "\n"


def document(views: Views) -> JsonObject:
    """Return the plan as plain data."""
    plan, target, said = views.plan, views.plan.target, told_of(views)
    notes = unused_of(views, accepted_of(views, said))
    return {
        "format_version": FORMAT_VERSION,
        "spec": plan.spec_name,
        "target": {
            "subscription_id": target.subscription_id,
            "resource_group": target.resource_group,
            "location": target.location,
        },
        "applyable": not plan.stopping
        and any(c.action.is_change or (c.is_pending and c.fields) for c in plan.changes),
        "complete": not (plan.blocked or plan.targets or any(c.is_pending for c in plan.changes)),
        "errored": bool(plan.blocked),
        "effect": plan.effect,
        "resource_changes": _resource_changes(views),
        "resource_drift": resource_drift(views),
        "not_applied": [_held(item) for item in said.held],
        "not_stated": [_held(item) for item in said.unstated],
        "ignored_weaker": [_held(item) for item in said.weaker],
        "leftovers": [_leftover(c) | by_json(plan, c.address) for c in plan.leftovers],
        "attention": [
            {"id": item.id, "summary": item.what, "addresses": list(item.addresses)}
            | _why(item.accepted)
            for item in said.attention
        ],
        "diagnostics": [
            *map(diagnostic, plan.blocked),
            *(_told(views, item) for item in (*said.warnings, *said.checks)),
            *map(diagnostic, notes),
        ],
        "checks": [_check(finding) | _why_of(views, finding) for finding in plan.findings],
        "cost": cost_json(plan.cost),
        "cost_sentence": cost_sentence(plan.cost),
    } | base_json(plan)


def _why(accepted: str) -> JsonObject:
    return {"accepted": accepted} if accepted else {}


def _why_of(views: Views, finding: Finding) -> JsonObject:
    is_told = finding.level is not Level.BLOCKER
    return _why(why_accepted(views, finding.diagnostic)) if is_told else {}


def _told(views: Views, item: Diagnostic) -> JsonObject:
    """Return a warning as plain data; one that the spec accepts is a note."""
    found, why = diagnostic(item), why_accepted(views, item)
    return found | {"severity": Severity.NOTE.value, "accepted": why} if why else found


def _check(finding: Finding) -> JsonObject:
    """Return a finding as plain data."""
    found: JsonObject = {
        "id": finding.id,
        "level": finding.level.value,
        "address": finding.address,
        "summary": finding.summary,
        "detail": finding.detail,
        "hint": finding.hint,
        "checked_by": finding.checked_by,
        "alternatives": list(finding.alternatives),
    }
    return found | _range(finding.position)


def diagnostic(item: Diagnostic) -> JsonObject:
    """Return a problem as plain data, its place as Terraform's `range`."""
    found: JsonObject = {
        "severity": item.severity.value,
        "summary": summary_of(item),
        "detail": detail_of(item),
        "hint": item.hint,
    }
    named = {"id": item.id} if item.id else {}
    return found | named | _range(item.position)


def _range(position: Position | None) -> JsonObject:
    if position is None:
        return {}
    start = {"line": position.line, "column": position.column}
    return {"range": {"filename": position.file, "start": start}}


def _resource_changes(views: Views) -> list[JsonObject]:
    """Return all changes, each that is told with what a reader sees of it."""
    said = {entry.address: _shown(entry) for entry in entries_of(views)}
    return [_resource_change(views, c) | said.get(c.address, {}) for c in views.plan.changes]


def _shown(entry: Entry) -> JsonObject:
    """Return a change in the words of every other output."""
    rows = [{"name": r.name, "before": r.before, "after": r.after} for r in entry.rows]
    said = {"what": entry.what, "intent": entry.intent, "notes": list(entry.notes)}
    return {"shown": {**said, "fields": rows, "left_out": entry.footnote}}


def _resource_change(views: Views, change: Change) -> JsonObject:
    section, _, name = change.address.partition(".")
    found: JsonObject = {
        "address": change.address,
        "mode": "managed",
        "type": change.resource.kind.replace(" ", "_"),
        "name": name or section,
        "id": change.resource.resource_id,
        "change": _change(views, change),
    }
    reason = _reason(change)
    if reason:
        found["action_reason"] = reason
    if change.reason:
        found["reason"] = because(change.reason)
    cause = None if views.plan.destroys else cause_of(change)
    if cause:
        found["cause"] = cause.origin.value
    return found | by_json(views.plan, change.address)


def resource_drift(views: Views) -> list[JsonObject]:
    """Return what was changed outside of the spec: what it asks for, and what Azure has."""
    return [_drift(views, change) for change, _ in drifted(views)]


def _drift(views: Views, change: Change) -> JsonObject:
    rules, observed = views.of(change).rules, change.observed
    asked = outside_only(change, views.desired(change))
    section, _, name = change.address.partition(".")
    return {
        "address": change.address,
        "mode": "managed",
        "type": change.resource.kind.replace(" ", "_"),
        "name": name or section,
        "id": change.resource.resource_id,
        "last_changed": last_change(change),
        "change": {
            "actions": ["update"],
            "before": after_apply(asked, rules, ()),
            "after": projected(asked, observed.body if observed else {}, rules, ()),
        },
    }


def _held(item: Held) -> JsonObject:
    """Return a field that stays as it was created."""
    found = {"address": item.address, "field": item.name, "is": item.is_, "wanted": item.wanted}
    return {**found, "id": item.id, **_why(item.accepted)}


def _leftover(change: Change) -> JsonObject:
    """Return what is ours and no longer in the spec: what `--prune` would do, or why nothing."""
    return {
        "address": change.address,
        "type": change.resource.kind.replace(" ", "_"),
        "id": change.resource.resource_id,
        "actions": ACTIONS[change.action],
        "reason": "; ".join(explanations(change)),
    }


def _reason(change: Change) -> str:
    match change.decision:
        case Blocked():
            return "blocked"
        case Wait():
            return "pending"
        case Adopt() | Run() as work:
            return str(work.action.value)
        case Replace(fields=fields) if any(f.forces_replace for f in fields):
            return "replace_because_cannot_update"
        case NoOp() | Create() | Update() | Replace() | Delete():
            return ""
        case never:
            assert_never(never)


def _change(views: Views, change: Change) -> JsonObject:
    rules = views.of(change).rules
    desired = views.desired(change)
    observed = change.observed.body if change.observed else None
    is_gone = change.action is Action.DELETE
    before = None if observed is None else projected(desired, observed, rules, ())
    after = None if is_gone else after_apply(desired, rules, ())
    if observed is not None and change.action in STAYING:
        after = as_created(after, before, rules, ())
    sensitive = sensitive_in(desired, rules, ())
    return {
        "actions": ACTIONS[change.action],
        "before": before,
        "after": before if _stays(change) else after,
        "after_unknown": {} if is_gone else unknown_in(desired) or {},
        "before_sensitive": False if observed is None else sensitive or {},
        "after_sensitive": False if is_gone else sensitive or {},
        "replace_paths": [list(f.keys) for f in change.fields if f.forces_replace],
    }


def _stays(change: Change) -> bool:
    """Return whether apply leaves it as it is, after a wait too."""
    is_kept = change.action is Action.NO_OP and change.observed is not None
    return is_kept and not (change.is_pending and change.fields)
