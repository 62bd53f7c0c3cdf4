"""Three corrections of one field within an hour, and the loop leaves it alone for six."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from reconciler.gitops.contend import REST, Corrections

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
FIELD = ("compute.gpu", ("properties", "size"))
OTHER = ("compute.gpu", ("properties", "tags"))


def after(*minutes: int) -> Corrections:
    known = Corrections()
    for minute in minutes:
        known = known.after([FIELD], NOON + timedelta(minutes=minute))
    return known


def test_three_within_an_hour_are_contended_for_six() -> None:
    known = after(0, 20, 59)
    last = NOON + timedelta(minutes=59)
    assert known.resting(last) == {FIELD}
    assert known.resting(last + REST - timedelta(seconds=1)) == {FIELD}
    assert known.resting(last + REST) == frozenset()


def test_two_are_not_and_neither_are_three_in_more_than_an_hour() -> None:
    assert after(0, 20).resting(NOON) == frozenset()
    assert after(0, 40, 60).resting(NOON + timedelta(minutes=60)) == frozenset()


def test_fields_count_apart() -> None:
    known = after(0, 1).after([OTHER], NOON + timedelta(minutes=2))
    assert known.resting(NOON + timedelta(minutes=2)) == frozenset()


@given(st.lists(st.integers(0, 24 * 60), max_size=30).map(sorted))
def test_it_rests_only_after_three_in_an_hour_and_keeps_little(minutes: list[int]) -> None:
    known = after(*minutes)
    now = NOON + timedelta(minutes=minutes[-1] if minutes else 0)
    in_an_hour = any(b - a < 60 for a, b in zip(minutes, minutes[2:], strict=False))
    assert in_an_hour or not known.resting(now)
    assert all(len(times) < 3 for times in known.times.values())
