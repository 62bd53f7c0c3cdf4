"""What waits to be told to somebody behind a network, apart from the passes.

A listener puts messages in; whoever has time calls `deliver`. One host that is away delays its own
messages only. Each is sent once, again after a wait where that failed, and given up after a day or
where the host says that it will never take it. That somebody cannot be told is told once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Event as Signal
from threading import Lock
from typing import Protocol

from reconciler.diagnostics import ApiError, InterruptedRun, ReconcileError, UnforeseenError
from reconciler.gitops.records import ConditionReason, Event, PassEnd

MOST = 1_000
"""Messages that wait for one host; the oldest goes where more come."""
FIRST_WAIT_S, LONGEST_WAIT_S = 5.0, 300.0
GIVEN_UP_AFTER = timedelta(hours=24)
FINAL = (400, 403, 404, 410, 413, 422)
"""Answers after which the same message is not sent again."""
EVER, NEVER = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


class Notifier(Protocol):
    """Makes messages for one host and sends them. `name` tells it apart."""

    name: str

    def of_pass(self, end: PassEnd) -> Iterable[Message]:
        """Return what is to be told of the end of a pass."""

    def of_event(self, event: Event) -> Iterable[Message]:
        """Return what is to be told of an event."""

    def send(self, content: object) -> None:
        """Send what a message holds. Raises `ReconcileError`."""


@dataclass(frozen=True)
class Message:
    """Something to tell; one with a `key` takes the place of another that still waits."""

    content: object
    key: str = ""


@dataclass
class _Queue:
    """What waits for one notifier, and when it is tried again."""

    notifier: Notifier
    waiting: dict[str, tuple[datetime, object]] = field(default_factory=dict)
    number: int = 0
    failures: int = 0
    due: datetime = EVER

    def put(self, message: Message, at: datetime) -> None:
        self.number += 1
        key = message.key or f"#{self.number}"
        began, _ = self.waiting.pop(key, (at, None))
        self.waiting[key] = (began, message.content)
        while len(self.waiting) > MOST:
            del self.waiting[next(iter(self.waiting))]

    def failed(self, now: datetime) -> None:
        wait_s = min(FIRST_WAIT_S * 2**self.failures, LONGEST_WAIT_S)
        self.failures, self.due = self.failures + 1, now + timedelta(seconds=wait_s)


class Outbox:
    """A `Listener` with the queues of all notifiers. Safe to use from any thread."""

    def __init__(
        self,
        notifiers: Iterable[Notifier],
        tell: Callable[[Notifier, ReconcileError | None, datetime], None],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`tell` hears of each failure, and (without one) of each success after a failure."""
        self._queues = [_Queue(notifier) for notifier in notifiers]
        self._tell, self._now, self._lock = tell, now, Lock()
        self.arrived = Signal()
        """Set where there is something new to deliver."""

    def passed(self, end: PassEnd) -> None:
        """Keep what is to be told of a pass."""
        self._put(lambda notifier: notifier.of_pass(end), end.ended)

    def happened(self, event: Event) -> None:
        """Keep what is to be told of an event."""
        own = event.address if event.reason is ConditionReason.NOTIFICATION_FAILED else ""
        self._put(lambda one: () if one.name == own else one.of_event(event), event.time)

    def deliver(self) -> float | None:
        """Send what is due; return after how many seconds more is, None where nothing waits."""
        for queue in self._queues:
            self._deliver(queue)
        now = self._now()
        with self._lock:
            waits = [(q.due - now).total_seconds() for q in self._queues if q.waiting]
        return min(max(0.0, min(waits)), LONGEST_WAIT_S) if waits else None

    def _put(self, made: Callable[[Notifier], Iterable[Message]], at: datetime) -> None:
        with self._lock:
            for queue in self._queues:
                for message in made(queue.notifier):
                    queue.put(message, at)
        self.arrived.set()

    def _deliver(self, queue: _Queue) -> None:
        while self._now() >= queue.due:
            with self._lock:
                found = next(iter(queue.waiting.items()), None)
            if found is None or not self._sent(queue, *found):
                return

    def _sent(self, queue: _Queue, key: str, kept: tuple[datetime, object]) -> bool:
        """Send one; return whether to go on with the next."""
        try:
            queue.notifier.send(kept[1])
        except InterruptedRun:
            queue.due = NEVER
            return False
        except ReconcileError as error:
            return self._failed(queue, key, kept, error)
        except Exception as error:  # noqa: BLE001 - a mistake of ours loses this message, not the others
            return self._failed(queue, key, kept, UnforeseenError.of(error))
        self._done(queue, key, kept)
        if queue.failures:
            queue.failures = 0
            self._tell(queue.notifier, None, self._now())
        return True

    def _failed(
        self, queue: _Queue, key: str, kept: tuple[datetime, object], error: ReconcileError
    ) -> bool:
        self._tell(queue.notifier, error, self._now())
        is_final = isinstance(error, ApiError) and error.status in FINAL
        is_final = is_final or isinstance(error, UnforeseenError)
        if is_final or self._now() - kept[0] > GIVEN_UP_AFTER:
            self._done(queue, key, kept)
        if not is_final:
            queue.failed(self._now())
        return is_final

    def _done(self, queue: _Queue, key: str, kept: tuple[datetime, object]) -> None:
        """Forget a message, unless a newer one took its place meanwhile."""
        with self._lock:
            if queue.waiting.get(key) is kept:
                del queue.waiting[key]
