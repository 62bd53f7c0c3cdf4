"""What a program may rely on that imports us: docs/library.md, and nothing done behind its back."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import asdict
from threading import Event

import pytest

from reconciler.cloud.run_scope import RunScope
from reconciler.engine.decisions import Failure
from reconciler.library import (
    Action,
    Azure,
    Cloud,
    ExitCode,
    NullProgress,
    Options,
    RefusedError,
    Status,
    apply,
    destroy,
    load,
    plan,
)
from tests.cloud.clients import WRITES
from tests.support.azure import ROOT

SMALLEST = str(ROOT / "examples" / "smallest.yaml")
DATA = str(ROOT / "examples" / "bring-your-own-data.yaml")
EXAMPLE = re.search(
    r"```python\n(.*?)```", (ROOT / "docs" / "library.md").read_text(encoding="utf-8"), re.DOTALL
)


@pytest.fixture
def process(azure):
    """What lives as long as a program: the sandbox as its Azure."""
    with Azure(Cloud.of_sandbox(azure.access)) as made:
        yield made


def test_the_example_of_the_page_brings_up_two_specs_at_once(azure, capsys):
    assert EXAMPLE
    names = {"__name__": "example"}
    exec(EXAMPLE[1], names)
    assert names["bring_up_all"]([SMALLEST, DATA], Cloud.of_sandbox(azure.access))
    said = capsys.readouterr().out.splitlines()
    expected = {*load(SMALLEST).resources, *load(DATA).resources}
    assert {line.partition(":")[0] for line in said} == expected
    assert "compute.cpu-cluster: done" in said


def test_runs_side_by_side_leave_the_process_as_it_was(azure, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.library_process"],
        input=json.dumps(asdict(azure.access)),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["problems"] == []
    assert {status for outcomes in found["outcomes"] for status in outcomes} == {"done"}
    assert found["converged"] == [True, True]
    assert found["planned"] > 0
    assert found["changed"] == {}
    planned = load(str(ROOT / "specs" / "phi3-ultrachat.yaml")).spec.target.resource_group
    assert [write for write in azure.writes() if f"/{planned}/" in f"{write}/"] == []


@pytest.mark.parametrize("client", WRITES)
def test_a_run_cannot_write_because_another_one_may(azure, process, client):
    """Whatever client it is: the moment is that in which the other run is in the middle of it."""
    loaded = load(SMALLEST)
    reader = RunScope(process, loaded.spec.target.subscription_id, read_only=True)
    refusals = []

    class Watcher(NullProgress):
        def started(self, address, action):
            if not refusals:
                with pytest.raises(RefusedError, match="a read-only command tried to send") as got:
                    WRITES[client](reader)
                refusals.append(got.value)

    report = apply(loaded, process, lambda _: True, Options(progress=Watcher()))
    assert report.exit_code is ExitCode.OK
    assert len(refusals) == 1
    assert not any("/rg/" in f"{write}/" for write in azure.writes())


def test_one_run_that_is_stopped_stops_no_other(process):
    stopped, loaded = Event(), load(SMALLEST)
    stopped.set()
    ended = apply(loaded, process, lambda _: True, Options(stop=stopped))
    assert ended.interrupted
    assert Status.DONE not in {outcome.status for outcome in ended.outcomes}
    assert apply(loaded, process, lambda _: True).exit_code is ExitCode.OK


def test_one_run_that_is_late_takes_no_time_from_another(process):
    late = plan(load(SMALLEST), process, Options(timeout_s=0.0))
    assert late.stopping
    assert late.stopping[0].failure is Failure.PENDING
    problems = [problem for change in late.stopping for problem in change.problems]
    assert all("--timeout is up" in problem.summary for problem in problems)
    assert plan(load(SMALLEST), process).count(Action.CREATE) > 0


def test_nothing_is_written_before_the_plan_is_approved(azure, process):
    seen = []
    with pytest.raises(RefusedError, match="not approved"):
        apply(load(SMALLEST), process, lambda proposed: bool(seen.append(proposed)))
    assert seen[0].count(Action.CREATE) > 0
    assert azure.writes() == []


def test_more_deletions_than_the_limit_are_refused_and_nobody_is_asked(azure, process, applied):
    def never(_plan):
        raise AssertionError("asked")

    with pytest.raises(RefusedError, match="more than the limit of 2"):
        destroy(applied, process, never, Options(max_deletions=2))
    assert azure.writes() == []
    report = destroy(applied, process, lambda proposed: proposed.destroys)
    assert report.exit_code is ExitCode.OK
    assert {outcome.action for outcome in report.outcomes} == {Action.DELETE}


def test_a_plan_that_is_blocked_is_reported_and_nobody_is_asked(azure, process, tmp_path):
    """Whose workspace it is, is not ours to decide."""
    loaded = load(SMALLEST)
    azure.apply(loaded)
    text = (ROOT / "examples" / "smallest.yaml").read_text(encoding="utf-8")
    other = tmp_path / "other.yaml"
    other.write_text(text.replace("name: smallest\n", "name: another\n"), encoding="utf-8")
    azure.clear_journal()
    report = apply(load(str(other)), process, lambda _: pytest.fail("asked"))
    assert report.exit_code is ExitCode.REFUSED
    assert azure.writes() == []


def test_a_closed_process_can_be_used_again_and_signs_in_anew(azure, process):
    plan(load(SMALLEST), process)
    process.close()
    azure.clear_journal()
    assert plan(load(SMALLEST), process).count(Action.CREATE) > 0
    tokens = [e for e in azure.control("GET", "journal").splitlines() if '"token"' in e]
    assert len(tokens) == 1
