"""The transport given to azure-identity: its requests are its own, the waits are a run's."""

from __future__ import annotations

import time
from typing import Any

from azure.core.exceptions import AzureError
from azure.core.pipeline.transport import RequestsTransport

from reconciler.cloud.backoff import MAX_WAIT_S
from reconciler.cloud.network_errors import CONNECT_BUDGET_S, gives_up, unreachable
from reconciler.cloud.session import BoundedSession
from reconciler.cloud.tokens import AskingRun
from reconciler.diagnostics import ReconcileError


class SignInTransport(RequestsTransport):  # type: ignore[misc]  # lazily exported, untyped
    """For azure-identity, which speaks to other hosts than Azure's and sends no token of ours.

    Its requests and retries are its own (a sign-in changes nothing), its waits are ours.
    """

    def __init__(self, pool_size: int) -> None:
        """Open no connection yet; its pool is its own."""
        super().__init__(session=BoundedSession(pool_size), session_owner=False)
        self._run: AskingRun | None = None
        self._began = 0.0
        self.lost: ReconcileError | None = None

    def begin(self, run: AskingRun) -> None:
        """Begin a sign-in for a run: its time runs from now, and nothing has gone wrong.

        One at a time: `Tokens` sees to that.
        """
        self._run, self._began, self.lost = run, time.monotonic(), None

    def send(self, request: Any, **options: Any) -> Any:
        """Send; a host that cannot be reached ends the sign-in within the budget.

        azure-identity asks several addresses, and each again and again: 40 s for a proxy
        that is down, 300 s for a peer that hangs. It hides what is raised, `lost` keeps it.
        Plain http is only how a machine asks for its own identity: most machines have none.
        """
        try:
            limits = self._of_run().timeouts()
        except ReconcileError as error:
            self.lost = error
            raise
        for name, limit in zip(("connection_timeout", "read_timeout"), limits, strict=True):
            options[name] = min(options.get(name, limit), limit)
        try:
            with self._of_run().bounded():
                return super().send(request, **options)
        except AzureError as error:
            failure = unreachable(request.url, error)
            spent_s = time.monotonic() - self._began
            if not request.url.startswith("https://"):
                raise
            self.lost = failure
            if gives_up(failure, spent_s) or spent_s >= CONNECT_BUDGET_S:
                raise failure from error
            raise

    def sleep(self, duration: float) -> None:
        """Wait: capped, and not past the end of the run."""
        try:
            self._of_run().sleep(min(max(duration, 0.0), MAX_WAIT_S))
        except ReconcileError as error:
            self.lost = error
            raise

    def _of_run(self) -> AskingRun:
        if self._run is None:
            raise AssertionError("a sign-in that did not begin")
        return self._run
