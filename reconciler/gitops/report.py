"""Where the runner says how a pass ended, and everybody who is told hears of it.

`Reporter` is a `Listener` itself: it makes events of the ends of passes, sifts what was told
already, and passes both on. Whoever of the others fails stops nothing; that is told once.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from threading import Lock
from typing import TextIO

from reconciler.diagnostics import ReconcileError, Severity, UnforeseenError
from reconciler.engine.types import Address, JsonObject
from reconciler.gitops.event_log import EventLog
from reconciler.gitops.ports import Listener
from reconciler.gitops.records import ConditionReason, Event, PassEnd
from reconciler.render.event_text import json_line, muted_text
from reconciler.render.terminal import Terminal


class Reporter:
    """Tells all listeners, in the order in which they were given. Safe to call from any thread."""

    def __init__(self, lines: Listener, others: Iterable[Listener] = ()) -> None:
        """Tell these; `lines` also hears which of the others failed."""
        self._lines = lines
        self._listeners: Sequence[Listener] = (lines, *others)
        self._log = EventLog()
        self._lock = Lock()

    def passed(self, end: PassEnd) -> None:
        """Tell that a pass ended, and what is new in it."""
        with self._lock:
            events = self._log.at_end_of(end)
        self._each(end.ended, lambda listener: listener.passed(end))
        self._tell(events)

    def happened(self, event: Event) -> None:
        """Tell of something that is not the end of a pass, where it was not told already."""
        with self._lock:
            events = self._log.sift(event)
        self._tell(events)

    def over(self, spec: str, reason: ConditionReason, at: datetime, address: Address = "") -> None:
        """Tell that what `happened` was told of is over."""
        with self._lock:
            events = self._log.over(spec, reason, at, address)
        self._tell(events)

    def forget(self, specs: Iterable[str]) -> None:
        """Forget the specs that are no longer configured."""
        with self._lock:
            self._log.forget(specs)

    def _tell(self, events: Iterable[Event]) -> None:
        for event in events:
            self._each(event.time, lambda listener, event=event: listener.happened(event))  # type: ignore[misc]

    def _each(self, at: datetime, say: Callable[[Listener], None]) -> None:
        for listener in self._listeners:
            try:
                say(listener)
            except ReconcileError as error:
                self._complain(listener, error, at)
            except Exception as error:  # noqa: BLE001 - whoever is told stops no pass
                self._complain(listener, UnforeseenError.of(error), at)

    def _complain(self, failed: Listener, error: ReconcileError, at: datetime) -> None:
        """Write that one could not be told, once; what cannot even be written is lost."""
        event = muted(type(failed).__name__, error, at)
        with self._lock:
            events = self._log.sift(event) if failed is not self._lines else []
        for told in events:
            self._lines.happened(told)


class JsonLines:
    """Writes each event as one line of JSON, for the log of a container."""

    def __init__(self, stream: TextIO | None = None) -> None:
        """Write to a stream, standard output unless told otherwise."""
        self._terminal = Terminal(stream or sys.stdout)
        self._lock = Lock()

    def passed(self, end: PassEnd) -> None:
        """Write nothing: what is worth telling of it comes as events."""

    def happened(self, event: Event) -> None:
        """Write the line."""
        with self._lock:
            self._terminal.raw(json_line(event_values(event)))


class Complaints:
    """Says which host could not be told, and nothing else."""

    def __init__(self, say: Callable[[str], None]) -> None:
        """Say it to somebody."""
        self._say = say

    def passed(self, end: PassEnd) -> None:
        """Say nothing."""

    def happened(self, event: Event) -> None:
        """Say what could not be told."""
        if event.reason is ConditionReason.NOTIFICATION_FAILED:
            self._say(f"warning: {event.message}")


def event_values(event: Event) -> JsonObject:
    """Return an event as plain data, without what it has not."""
    values: JsonObject = {
        "time": event.time.isoformat().replace("+00:00", "Z"),
        "severity": event.severity.value,
        "spec": event.spec,
        "reason": event.reason.value,
        "message": event.message,
        "revision": str(event.revision or ""),
        "plan": event.effect,
        "address": event.address,
        "code": event.code,
        "changedBy": event.changed_by,
    }
    shown = {name: value for name, value in values.items() if value or name == "spec"}
    return {**shown, "count": event.count}


def muted(listener: str, error: ReconcileError, at: datetime) -> Event:
    """Return the event that says that one of those who are told could not be."""
    first = error.diagnostics[0] if error.diagnostics else None
    message = muted_text(listener, first.summary if first else str(error))
    event = Event(at, Severity.WARNING, "", ConditionReason.NOTIFICATION_FAILED, message)
    return replace(event, address=listener)
