"""When a spec is looked at next, and when it may be written: a table, and what always holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.gitops.config import Settings, Window
from reconciler.gitops.due import Result, Schedule, after, changes_at, first, is_closed

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
OLD, NEW = "a" * 40, "b" * 40
SETTINGS = Settings(interval=600, retry=60)
CHANCES = st.floats(0, 1)
RESULTS = st.sampled_from(Result)


def middle() -> float:
    return 0.5


def last() -> float:
    return 1.0


def seconds(schedule: Schedule) -> float:
    return (schedule.at - NOON).total_seconds()


@pytest.mark.parametrize(
    ("before", "result", "expected_s"),
    [
        (Schedule(NOON, OLD), Result.DONE, 660),
        (Schedule(NOON, OLD), Result.PENDING, 30),
        (Schedule(NOON, OLD, looks=1), Result.PENDING, 60),
        (Schedule(NOON, OLD, looks=9), Result.PENDING, 300),
        (Schedule(NOON, OLD), Result.FAILED, 60),
        (Schedule(NOON, OLD, failures=1), Result.FAILED, 120),
        (Schedule(NOON, OLD, failures=3), Result.FAILED, 480),
        (Schedule(NOON, OLD, failures=4), Result.FAILED, 600),
        (Schedule(NOON, OLD, failures=10**6), Result.FAILED, 600),
        (Schedule(NOON, NEW, failures=4), Result.FAILED, 60),
        (Schedule(NOON, OLD, failures=4, requested=True), Result.FAILED, 60),
        (Schedule(NOON, OLD, failures=4), Result.WAITING, 30),
    ],
)
def test_the_next_look_is_at_most(before: Schedule, result: Result, expected_s: float) -> None:
    assert seconds(after(before, result, OLD, NOON, SETTINGS, last)) == expected_s


def test_a_success_ends_the_back_off() -> None:
    failed = Schedule(NOON, OLD, failures=4)
    done = after(failed, Result.DONE, OLD, NOON, SETTINGS, middle)
    assert seconds(done) == 600
    assert seconds(after(done, Result.FAILED, OLD, NOON, SETTINGS, last)) == 60


def test_a_new_revision_and_a_request_are_looked_at_at_once() -> None:
    waiting = Schedule(NOON + timedelta(hours=1), OLD)
    assert not waiting.is_due(NOON, OLD)
    assert waiting.is_due(NOON, NEW)
    assert waiting.request().is_due(NOON, OLD)
    assert waiting.is_due(NOON + timedelta(hours=1), OLD)


@given(RESULTS, CHANCES, st.integers(0, 100), st.integers(0, 100))
def test_there_is_always_a_next_look_and_never_a_hot_loop(
    result: Result, chance: float, failures: int, looks: int
) -> None:
    before = Schedule(NOON, OLD, failures, looks)
    wait = seconds(after(before, result, OLD, NOON, SETTINGS, lambda: chance))
    assert 1 <= wait <= SETTINGS.interval * 1.1


@given(CHANCES)
def test_a_start_spreads_the_first_looks(chance: float) -> None:
    assert 0 <= seconds(first(NOON, SETTINGS, lambda: chance)) <= SETTINGS.interval


def window(lasts: str = "9h", zone: str = "Europe/Warsaw", **when: str) -> Window:
    return Window.model_validate({"for": lasts, "zone": zone, **when})


OFFICE = window(allow="0 8 * * 1-5")
FREEZE = window("48h", "UTC", deny="0 0 24 12 *")


@pytest.mark.parametrize(
    ("windows", "time", "requested", "closed"),
    [
        ((), "2026-11-30T03:00", False, False),
        ((OFFICE,), "2026-11-30T06:59", False, True),
        ((OFFICE,), "2026-11-30T07:00", False, False),
        ((OFFICE,), "2026-11-30T15:59", False, False),
        ((OFFICE,), "2026-11-30T16:00", False, True),
        ((OFFICE,), "2026-11-29T12:00", False, True),
        ((OFFICE,), "2026-11-29T12:00", True, False),
        ((OFFICE,), "2026-07-06T06:00", False, False),
        ((OFFICE, FREEZE), "2026-12-24T12:00", False, True),
        ((OFFICE, FREEZE), "2026-12-24T12:00", True, True),
        ((FREEZE,), "2026-12-25T23:59", False, True),
        ((FREEZE,), "2026-12-26T00:00", False, False),
    ],
)
def test_windows(windows: tuple[Window, ...], time: str, requested: bool, closed: bool) -> None:
    now = datetime.fromisoformat(time).replace(tzinfo=UTC)
    assert is_closed(windows, now, requested=requested) is closed


@given(st.integers(0, 366 * 24 * 60), st.booleans())
def test_between_two_edges_nothing_changes(minutes: int, requested: bool) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    windows = (OFFICE, FREEZE)
    edge = changes_at(windows, now)
    assert edge is not None
    assert edge > now
    just_before = edge - timedelta(seconds=1)
    assert is_closed(windows, now, requested=requested) is is_closed(
        windows, max(now, just_before), requested=requested
    )


def test_without_windows_there_is_no_edge() -> None:
    assert changes_at((), NOON) is None
