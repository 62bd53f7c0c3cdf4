"""What is said of a resource that did not come out right: what, where, why, what next."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from reconciler.cloud.poll import exit_code_of
from reconciler.diagnostics import Diagnostic, ExitCode, ReconcileError
from reconciler.engine.decisions import Blocked, Change, Failure
from reconciler.engine.plan_scope import (
    Excess,
    GoneSincePlan,
    MoreFields,
    OtherAction,
    OtherRetry,
)
from reconciler.engine.types import Action, Observed, Resource

PARTICIPLES = {
    Action.NO_OP: "left alone",
    Action.CREATE: "created",
    Action.ADOPT: "adopted",
    Action.UPDATE: "updated",
    Action.REPLACE: "replaced",
    Action.DELETE: "deleted",
    Action.RUN: "run",
}


FAILURES = {
    ExitCode.DENIED: Failure.DENIED,
    ExitCode.UNAVAILABLE: Failure.UNAVAILABLE,
    ExitCode.PENDING: Failure.PENDING,
    ExitCode.INTERRUPTED: Failure.INTERRUPTED,
}
"""What the exit code of an error makes of a read that failed; all else is `FAILED`."""


AGAIN = "run again when Azure answers"
FIRST = "remove the cause that Azure names, then run again"
"""What Azure refuses to show does not come by waiting."""


def failure_of(error: ReconcileError) -> Failure:
    """Return what an error makes of what it stopped."""
    return FAILURES.get(exit_code_of(error), Failure.FAILED)


def at_resource(error: ReconcileError, change: Change) -> tuple[Diagnostic, ...]:
    """Return every problem of an error, at the resource's place where it has none."""
    return tuple(d.at(change.resource.position) for d in error.diagnostics)


def unread(resource: Resource, error: ReconcileError) -> Change:
    """Return a resource that cannot be read, or looked into: left alone and blocked."""
    failure = failure_of(error)
    again = AGAIN if failure is Failure.UNAVAILABLE else FIRST
    problems = tuple(
        replace(
            one,
            summary=f"`{resource.address}` cannot be read: {one.summary}",
            position=resource.position,
            hint=one.hint or again,
        )
        for one in error.diagnostics
    )
    return Change(resource, None, Blocked(problems, failure))


def overdue(change: Change, longest_s: float, now: str) -> Diagnostic:
    """Say that the time of a resource is over, and what Azure does with it `now`."""
    return Diagnostic(
        f"`{change.address}` did not finish within {longest_s / 3600:g} h",
        change.resource.position,
        detail=now,
        hint="run the same command again to continue; if it still does not finish, see the "
        "activity log of the resource",
    )


def changed_under_us(approved: Change, excess: Excess) -> Diagnostic:
    """Say what of a resource would exceed now what was approved."""
    found = Diagnostic(
        f"`{approved.address}` changed since the plan",
        approved.resource.position,
        hint="make a new plan and review it",
    )
    match excess:
        case GoneSincePlan():
            return replace(
                found,
                summary=f"`{approved.address}` was deleted since the plan",
                detail="not recreated without a plan that shows it",
            )
        case OtherAction(action=action):
            return replace(found, detail=f"it would now be {PARTICIPLES[action]}")
        case MoreFields(labels=labels):
            shown = ", ".join(f"`{label}`" for label in labels)
            return replace(found, detail=f"{shown} would be written too")
        case OtherRetry(reason=reason):
            return replace(found, details=(reason,))
        case never:
            assert_never(never)


def undecided(approved: Change) -> Diagnostic:
    """Say that the answers of Azure contradicted each other until the last."""
    return Diagnostic(
        f"`{approved.address}` was not written: Azure's answers about it contradict each other",
        approved.resource.position,
        hint="run the same command again in a few minutes",
    )


def made_again(change: Change) -> Diagnostic:
    """Say that somebody made anew what this run deleted to make it anew."""
    return Diagnostic(
        f"`{change.address}` was created by something else while it was being replaced",
        change.resource.position,
        details=change.causes,
        hint="make a new plan and review it",
    )


def failed(change: Change, observed: Observed) -> Diagnostic:
    """Say that Azure took a write and failed at it."""
    return Diagnostic(
        f"`{change.address}` failed in Azure: {observed.message}",
        change.resource.position,
        hint="run apply again to retry; see the activity log of the resource for the cause",
    )


def not_taken(change: Change) -> Diagnostic:
    """Say that Azure took a write and shows something else."""
    labels = ", ".join(f"`{f.label}`" for f in change.fields)
    return Diagnostic(
        f"Azure accepted the write of `{change.address}` but still shows other values: {labels}",
        change.resource.position,
        hint="an Azure Policy or another client may be changing it: run `reconcile plan`",
    )
