"""Progress for a log: one plain line when something begins, turns and ends.

12.3s  workspace  created (8.1s)
"""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

from reconciler.engine.types import Action, Address, Outcome, Status
from reconciler.render.reason_text import first_of
from reconciler.render.terminal import Line, Span, Style, Terminal, clean, line
from reconciler.render.words import DOING, duration, ended, size

REPEAT_S = 60.0

STYLES = {
    Status.DONE: Style.GOOD,
    Status.PENDING: Style.RUN,
    Status.FAILED: Style.BAD,
    Status.REFUSED: Style.BAD,
    Status.SKIPPED: Style.CHANGED,
}


class EventLines:
    """Watches an apply and writes its events; safe to call from any thread."""

    def __init__(self, terminal: Terminal, now: Callable[[], float] = time.monotonic) -> None:
        """Count time from now on. `now` returns seconds."""
        self._terminal = terminal
        self._now = now
        self._began = now()
        self._lock = Lock()
        self._said: dict[Address, tuple[str, float]] = {}
        self._links: set[tuple[Address, str]] = set()

    def __enter__(self) -> EventLines:
        """Begin; nothing to prepare."""
        return self

    def __exit__(self, *_: object) -> None:
        """End; every line is written already."""

    def started(self, address: Address, action: Action) -> None:
        """Write that work on a resource begins."""
        self._write(address, DOING[action])

    def finished(self, outcome: Outcome) -> None:
        """Write how a resource ended, and why if it did not end well."""
        text = f"{ended(outcome)} ({duration(outcome.elapsed_s)})"
        if outcome.problems and outcome.status is not Status.DONE:
            text += f": {first_of(outcome.problems)}"
        self._write(outcome.address, text, STYLES.get(outcome.status, Style.PLAIN))

    def say(self, address: Address, message: str, *, link: str = "") -> None:
        """Write a message when its words change; numbers alone once a minute."""
        words = "".join(c for c in message if not c.isdigit())
        with self._lock:
            last, at = self._said.get(address, ("", float("-inf")))
            if words == last and self._now() - at < REPEAT_S:
                return
            self._said[address] = (words, self._now())
            is_new_link = bool(link) and (address, link) not in self._links
            self._links.add((address, link))
        self._write(address, f"{message}  {link}" if is_new_link else message)

    def bytes(self, address: Address, done: int, total: int) -> None:
        """Write the size of an upload or download, once at its start and once at its end."""
        if done >= total:
            self._write(address, f"{size(total)} done")
        else:
            self.say(address, f"{done * 100 // max(total, 1)} % of {size(total)}")

    def _write(self, address: Address, text: str, style: Style = Style.PLAIN) -> None:
        with self._lock:
            self._terminal.write([self._line(address, text, style)])

    def _line(self, address: Address, text: str, style: Style) -> Line:
        at = duration(self._now() - self._began)
        return line(
            Span(f"{at:>7}", Style.QUIET),
            f"  {clean(address)}  ",
            Span(clean(text), style),
            hang=9,
        )
