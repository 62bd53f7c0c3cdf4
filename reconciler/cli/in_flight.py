"""Remember which resources are worked on right now, for who has to leave in the middle."""

from __future__ import annotations

from reconciler.cli.session import Watcher
from reconciler.engine.types import Action, Address, Outcome


class InFlight:
    """Watches an apply, passes all on to another watcher, and knows what has not ended."""

    def __init__(self, watcher: Watcher) -> None:
        """Nothing has begun."""
        self._watcher = watcher
        self._begun: dict[Address, None] = {}

    def names(self) -> list[Address]:
        """Return the addresses that began and have not ended, oldest first.

        Takes no lock: a signal may ask in the middle of anything, and a copy is atomic.
        """
        return list(self._begun)

    def started(self, address: Address, action: Action) -> None:
        """Note that work begins."""
        self._begun[address] = None
        self._watcher.started(address, action)

    def finished(self, outcome: Outcome) -> None:
        """Note that it ended."""
        self._begun.pop(outcome.address, None)
        self._watcher.finished(outcome)

    def say(self, address: Address, message: str, *, link: str = "") -> None:
        """Pass it on."""
        self._watcher.say(address, message, link=link)

    def bytes(self, address: Address, done: int, total: int) -> None:
        """Pass it on."""
        self._watcher.bytes(address, done, total)
