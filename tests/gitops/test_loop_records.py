from datetime import UTC, datetime, timedelta

from reconciler.gitops.records import (
    Condition,
    ConditionReason,
    ConditionStatus,
    ConditionType,
    Revision,
    transitions,
)

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
COMMIT = "3f2a9c1b7d20" * 3 + "abcd"


def ready(status: ConditionStatus, reason: ConditionReason) -> Condition:
    return Condition(ConditionType.READY, status, reason)


def test_a_revision_is_read_back_as_it_was_written() -> None:
    revision = Revision("main", COMMIT)
    assert Revision.parse(str(revision)) == revision


def test_any_other_text_is_no_revision() -> None:
    for text in (
        "",
        "main",
        f"main@sha1:{COMMIT[:-1]}",
        f"ma in@sha1:{COMMIT}",
        f"main@sha1:{COMMIT}\n",
    ):
        assert Revision.parse(text) is None


def test_a_condition_keeps_its_time_for_as_long_as_its_status_stays() -> None:
    first = transitions((), [ready(ConditionStatus.FALSE, ConditionReason.FAILED)], NOON)
    later = NOON + timedelta(minutes=5)
    again = transitions(first, [ready(ConditionStatus.FALSE, ConditionReason.SUSPENDED)], later)
    assert again[0].transition == NOON
    well = transitions(again, [ready(ConditionStatus.TRUE, ConditionReason.SUCCEEDED)], later)
    assert well[0].transition == later
