"""Every row of the fault matrix is tested, or listed with its reason."""

import os
import re
import subprocess
import sys

import pytest

from reconciler.engine.types import Status
from reconciler.kinds import HANDLERS
from reconciler.operations.load import load
from tests.faults.cells import ROWS, cells, violation
from tests.faults.matrix import MATRIX, table
from tests.faults.row import GREEN, OPEN
from tests.faults.scenes import ROOT, SMALL
from tests.faults.seed import drawn
from tests.support.azure import Azure

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def small(stage):
    """The small spec applied to an empty world."""
    return stage("apply", "small")


@pytest.mark.parametrize("row", ROWS)
def test_one_fault_on_one_write(arena, small, row):
    """A write of the row by the seed; `make reliability` takes them all."""
    (cell,) = drawn([c for c in cells(small) if c.row == row], 1, row)
    assert violation(arena, small, cell) == ""


@pytest.mark.parametrize("method", ["observe", "create"])
def test_a_mistake_in_one_handler_is_told_beside_all_else(arena, monkeypatch, method):
    arena.reset()
    azure = Azure(arena.server)
    loaded = load(str(SMALL))
    planned = azure.plan(loaded)

    def mistaken(*_args, **_options):
        raise KeyError("properties")

    monkeypatch.setattr(HANDLERS["key vault"], method, mistaken, raising=True)
    if method == "observe":
        blocked = {c.address: c.problems for c in azure.plan(loaded).changes if c.problems}
        assert list(blocked) == ["workspace.key_vault"]
        assert "KeyError" in blocked["workspace.key_vault"][0].detail
        return
    assert planned.change_of("workspace.key_vault").action.is_change
    report, problems = azure.apply(loaded)
    by_address = {o.address: o.status for o in report.outcomes}
    assert [address for address, _ in problems] == ["workspace.key_vault"]
    assert by_address["workspace.storage_account"] is Status.DONE
    assert by_address["workspace"] is Status.SKIPPED
    assert "KeyError" in problems[0][1].detail


def test_a_plan_is_the_same_everywhere(arena, small):
    """Another time zone, locale and hash seed, each in a process of its own."""
    arena.restore(small.before)
    here = {"TZ": "UTC", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "1"}
    there = {"TZ": "Asia/Kathmandu", "LC_ALL": "tr_TR.UTF-8", "PYTHONHASHSEED": "7"}
    expected, found = planned_in(arena, here), planned_in(arena, there)
    assert expected.returncode == found.returncode == 0, found.stderr
    assert found.stdout == expected.stdout


def planned_in(arena, environment):
    """Plan the small spec in a fresh process."""
    words = ["plan", str(SMALL), "-o", "json", "--sandbox", arena.server.url]
    return subprocess.run(
        [sys.executable, "-m", "reconciler", *words],
        capture_output=True,
        check=False,
        env={**os.environ, **environment},
        timeout=60,
    )


def test_every_row_is_there_once():
    assert [row.number for row in MATRIX] == [f"F{n:02}" for n in range(1, 61)]


def test_what_is_not_green_says_why():
    for row in MATRIX:
        assert bool(row.lacks) == (row.state != GREEN), row
        assert bool(row.tests) == (row.state != OPEN), row


def test_every_test_that_is_named_is_there():
    named = {test for row in MATRIX for test in row.tests}
    assert sorted(test for test in named if not is_there(test)) == []


def is_there(test):
    """Whether the file of a test has it, or any test where only a file is named."""
    file, _, name = test.partition("::")
    text = (ROOT / "tests" / file).read_text(encoding="utf-8")
    return re.search(rf"^def {name or 'test_'}", text, re.MULTILINE)


def test_the_document_shows_the_matrix():
    shown = (ROOT / "docs/reliability.md").read_text(encoding="utf-8").splitlines()
    rows = [line for line in shown if re.match(r"\| (row|F\d\d) ", line)]
    assert rows == [line for line in table() if not line.startswith("| ---")]
