"""Progress for `--quiet`: nothing is shown."""

from __future__ import annotations

from reconciler.engine.types import Action, Address, Outcome


class NullProgress:
    """Watches an apply and says nothing."""

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
