"""Clients that take turns: an interleaving of two writers that a seed replays.

While turns are on, a request of a named caller waits until every other named caller has one
waiting too (or has left); then one of them is drawn and let through, alone. So the order in which
their requests reach the world depends on the seed only, not on the operating system, as long as
each caller sends one request at a time. Requests of others pass at once.

Kept in memory: a restarted sandbox lets everybody pass.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

SWITCH = 0.5


class Turns:
    """Whose request is next."""

    def __init__(self) -> None:
        self._chance = random.Random(0)
        self._switch = SWITCH
        self._last = ""
        self._holder: asyncio.Future[None] | None = None
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}

    @property
    def callers(self) -> list[str]:
        """Who takes turns, by name; nobody while turns are off."""
        return sorted(self._waiting)

    def begin(self, callers: list[str], seed: int = 0, switch: float = SWITCH) -> None:
        """Let clients whose name holds one of `callers` take turns from now on.

        `switch` is the chance that the turn goes to another caller than the last one: near 0 each
        does long stretches alone, near 1 they alternate. No callers: everybody may pass.
        """
        self._let_all_pass()
        self._chance = random.Random(seed)
        self._switch, self._last = switch, ""
        self._waiting = {name: deque() for name in callers}

    def leave(self, caller: str) -> None:
        """Wait for a caller no more: it has ended. Raises KeyError for one that takes no turns."""
        for held in self._waiting.pop(caller):
            _let_pass(held)
        self._draw()

    @asynccontextmanager
    async def turn(self, client: str) -> AsyncIterator[None]:
        """Hold a request of this client until its turn, and the next turn until it is answered."""
        name = next((caller for caller in self._waiting if caller in client), None)
        if name is None:
            yield
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting[name].append(turn)
        self._draw()
        try:
            await turn
            yield
        finally:
            if turn is self._holder:
                self._holder = None
            elif turn in self._waiting.get(name, ()):  # its client hung up before its turn
                self._waiting[name].remove(turn)
            self._draw()

    def _draw(self) -> None:
        if self._holder or not self._waiting or not all(self._waiting.values()):
            return
        others = [name for name in self.callers if name != self._last]
        changes = self._last not in self._waiting or self._chance.random() < self._switch
        if others and changes:
            self._last = self._chance.choice(others)
        self._holder = self._waiting[self._last].popleft()
        _let_pass(self._holder)

    def _let_all_pass(self) -> None:
        for queue in self._waiting.values():
            for held in queue:
                _let_pass(held)
        self._waiting, self._holder = {}, None


def _let_pass(turn: asyncio.Future[None]) -> None:
    if not turn.done():
        turn.set_result(None)
