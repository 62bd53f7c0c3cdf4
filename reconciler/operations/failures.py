"""What the command leaves with for what is blocked: the only place that maps it to exit codes."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.diagnostics import ExitCode
from reconciler.engine.decisions import Failure

EXIT_CODES = {
    Failure.REFUSED: ExitCode.REFUSED,
    Failure.DENIED: ExitCode.DENIED,
    Failure.FAILED: ExitCode.FAILED,
    Failure.UNAVAILABLE: ExitCode.UNAVAILABLE,
    Failure.PENDING: ExitCode.PENDING,
    Failure.INTERRUPTED: ExitCode.INTERRUPTED,
}
"""In the order in which they count: first what does not pass by itself."""


def exit_code_of(failures: Iterable[Failure | None]) -> ExitCode:
    """Return the exit code for several resources, by the gravest; 0 where none is blocked."""
    found = set(failures)
    return next((code for one, code in EXIT_CODES.items() if one in found), ExitCode.OK)
