"""Approval: nothing of a plan is written before somebody agrees to it and the limits allow it.

The command line asks a person, a program gives a function (`reconciler.library`). Only here does
a run that began read-only get to write.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import TYPE_CHECKING

from reconciler.diagnostics import Diagnostic, RefusedError
from reconciler.engine.types import Action

if TYPE_CHECKING:
    from reconciler.cloud.run_scope import RunScope
    from reconciler.engine.decisions import Change
    from reconciler.operations.plan.build import Plan

    Approve = Callable[[Plan], bool]

MAX_DELETIONS = 100
"""More than this in one run is more likely a mistake than a wish."""
MOST_NAMED = 10


def approve_plan(run: RunScope, plan: Plan, approve: Approve) -> None:
    """Let a run write what a plan shows, once `approve` returns True for it.

    Raises `RefusedError` where it does not; the run stays read-only then.
    """
    if not approve(plan):
        raise RefusedError.because("not approved, so nothing was changed")
    run.allow_writes()


def refuse_too_many_deletions(plan: Plan, most: int) -> None:
    """Raise `RefusedError` when a plan deletes more than `most` resources."""
    count = plan.count(Action.DELETE)
    if count > most:
        raise RefusedError.because(
            f"{count} resources would be deleted, more than the limit of {most}",
            hint=f"check the spec, then pass `--max-deletions {count}`",
        )


def refuse_other_effect(plan: Plan, approved: str) -> None:
    """Raise `RefusedError` that names what a plan would do, where another one was approved.

    A plan that does nothing needs no approval: what was approved is done already.
    """
    if plan.is_empty or plan.effect == approved:
        return
    changes = [c for c in plan.changes if c.action.is_change or c.is_blocked]
    shown = ", ".join(map(_said, islice(changes, MOST_NAMED)))
    more = len(changes) - MOST_NAMED
    shown += f" and {more} more" if more > 0 else ""
    raise RefusedError(
        Diagnostic(
            f"the plan's effect is {plan.effect}, and {approved} was approved",
            detail=f"spec or Azure changed since the review, or a part of it was applied; now: {shown}",
            hint="run the check of the pull request again, or review `reconcile plan`, and approve anew",
        )
    )


def _said(change: Change) -> str:
    return f"`{change.address}` ({change.action.value})"
