"""Actions, times and sizes in words, the same in every view."""

from __future__ import annotations

from reconciler.engine.types import Action, Outcome, Status
from reconciler.reasons import Interrupted

DOING = {
    Action.NO_OP: "checking",
    Action.CREATE: "creating",
    Action.ADOPT: "adopting",
    Action.UPDATE: "updating",
    Action.REPLACE: "replacing",
    Action.DELETE: "deleting",
    Action.RUN: "running",
}

DONE = {
    Action.NO_OP: "checked",
    Action.CREATE: "created",
    Action.ADOPT: "adopted",
    Action.UPDATE: "updated",
    Action.REPLACE: "replaced",
    Action.DELETE: "deleted",
    Action.RUN: "finished",
}

ENDED = {
    Status.UNCHANGED: "unchanged",
    Status.PENDING: "still running in Azure",
    Status.FAILED: "failed",
    Status.REFUSED: "refused",
    Status.SKIPPED: "skipped",
}


def is_running(outcome: Outcome) -> bool:
    """Return whether Azure goes on with it."""
    return outcome.status is Status.PENDING and not isinstance(outcome.reason, Interrupted)


def is_unfinished(outcome: Outcome) -> bool:
    """Return whether the run was stopped in the middle of it, and Azure is not at work on it."""
    return outcome.status is Status.PENDING and isinstance(outcome.reason, Interrupted)


def ended(outcome: Outcome) -> str:
    """Return how a resource ended, in a word or two."""
    if is_unfinished(outcome):
        return "not finished"
    return ENDED.get(outcome.status) or DONE[outcome.action]


def duration(seconds: float) -> str:
    """Return a length of time: `8.1s`, `2m05s`, `1h02m`."""
    if seconds < 59.95:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}m{rest:02d}s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02d}m"


def size(count: int) -> str:
    """Return a number of bytes: `512 B`, `3.4 MB` (decimal, as Azure's portal shows it)."""
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def things(count: int, noun: str) -> str:
    """Return `1 resource`, `2 resources`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
