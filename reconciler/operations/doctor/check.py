"""What a doctor says of one thing: whether it is well, why not, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from reconciler.diagnostics import InterruptedRun, ReconcileError
from reconciler.engine.decisions import Failure
from reconciler.operations.diagnostics import failure_of


class Level(Enum):
    """How much it matters: a problem ends commands, a warning only some, or it is not known."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Check:
    """One thing that was looked at. `failure`: what a command would leave with for a problem."""

    name: str
    level: Level
    summary: str
    detail: str = ""
    hint: str = ""
    failure: Failure | None = None


def ok(name: str, summary: str) -> Check:
    """Return that all is well."""
    return Check(name, Level.OK, summary)


def doubt(name: str, summary: str, detail: str = "", hint: str = "") -> Check:
    """Return what is worth to know, or could not be looked at."""
    return Check(name, Level.WARNING, summary, detail, hint)


def of_error(name: str, error: ReconcileError) -> Check:
    """Return an error as a problem. Raises it again where it is that we were stopped."""
    if isinstance(error, InterruptedRun):
        raise error
    first = error.diagnostics[0]
    return Check(name, Level.PROBLEM, first.summary, first.detail, first.hint, failure_of(error))
