"""The clock of the runner: the wall clock, and how it waits. Tests give it one of their own."""

from __future__ import annotations

from datetime import UTC, datetime
from threading import Event
from typing import Protocol


class Clock(Protocol):
    """What time it is, and how to wait."""

    def now(self) -> datetime:
        """Return the time, in UTC."""

    def wait(self, wake: Event, seconds: float) -> None:
        """Wait so long, or until somebody sets `wake`."""


class WallClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        """Return the time, in UTC."""
        return datetime.now(UTC)

    def wait(self, wake: Event, seconds: float) -> None:
        """Wait so long, or until somebody sets `wake`."""
        wake.wait(seconds)
