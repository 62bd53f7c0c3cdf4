"""What the loop asks of the world: a source of revisions, a lease, a change feed, listeners.

Each has one implementation for life, and the sandbox stands in for the server that it talks to.
All raise `ReconcileError`s: what is away now and may come back is an `UnavailableError`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Protocol

from reconciler.diagnostics import UnavailableError
from reconciler.engine.types import Address
from reconciler.gitops.feed import FeedChange
from reconciler.gitops.records import (
    Condition,
    ConditionReason,
    Event,
    PassEnd,
    Revision,
    Tree,
)


class RefGoneError(UnavailableError):
    """The repository answers, but the configured ref names nothing there: deleted, or rewritten."""


class Source(Protocol):
    """Where specs come from: a git repository, or a folder for trying."""

    def latest(self) -> Tree:
        """Return the files that the configured ref names now; one small question where it did not move.

        Raises `UnavailableError` where the repository cannot be reached or does not let us in,
        `RefGoneError` where it has no such ref, and `RefusedError` for files that are not taken.
        The tree of a revision stays in its folder until `forget`.
        """

    def at(self, commit: str) -> Tree:
        """Return the files of a commit that was applied before. Raises where it cannot be had."""

    def descends(self, commit: str, of: str) -> bool | None:
        """Return whether a commit has another among its ancestors; None where that is not known."""

    def verified(self, tree: Tree) -> Condition:
        """Return `SourceVerified` for a revision: who signed it, or why that does not count."""

    def forget(self, keep: Iterable[str]) -> None:
        """Remove the folders of all revisions but those of the commits in `keep`."""

    def close(self) -> None:
        """Remove everything that was written."""


class Lease(Protocol):
    """The right to write for a shard of specs, for as long as it is renewed."""

    def acquire(self) -> bool:
        """Ask for the lease once; True where it is ours now."""

    def valid_until(self) -> float:
        """Return until when (`lease.boot_seconds`) a write may begin; 0.0 where it is not ours."""

    def check(self) -> None:
        """Raise `RefusedError` where no write may begin any more: asked by the transport, before each."""

    def fence(self) -> Callable[[], None]:
        """Return a `check` for a pass that begins now, to be given to `RunLimits.fence_writes`.

        It raises for good once the lease was another's, also where it is ours again.
        """

    def release(self) -> None:
        """Give it back, where it is ours."""

    def applied(self) -> dict[str, Revision]:
        """Return the revision that each spec was applied at, where its group is not ours to tag."""

    def keep_applied(self, spec: str, revision: Revision) -> None:
        """Remember that; Azure takes it from the holder of the lease only."""


class Feed(Protocol):
    """Who changed what in Azure, lately; it only hurries a pass and names an author."""

    def changes(self, since: datetime, subscriptions: Iterable[str]) -> Sequence[FeedChange]:
        """Return what others changed since then, oldest first. Raises `ReconcileError`."""


class Listener(Protocol):
    """Who is told: the log, metrics, commit statuses, webhooks. One that fails stops nothing."""

    def passed(self, end: PassEnd) -> None:
        """A pass ended."""

    def happened(self, event: Event) -> None:
        """Something is told for the first time, again after a day, or is over."""


class Reports(Listener, Protocol):
    """Whom the runner tells."""

    def over(self, spec: str, reason: ConditionReason, at: datetime, address: Address = "") -> None:
        """What `happened` was told of is over."""
