"""Send a request, and again where that is safe: the one place that decides it, for every client.

Our own `ArmClient`, the transport of Microsoft's clients and the sign-in to a sandbox differ in
how they send once and in what an answer looks like to them. When it is sent again, after which
wait and how often, is the same for all (`rules` says what may be). On our own loop and not on
tenacity's, whose import costs every plan 0.06 s: a plan retries too.
"""

from __future__ import annotations

import math
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, Generic, TypeVar

from reconciler.cloud.backoff import MAX_WAIT_S, retry_after, wait_seconds
from reconciler.cloud.network_errors import gives_up
from reconciler.cloud.rules import THROTTLED, is_in_doubt, may_resend
from reconciler.cloud.throttle import Throttle
from reconciler.diagnostics import DeadlineError, UnavailableError
from reconciler.engine.types import JsonObject

T = TypeVar("T")

MAX_TRIES = 4
FREE_RETRIES = 50
RETRY_SHARE = 0.2
JITTER = 0.1
REFUSED_TOKEN = 401
FIRST_ERROR = 400


class ThrottledError(DeadlineError):
    """The run's time is up, and went by in waiting for a turn after Azure asked to wait."""


@dataclass(frozen=True)
class Attempt(Generic[T]):
    """What one try came to: an answer, which may be an error of 400 and above, or none at all.

    `headers` have lower-case names. `lost` is why there is no answer, made from what the client
    raised. `in_doubt`: nobody knows whether it was carried out, and it must not be repeated.
    """

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    answer: T | None = None
    lost: UnavailableError | None = None
    in_doubt: bool = False

    @property
    def failed(self) -> bool:
        """Whether there was no answer, or one of 400 and above."""
        return self.status is None or self.status >= FIRST_ERROR

    def given(self) -> T:
        """Return the answer. Raises why there is none."""
        if self.answer is None:
            raise self.lost or AssertionError("neither an answer nor a reason")
        return self.answer


@dataclass(frozen=True)
class Request(Generic[T]):
    """One request of one client.

    `attempt` sends it once. `renew` gets another token after a 401 and `rewind` makes the body
    ready to be sent again; both say whether they could. `shown` returns the body of an answer,
    as far as it says how new that is. `body` is the JSON that is sent, None where it is none.
    After `within_s` it is not tried again.
    """

    method: str
    url: str
    attempt: Callable[[], Attempt[T]]
    renew: Callable[[], bool] = lambda: False
    rewind: Callable[[], bool] = lambda: True
    shown: Callable[[T], JsonObject] = lambda _answer: {}
    body: Callable[[], Any] = lambda: None
    within_s: float = math.inf


def send_with_policy(
    request: Request[T], budget: RetryBudget, throttle: Throttle, *, is_read_only: bool = False
) -> Attempt[T]:
    """Return the last attempt of a request: the first that did not fail, or was not repeated.

    A token that Azure refuses is renewed once. Raises what an attempt or a wait raises (a
    redirect, the run was stopped, its time is up). Where a run only reads, and its time goes by
    in waiting to ask again, what Azure said last is what it came to: nothing is under way.
    """
    tried: Attempt[T] | None = None
    try:
        for each in _attempts(request, budget, throttle):
            tried = each
    except DeadlineError as error:
        if not is_read_only:
            raise
        if tried is None and isinstance(error, ThrottledError):
            raise UnavailableError.because(
                "Azure throttled us until the time given with --timeout was up",
                hint="run the same command again later",
            ) from error
        if tried is None:
            raise
    if tried is None:
        raise AssertionError("the numbers do not end")
    return tried


def _attempts(request: Request[T], budget: RetryBudget, throttle: Throttle) -> Iterator[Attempt[T]]:
    """Yield every attempt of a request, each before it is waited for the next."""
    began, renewed = time.monotonic(), False
    for number in count(1):
        _wait_for_turn(request, budget, throttle)
        tried = request.attempt()
        throttle.heard(request.method, request.url, tried.headers)
        throttle.traffic.answered(request.method, request.url, tried.status)
        yield tried
        if tried.status == REFUSED_TOKEN and not renewed:
            renewed = request.renew()
            if renewed and request.rewind():
                continue
        if not tried.failed or _is_hopeless(request, tried, time.monotonic() - began):
            return
        if not _again(request, tried, number, budget, throttle):
            yield replace(tried, in_doubt=is_in_doubt(request.method, request.url, tried.status))
            return


def _wait_for_turn(request: Request[T], budget: RetryBudget, throttle: Throttle) -> None:
    try:
        throttle.wait(request.method, request.url, budget.sleep)
    except DeadlineError as error:
        raise ThrottledError(*error.diagnostics) from error


def _is_hopeless(request: Request[T], tried: Attempt[T], spent_s: float) -> bool:
    """Return whether another try makes no sense: nobody can be reached, or it is too late."""
    if tried.lost is not None and gives_up(tried.lost, spent_s):
        return True
    return spent_s >= request.within_s


def _again(
    request: Request[T], tried: Attempt[T], number: int, budget: RetryBudget, throttle: Throttle
) -> bool:
    """Wait and return True where a request goes out again after this attempt."""
    asked_s = retry_after(tried.headers)
    if tried.status == THROTTLED:
        throttle.slow_down(request.method, request.url, asked_s, number)
    if not request.rewind():
        return False
    return budget.wait(request.method, request.url, tried.status, asked_s, number)


class RetryBudget:
    """Sending again, for one whole run: it waits before it does, and has a budget.

    At most a fifth of the run's requests, and fifty, are sent again (the SRE book's retry
    budget): a service in trouble is not made worse by us, however many threads we have.
    """

    def __init__(self, sleep: Callable[[float], None]) -> None:
        """Wait with `sleep`, which knows the deadline and can be interrupted."""
        self.sleep = sleep
        self._lock = threading.Lock()
        self.requests = 0
        self.retries = 0

    @property
    def spent(self) -> bool:
        """Whether nothing is sent again any more in this run."""
        return self.retries >= FREE_RETRIES + RETRY_SHARE * self.requests

    def begin(self) -> None:
        """Count a request that is sent for the first time."""
        with self._lock:
            self.requests += 1

    def wait(
        self, method: str, url: str, status: int | None, asked_s: float | None, attempt: int
    ) -> bool:
        """Return whether to send again, after the wait that Azure asked for (or our own).

        `attempt` is how often it was sent already, `asked_s` Azure's own word on waiting.
        After a 429 it is the throttle that waits, with all others that it concerns.
        """
        if attempt >= MAX_TRIES or not may_resend(method, url, status) or not self.take():
            return False
        if status == THROTTLED:
            return True
        seconds = wait_seconds(asked_s, attempt)
        self.sleep(min(seconds * random.uniform(1.0, 1.0 + JITTER), MAX_WAIT_S))
        return True

    def take(self) -> bool:
        """Take one of the requests that may be sent again; False when the budget is spent."""
        with self._lock:
            if self.spent:
                return False
            self.retries += 1
            return True
