"""The sandbox answers as real Azure was recorded to answer, or the difference is listed."""

from __future__ import annotations

import json

import pytest

from tests.sandbox.replay.compare import GATE
from tests.sandbox.replay.figures import SUMMARY, summary
from tests.sandbox.replay.recordings import RECORDED
from tests.sandbox.replay.run import Outcome, listed, replay
from tests.support.sandbox import Sandbox

GOAL = 0.95
needs_recordings = pytest.mark.skipif(
    not RECORDED.is_dir(), reason="the recordings (../shared/azure-recorded) are not here"
)


@pytest.fixture(scope="module")
def outcome(_sandbox: Sandbox) -> Outcome:
    return replay(_sandbox)


@needs_recordings
def test_every_difference_is_listed_and_every_listed_one_occurs(outcome: Outcome) -> None:
    known = {one for row in listed() for one in row.each()}
    found = set(outcome.found)
    assert not found - known, "\n".join(map(str, sorted(found - known)))
    assert not known - found, "\n".join(map(str, sorted(known - found)))


@needs_recordings
def test_19_of_20_recorded_exchanges_agree_in_status_code_and_lro_style(outcome: Outcome) -> None:
    assert len(outcome.sent) > 150
    agreeing = len(outcome.sent) - len(outcome.disagreeing())
    assert agreeing / len(outcome.sent) >= GOAL


@needs_recordings
def test_the_committed_figures_are_those_of_this_replay(outcome: Outcome) -> None:
    committed = json.loads(SUMMARY.read_text(encoding="utf-8"))
    assert committed == summary(outcome), "write them anew: make replay"


def test_every_listed_difference_has_a_reason_of_its_own() -> None:
    rows = listed()
    assert all(row.exchanges and len(row.why) > 20 for row in rows)
    every = [one for row in rows for one in row.each()]
    assert len(every) == len(set(every))
    gated = {one.exchange for one in every if one.aspect in GATE}
    total = json.loads(SUMMARY.read_text(encoding="utf-8"))["total"]
    assert total["replayed"] - total["agreeing"] == len(gated)
