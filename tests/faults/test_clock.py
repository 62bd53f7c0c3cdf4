"""A machine whose clock is wrong, or is set back in the middle, does the same as any other."""

import os
import time
from types import SimpleNamespace

import pytest

from reconciler.cloud import tokens
from reconciler.cloud.tokens import Token, Tokens
from tests.faults.arena import is_write
from tests.faults.scenes import SMALL
from tests.faults.skewed import wrong_clock
from tests.support.forked import forked

DAY = 86_400
CLOCKS = {
    "a day ahead": (DAY, 0),
    "a day behind": (-DAY, 0),
    "set back an hour, again and again": (0, 3),
}
ZONES = ("Asia/Kathmandu", "America/New_York", "Pacific/Apia", "EST5EDT,M3.2.0,M11.1.0")
"""An offset of 45 minutes, daylight saving time, the far side of the date line, a POSIX rule.

Another locale is a whole process: `test_matrix.py::test_a_plan_is_the_same_everywhere`.
"""


def run(arena, clock, *words, **environment):
    """Run a command on a machine with such a clock."""
    ended = forked(
        *words,
        *("--sandbox", arena.server.url),
        environment={**os.environ, **environment},
        prepare=lambda: wrong_clock(*clock),
    )
    assert ended.code == 0, ended.err
    return ended.out


def sign_ins(arena):
    return len([e for e in arena.journal() if e["kind"] == "token"])


@pytest.mark.parametrize("name", CLOCKS)
def test_an_apply_converges_and_signs_in_once(arena, name):
    arena.reset()
    run(arena, CLOCKS[name], "apply", str(SMALL), "--yes")
    assert sign_ins(arena) == 1
    before = len([e for e in arena.journal() if is_write(e)])
    run(arena, (0, 0), "plan", str(SMALL), "--detailed-exitcode")
    run(arena, CLOCKS[name], "apply", str(SMALL), "--yes")
    after = [e for e in arena.journal() if is_write(e)]
    assert len([e for e in after if e["kind"] != "token"]) <= before


def test_a_plan_is_the_same_by_every_clock_and_in_every_zone(arena):
    arena.reset()
    words = ("plan", str(SMALL), "-o", "json")
    plans = {run(arena, clock, *words) for clock in CLOCKS.values()}
    plans |= {run(arena, (0, 0), *words, TZ=zone) for zone in ZONES}
    plans.add(run(arena, (0, 0), *words, TZ="UTC"))
    assert len(plans) == 1


def test_time_that_passes_in_azure_only_costs_one_sign_in(arena):
    """The same skew seen from the other side: Azure takes our token for old."""
    arena.reset()
    run(arena, (0, 0), "apply", str(SMALL), "--yes")
    arena.control("DELETE", "journal")
    rule = {"method": "GET", "path": "/storageAccounts/", "when": "before"}
    expired = {"error": {"code": "ExpiredAuthenticationToken", "message": "It expired."}}
    arena.arm({**rule, "action": {"status": 401, "body": expired}})
    run(arena, (-DAY, 0), "plan", str(SMALL))
    arena.disarm()
    assert sign_ins(arena) == 2


RUN = SimpleNamespace(sleep=lambda _seconds: None)
"""A run that waits for nothing: nothing here makes it wait."""


class Signing:
    """A credential whose tokens end when Azure's clock says, as a managed identity's do."""

    def __init__(self, lasts_s, clock):
        self.asked = 0
        self._lasts_s, self._clock = lasts_s, clock

    def get_token(self, *_scopes, run):
        self.asked += 1
        return Token(
            f"t0ken-number-{self.asked}", int(time.time() + self._clock.passed + self._lasts_s)
        )


class Clock:
    """`time` as a machine sees it whose clock is `off`, while true seconds pass."""

    def __init__(self, off):
        self.off, self.passed = off, 0.0

    def time(self):
        return time.time() + self.off + self.passed

    def monotonic(self):
        return time.monotonic() + self.passed


@pytest.mark.parametrize(
    ("off", "asked"), [(0, 2), (DAY, 60), (-DAY, 1), (10 * DAY, 60), (-10 * DAY, 1)]
)
def test_an_hour_of_requests_never_loops_and_never_stops_renewing(monkeypatch, off, asked):
    """Each second one request; a clock that is ahead costs a sign-in a minute, no more."""
    clock = Clock(off)
    credential = Signing(3600, clock)
    monkeypatch.setattr(tokens, "time", clock)
    shared = Tokens(credential)
    for _ in range(3600):
        shared.get_token("scope", run=RUN)
        clock.passed += 1
    assert credential.asked == asked
    before = shared.get_token("scope", run=RUN).token
    assert shared.instead_of(before, RUN) != before, "what Azure refuses is renewed at once"


def test_a_clock_that_is_set_in_the_middle_changes_nothing(monkeypatch):
    clock = Clock(0)
    credential = Signing(3600, clock)
    monkeypatch.setattr(tokens, "time", clock)
    shared = Tokens(credential)
    for off in (0, -3600, DAY, -DAY):
        clock.off = off
        shared.get_token("scope", run=RUN)
    assert credential.asked == 1
