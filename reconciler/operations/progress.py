"""Who watches an operation: what it is told, and the watcher who wants to know nothing."""

from __future__ import annotations

from typing import Protocol

from reconciler.engine.types import Action, Address, Outcome
from reconciler.kinds.base import Progress


class Events(Progress, Protocol):
    """Who watches an apply: progress, and the start and end of each resource.

    Called from many threads at once. What it raises fails the resource that it is told of.
    """

    def started(self, address: Address, action: Action) -> None:
        """Say that work on a resource begins."""

    def finished(self, outcome: Outcome) -> None:
        """Say how a resource ended."""


class NullProgress:
    """Watches and says nothing."""

    def __enter__(self) -> NullProgress:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """End."""

    def started(self, address: Address, action: Action) -> None:
        """Say nothing."""

    def finished(self, outcome: Outcome) -> None:
        """Say nothing."""

    def say(self, address: Address, message: str, *, link: str = "") -> None:
        """Say nothing."""

    def bytes(self, address: Address, done: int, total: int) -> None:
        """Say nothing."""
