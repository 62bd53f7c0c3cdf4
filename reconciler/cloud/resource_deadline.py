"""The time that one resource has: all its requests, retries, waits and looks together.

Each wait has a bound of its own; a resource that moves from one to the next (busy, then an
operation, then unsettled, then not to be read back) could still hold a run for ever. The
time belongs to the thread that works on the resource.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class ResourceDeadline:
    """When the time of the resource that this thread works on is over (monotonic)."""

    def __init__(self) -> None:
        """Nobody's time is bounded."""
        self._of_thread = threading.local()

    @property
    def end(self) -> float | None:
        """The end of this thread's own time, None while it has none."""
        found: float | None = getattr(self._of_thread, "end", None)
        return found

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Bound what this thread does inside; a bound inside a bound takes its place."""
        before = self.end
        self._of_thread.end = time.monotonic() + seconds
        try:
            yield
        finally:
            self._of_thread.end = before
