"""Official request examples are accepted, and refused when mutated (see `tests.sandbox.examples`)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.sandbox.examples.requests import (
    EXAMPLES,
    HERE,
    examples,
    not_emulated,
    refusals,
    requests,
)
from tests.sandbox.examples.run import Outcome, lines, run

pytestmark = pytest.mark.skipif(
    not EXAMPLES.is_dir(), reason="the official examples are not beside the project"
)
ACCEPTED, REFUSED = 0.90, 0.95


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return run()


def test_every_example_is_sent_or_said_to_be_of_another_type() -> None:
    sent = {request.example for request in requests()}
    left_out = {name for name in examples() - sent if not name.startswith(tuple(not_emulated()))}
    assert not left_out


def test_every_refused_example_is_explained(outcome: Outcome) -> None:
    known = refusals()
    unexplained = {
        example: why
        for example, why in outcome.refused.items()
        if known.get(example) != why.split()[0]
    }
    assert not unexplained


def test_the_goals_are_met(outcome: Outcome) -> None:
    figures = outcome.figures()
    report = "\n".join([*lines(outcome), *outcome.missed])
    assert figures["accepted"] >= ACCEPTED * figures["examples"], report
    assert figures["mutations refused"] >= REFUSED * figures["mutations"], report


def test_the_committed_figures_claim_no_more_than_is_true(outcome: Outcome) -> None:
    claimed: dict[str, Any] = json.loads((HERE / "figures.json").read_text())
    figures = outcome.figures()
    assert claimed["accepted"] <= figures["accepted"]
    share = claimed["mutations refused"] / claimed["mutations"]
    assert share <= figures["mutations refused"] / figures["mutations"] + 0.005
