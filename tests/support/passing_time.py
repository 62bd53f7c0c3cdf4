"""Waits that pass at once, on a clock that they move: what waits ten minutes takes none."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

LONGEST_WAIT_S = 0.01


class Brief(threading.Event):
    """To be put in the place of a run's `stop` where a wait is nothing to be looked at.

    The sandbox's time is instant: what a run waits for is over when it looks again.
    """

    def wait(self, timeout: float | None = None) -> bool:
        return super().wait(min(timeout or 0.0, LONGEST_WAIT_S))


class PassingTime(threading.Event):
    """To be put in the place of a connection's `stop`; at the first wait something may happen."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, at_first: Callable[[], Any] = lambda: None
    ) -> None:
        super().__init__()
        self._at_first = [at_first]
        self.passed_s = 0.0
        self._sum = threading.Lock()
        real = time.monotonic
        monkeypatch.setattr(time, "monotonic", lambda: real() + self.passed_s)

    def wait(self, timeout: float | None = None) -> bool:
        with self._sum:
            self.passed_s += timeout or 0.0
            happens = self._at_first.pop() if self._at_first else None
        if happens:
            happens()
        return self.is_set()
