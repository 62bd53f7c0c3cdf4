"""Carry a plan out: walk the graph, one run for each resource, and report.

A failure skips only what depends on it. What a run of a resource does is in `resource_run`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from reconciler.cloud.run_scope import RunScope
from reconciler.diagnostics import (
    ExitCode,
    RefusedError,
)
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
from reconciler.engine.graph import reverse
from reconciler.engine.types import Outcome, Status
from reconciler.engine.walk import walk
from reconciler.operations.apply.resource_run import ApplyExecutor
from reconciler.operations.load import Loaded
from reconciler.operations.plan.build import Plan
from reconciler.operations.plan.checks.run import refuse_what_fails_now
from reconciler.operations.progress import Events
from reconciler.operations.refresh import PARALLELISM


@dataclass(frozen=True)
class Report:
    """How an apply or destroy ended, per resource, in plan order."""

    outcomes: tuple[Outcome, ...]
    remains: tuple[str, ...] = ()
    interrupted: bool = False
    not_begun: ExitCode = ExitCode.OK
    """Why nothing was begun; 0 where it was."""

    @property
    def exit_code(self) -> ExitCode:
        """What to leave with: why nothing was begun, or the gravest of what happened.

        That is 1 when something failed, 5 when something was refused, 3 when Azure is still
        working, 1 when something was not come to, and otherwise 0.
        """
        if self.not_begun:
            return self.not_begun
        statuses = {o.status for o in self.outcomes}
        if Status.FAILED in statuses:
            return ExitCode.FAILED
        if Status.REFUSED in statuses:
            return ExitCode.REFUSED
        if Status.PENDING in statuses:
            return ExitCode.PENDING
        return ExitCode.FAILED if Status.SKIPPED in statuses else ExitCode.OK


def apply(
    loaded: Loaded,
    run: RunScope,
    plan: Plan,
    *,
    progress: Events,
    parallelism: int = PARALLELISM,
    no_wait: bool = False,
) -> Report:
    """Carry out a plan that the user approved and return what became of each resource.

    Raises `RefusedError`, before anything is written, for a plan that must not be started.
    """
    refuse_blocked(plan)
    refuse_what_fails_now(loaded, run, plan, parallelism)
    runs = ApplyExecutor(loaded, run, plan, progress, no_wait=no_wait)
    graph = reverse(plan.graph) if plan.destroys else plan.graph
    with run.writing_only(runs.write_scope):
        outcomes = walk(graph, runs.run, parallelism=parallelism, stopping=run.stop.is_set)
    outcomes.update(runs.remade)
    ordered = [
        outcomes[c.address] if runs.has_work(c) else _untouched(outcomes[c.address])
        for c in plan.changes
    ]
    return Report(tuple(ordered), tuple(runs.remains(ordered)), run.stop.is_set())


def _untouched(outcome: Outcome) -> Outcome:
    """Return the outcome of a resource without work: not reaching it is not a failure."""
    if outcome.status is not Status.SKIPPED:
        return outcome
    return Outcome(outcome.address, outcome.action, Status.UNCHANGED)


def refuse_blocked(plan: Plan) -> None:
    """Raise `RefusedError`, before the first write, for a plan that must not be started."""
    if plan.stopping:
        raise RefusedError(*(problem for c in plan.stopping for problem in c.problems))


def not_begun(plan: Plan) -> Report:
    """Return the report of a plan that is not started because of what is blocked in it."""
    outcomes = tuple(_not_begun(change) for change in plan.changes)
    return Report(outcomes, not_begun=plan.exit_code)


def _not_begun(change: Change) -> Outcome:
    match change.decision:
        case Blocked(failure=failure):
            status = Status.FAILED if failure.is_unread else Status.REFUSED
        case NoOp():
            status = Status.UNCHANGED
        case Wait():
            status = Status.SKIPPED if change.action.is_change else Status.UNCHANGED
        case Create() | Adopt() | Update() | Replace() | Delete() | Run():
            status = Status.SKIPPED
        case never:
            assert_never(never)
    return Outcome(change.address, change.action, status, problems=change.problems)
