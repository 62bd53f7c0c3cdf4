"""Decide what to do with one resource: the whole policy of the product in one place.

Pure: a resource, what was observed, the kind's rules and what the user allowed go in, a
change comes out. A change that must not be carried out is still returned, `Blocked`, so
that a plan can show it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, assert_never

from reconciler.diagnostics import Diagnostic
from reconciler.engine.decisions import (
    Adopt,
    Change,
    Create,
    Delete,
    NoOp,
    Replace,
    Run,
    Update,
    Wait,
    Work,
)
from reconciler.engine.diff import Rules, diff, held_at_create
from reconciler.engine.ignored import with_ignored_as_found
from reconciler.engine.protection import block_if_protected, why_missed
from reconciler.engine.types import (
    Action,
    Address,
    JsonObject,
    Observed,
    Owner,
    Phase,
    Reference,
    Resource,
    Unknown,
)
from reconciler.reasons import CannotUpdateInPlace, LastOperationFailed, UsedAsIs

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
    """Return what to do with one resource. `desired` is its body with references resolved.

    Fields left to others never count as different, but a replace writes them too.
    """
    kept = with_ignored_as_found(resource, desired, observed)
    change = _decided(resource, kept, observed, policy)
    is_replaced = change.action is Action.REPLACE
    return _decided(resource, desired, observed, policy) if is_replaced else change


def _decided(
    resource: Resource, desired: JsonObject, observed: Observed | None, policy: Policy
) -> Change:
    if observed is None:
        return Change(resource, None, Run() if policy.runs else Create())
    if observed.owner is not Owner.OURS and policy.uses_existing:
        return _existing(resource, desired, observed, policy)
    if observed.owner is Owner.FOREIGN:
        return _foreign(Change(resource, observed, NoOp()))
    unmarked = observed.owner is Owner.NOBODY
    if unmarked and not (resource.adopt or policy.adopts):
        return _unmarked(Change(resource, observed, NoOp()))
    change = _by_phase(resource, desired, observed, policy)
    return _adopted(change, policy) if unmarked else change


def _adopted(change: Change, policy: Policy) -> Change:
    """Return what becomes of a change whose resource is taken over."""
    match change.work:
        case Replace():
            return _unadoptable(change)
        case NoOp() | Update() if policy.adopts and change.action is Action.NO_OP:
            return change
        case NoOp() | Update():
            return change.doing(Adopt(change.fields))
        case Create() | Adopt() | Delete() | Run():
            return change
        case never:
            assert_never(never)


def _existing(
    resource: Resource, desired: JsonObject, observed: Observed, policy: Policy
) -> Change:
    """Use what is there; a difference that would force a replace is the user's to solve."""
    fields = diff(desired, observed.body, policy.rules)
    wrong = next((f for f in fields if f.forces_replace), None)
    if wrong is None:
        return Change(resource, observed, NoOp(UsedAsIs()))
    return Change(resource, observed, NoOp()).blocked_by(
        Diagnostic(
            f"`{resource.address}` exists with a different `{wrong.label}`: "
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
        return _failed_run(Change(resource, observed, NoOp()))
    if observed.phase is Phase.FAILED and policy.replaces_failed:
        replaced = Change(resource, observed, Replace((), LastOperationFailed(observed.message)))
        return block_if_protected(replaced, by_kind=False)
    fields = diff(desired, observed.body, policy.rules)
    if not fields and observed.phase is Phase.FAILED:
        return Change(resource, observed, Update((), LastOperationFailed(observed.message)))
    change = Change(resource, observed, _to_write(desired, observed, policy.rules))
    return block_if_protected(change, by_kind=False)


def _to_write(desired: JsonObject, observed: Observed, rules: Rules) -> NoOp | Update | Replace:
    """Return what brings the fields that differ to where the spec wants them.

    A resource that is created again also gets the fields that only a create writes.
    """
    fields = diff(desired, observed.body, rules)
    immutable = tuple(f.label for f in fields if f.forces_replace)
    if immutable:
        held = held_at_create(desired, observed.body, rules)
        return Replace((*fields, *held), CannotUpdateInPlace(immutable))
    return Update(fields) if fields else NoOp()


def _under_way(
    resource: Resource, desired: JsonObject, observed: Observed, policy: Policy
) -> Change:
    """Wait for what Azure is at work on, and announce what may be written after that.

    What differs now is written then, if it still does; what cannot be changed in place is
    replaced then, as one at rest would be: a run that was killed in its middle left it so.
    """
    then: Work
    if policy.runs:
        then = NoOp()
    elif observed.is_going:
        then = _after_deletion(resource, observed)
    else:
        then = _to_write(desired, observed, policy.rules)
    waits = Change(resource, observed, Wait(observed.message, then))
    return block_if_protected(waits, by_kind=False)


def going_with(parent: Address, change: Change) -> Change:
    """Return the change of what is in a `parent` that Azure is at work deleting.

    It goes with it, although it may not say so yet, and is made again after it.
    """
    if change.observed is None or change.action not in (Action.NO_OP, Action.UPDATE):
        return change
    then = _after_deletion(change.resource, change.observed)
    return change.deciding(Wait(change.observed.message, then, parent))


def _after_deletion(resource: Resource, observed: Observed) -> NoOp | Create:
    """Return what becomes of what is being deleted once it is gone; a loss needs a new plan."""
    return NoOp() if why_missed(resource, observed) else Create()


def _failed_run(change: Change) -> Change:
    resource, seen = change.resource, change.observed
    return change.blocked_by(
        Diagnostic(
            f"`{resource.address}` ran with these inputs before and failed",
            resource.position,
            detail=seen.message if seen else "",
            hint="fix the inputs (that starts a new run), or pass "
            f"`--retry {resource.address}` to run it again with the same inputs",
        ),
    )


def _unmarked(change: Change) -> Change:
    resource = change.resource
    return change.blocked_by(
        Diagnostic(
            f"`{resource.address}` already exists and is not marked as ours",
            resource.position,
            detail=resource.resource_id,
            hint="choose another name, or pass `--adopt "
            f"{resource.address}` to take it over from now on",
        ),
    )


def _unadoptable(change: Change) -> Change:
    """Return the change blocked: what is taken over is never deleted on the way."""
    return change.blocked_by(
        Diagnostic(
            f"`{change.address}` cannot be adopted as it is",
            change.resource.position,
            because=change.reason,
            detail="it is not marked as ours and would have to be deleted and created again",
            hint="change the spec to match what exists, choose another name, or delete it by hand",
        ),
    )


def _foreign(change: Change) -> Change:
    resource, seen = change.resource, change.observed
    other = seen.owner_name if seen else ""
    return change.blocked_by(
        Diagnostic(
            f"`{resource.address}` belongs to the spec {other!r}, this is {resource.owner!r}",
            resource.position,
            detail=resource.resource_id,
            hint="choose another name, or remove the resource from the other spec first",
        ),
    )
