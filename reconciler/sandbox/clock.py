"""Virtual time: how fast pending things become ready.

Modes: `auto` (600 virtual seconds a real one, and every status read advances a little),
`instant` (every status read of a pending thing moves it to its next state), `frozen` (moves only
when told), `speed=N`. A pending thing holds a `Wait`, a JSON list of step ends in virtual time.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from reconciler.sandbox.store import Store

AUTO_SPEED = 600.0
AUTO_ADVANCE_S = 2.0
AHEAD_S = 0.1
"""How far ahead, in real seconds, the saved time is: nobody is told a later one unsaved."""
MILLIS_IN_SECOND = 1000


class Clock:
    """Virtual seconds since the epoch, and when a client should ask again."""

    def __init__(self, store: Store, mode: str = "auto") -> None:
        saved = store.document("clock", "now")
        self._store = store
        self._base = float(saved) if saved is not None else time.time()
        self._saved = self._base
        self._since = time.monotonic()
        self._skipped = 0.0
        self.mode, self.speed = parse_mode(mode)

    def now(self) -> float:
        """Return virtual seconds since the epoch; survives kills, goes back only in `go_to`."""
        return self._base + (time.monotonic() - self._since) * self.speed

    def iso(self, at: float | None = None) -> str:
        """Return a virtual time (default: now) as Azure writes it, in UTC with microseconds."""
        moment = datetime.fromtimestamp(self.now() if at is None else at, UTC)
        return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def advance(self, seconds: float) -> None:
        """Move virtual time forward."""
        self._base += max(0.0, seconds)

    def skip(self, seconds: float) -> None:
        """Move virtual time by hand: unlike `advance`, whoever waits in real time sees it too."""
        self._skipped += max(0.0, seconds)
        self.advance(seconds)
        self.save()

    def go_to(self, moment: float) -> None:
        """Set virtual time to that of a snapshot, which may be earlier."""
        self._base, self._since = moment, time.monotonic()
        self.save()

    def waited(self) -> float:
        """Return the seconds that a client may have waited: real ones, and those skipped by hand.

        Not those that an operation took: it may be over at once. Frozen, only the latter count.
        """
        return self._skipped + (0.0 if self.mode == "frozen" else time.monotonic())

    def set_mode(self, mode: str) -> None:
        """Change the mode, keeping the current virtual time. Raises ValueError on a bad mode."""
        new_mode, speed = parse_mode(mode)
        self._base, self._since = self.now(), time.monotonic()
        waited = self.waited()
        self.mode, self.speed = new_mode, speed
        self._skipped += waited - self.waited()
        self.save()

    @property
    def is_ahead(self) -> bool:
        """Whether it is later than what is saved: a killed sandbox would go back."""
        return self.now() > self._saved

    def keep(self) -> None:
        """Save the time with what is committed, so that a killed sandbox does not go back."""
        if self.is_ahead:
            self._saved = self.now() + AHEAD_S * self.speed
            self._store.put_document("clock", "now", self._saved)

    def save(self) -> None:
        """Remember the virtual time in the store (committed with the current request)."""
        self._saved = self._base = self.now()
        self._since = time.monotonic()
        self._store.put_document("clock", "now", self._saved)

    def steps(self, *durations_s: float) -> list[float]:
        """Return a wait: the virtual times at which consecutive steps of these lengths end."""
        ends, at = [], self.now()
        for duration in durations_s:
            at += duration
            ends.append(at)
        return ends

    def reached(self, wait: dict[str, Any], *, polled: bool) -> int:
        """Return how many steps of `wait` ({"ends": [...], "done": n}) are over, at most one more
        per status read in `instant` mode. The caller stores the number back in `wait["done"]`.
        """
        ends, done = wait["ends"], int(wait["done"])
        if polled and done < len(ends):
            if self.mode == "instant":
                self.advance(ends[done] - self.now())
                return done + 1
            if self.mode == "auto":
                self.advance(AUTO_ADVANCE_S)
        now = self.now()
        while done < len(ends) and ends[done] <= now:
            done += 1
        return done

    def delay(self, seconds: float) -> float:
        """Return a background delay (role propagation, directory replication) in virtual
        seconds: none in `instant` mode, where only status reads move time.
        """
        return 0.0 if self.mode == "instant" else seconds

    def retry_headers(self, retry_after_s: int = 10) -> dict[str, str]:
        """Return how long to wait for `retry_after_s` virtual seconds to pass.

        Azure sends whole seconds. Where less than one real second is meant, only the millisecond
        header goes out: azure-core (1.41, `get_retry_after`) looks at it only when there is no
        `Retry-After`, and takes a `Retry-After` of 0 for its default of 30 s.
        """
        match self.mode:
            case "instant":
                millis = 1
            case "frozen":
                millis = 50
            case _:
                millis = max(1, int(retry_after_s * 1000 / self.speed))
        headers = {"x-ms-retry-after-ms": str(millis)}
        if millis >= MILLIS_IN_SECOND:
            headers["Retry-After"] = str(round(millis / MILLIS_IN_SECOND))
        return headers


def parse_mode(text: str) -> tuple[str, float]:
    """Return mode and speed of a `--clock` value. Raises ValueError with a user-ready message."""
    match text.split("=", 1):
        case ["auto"]:
            return "auto", AUTO_SPEED
        case ["instant" | "frozen" as mode]:
            return mode, 0.0
        case ["speed", factor]:
            speed = float(factor)
            if speed > 0:
                return text, speed
    raise ValueError(f"clock mode {text!r} is not one of auto, instant, frozen, speed=N")
