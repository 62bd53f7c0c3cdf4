"""Wait for Azure to come to rest: read-after-create, busy parents, role propagation.

Every wait is bounded and ends at once when the run is stopped. Retrying is only ever
around a state of Azure that is known to pass; the transport below retries faults.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from threading import Lock

from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_exponential

from reconciler.cloud.connection import Connection
from reconciler.cloud.patience import patiently
from reconciler.diagnostics import ApiError, Diagnostic, PendingError, ReconcileError
from reconciler.engine.types import Address, Change, Observed, Phase, Resource
from reconciler.kinds import HANDLERS
from reconciler.kinds.base import World
from reconciler.kinds.resource_provider import MISSING

APPEAR_S = 120.0
BUSY_S = 600.0
SETTLE_S = 7200.0

BUSY_CODES = frozenset(
    {
        "AnotherOperationInProgress",
        "RetryableErrorDueToAnotherOperation",
        "RequestConflict",
        "Conflict",
        "StorageAccountIsNotProvisioned",
        "AccountProvisioningStateInvalid",
    }
)
"""Codes of a resource or parent that is only busy.

Source: azure-service-operator's classifiers and recorded traffic.
"""

UNSEEN_CODES = frozenset({"ParentResourceNotFound", "ResourceGroupNotFound"})
"""Codes of a parent that was just made and that not every replica of ARM sees yet."""


class Settling:
    """The waits of one apply, and when its role assignments were made."""

    def __init__(self, connection: Connection) -> None:
        """Nothing granted yet."""
        self._connection = connection
        self._granted: dict[Address, float] = {}
        self._has_registered = False
        self._lock = Lock()

    def while_busy(self, write: Callable[[], None], world: World, resource: Resource) -> None:
        """Run a write, again while Azure says that something is busy (ten minutes at most).

        What is busy may be the resource itself, with our own write whose answer was lost: it
        is waited for before the next try. A parent that cannot be found is waited for two
        minutes: it may be new.
        """
        began = time.monotonic()

        def passes(error: BaseException) -> bool:
            code = error.code if isinstance(error, ApiError) else ""
            is_new = time.monotonic() - began < APPEAR_S
            unseen = code in UNSEEN_CODES or (code == MISSING and self._has_registered)
            return code in BUSY_CODES or (unseen and is_new)

        def settle(_: object) -> None:
            if not HANDLERS[resource.kind].policy.runs:
                self.wait(world, resource)

        Retrying(
            retry=retry_if_exception(passes),
            stop=stop_after_delay(BUSY_S),
            wait=wait_exponential(min=1, max=15),
            before_sleep=settle,
            sleep=self._connection.sleep,
            reraise=True,
        )(write)

    def appears(self, look: Callable[[], Observed | None], resource: Resource) -> Observed:
        """Look until a resource that was just written is visible.

        Raises `ReconcileError` when it does not show within two minutes.
        """
        attempt, end = 0, time.monotonic() + APPEAR_S
        while True:
            found = look()
            if found is not None:
                return found
            if time.monotonic() > end:
                raise ReconcileError.because(
                    f"`{resource.address}` was written but cannot be read back",
                    detail=resource.resource_id,
                    hint="run `reconcile plan` in a few minutes",
                )
            attempt += 1
            self._connection.sleep(min(0.2 * 1.6**attempt, 10.0))

    def wait(self, world: World, resource: Resource) -> None:
        """Wait until a resource that Azure is working on is ready or failed.

        Runs are followed by their own handler. Raises `PendingError` when it takes longer
        than the bound, or when the user does not want to wait.
        """
        handler = HANDLERS[resource.kind]
        if handler.policy.runs:
            handler.follow(world, resource)
            return
        attempt, end = 0, time.monotonic() + SETTLE_S
        while True:
            seen = patiently(self._connection, lambda: handler.observe(world, resource))
            if seen is None or seen.phase is not Phase.PENDING:
                return
            if time.monotonic() > end:
                raise PendingError(
                    Diagnostic(
                        f"`{resource.address}` is still {seen.message} in Azure",
                        resource.position,
                        hint="run the same command again to wait on",
                    )
                )
            world.progress.say(resource.address, seen.message)
            attempt += 1
            self._connection.sleep(min(0.2 * 1.6**attempt, 15.0))

    def granted(self, address: Address) -> None:
        """Note that a role assignment was made just now."""
        with self._lock:
            self._granted[address] = time.monotonic()

    def registered(self) -> None:
        """Note that a provider was registered just now: not every replica of ARM knows yet."""
        self._has_registered = True

    def wait_for_grants(self, world: World, change: Change, grants: Iterable[Address]) -> None:
        """Wait until role assignments made in this run are old enough to have taken effect.

        Only for kinds whose failure cannot be retried in place: a job or a deployment that
        starts before its identity may read ends as failed.
        Source: learn.microsoft.com/azure/role-based-access-control/troubleshooting.
        """
        if not HANDLERS[change.resource.kind].needs_grants:
            return
        with self._lock:
            made = [self._granted[a] for a in grants if a in self._granted]
        remaining = max(made, default=0.0) + self._connection.cloud.role_propagation_s
        remaining -= time.monotonic()
        if made and remaining > 0:
            world.progress.say(change.address, "waiting for role assignments to take effect")
            self._connection.sleep(remaining)
