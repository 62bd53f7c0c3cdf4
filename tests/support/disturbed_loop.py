"""Passes that are disturbed at a request: killed, told to stop, or met by a newer revision."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Lock
from typing import Any

import pytest

from reconciler.cloud.rules import changes
from reconciler.cloud.run_limits import RunLimits
from reconciler.gitops.pass_ import SpecPass
from reconciler.gitops.records import ConditionReason
from tests.support.one_spec import MOST_PASSES, OneSpec, reason

ENDED = (ConditionReason.SUCCEEDED,)
GOES_ON = (ConditionReason.PROGRESSING, ConditionReason.SUPERSEDED, ConditionReason.FAILED)


class Killed(BaseException):
    """The process is gone: nothing of it is sent any more."""


class Requests:
    """Counts what is about to be sent, and does something before one of them."""

    def __init__(self, nth: int, happens: Callable[[], None]) -> None:
        self.sent = 0
        self.writes_after = 0
        self.has_happened = False
        self._nth, self._happens, self._lock = nth, happens, Lock()

    def before(self) -> bool:
        """Return whether it had happened before this request."""
        with self._lock:
            was_over = self.has_happened
            self.sent += 1
            if self.sent == self._nth:
                self._happens()
                self.has_happened = True
            return was_over


@contextmanager
def at_request(nth: int, happens: Callable[[], None]) -> Iterator[Requests]:
    """Let something happen when the nth request is permitted, and count what comes after it."""
    requests, permit = Requests(nth, happens), RunLimits.permit

    def permitted(self: RunLimits, method: str, url: str, *words: Any, **named: Any) -> None:
        was_over = requests.before()
        permit(self, method, url, *words, **named)
        requests.writes_after += was_over and changes(method, url)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RunLimits, "permit", permitted)
        yield requests


def killed_at(one: OneSpec, nth: int) -> str:
    """Kill the loop at a request, start it anew, and return what is wrong, "" where nothing is."""
    is_dead = False

    def die() -> None:
        nonlocal is_dead
        is_dead = True

    with at_request(nth, die), pytest.MonkeyPatch.context() as patch:
        permit = RunLimits.permit

        def permitted(self: RunLimits, *words: Any, **named: Any) -> None:
            permit(self, *words, **named)
            if is_dead:
                raise Killed

        patch.setattr(RunLimits, "permit", permitted)
        with suppress(Killed):
            _until_ready(one)
    one.restart()
    one.passes(60)
    return _until_ready(one) or _wrong(one)


def stopped_at(one: OneSpec, nth: int) -> str:
    """Tell a pass to stop at a request; nothing may be written after it. Then go on."""
    made: list[SpecPass] = []
    with at_request(nth, lambda: made[-1].stop.set()) as requests:
        while not requests.has_happened and len(made) < MOST_PASSES:
            made.append(one.begun())
            _, one.memory = made[-1].run()
            one.passes(60)
            if requests.writes_after:
                return f"written after the stop at request {nth}"
    one.restart()
    return _until_ready(one) or _wrong(one)


def superseded_at(one: OneSpec, nth: int, edit: Callable[[], None]) -> str:
    """Let a newer revision come at a request: its pass comes next, and its spec holds in the end."""
    made: list[SpecPass] = []

    def newer() -> None:
        edit()
        made[-1].stop.set()

    with at_request(nth, newer) as requests:
        while not requests.has_happened and len(made) < MOST_PASSES:
            made.append(one.begun())
            _, one.memory = made[-1].run()
            if requests.writes_after:
                return f"the older revision went on after request {nth}"
            one.passes(60)
    return _until_ready(one) or _wrong(one)


def _until_ready(one: OneSpec) -> str:
    """Make passes until the spec is ready; return why it does not come to that."""
    for _ in range(MOST_PASSES):
        end = one.look()
        if reason(end) in ENDED:
            return ""
        if reason(end) not in GOES_ON:
            return f"{reason(end)}: {end.problems or end.conditions}"
    return f"not ready after {MOST_PASSES} passes: {end.conditions}"


def _wrong(one: OneSpec) -> str:
    """Return what is wrong with a spec that is ready: it writes again, or did something twice."""
    end = one.look()
    if end.writes:
        return f"ready, and writes again: {end}"
    puts = [line for line in one.azure.writes() if line.startswith("PUT") and "/jobs/" in line]
    return "" if len(puts) == len(set(puts)) else f"a job was begun twice: {puts}"
