"""What a lease of a blob or a container is, and what each lease operation makes of it.

Source: learn.microsoft.com/rest/api/storageservices/lease-blob and lease-container (the states, and
the tables of what each operation and each use comes to in them); the codes of what is refused in a
state: blob-service-error-codes, and Azurite where that page leaves it open.
"""

from __future__ import annotations

import math
import uuid
from dataclasses import dataclass, replace

from reconciler.sandbox.storage.errors import StorageError

SHORTEST_S, LONGEST_S, FOREVER = 15, 60, -1


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease, or none where `id` is empty. `ends`: when it expires, or is broken.

    `seconds` is how long it was taken, or takes to break; -1 without end.
    """

    id: str = ""
    seconds: int = 0
    ends: float = 0.0
    is_given_up: bool = False

    def state(self, now: float) -> str:
        """Return the word of `x-ms-lease-state`."""
        if not self.id:
            return "available"
        if self.is_given_up:
            return "breaking" if now < self.ends else "broken"
        return "leased" if now < self.ends else "expired"

    def is_locked(self, now: float) -> bool:
        """Whether a write needs the id."""
        return bool(self.id) and now < self.ends

    def has(self, id_: str) -> bool:
        """Whether this is the id, in whichever case it is written."""
        return self.id.lower() == id_.lower()

    def headers(self, now: float) -> dict[str, str]:
        """Return what reads tell of it."""
        told = {
            "x-ms-lease-status": "locked" if self.is_locked(now) else "unlocked",
            "x-ms-lease-state": self.state(now),
        }
        if told["x-ms-lease-state"] == "leased":
            told["x-ms-lease-duration"] = "infinite" if self.seconds == FOREVER else "fixed"
        return told


NONE = Lease()


def acquire(held: Lease, now: float, seconds: int, proposed: str) -> Lease:
    """Return the lease that is taken. Raises StorageError 409 where another one is in force."""
    if seconds != FOREVER and not SHORTEST_S <= seconds <= LONGEST_S:
        raise StorageError("InvalidHeaderValue", "x-ms-lease-duration")
    if held.is_locked(now) and not held.has(proposed):
        raise StorageError("LeaseAlreadyPresent")
    if held.state(now) == "breaking":
        raise StorageError("LeaseIsBreakingAndCannotBeAcquired")
    return Lease(proposed or str(uuid.uuid4()), seconds, _end(now, seconds))


def renew(held: Lease, now: float, id_: str) -> Lease:
    """Return the lease with its time anew, also after it expired where nobody wrote since."""
    if not held.has(id_):
        raise StorageError("LeaseIdMismatchWithLeaseOperation")
    if held.is_given_up:
        raise StorageError("LeaseIsBrokenAndCannotBeRenewed")
    return replace(held, ends=_end(now, held.seconds))


def change(held: Lease, now: float, id_: str, proposed: str) -> Lease:
    """Return the lease under another id; once more with the new id changes nothing."""
    if not held.is_locked(now):
        raise StorageError("LeaseNotPresentWithLeaseOperation")
    if not held.has(id_) and not held.has(proposed):
        raise StorageError("LeaseIdMismatchWithLeaseOperation")
    if held.is_given_up:
        raise StorageError("LeaseIsBreakingAndCannotBeChanged")
    return replace(held, id=proposed)


def release(held: Lease, now: float, id_: str) -> Lease:
    """Return no lease."""
    del now
    if not held.has(id_):
        raise StorageError("LeaseIdMismatchWithLeaseOperation")
    return NONE


def broken(held: Lease, now: float, period: int | None) -> Lease:
    """Return the lease that ends by itself: after `period` s, or else when it would have expired."""
    if period is not None and not 0 <= period <= LONGEST_S:
        raise StorageError("InvalidHeaderValue", "x-ms-lease-break-period")
    if not held.id:
        raise StorageError("LeaseNotPresentWithLeaseOperation")
    left = left_of(held, now)
    if period is None:
        period = 0 if math.isinf(left) else math.ceil(left)
    left = min(left, period)
    return replace(held, seconds=math.ceil(left), ends=now + left, is_given_up=True)


def left_of(held: Lease, now: float) -> float:
    """Return for how many seconds a lease still keeps others out."""
    return max(0.0, held.ends - now)


def check_write(held: Lease, now: float, id_: str) -> None:
    """Raise StorageError 412 unless a write with a lease id, or without one (""), may be done."""
    if id_:
        check_use(held, now, id_, "Blob")
    elif held.is_locked(now):
        raise StorageError("LeaseIdMissing")


def check_use(held: Lease, now: float, id_: str, of: str) -> None:
    """Raise StorageError 412 where an id is given that is not the one in force."""
    if not id_:
        return
    if not held.id:
        raise StorageError(f"LeaseNotPresentWith{of}Operation")
    if not held.has(id_):
        raise StorageError(f"LeaseIdMismatchWith{of}Operation")
    if not held.is_locked(now):
        raise StorageError("LeaseLost")


def _end(now: float, seconds: int) -> float:
    return math.inf if seconds == FOREVER else now + seconds
