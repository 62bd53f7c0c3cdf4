"""Decide what to do with one resource: the whole policy of the product in one place.

Pure: a resource, what was observed, the kind's rules and what the user allowed go in, a
change comes out. A change that must not be carried out is still returned, `blocked`, so
that a plan can show it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from reconciler.diagnostics import Diagnostic
from reconciler.engine.diff import Rules, diff
from reconciler.engine.protection import block_if_protected, why_missed
from reconciler.engine.types import (
    Action,
    Address,
    Change,
    FieldDiff,
    JsonObject,
    Observed,
    Owner,
    Phase,
    Reference,
    Resource,
    Unknown,
)

Lookup = Callable[[Reference], Any]
"""Returns the value a reference stands for, or `None` where it is not known yet."""


@dataclass(frozen=True)
class Policy:
    """What a kind lets happen, and what the user allowed for this run.

    `runs`: creating it is running something (a job). `uses_existing`: one that is
    not ours is simply used and never deleted (a resource group). `adopts`: an equal unmarked one is
    taken as ours without asking (a role assignment). `replaces_failed`: one whose last
    operation failed is deleted and made again.
    """

    rules: Rules = field(default_factory=Rules)
    runs: bool = False
    uses_existing: bool = False
    adopts: bool = False
    replaces_failed: bool = False


def resolve(value: Any, lookup: Lookup) -> Any:
    """Return a body with every reference replaced by its value, or by `Unknown`."""
    if isinstance(value, Reference):
        found = lookup(value)
        return Unknown(value) if found is None else found
    if isinstance(value, dict):
        return {key: resolve(item, lookup) for key, item in value.items()}
    if isinstance(value, list):
        return [resolve(item, lookup) for item in value]
    return value


def decide(
    resource: Resource, desired: JsonObject, observed: Observed | None, policy: Policy
) -> Change:
    """Return what to do with one resource. `desired` is its body with references resolved."""
    if observed is None:
        return Change(resource, Action.RUN if policy.runs else Action.CREATE)
    if observed.owner is not Owner.OURS and policy.uses_existing:
        return _existing(resource, desired, observed, policy)
    if observed.owner is Owner.FOREIGN:
        return _foreign(resource, observed)
    unmarked = observed.owner is Owner.NOBODY
    if unmarked and not (resource.adopt or policy.adopts):
        return _unmarked(resource, observed)
    change = _by_phase(resource, desired, observed, policy)
    if unmarked and change.action is Action.REPLACE:
        return _unadoptable(change)
    if unmarked and change.action in (Action.NO_OP, Action.UPDATE):
        adopted = replace(change, action=Action.ADOPT, reason="exists without our mark")
        return change if policy.adopts and change.action is Action.NO_OP else adopted
    return change


def _existing(
    resource: Resource, desired: JsonObject, observed: Observed, policy: Policy
) -> Change:
    """Use what is there; a difference that would force a replace is the user's to solve."""
    fields = diff(desired, observed.body, policy.rules)
    wrong = next((f for f in fields if f.forces_replace), None)
    if wrong is None:
        return Change(resource, Action.NO_OP, observed, notes=("exists, used as it is",))
    return Change(
        resource,
        Action.NO_OP,
        observed,
        blocked=Diagnostic(
            f"`{resource.address}` exists with another `{wrong.label}`: "
            f"{wrong.before!r}, the spec says {wrong.after!r}",
            resource.position,
            hint=f"set `{wrong.label}` to {wrong.before!r}, or use another name",
        ),
    )


def _by_phase(
    resource: Resource, desired: JsonObject, observed: Observed, policy: Policy
) -> Change:
    if observed.phase is Phase.PENDING:
        return _under_way(resource, desired, observed, policy)
    if observed.phase is Phase.FAILED and policy.runs:
        return _failed_run(resource, observed)
    if observed.phase is Phase.FAILED and policy.replaces_failed:
        reason = f"its last operation failed: {observed.message}"
        replaced = Change(resource, Action.REPLACE, observed, reason=reason)
        return block_if_protected(replaced, by_kind=False)
    fields = diff(desired, observed.body, policy.rules)
    if not fields and observed.phase is Phase.FAILED:
        reason = f"its last operation failed: {observed.message}"
        return Change(resource, Action.UPDATE, observed, reason=reason)
    if not fields:
        return Change(resource, Action.NO_OP, observed)
    if any(f.forces_replace for f in fields):
        reason = _replace_reason(fields)
        replaced = Change(resource, Action.REPLACE, observed, fields, reason)
        return block_if_protected(replaced, by_kind=False)
    return Change(resource, Action.UPDATE, observed, fields)


def _under_way(
    resource: Resource, desired: JsonObject, observed: Observed, policy: Policy
) -> Change:
    """Wait for what Azure is at work on, and announce what may be written after that.

    What differs now is written then, if it still does; what cannot be changed in place is
    replaced then, as one at rest would be: a run that was killed in its middle left it so.
    """
    waits = Change(resource, Action.NO_OP, observed, pending=True, notes=(observed.message,))
    if policy.runs:
        return waits
    if observed.is_going:
        return replace(waits, notes=(observed.message, _after_it(resource, observed)))
    fields = diff(desired, observed.body, policy.rules)
    if any(f.forces_replace for f in fields):
        reason = _replace_reason(fields)
        waits = replace(waits, action=Action.REPLACE, reason=reason)
    return block_if_protected(replace(waits, fields=fields), by_kind=False)


def going_with(parent: Address, change: Change) -> Change:
    """Return the change of what is in a `parent` that Azure is at work deleting.

    It goes with it, although it may not say so yet, and is made again after it.
    """
    if change.observed is None or change.action not in (Action.NO_OP, Action.UPDATE):
        return change
    again = _after_it(change.resource, change.observed)
    notes = (f"`{parent}` is being deleted, and this with it", again)
    return replace(
        change, action=Action.NO_OP, pending=True, reason="", notes=notes, goes_with=parent
    )


def _after_it(resource: Resource, observed: Observed) -> str:
    """Return what becomes of what is being deleted once it is gone."""
    if why_missed(resource, observed):
        return "a new plan shows then what is made again"
    return "it is made again when it is gone"


def _replace_reason(fields: tuple[FieldDiff, ...]) -> str:
    labels = ", ".join(f"`{f.label}`" for f in fields if f.forces_replace)
    return f"Azure cannot change {labels} in place"


def _failed_run(resource: Resource, observed: Observed) -> Change:
    return Change(
        resource,
        Action.NO_OP,
        observed,
        blocked=Diagnostic(
            f"`{resource.address}` ran with these inputs before and failed",
            resource.position,
            detail=observed.message,
            hint="mend the inputs (a new run follows), or pass "
            f"`--retry {resource.address}` to run the same again",
        ),
    )


def _unmarked(resource: Resource, observed: Observed) -> Change:
    return Change(
        resource,
        Action.NO_OP,
        observed,
        blocked=Diagnostic(
            f"`{resource.address}` exists already and is not marked as ours",
            resource.position,
            detail=resource.resource_id,
            hint="choose another name, or pass `--adopt "
            f"{resource.address}` to take it over from now on",
        ),
    )


def _unadoptable(change: Change) -> Change:
    """Return the change blocked: what is taken over is never deleted on the way."""
    return replace(
        change,
        blocked=Diagnostic(
            f"`{change.address}` cannot be adopted as it is: {change.reason}",
            change.resource.position,
            detail="it is not marked as ours, and would have to be deleted and made again",
            hint="make the spec fit what exists, choose another name, or delete it by hand",
        ),
    )


def _foreign(resource: Resource, observed: Observed) -> Change:
    return Change(
        resource,
        Action.NO_OP,
        observed,
        blocked=Diagnostic(
            f"`{resource.address}` belongs to the spec {observed.owner_name!r}, "
            f"this is {resource.owner!r}",
            resource.position,
            detail=resource.resource_id,
            hint="choose another name, or take the resource out of the other spec first",
        ),
    )
