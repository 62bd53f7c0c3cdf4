"""Say, per resource, whether it is what the spec says and whether it is well.

Two independent answers, as Argo CD's users know them: *synced* and *health*.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from reconciler.cloud.run_scope import RunScope
from reconciler.diagnostics import Diagnostic, ExitCode
from reconciler.engine.decisions import Change, Failure
from reconciler.engine.types import Address, Phase
from reconciler.kinds import HANDLERS
from reconciler.kinds.extensions import RoutesTraffic
from reconciler.operations.failures import exit_code_of
from reconciler.operations.load import Loaded
from reconciler.operations.plan.build import PlanOptions, plan
from reconciler.operations.refresh import PARALLELISM
from reconciler.reasons import Reason

HEALTH = {Phase.READY: "Healthy", Phase.PENDING: "Progressing", Phase.FAILED: "Degraded"}


@dataclass(frozen=True)
class StatusRow:
    """One line of `status`. `synced`: Synced, OutOfSync, Missing or Unknown; `health`:
    Healthy, Progressing, Degraded, Missing or Unknown.
    """

    address: Address
    kind: str
    synced: str
    health: str
    message: str = ""
    """Azure's own word on its state."""
    link: str = ""
    fields: tuple[str, ...] = ()
    """The labels of what differs."""
    reason: Reason | None = None
    problems: tuple[Diagnostic, ...] = ()
    failure: Failure | None = None
    """Why nothing, or nothing more, is known or done, where it is blocked."""


def status(
    loaded: Loaded, run: RunScope, *, parallelism: int = PARALLELISM
) -> tuple[StatusRow, ...]:
    """Return a row for every resource of the spec."""
    current = plan(loaded, run, PlanOptions(parallelism=parallelism))
    return tuple(_row(change) for change in current.changes)


def exit_code(rows: Iterable[StatusRow]) -> ExitCode:
    """Return 0 where the state of every resource is known, whatever it is."""
    return exit_code_of(row.failure for row in rows if row.failure and row.failure.is_unread)


def _row(change: Change) -> StatusRow:
    resource, seen = change.resource, change.observed
    row = partial(
        StatusRow,
        resource.address,
        resource.kind,
        fields=tuple(f.label for f in change.fields),
        reason=change.reason,
        problems=change.problems,
        failure=change.failure,
    )
    if seen is None:
        word = "Unknown" if change.is_unread else "Missing"
        return row(word, word)
    synced = "OutOfSync" if change.action.is_change or change.is_blocked else "Synced"
    health, message = HEALTH[seen.phase], seen.message
    handler = HANDLERS[resource.kind]
    is_idle = isinstance(handler, RoutesTraffic) and not handler.shares(seen)
    if seen.phase is Phase.READY and is_idle:
        health, message = "Degraded", "no deployment gets traffic: it answers nothing"
    return row(synced, health, message, seen.link)
