"""Say, per resource, whether it is what the spec says and whether it is well.

Two independent answers, as Argo CD's users know them: *synced* and *health*.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.cloud.run_scope import RunScope
from reconciler.diagnostics import ExitCode
from reconciler.engine.types import Address, Change, Phase
from reconciler.operations.load import Loaded
from reconciler.operations.plan.build import plan
from reconciler.operations.refresh import PARALLELISM

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
    link: str = ""
    unread: ExitCode | None = None
    """Why it is Unknown, as an exit code."""


def status(
    loaded: Loaded, run: RunScope, *, parallelism: int = PARALLELISM
) -> tuple[StatusRow, ...]:
    """Return a row for every resource of the spec."""
    current = plan(loaded, run, parallelism=parallelism)
    return tuple(_row(change) for change in current.changes)


def exit_code(rows: Iterable[StatusRow]) -> ExitCode:
    """Return 0 where the state of every resource is known, whatever it is."""
    codes = {row.unread for row in rows if row.unread}
    order = (ExitCode.DENIED, ExitCode.FAILED, ExitCode.UNAVAILABLE)
    return next((code for code in (*order, *sorted(codes)) if code in codes), ExitCode.OK)


def _row(change: Change) -> StatusRow:
    resource, seen = change.resource, change.observed
    if seen is None:
        word = "Unknown" if change.unread else "Missing"
        message = change.blocked.summary if change.blocked else ""
        return StatusRow(resource.address, resource.kind, word, word, message, unread=change.unread)
    synced = "OutOfSync" if change.action.is_change or change.blocked else "Synced"
    labels = ", ".join(f.label for f in change.fields)
    message = seen.message or change.reason or labels
    if change.blocked and not seen.message:
        message = change.blocked.summary
    return StatusRow(
        resource.address, resource.kind, synced, HEALTH[seen.phase], message, seen.link
    )
