"""Keep asking what Azure is working on while Azure, or the way to it, is out.

A laptop that slept, a proxy that restarts, ten minutes of 503: what was accepted goes on
in Azure all the same, so the end of our patience is *pending*, never *failed*.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from reconciler.cloud.errors import TRANSIENT
from reconciler.cloud.retry import wait_seconds
from reconciler.diagnostics import (
    ApiError,
    ExitCode,
    PendingError,
    ReconcileError,
    UnavailableError,
)

if TYPE_CHECKING:
    from reconciler.cloud.run_limits import RunLimits

T = TypeVar("T")

OUTAGE_TRIES = 20
"""About four minutes of our own waits, besides the tries of each request."""


def outlast_outage(run: RunLimits, ask: Callable[[], T]) -> T:
    """Return the answer to a question about something that is under way.

    Only for reads of a wait. Raises `PendingError` when the outage outlives our patience;
    every answer that is not an outage is raised as it is.
    """
    attempt = 0
    while True:
        attempt += 1
        try:
            return ask()
        except (ApiError, UnavailableError) as error:
            if not is_outage(error):
                raise
            if attempt >= OUTAGE_TRIES:
                first = error.diagnostics[0]
                raise PendingError.because(
                    f"Azure was at work on it and cannot be asked any more: {first.summary}",
                    detail=first.detail,
                    hint="run the same command again: it goes on where this one stopped",
                ) from error
            asked = getattr(error, "retry_after_s", None)
        run.sleep(wait_seconds(asked, attempt))


def exit_code_of(error: ReconcileError) -> ExitCode:
    """Return what to leave with after a problem with a read: of any outage, that it is one."""
    return ExitCode.UNAVAILABLE if is_outage(error) else error.exit_code


def is_outage(error: BaseException | None) -> bool:
    """Return whether an error says that Azure, or the way to it, is out for the moment."""
    if isinstance(error, ApiError):
        return error.status in TRANSIENT
    return isinstance(error, UnavailableError)
