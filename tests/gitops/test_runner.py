"""Many passes on a clock of their own: what is due, what is new, what goes wrong with the source."""

from __future__ import annotations

from itertools import pairwise

import pytest

from reconciler.gitops.records import Condition, ConditionStatus, ConditionType, Revision
from reconciler.gitops.records import ConditionReason as Reason
from reconciler.operations.plan import build
from tests.support.one_spec import CLUSTER, OneSpec, reason
from tests.support.virtual_loop import Judged, VirtualLoop

NODES = {"properties": {"properties": {"scaleSettings": {"maxNodeCount": 7}}}}
MINUTE, HOUR = 60, 3600
STALLED = ConditionType.STALLED


def test_a_spec_that_does_not_change_is_looked_at_each_interval_in_silence(kept: OneSpec) -> None:
    loop = VirtualLoop(kept)
    ends = loop.keep(2 * HOUR)
    assert 11 <= len(ends) <= 14
    assert {reason(end) for end in ends} == {Reason.SUCCEEDED}
    assert kept.azure.writes() == []
    assert loop.heard.events == []


def test_a_new_revision_is_applied_within_a_poll(kept: OneSpec) -> None:
    loop = VirtualLoop(kept)
    loop.keep(11 * MINUTE)
    kept.edit("max_instances: 2", "max_instances: 3")
    loop.keep(MINUTE)
    assert kept.nodes() == 3


def test_what_is_pending_is_looked_at_soon_and_then_less_often(looped: OneSpec) -> None:
    ends = VirtualLoop(looped).keep(20 * MINUTE)
    last = next(i for i, end in enumerate(ends) if reason(end) is Reason.SUCCEEDED)
    waits = [(b.began - a.began).total_seconds() for a, b in pairwise(ends[: last + 1])]
    assert waits[0] == 30
    assert waits == sorted(waits)


def test_a_request_is_a_look_at_once(kept: OneSpec) -> None:
    loop = VirtualLoop(kept)
    loop.keep(11 * MINUTE)
    assert loop.keep(MINUTE) == []
    loop.runner.look("small")
    assert len(loop.keep(1)) == 1
    loop.runner.look()
    assert len(loop.keep(1)) == 1
    loop.runner.look("another")
    assert loop.keep(1) == []


def test_a_closed_window_holds_a_change_until_it_opens(kept: OneSpec) -> None:
    office = {"name": "small", "path": "smallest.yaml"}
    office |= {"windows": [{"allow": "0 9 * * *", "for": "1h"}]}  # type: ignore[dict-item]
    loop = VirtualLoop(kept, specs=[office])
    loop.keep(11 * MINUTE)
    kept.edit("max_instances: 2", "max_instances: 3")
    assert reason(loop.keep(20 * MINUTE)[-1]) is Reason.OUTSIDE_WINDOW
    assert kept.nodes() == 2
    loop.keep(31 * MINUTE)
    assert kept.nodes() == 3


def test_a_spec_waits_for_what_it_depends_on(looped: OneSpec) -> None:
    (looped.folder / "late.yaml").write_text(
        looped.file.read_text("utf-8").replace("smallest", "late"), "utf-8"
    )
    specs = [
        {"name": "late", "path": "late.yaml", "depends_on": ["small"]},
        {"name": "small", "path": "smallest.yaml"},
    ]
    ends = VirtualLoop(looped, specs=specs).keep(12 * MINUTE)
    ready = next(
        i for i, end in enumerate(ends) if (end.spec, reason(end)) == ("small", Reason.SUCCEEDED)
    )
    before = {reason(end) for end in ends[:ready] if end.spec == "late"}
    assert before == {Reason.DEPENDENCY_NOT_READY}
    assert (
        reason([end for end in ends if end.spec == "late"][-1]) is not Reason.DEPENDENCY_NOT_READY
    )


def test_a_source_that_is_away_changes_nothing_and_is_told_once(kept: OneSpec) -> None:
    loop = VirtualLoop(kept, defaults={"drift": "correct"})
    loop.keep(11 * MINUTE)
    kept.folder.rename(kept.folder.with_name("away"))
    kept.drift(CLUSTER, NODES)
    ends = loop.keep(15 * MINUTE)
    assert kept.nodes() == 2
    assert {reason(end) for end in ends} <= {Reason.SUCCEEDED, Reason.PROGRESSING}
    told = [e.reason for e in loop.heard.events if not e.spec]
    assert told == [Reason.SOURCE_UNAVAILABLE]
    kept.folder.with_name("away").rename(kept.folder)
    loop.keep(2 * MINUTE)
    assert [e.reason for e in loop.heard.events if not e.spec][-1] is Reason.RECOVERED


def test_a_revision_that_is_not_signed_is_not_applied_and_drift_still_is(kept: OneSpec) -> None:
    source = Judged(str(kept.folder))
    loop = VirtualLoop(kept, source, defaults={"drift": "correct"})
    loop.keep(11 * MINUTE)
    good = source.latest().revision

    def judge(revision: Revision) -> Condition:
        is_good = revision == good
        return Condition(
            ConditionType.SOURCE_VERIFIED,
            ConditionStatus.TRUE if is_good else ConditionStatus.FALSE,
            Reason.VERIFIED if is_good else Reason.UNKNOWN_SIGNER,
        )

    source.judge = judge
    kept.edit("max_instances: 2", "max_instances: 3")
    kept.drift(CLUSTER, NODES)
    ends = loop.keep(15 * MINUTE)
    assert kept.nodes() == 2
    assert {reason(end, STALLED) for end in ends} == {Reason.NOT_VERIFIED}
    assert {end.revision for end in ends} == {good}


def test_nothing_is_written_once_it_is_to_stop(looped: OneSpec) -> None:
    loop = VirtualLoop(looped)
    loop.keep(5 * MINUTE)
    loop.runner.stop()
    looped.azure.clear_journal()
    loop.keep(20 * MINUTE)
    assert looped.azure.journal() == []


def test_a_mistake_of_ours_fails_a_pass_and_not_the_loop(
    kept: OneSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = VirtualLoop(kept)
    loop.keep(11 * MINUTE)
    with monkeypatch.context() as patch:
        patch.setattr(build, "plan", None)
        patch.setattr(loop.source, "latest", None)
        loop.runner.look()
        assert {reason(end) for end in loop.keep(5 * MINUTE)} == {Reason.FAILED}
    assert reason(loop.keep(11 * MINUTE)[-1]) is Reason.SUCCEEDED
    assert kept.azure.writes() == []
