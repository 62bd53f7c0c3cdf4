"""When a resource whose write failed is decided once more, and how long that is borne.

The transport sends again only what is idempotent. All else that passes is met here, at one
place: what Azure holds now is read and decided anew. So a fault costs one resource a second
decision; never a write that is repeated unseen, and never a whole run.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import Enum, auto

from reconciler.cloud.backoff import wait_seconds
from reconciler.cloud.poll import is_outage
from reconciler.cloud.run_scope import RunScope
from reconciler.diagnostics import (
    ApiError,
    Diagnostic,
    PendingError,
    ReconcileError,
    RefusedError,
)

ANY = 1000
"""More tries than fit into any of the times below."""


class RetryReason(Enum):
    """Why a write failed that may pass."""

    BUSY = auto()
    """Azure works on the resource, its parent, or another write to it."""
    DOUBT = auto()
    """Nobody knows whether it was done, and it must not be repeated unseen."""
    OUTAGE = auto()
    """Every try of a request that may be repeated met an outage."""
    CHANGED = auto()
    """Somebody else wrote it between our read and our write."""
    MISSING = auto()
    """Its parent does not exist, or is not visible to every replica yet."""
    DENIED = auto()
    """Permission is lacking, perhaps only not in effect yet."""


MESSAGES = {
    RetryReason.BUSY: "Azure is busy with it",
    RetryReason.DOUBT: "Azure did not confirm the write",
    RetryReason.OUTAGE: "Azure does not answer",
    RetryReason.CHANGED: "something else changed it",
    RetryReason.MISSING: "parent not visible yet",
    RetryReason.DENIED: "its roles may not be in effect yet",
}
"""What whoever watches is told before the next try."""


@dataclass(frozen=True)
class RetryPolicy:
    """How long, and for how many tries in all, one cause is borne."""

    within_s: float
    tries: int = ANY
    longest_wait_s: float = 15.0


POLICIES = {
    RetryReason.BUSY: RetryPolicy(600.0),
    RetryReason.DOUBT: RetryPolicy(600.0, tries=3),
    RetryReason.OUTAGE: RetryPolicy(600.0, tries=2),
    RetryReason.CHANGED: RetryPolicy(600.0, tries=3),
    RetryReason.MISSING: RetryPolicy(120.0),
    RetryReason.DENIED: RetryPolicy(600.0, longest_wait_s=30.0),
}

LONG = (RetryReason.BUSY, RetryReason.DENIED)
"""What ends when Azure has finished something else, or has made a role effective."""

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
"""Codes of a resource or parent that is only busy, or that another writer holds.

Source: azure-service-operator's classifiers and recorded traffic.
"""
MISSING_CODES = frozenset({"ParentResourceNotFound", "ResourceGroupNotFound"})
DENIED_CODES = frozenset(
    {
        "AuthorizationFailed",
        "LinkedAuthorizationFailed",
        "AuthorizationPermissionMismatch",
        "AuthorizationFailure",
        "ForbiddenByRbac",
        "Forbidden",
    }
)
"""Codes of a role that is lacking: ARM's own, Storage's, Key Vault's. No policy, no lock.

Source: learn.microsoft.com/azure/role-based-access-control/troubleshooting, and
rest/api/storageservices/common-rest-api-error-codes.
"""
PRECONDITION_FAILED = 412


class Retries:
    """The tries of one resource in one run."""

    def __init__(self, run: RunScope) -> None:
        """Nothing failed yet."""
        self._run = run
        self._began: dict[RetryReason, float] = {}
        self._failed: dict[RetryReason, int] = {}

    def again(self, error: ReconcileError, cause: RetryReason) -> None:
        """Wait until it is time for the next decision. Raises where there is to be none.

        After an outage or in doubt it counts as a request that is sent again, in the run's one
        budget; the other causes have their own bounds (`POLICIES`). A run that does not wait
        leaves what may take minutes to the next one (`PendingError`).
        """
        if not self._run.waits and cause in LONG:
            raise PendingError(*error.diagnostics) from error
        now, policy = time.monotonic(), POLICIES[cause]
        began = self._began.setdefault(cause, now)
        failed = self._failed[cause] = self._failed.get(cause, 0) + 1
        if failed >= policy.tries or now - began >= policy.within_s:
            if cause is RetryReason.CHANGED:
                raise _changed_under_us(error, failed) from error
            raise error
        if cause in (RetryReason.DOUBT, RetryReason.OUTAGE) and not self._run.retry_budget.take():
            raise error
        asked = getattr(error, "retry_after_s", None)
        own = min(float(2 ** min(failed - 1, 10)), policy.longest_wait_s)
        self._run.sleep(own if asked is None else wait_seconds(asked, failed))


def retry_reason(error: ReconcileError) -> RetryReason | None:
    """Return why a write may pass if it is decided again, None for what will not pass.

    For what is missing and what is denied more decides than the error: what the run did before.
    """
    if error.in_doubt:
        return RetryReason.DOUBT
    if is_outage(error):
        return RetryReason.OUTAGE
    if not isinstance(error, ApiError):
        return None
    if error.code in BUSY_CODES:
        return RetryReason.BUSY
    if error.code in MISSING_CODES:
        return RetryReason.MISSING
    if error.status == PRECONDITION_FAILED:
        return RetryReason.CHANGED
    if error.status == 403 and error.code in DENIED_CODES:
        return RetryReason.DENIED
    return None


def _changed_under_us(error: ReconcileError, times: int) -> ReconcileError:
    """Return the refusal to end with where somebody else is always faster."""
    first = error.diagnostics[0]
    return RefusedError(
        Diagnostic(
            f"changed {times} times during this run: something else is writing it too",
            detail=f"{first.summary}; {first.detail}",
            hint="find the other writer in the activity log, then run the same command again",
        )
    )
