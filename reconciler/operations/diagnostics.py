"""What is said of a resource that did not come out right: what, where, why, what next."""

from __future__ import annotations

from reconciler.cloud.outage import exit_code_of
from reconciler.diagnostics import Diagnostic, ReconcileError
from reconciler.engine.types import Action, Change, Observed, Resource


def at_resource(error: ReconcileError, change: Change) -> Diagnostic:
    """Return the first problem of an error, at the resource's place."""
    return error.diagnostics[0].at(change.resource.position)


def unread(resource: Resource, error: ReconcileError) -> Change:
    """Return a resource that cannot be read, or looked into: left alone and blocked."""
    first = error.diagnostics[0]
    problem = Diagnostic(
        f"`{resource.address}` cannot be read: {first.summary}",
        resource.position,
        first.detail,
        first.hint or "run again when Azure answers",
    )
    return Change(resource, Action.NO_OP, blocked=problem, unread=exit_code_of(error))


def overdue(change: Change, longest_s: float, now: str) -> Diagnostic:
    """Say that the time of a resource is over, and what Azure does with it `now`."""
    return Diagnostic(
        f"`{change.address}` was not done within {longest_s / 3600:g} h",
        change.resource.position,
        detail=now,
        hint="run the same command again: it goes on where this one stopped; if it stays, the "
        "activity log of the resource says what holds it up",
    )


def changed_under_us(approved: Change, more: str) -> Diagnostic:
    """Say that a resource would need `more` now than was approved."""
    return Diagnostic(
        f"`{approved.address}` {more.partition(': ')[0]}",
        approved.resource.position,
        detail=more.partition(": ")[2],
        hint="make a new plan and look at it",
    )


def undecided(approved: Change) -> Diagnostic:
    """Say that the answers of Azure contradicted each other until the last."""
    return Diagnostic(
        f"`{approved.address}` was not written: Azure shows it now this way, now that way",
        approved.resource.position,
        hint="run the same command again in a few minutes",
    )


def made_again(change: Change) -> Diagnostic:
    """Say that somebody made anew what this run deleted to make it anew."""
    return Diagnostic(
        f"`{change.address}` was made again by somebody else while it was being replaced",
        change.resource.position,
        detail=change.reason,
        hint="make a new plan and look at it",
    )


def failed(change: Change, observed: Observed) -> Diagnostic:
    """Say that Azure took a write and failed at it."""
    return Diagnostic(
        f"`{change.address}` failed in Azure: {observed.message}",
        change.resource.position,
        hint="run apply again to try once more; the activity log of the resource says why",
    )


def not_taken(change: Change) -> Diagnostic:
    """Say that Azure took a write and shows something else."""
    labels = ", ".join(f"`{f.label}`" for f in change.fields)
    return Diagnostic(
        f"Azure accepted the write of `{change.address}` but {labels} still differ",
        change.resource.position,
        hint="an Azure Policy or another writer may be changing it: run `reconcile plan`",
    )
