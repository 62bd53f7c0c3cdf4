"""When a spec is looked at again, and whether it may be written then. Pure.

Failures back off with full jitter, and anything new (a revision, a request, a success) ends that
at once. Nothing is ever given up: after any failure there is a next look.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from reconciler.gitops.config import Settings, Window
from reconciler.gitops.records import ConditionReason, ConditionStatus, ConditionType, PassEnd

if TYPE_CHECKING:
    from cronsim import CronSim

JITTER = 0.1
FIRST_LOOK_S, LONGEST_LOOK_S = 30.0, 300.0
"""How soon to look again at what Azure works on; doubles."""
DEPENDENCY_S = 30.0
"""How soon to look again whether what is depended on is ready."""
MOST_DOUBLINGS = 20
Chance = Callable[[], float]
"""Returns a number from 0 to 1."""


class Result(Enum):
    """How a pass ended, as far as the next one is concerned."""

    DONE = "done"
    PENDING = "pending"
    FAILED = "failed"
    WAITING = "waiting"
    """For a lease, or for what it depends on."""


@dataclass(frozen=True)
class Schedule:
    """When a spec is looked at next; `commit` is the revision that was looked at last.

    `failures` and `looks` count failed passes, and looks at what Azure works on, in a row.
    """

    at: datetime
    commit: str = ""
    failures: int = 0
    looks: int = 0
    requested: bool = False

    def is_due(self, now: datetime, commit: str) -> bool:
        """Whether it is to be looked at now: its time has come, or there is something new."""
        return self.requested or now >= self.at or commit != self.commit

    def request(self) -> Schedule:
        """Return the schedule of a spec that somebody asks to be looked at."""
        return replace(self, requested=True, failures=0)

    def no_later(self, at: datetime) -> Schedule:
        """Return the schedule with a look at a time, or sooner."""
        return replace(self, at=min(at, self.at))


def first(now: datetime, settings: Settings, chance: Chance) -> Schedule:
    """Return the schedule after a start: all specs at once would be a storm."""
    return Schedule(now + timedelta(seconds=settings.interval * chance()))


def after(
    before: Schedule, result: Result, commit: str, now: datetime, settings: Settings, chance: Chance
) -> Schedule:
    """Return the schedule after a pass of a revision that ended now."""
    is_new = before.requested or commit != before.commit
    failures = (0 if is_new else before.failures) + 1 if result is Result.FAILED else 0
    looks = before.looks + 1 if result is Result.PENDING else 0
    match result:
        case Result.DONE:
            wait = settings.interval * (1 + JITTER * (2 * chance() - 1))
        case Result.PENDING:
            wait = min(_doubled(FIRST_LOOK_S, looks), LONGEST_LOOK_S)
        case Result.FAILED:
            most = max(settings.interval, settings.retry)
            wait = max(1.0, min(_doubled(settings.retry, failures), most) * chance())
        case Result.WAITING:
            wait = DEPENDENCY_S
    return Schedule(now + timedelta(seconds=wait), commit, failures, looks)


def result_of(end: PassEnd) -> Result:
    """Return how a pass ended. What waits for people is done: they ask, or write a tag."""
    reasons = {condition.reason for condition in end.conditions}
    if reasons & {ConditionReason.HELD_BY_ANOTHER, ConditionReason.DEPENDENCY_NOT_READY}:
        return Result.WAITING
    retried = ConditionReason.PROGRESSING_WITH_RETRY in reasons
    if retried or _is_true(end, ConditionType.STALLED):
        return Result.FAILED
    is_superseded = ConditionReason.SUPERSEDED in reasons
    return Result.PENDING if end.is_pending or is_superseded else Result.DONE


def _is_true(end: PassEnd, type_: ConditionType) -> bool:
    found = end.condition(type_)
    return found is not None and found.status is ConditionStatus.TRUE


def _doubled(first_s: float, times: int) -> float:
    return float(first_s * 2 ** min(times - 1, MOST_DOUBLINGS))


def is_closed(windows: Iterable[Window], now: datetime, *, requested: bool) -> bool:
    """Whether nothing may be written now. A denial beats all; a request opens what is not denied."""
    denied = [window for window in windows if window.deny]
    allowed = [window for window in windows if window.allow]
    if any(_holds(window, now) for window in denied):
        return True
    return bool(allowed) and not requested and not any(_holds(window, now) for window in allowed)


def changes_at(windows: Iterable[Window], now: datetime) -> datetime | None:
    """Return when a window next begins or ends, so that a look is taken then; None without any."""
    times = [time for window in windows for time in _edges(window, now) if time > now]
    return min(times, default=None)


def _holds(window: Window, now: datetime) -> bool:
    began = _last(window, now)
    return began is not None and now < began + timedelta(seconds=window.lasts)


def _edges(window: Window, now: datetime) -> Iterator[datetime]:
    following = next(_cron(window, now), None)
    if following is not None:
        yield following.astimezone(UTC)
    began = _last(window, now)
    if began is not None:
        yield began + timedelta(seconds=window.lasts)


def _last(window: Window, now: datetime) -> datetime | None:
    """Return when a window last began, at this moment too."""
    found = next(_cron(window, now + timedelta(seconds=1), reverse=True), None)
    return None if found is None else found.astimezone(UTC)


def _cron(window: Window, now: datetime, *, reverse: bool = False) -> CronSim:
    from cronsim import CronSim

    local = now.astimezone(ZoneInfo(window.zone))
    return CronSim(window.allow or window.deny or "", local, reverse=reverse)
