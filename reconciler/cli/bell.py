"""Wakes a thread from within a signal handler, which must take no lock.

A handler runs in the middle of anything that the main thread does. To set an event or to start a
thread there takes a lock that the main thread may hold at that very moment, and then nobody ever
goes on. To write a byte to a pipe takes none.
"""

from __future__ import annotations

import os
import select
from collections.abc import Callable
from threading import Thread

ANSWERED_S = 0.2
"""How long the handler waits for what is done; it is done anyway, once the main thread goes on."""
CLOSED = 0


class Bell:
    """A thread that waits for numbers, and does something with each."""

    def __init__(self, do: Callable[[int], None]) -> None:
        """`do` is called in the thread; the handler goes on once it has returned."""
        self._heard, self._rung = os.pipe()
        self._known, self._answered = os.pipe()
        self._thread = Thread(target=self._listen, args=(do,), name="signals", daemon=True)
        self._thread.start()

    def ring(self, number: int) -> None:
        """Let a number be heard, and wait a moment for what it does. Takes no lock."""
        os.write(self._rung, bytes((number,)))
        ready, _, _ = select.select((self._known,), (), (), ANSWERED_S)
        if ready:
            os.read(self._known, 1)

    def close(self) -> None:
        """End the thread and let go of the pipes."""
        os.write(self._rung, bytes((CLOSED,)))
        self._thread.join()
        for end in (self._heard, self._rung, self._known, self._answered):
            os.close(end)

    def _listen(self, do: Callable[[int], None]) -> None:
        while number := os.read(self._heard, 1)[0]:
            do(number)
            os.write(self._answered, b"x")
