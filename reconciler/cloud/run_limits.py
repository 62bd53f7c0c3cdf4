"""What one run may do, and how long: the part of a run that every client asks before it sends.

A run is one plan, apply or destroy. Whether it may write, when it ends, whether it was told to
stop, what it wrote and how often it may send again belong to it alone, so that two runs in one
process neither unlock nor stop each other. The clients of a run are in `run_scope`.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from itertools import count
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

from reconciler.cloud.azure import Azure
from reconciler.cloud.endpoints import Cloud, host_of
from reconciler.cloud.network_errors import CONNECT_BUDGET_S
from reconciler.cloud.read_after_write import ReadAfterWrite
from reconciler.cloud.request_deadline import fenced, run_ends
from reconciler.cloud.resource_deadline import ResourceDeadline
from reconciler.cloud.retry import Attempt, Request, RetryBudget, send_with_policy
from reconciler.cloud.rules import changes, refused, writes
from reconciler.cloud.tokens import RunTokens
from reconciler.cloud.uninterruptible import Uninterruptible
from reconciler.diagnostics import (
    DeadlineError,
    DeniedError,
    InterruptedRun,
    OverdueError,
    PendingError,
    ReconcileError,
)
from reconciler.engine.types import JsonObject

T = TypeVar("T")

NOT_FOUND = 404
CONNECT_TIMEOUT_S = CONNECT_BUDGET_S
READ_TIMEOUT_S = 60.0
SHORTEST_TIMEOUT_S = 1.0
"""What a request is given even when the run's time is almost over: it may be a write."""

STOPPED_WAITING = "stopped while waiting for Azure"
LOOK_S = 0.05
"""How often it is looked whether a run has ended, while it waits for what cannot be interrupted."""


class WriteGuard(Protocol):
    """Sees each request of a run before it is sent, and what a read showed."""

    def check(self, method: str, url: str, body: Any) -> None:
        """Raise for a write that must not be sent; `body` is its JSON, None where it is none."""

    def saw(self, url: str, body: JsonObject) -> None:
        """Keep what a read showed."""


class RunLimits:
    """The state and the bounds of one run on one subscription.

    `stop` ends every wait at once; `deadline` (monotonic seconds) bounds the run,
    `resource_deadline` what is done for one resource.
    """

    def __init__(
        self,
        azure: Azure,
        subscription_id: str,
        *,
        read_only: bool = False,
        deadline: float | None = None,
    ) -> None:
        """Send nothing yet."""
        self.azure = azure
        self.subscription_id = subscription_id
        self.read_only = read_only
        self.deadline = deadline
        self._guard: WriteGuard | None = None
        self._fence: Callable[[], object] = lambda: None
        self._counting = threading.Lock()
        self.stop = threading.Event()
        self.reads = self.writes = 0
        """How many requests were sent, those that were sent again not counted."""
        self.waits = True
        """Whether what Azure takes time for is waited for; the next run looks at it otherwise."""
        self.resource_deadline = ResourceDeadline()
        self.retry_budget = RetryBudget(self.sleep)
        self.read_after_write = ReadAfterWrite(self)
        self.tokens = RunTokens(lambda: self.azure.tokens, self)

    @property
    def cloud(self) -> Cloud:
        """The addresses of the cloud."""
        return self.azure.cloud

    def allow_writes(self) -> None:
        """End the read-only phase of this run: its plan was approved."""
        self.read_only = False

    @contextmanager
    def writing_only(self, guard: WriteGuard) -> Iterator[None]:
        """Let `guard` see each write before it is sent: it raises for what must not be."""
        self._guard = guard
        try:
            yield
        finally:
            self._guard = None

    def fence_writes(self, fence: Callable[[], object]) -> None:
        """Ask `fence` before each write, and before each of its bytes: it raises once another
        may write in our place (a lease that was lost, also while this process was stopped).
        """
        self._fence = fence

    def check_host(self, url: str) -> None:
        """Raise `DeniedError` for an address that must not see our token."""
        if not self.cloud.may_receive_token(url):
            raise self.denied(url)

    @staticmethod
    def denied(url: str) -> ReconcileError:
        """Return the error for an address that must not see our token."""
        return DeniedError.because(
            f"refused to send a token to {host_of(url) or 'an invalid address'}",
            detail="Azure answered with an address outside the hosts of this cloud",
        )

    def permit(self, method: str, url: str, body: Callable[[], Any] = lambda: None) -> None:
        """Check that a request may be sent at all, before it is.

        Raises `RefusedError` for a write in a read-only run or one that its plan did not announce,
        `InterruptedRun` for a write once the run was told to stop, and what a fence raises. To
        read a secret counts as a write, by POST or not.
        """
        is_write = self._is_write(method, url)
        if self.read_only and is_write:
            raise refused(method, url)
        if self.stop.is_set() and is_write:
            raise InterruptedRun.because(
                f"stopped before {method} was sent", detail=urlsplit(url).path
            )
        if is_write:
            self._fence()
        if is_write and self._guard:
            self._guard.check(method, url, body())
        self._count(is_write=changes(method, url))

    def _count(self, *, is_write: bool) -> None:
        with self._counting:
            self.writes += is_write
            self.reads += not is_write

    def _is_write(self, method: str, url: str) -> bool:
        return writes(method, url) or self.cloud.is_vault(url)

    def refuse_to_wait(self, what: str) -> None:
        """Raise `PendingError` in a run that waits for nothing: the next one looks again."""
        if not self.waits:
            raise PendingError.because(
                f"Azure is still working on {what}", hint="the next run looks at it again"
            )

    def send(self, request: Request[T]) -> Attempt[T]:
        """Return the answer to a request about a resource, sent by the rules of this run.

        It is sent only if it may be (`permit`), again where that is safe, and a read that does
        not know what this run wrote is asked again for a while (`read_after_write`).
        """
        self.permit(request.method, request.url, request.body)
        is_read, fresh = request.method == "GET", self.read_after_write
        for looks in count(1):
            tried = self._sent(request)
            body = None if tried.answer is None or tried.failed else request.shown(tried.answer)
            is_known = body is not None or tried.status == NOT_FOUND
            if is_read and is_known and fresh.waits(request.url, body, looks):
                continue
            if body is not None:
                fresh.wrote(request.method, request.url, body)
            if body and is_read and self._guard:
                self._guard.saw(request.url, body)
            return tried
        raise AssertionError("the numbers do not end")

    def send_anywhere(self, request: Request[T]) -> Attempt[T]:
        """Return the answer to a request that is not about an ARM resource, sent as `send` does.

        Without the wait for what this run wrote: that is known by addresses of ARM.
        """
        self.permit(request.method, request.url)
        return self._sent(request)

    def _sent(self, request: Request[T]) -> Attempt[T]:
        self.retry_budget.begin()
        return send_with_policy(
            request, self.retry_budget, self.azure.throttle, is_read_only=self.read_only
        )

    def timeouts(self) -> tuple[float, float]:
        """Return how long to wait for a connection and for bytes, in seconds.

        Never much past the deadline. Raises `DeadlineError` when that is over,
        `OverdueError` when the time of the resource is.
        """
        end = self._end()
        if end is None:
            return CONNECT_TIMEOUT_S, READ_TIMEOUT_S
        left = end - time.monotonic()
        if left <= 0:
            raise self._late()
        left = max(left, SHORTEST_TIMEOUT_S)
        return min(CONNECT_TIMEOUT_S, left), min(READ_TIMEOUT_S, left)

    @contextmanager
    def bounded(self, *, is_download: bool = False) -> Iterator[None]:
        """Let the requests that this thread sends within end when this run does."""
        end = self._end()
        latest = math.inf if end is None else max(end, time.monotonic() + SHORTEST_TIMEOUT_S)
        with run_ends(latest, self.timeouts, is_download=is_download):
            yield

    @contextmanager
    def sending(self, method: str, url: str) -> Iterator[None]:
        """Let one attempt of a request end when this run does, or its right to write."""
        with self.bounded(), fenced(self._fence) if self._is_write(method, url) else nullcontext():
            yield

    def in_time(self, call: Callable[[], T], *, is_download: bool = False) -> T:
        """Return what a call returns that nothing can interrupt; leave it behind when time is up.

        Raises what it raises, and what `sleep` does.
        """

        def bounded() -> T:
            with self.bounded(is_download=is_download):
                return call()

        begun = Uninterruptible(bounded)
        while not begun.is_over(LOOK_S):
            if self.stop.is_set():
                raise InterruptedRun.because(STOPPED_WAITING)
            self.timeouts()
        return begun.answer()

    def sleep(self, seconds: float) -> None:
        """Wait, but not past the deadline, and wake at once when told to stop.

        Raises `InterruptedRun` when stopped, `DeadlineError` past the deadline,
        `OverdueError` past the end of the resource's own time.
        """
        end = self._end()
        if end is not None:
            seconds = min(seconds, max(0.0, end - time.monotonic()))
        if self.stop.wait(seconds):
            raise InterruptedRun.because(STOPPED_WAITING)
        if end is not None and time.monotonic() >= end:
            raise self._late()

    def _end(self) -> float | None:
        """Return when the run or the time of this thread's resource ends, whichever is first."""
        ends = [end for end in (self.deadline, self.resource_deadline.end) if end is not None]
        return min(ends, default=None)

    def _late(self) -> ReconcileError:
        own = self.resource_deadline.end
        if own is not None and (self.deadline is None or own < self.deadline):
            return OverdueError.because("it took too long")
        return DeadlineError.because(
            "the time given with --timeout is up",
            hint="run the same command again: it continues where this one stopped",
        )
