"""The soak finds what grows: a few rounds here, `make soak HOURS=1` for an hour."""

from dataclasses import replace

from tests.faults.seed import SEED
from tests.faults.soak import ROUND, Figures, Use, grown, report, soak

CALM = Figures(Use(100.0, 20, 8), Use(80.0, 12, 4), 9)


def test_a_round_of_everything_leaves_the_world_right(tmp_path):
    figures, done, wrong = soak(tmp_path, SEED, lambda steps: steps < ROUND)
    assert wrong == []
    assert sum(done.values()) == ROUND
    assert figures[0].requests > 0
    assert figures[0].sandbox.memory_mib > 10


def test_what_grows_is_told():
    leaking = Figures(Use(130.0, 24, 8), Use(80.0, 12, 8), 10)
    assert grown(CALM, leaking) == [
        "memory of the sandbox: 100.0 to 130.0 MiB",
        "open files of the sandbox: 20 to 24",
        "threads of the library: 4 to 8",
        "requests of an empty plan: 9 to 10",
    ]


def test_chance_is_no_growth():
    assert grown(CALM, replace(CALM, sandbox=Use(115.0, 22, 10))) == []


def test_the_figures_of_start_and_end_are_told():
    lines = list(
        report([CALM, CALM], {"plan": 7, "kill": 1}, ["memory of the sandbox: 1 to 2 MiB"])
    )
    assert lines[2] == "| start, round 2 | sandbox | 100.0 | 20 | 8 | 9 |"
    assert lines[-3] == "| end, round 2 | library | 80.0 | 12 | 4 | 9 |"
    assert lines[-2:] == ["8 steps: 7 plan, 1 kill", "memory of the sandbox: 1 to 2 MiB"]
    assert "nothing grew" in list(report([CALM], {"plan": 1}, []))[-1]
