"""Ask until the answer is the one that is waited for: the one wait of the product, on tenacity.

Every sleep is that of a run, which knows when the run ends and wakes when it is stopped. tenacity
is imported at the first wait: a plan has none.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from reconciler.cloud.backoff import wait_seconds
from reconciler.cloud.errors import TRANSIENT
from reconciler.diagnostics import (
    ApiError,
    ExitCode,
    PendingError,
    ReconcileError,
    UnavailableError,
)

if TYPE_CHECKING:
    from tenacity import RetryCallState

T = TypeVar("T")

OUTAGE_TRIES = 20
"""About four minutes of our own waits, besides the tries of each request."""


class Sleeper(Protocol):
    """The run that waits (`run_limits.RunLimits`)."""

    def sleep(self, seconds: float) -> None:
        """Wait; raises where the run is to wait no more."""


@dataclass(frozen=True)
class Backoff:
    """How long to wait after each answer, in seconds: `first_s`, then `factor` times as long each
    time, `longest_s` at most.
    """

    first_s: float
    factor: float
    longest_s: float

    def __call__(self, asked: int, _answer: object = None) -> float:
        """Return the wait after so many questions, from 1 on."""
        steps = min(asked - 1, 100)  # more make no difference, but overflow the power
        return min(self.first_s * self.factor**steps, self.longest_s)


SETTLING = Backoff(0.3, 1.6, 15.0)
"""For what Azure is done with in seconds, or in many minutes."""


def poll(
    run: Sleeper,
    ask: Callable[[], T],
    until: Callable[[T], bool],
    *,
    backoff: Callable[[int, T], float],
    within_s: float = math.inf,
    asks: float = math.inf,
) -> T:
    """Return the first answer that `until` accepts, or the last one when it is time to stop.

    That is `within_s` seconds after the first question, or after so many `asks`. `backoff`
    returns how many seconds to wait after so many questions and this answer, which may say so
    itself. What `ask` raises ends it.
    """
    from tenacity import Retrying, retry_if_not_result

    end = time.monotonic() + within_s
    return Retrying(
        retry=retry_if_not_result(until),
        stop=lambda state: state.attempt_number >= asks or time.monotonic() >= end,
        wait=lambda state: backoff(state.attempt_number, _result(state)),
        sleep=run.sleep,
        retry_error_callback=_result,
    )(ask)


def _result(state: RetryCallState) -> Any:
    if state.outcome is None:
        raise AssertionError("tenacity decides only after an answer")
    return state.outcome.result()


def outlast_outage(run: Sleeper, ask: Callable[[], T]) -> T:
    """Return the answer to a question about something that is under way.

    A laptop that slept, a proxy that restarts, ten minutes of 503: what was accepted goes on in
    Azure all the same. So the end of our patience is `PendingError`, never a failure; every
    answer that is not an outage is raised as it is. Only for reads of a wait.
    """
    from tenacity import RetryError, Retrying, retry_if_exception, stop_after_attempt

    try:
        return Retrying(
            retry=retry_if_exception(is_outage),
            stop=stop_after_attempt(OUTAGE_TRIES),
            wait=lambda state: wait_seconds(_asked_s(state), state.attempt_number),
            sleep=run.sleep,
        )(ask)
    except RetryError as ended:
        outage: Any = ended.last_attempt.exception()
        first = outage.diagnostics[0]
        raise PendingError.because(
            f"Azure was working on it and can no longer be reached: {first.summary}",
            detail=first.detail,
            hint="run the same command again: it continues where this one stopped",
        ) from outage


def _asked_s(state: RetryCallState) -> float | None:
    """Return how long an error asks to wait, in seconds."""
    return getattr(state.outcome.exception(), "retry_after_s", None) if state.outcome else None


def exit_code_of(error: ReconcileError) -> ExitCode:
    """Return what to leave with after a problem with a read: of any outage, that it is one."""
    return ExitCode.UNAVAILABLE if is_outage(error) else error.exit_code


def is_outage(error: BaseException | None) -> bool:
    """Return whether an error says that Azure, or the way to it, is out for the moment."""
    if isinstance(error, ApiError):
        return error.status in TRANSIENT
    return isinstance(error, UnavailableError)
