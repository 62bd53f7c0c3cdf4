"""Runs that a change would end: those on a cluster, or in a workspace, that goes or gets smaller.

Whoever started them: a cluster is shared. None of them is ended unless it is allowed by the address
of what goes. Runs that the plan itself deletes are announced as that.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice

from reconciler.engine.decisions import Change
from reconciler.engine.findings import Finding, Level
from reconciler.engine.ids import is_within
from reconciler.engine.types import Action, Address
from reconciler.kinds import HANDLERS
from reconciler.kinds.job.in_use import Running, running
from reconciler.operations.plan.checks.facts import Answer, ends_runs_of

CHECK = "running-jobs"
CHECKED_BY = "the jobs of the workspace"
MOST_NAMED = 5


def check_running(
    changes: Iterable[Change], runs: Mapping[str, Answer], allowed: Collection[Address]
) -> Iterator[Finding]:
    """Yield a blocker for each change that would end runs, a warning where that is allowed."""
    planned = [change for change in changes if not change.is_blocked]
    yield from _cancelled(planned)
    going = [change for change in planned if ends_runs_of(change)]
    going.sort(key=lambda change: -len(_id(change)))
    told = {_id(c).casefold() for c in planned if c.action is Action.DELETE}
    for change in going:
        answer = runs.get(ends_runs_of(change), Answer())
        if answer.problem is not None:
            yield _not_checked(change, answer)
        ended = [run for run in running(answer.items) if _is_on(run, change, told)]
        told |= {run.id.casefold() for run in ended}
        if ended:
            yield _finding(change, ended, is_allowed=change.address in allowed)


def _cancelled(planned: Iterable[Change]) -> Iterator[Finding]:
    """Yield a warning for each run of the spec's own that is deleted before it is over."""
    for change in planned:
        is_run = HANDLERS[change.resource.kind].policy.runs
        if not is_run or change.action is not Action.DELETE or change.observed is None:
            continue
        for run in running([change.observed.body]):
            yield Finding(
                CHECK,
                Level.WARNING,
                change.address,
                f"`{change.address}` is not over ({run.status}), and is cancelled to be deleted",
                change.resource.position,
                checked_by=CHECKED_BY,
            )


def _is_on(run: Running, change: Change, told: Collection[str]) -> bool:
    own, place = run.id.casefold(), _id(change)
    if own in told:
        return False
    return is_within(own, place) or run.cluster.casefold() == place.casefold()


def _id(change: Change) -> str:
    return change.resource.resource_id.rstrip("/")


def _finding(change: Change, ended: Sequence[Running], *, is_allowed: bool) -> Finding:
    named = ", ".join(f"{r.id.rpartition('/')[2]} ({r.status})" for r in islice(ended, MOST_NAMED))
    more = f" and {len(ended) - MOST_NAMED} more" if len(ended) > MOST_NAMED else ""
    count = "1 job that is not over" if len(ended) == 1 else f"{len(ended)} jobs that are not over"
    return Finding(
        CHECK,
        Level.WARNING if is_allowed else Level.BLOCKER,
        change.address,
        f"`{change.address}` is in use: {_verb(change)} it ends {count}",
        change.resource.position,
        f"{named}{more}" + ("; allowed with --allow-outage" if is_allowed else ""),
        ""
        if is_allowed
        else "wait for them, cancel them (`az ml job cancel --name NAME`), or allow it: "
        f"`--allow-outage {change.address}`",
        CHECKED_BY,
    )


def _verb(change: Change) -> str:
    if change.action is Action.UPDATE:
        return "shrinking"
    return "deleting" if change.action is Action.DELETE else "replacing"


def _not_checked(change: Change, answer: Answer) -> Finding:
    return Finding(
        CHECK,
        Level.WARNING,
        "",
        f"not checked: whether jobs run on `{change.address}`",
        detail=answer.problem.diagnostics[0].summary if answer.problem else "",
        hint="give the identity `Microsoft.MachineLearningServices/workspaces/jobs/read`",
        checked_by=CHECKED_BY,
    )
