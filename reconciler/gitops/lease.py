"""Who may write: a lease for each shard of specs, renewed by a thread, asked before every write.

A shard is a subscription, because ARM's limits are those of a subscription and a principal: two
replicas that share one only get in each other's way. The lease lasts 60 s and is renewed every
20 s; after 40 s without a renewal no write begins any more, so that the last one has ended before
another replica may begin. Nothing rests on it that must be right: ARM itself knows no lease, and
two writers at once do no harm (docs/reliability.md, F41). It keeps them from doing things twice.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress

from reconciler.cloud.azure import Azure
from reconciler.diagnostics import ReconcileError, RefusedError
from reconciler.gitops.applied_in_lease import applied, with_applied
from reconciler.gitops.config import LeaseConfig
from reconciler.gitops.lease_blob import LEASE_S, LeaseBlob
from reconciler.gitops.ports import Lease
from reconciler.gitops.records import Revision

RENEW_S = 20.0
AGAIN_S = 5.0
"""How soon a renewal that failed is tried again."""
LAST_WRITE_S = LEASE_S - 20.0
"""For how long after a renewal a write may begin; what is left is for it to end."""
FOREVER_S = float("inf")


def boot_seconds() -> float:
    """Return seconds of a clock that nobody sets, and that goes on while this machine sleeps.

    A process that is stopped (SIGSTOP, a debugger) misses no time on any clock; a machine that
    is suspended does on the monotonic one, so Linux's CLOCK_BOOTTIME is taken where there is one.
    """
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


class BlobLease:
    """The lease of one shard, on a blob of its own. Safe to use from many threads."""

    def __init__(
        self, blob: LeaseBlob, shard: str, *, clock: Callable[[], float] = boot_seconds
    ) -> None:
        """Ask for nothing yet."""
        self.shard = shard
        self._blob = blob
        self._clock = clock
        self._id = str(uuid.uuid4())
        self._until = 0.0
        self._term = 0
        self._asking = threading.Lock()
        self._writing = threading.Lock()
        self._over = threading.Event()
        self._keeper: threading.Thread | None = None
        self.failure: ReconcileError | None = None
        """Why the last renewal came to nothing; None after one that did."""

    def acquire(self) -> bool:
        """Ask for the lease once; True where it is ours now, and then it is kept until `release`.

        Raises `ReconcileError` where the container is missing, closed to us or away.
        """
        with self._asking:
            if self._is_held():
                return True
            if not self._ask(self._blob.acquire):
                return False
            self._term += 1
            self._keep()
            return True

    def renew(self) -> bool:
        """Renew it; False where that failed. One that another took is over."""
        with self._asking:
            try:
                is_ours = self._ask(self._blob.renew)
            except ReconcileError as error:
                self.failure = error
                return False
            self.failure = None
            if self._over.is_set():
                self._until = 0.0
            if not is_ours:
                self._over.set()
            return is_ours

    def valid_until(self) -> float:
        """Return until when (`boot_seconds`) a write may begin; 0.0 where it is not ours."""
        return self._until

    def check(self) -> None:
        """Raise `RefusedError` where no write may begin any more."""
        if not self._is_held():
            raise _lost(self.shard, self._clock() - self._until if self._until else 0.0)

    def fence(self) -> Callable[[], None]:
        """Return a `check` for what is begun now: it does not hold for the lease taken anew.

        What another replica did in between was not in the plan of the pass that was interrupted.
        """
        term = self._term

        def check() -> None:
            if term != self._term:
                raise _lost(self.shard, 0.0)
            self.check()

        return check

    def release(self) -> None:
        """Give it back, where it is ours: another replica then need not wait for its end.

        Nothing more is written from now on, whatever a renewal that is under way comes to. Raises
        `ReconcileError` where Azure does not hear of it.
        """
        held, self._until = bool(self._until), 0.0
        self._over.set()
        if held:
            self._blob.release(self._id)

    def applied(self) -> dict[str, Revision]:
        """Return the revision that each spec was applied at, as the lease's blob has it."""
        return applied(self._blob.metadata())

    def keep_applied(self, spec: str, revision: Revision) -> None:
        """Write down that a spec was applied; nothing where that is written already.

        Raises `RefusedError` where the lease is not ours: Azure refuses it too.
        """
        self.check()
        with self._writing:
            metadata = self._blob.metadata()
            if applied(metadata).get(spec) != revision:
                self._blob.set_metadata(with_applied(metadata, spec, revision), self._id)

    def _is_held(self) -> bool:
        return self._clock() < self._until

    def _ask(self, ask: Callable[[str], bool]) -> bool:
        """Ask Azure; what it grants counts from when it was asked, not from when it answered."""
        asked = self._clock()
        is_ours = ask(self._id)
        self._until = asked + LAST_WRITE_S if is_ours else 0.0
        return is_ours

    def _keep(self) -> None:
        """Let a thread renew it from now on."""
        self._over.set()
        self._over = threading.Event()
        name = f"lease-{self.shard}"
        self._keeper = threading.Thread(
            target=self._renew_until, args=(self._over,), name=name, daemon=True
        )
        self._keeper.start()

    def _renew_until(self, over: threading.Event) -> None:
        wait = RENEW_S
        while not over.wait(wait):
            wait = RENEW_S if self.renew() else AGAIN_S


class NoLease:
    """What is asked where no `lease:` is stated: there is one replica, and it may write.

    What was applied is remembered as long as it runs.
    """

    def __init__(self) -> None:
        """Remember nothing yet."""
        self._applied: dict[str, Revision] = {}

    def acquire(self) -> bool:
        """It is always ours."""
        return True

    def valid_until(self) -> float:
        """Return that it does not end."""
        return FOREVER_S

    def check(self) -> None:
        """Let everything be written."""

    def fence(self) -> Callable[[], None]:
        """Return what lets everything be written."""
        return self.check

    def release(self) -> None:
        """There is nothing to give back."""

    def applied(self) -> dict[str, Revision]:
        """Return the revisions that were applied since the start."""
        return dict(self._applied)

    def keep_applied(self, spec: str, revision: Revision) -> None:
        """Remember that a spec was applied."""
        self._applied[spec] = revision


class Leases:
    """The leases of a loop, one for each subscription that its specs are about."""

    def __init__(
        self,
        azure: Azure | None,
        config: LeaseConfig | None = None,
        *,
        clock: Callable[[], float] = boot_seconds,
    ) -> None:
        """Ask for nothing yet; without a configuration every lease is ours."""
        self._azure = azure
        self._config = config
        self._clock = clock
        self._kept: dict[str, Lease] = {}
        self._lock = threading.Lock()

    def of(self, subscription_id: str) -> Lease:
        """Return the lease of a subscription, the same one each time."""
        shard = subscription_id.lower()
        with self._lock:
            if shard not in self._kept:
                self._kept[shard] = self._made(shard)
            return self._kept[shard]

    def release(self) -> None:
        """Give all of them back; one of which Azure does not hear ends by itself."""
        with self._lock:
            for lease in self._kept.values():
                with suppress(ReconcileError):
                    lease.release()

    def _made(self, shard: str) -> Lease:
        if self._config is None or self._azure is None:
            return NoLease()
        blob = LeaseBlob(self._azure, self._config.container, f"subscriptions/{shard}")
        return BlobLease(blob, shard, clock=self._clock)


def _lost(shard: str, late_s: float) -> ReconcileError:
    since = f", {late_s:.0f} s too late" if late_s >= 1 else ""
    return RefusedError.because(
        f"the lease of subscription {shard} is not ours any more: nothing more is written{since}",
        hint="the replica that has it goes on; this one asks for it again",
    )
