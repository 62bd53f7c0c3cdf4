"""Whether the loop lives and is ready, and how much it has to do: set by the runner, read by HTTP.

It is alive for as long as it moves within three times its longest wait. It is ready once it has
read its configuration, signed in once and fetched once; a repository that is away later, or a
spec that fails, takes neither away.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

LONGEST_WAITS = 3
SHORTEST_S = 60.0
"""Nobody calls the loop dead sooner, however short its waits are."""


@dataclass
class Vitals:
    """Safe to use from any thread: each value is set as a whole. `now` returns seconds."""

    now: Callable[[], float] = time.monotonic
    has_config: bool = False
    has_signed_in: bool = False
    has_fetched: bool = False
    specs: int = 0
    """How many specs are kept."""
    specs_due: int = 0
    """How many of them wait for a worker."""
    feed_lag_s: float | None = None
    """How old the newest change of the feed was when it was seen; None without a feed."""
    _moved: tuple[float, float] = field(default=(0.0, 0.0), init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def __post_init__(self) -> None:
        """Begin alive."""
        self.moved(SHORTEST_S)

    def moved(self, longest_wait_s: float) -> None:
        """Say that the loop moves, and how long it may wait before it moves again."""
        with self._lock:
            self._moved = (self.now(), longest_wait_s)

    @property
    def is_alive(self) -> bool:
        """Whether the loop moved lately."""
        with self._lock:
            moved, longest = self._moved
        return self.now() - moved <= max(LONGEST_WAITS * longest, SHORTEST_S)

    @property
    def is_ready(self) -> bool:
        """Whether it has begun as it should."""
        return self.has_config and self.has_signed_in and self.has_fetched

    @property
    def missing(self) -> list[str]:
        """What it is not ready for."""
        parts = {
            "the configuration was not read": self.has_config,
            "nobody has signed in to Azure": self.has_signed_in,
            "no revision was fetched": self.has_fetched,
        }
        return [what for what, is_there in parts.items() if not is_there]
