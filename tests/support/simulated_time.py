"""Time that passes only when everybody waits: many threads, hours of waits, none of it real."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest


class SimulatedTime(threading.Event):
    """The `stop` of a connection whose threads are all counted.

    When the last thread that runs begins to wait, the clock is moved to where the first of
    them wants to wake, and `passes` is told how far: the sandbox's clock moves with ours.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, passes: Callable[[float], object]) -> None:
        super().__init__()
        self.now_s = 0.0
        self._passes = passes
        self._running = 0
        self._wakes: list[float] = []
        self._changed = threading.Condition()
        monkeypatch.setattr(time, "monotonic", lambda: self.now_s)

    def wait(self, timeout: float | None = None) -> bool:
        with self._changed:
            wake = self.now_s + (timeout or 0.0)
            self._wakes.append(wake)
            self._move()
            while self.now_s < wake:
                self._changed.wait()
            self._wakes.remove(wake)
        return self.is_set()

    def run(self, workers: int, work: Callable[[int], None]) -> None:
        """Let so many threads work, each with its own number, and wait for all of them."""
        self._running = workers

        def worker(number: int) -> None:
            try:
                work(number)
            finally:
                with self._changed:
                    self._running -= 1
                    self._move()

        with ThreadPoolExecutor(workers) as pool:
            for _ in pool.map(worker, range(workers)):
                pass

    def _move(self) -> None:
        """Go on to the next wake, if nobody runs any more."""
        if not self._wakes or len(self._wakes) < self._running:
            return
        first = min(self._wakes)
        if first > self.now_s:
            self._passes(first - self.now_s)
            self.now_s = first
        self._changed.notify_all()
