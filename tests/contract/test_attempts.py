"""Attempts of one run: a hole in their row trains nothing twice, and ours alone are deleted.

Each test names what happened to records of runs behind our back: deleted by somebody who
tidied up, made by another team under the same name, left behind by a destroy that was cut.
"""

import re

import pytest

from reconciler.diagnostics import ExitCode
from reconciler.engine.types import Action, Owner, Status
from reconciler.kinds.ownership import OWNER_TAG, mark
from reconciler.operations.apply.executor import apply
from reconciler.operations.load import load
from reconciler.operations.plan.build import PlanOptions, plan
from reconciler.operations.saved_plan import decision
from reconciler.render.reason_text import summary_of
from tests.support.azure import Azure, Quiet
from tests.support.controls import state_of
from tests.support.history import History, without_words
from tests.support.trained import trained_once

JOB = "jobs.finetune"
JOBS_API = "2024-10-01-preview"


class Runs(Azure):
    """A sandbox in which a spec has trained once, and what its runs are."""

    def __init__(self, server, loaded):
        super().__init__(server)
        self.loaded = loaded
        self.first = loaded.resources[JOB].resource_id
        self.workspace = loaded.resources["workspace"].resource_id
        self.arm = self.connection(loaded).arm

    def id(self, number):
        return self.first if number == 1 else f"{self.first}-a{number}"

    def drift(self, op, number, body=None):
        self.control("POST", "drift", {"op": op, "id": self.id(number), "body": body or {}})

    def has_ended(self, number, status):
        self.drift("patch", number, {"properties": {"status": status}})

    def belongs_to(self, number, owner):
        self.drift("tag", number, {OWNER_TAG: owner and mark(owner, self.id(number))})

    def also_ran(self, number, status, owner="own-data"):
        """Make another attempt of the same inputs, as a retry does."""
        body = self.arm.get(self.first, JOBS_API)
        sent = {
            name: body["properties"][name]
            for name in ("jobType", "fineTuningDetails", "tags", "properties", "computeId")
        }
        sent["outputs"] = {"registered_model": {"jobOutputType": "mlflow_model"}}
        self.drift("put", number, {"properties": sent})
        self.belongs_to(number, owner)
        self.has_ended(number, status)

    def all(self):
        """Return what Azure holds: the number of each attempt, and how it ended."""
        found = self.arm.list(f"{self.workspace}/jobs", JOBS_API, {"listViewType": "All"})
        return {self._number(j["name"]): j["properties"]["status"] for j in found}

    def _number(self, name):
        found = re.search(r"-a(\d+)$", name)
        return int(found[1]) if found else 1

    def submitted(self):
        """Return the numbers of the attempts that were sent since the journal was cleared."""
        sent = [w for w in self.writes() if w.startswith("PUT") and "/jobs/" in w]
        return [self._number(w) for w in sent]

    def planned(self, retry=()):
        return self.plan(self.loaded, retry=retry).change_of(JOB)

    def retried(self):
        connection = self.connection(self.loaded)
        planned = plan(self.loaded, connection, PlanOptions(retry=[JOB]))
        return apply(self.loaded, connection, planned, progress=Quiet())


@pytest.fixture(scope="module")
def trained(pool, tmp_path_factory):
    with trained_once(pool, tmp_path_factory) as found:
        yield found


@pytest.fixture
def runs(trained):
    return trained.put_back(Runs(trained.server, trained.loaded))


def trains_nothing(runs):
    """Apply once more: nothing is planned for the job, or submitted. Return the exit code."""
    runs.clear_journal()
    assert runs.planned().action is Action.NO_OP
    report, _ = runs.apply(runs.loaded)
    assert runs.submitted() == []
    return report.exit_code


def test_a_retry_that_finished_is_not_trained_again_when_the_first_record_is_deleted(runs):
    runs.has_ended(1, "Failed")
    runs.retried()
    assert runs.all() == {1: "Failed", 2: "Completed"}
    runs.arm.delete(runs.id(1), JOBS_API)
    assert trains_nothing(runs) is ExitCode.OK
    assert runs.all() == {2: "Completed"}


def test_a_finished_run_counts_however_many_records_before_it_are_deleted(runs):
    runs.also_ran(7, "Completed")
    runs.arm.delete(runs.id(1), JOBS_API)
    trains_nothing(runs)


def test_a_finished_run_counts_although_the_list_of_jobs_does_not_show_it_yet(runs):
    runs.also_ran(2, "Completed")
    runs.arm.delete(runs.id(1), JOBS_API)
    left_out = {"method": "GET", "path": r"/jobs(\?|$)", "times": 0}
    runs.control("POST", "faults", {**left_out, "action": {"omit": "."}})
    trains_nothing(runs)


def test_a_finished_run_counts_although_a_later_one_failed(runs):
    runs.also_ran(2, "Completed")
    runs.has_ended(1, "Failed")
    runs.also_ran(3, "Failed")
    change = runs.planned()
    assert (change.action, change.problems) == (Action.NO_OP, ())
    assert change.observed.outputs["id"] == runs.id(2)


def test_a_retry_gets_a_number_that_no_attempt_ever_had(runs):
    runs.also_ran(3, "Failed")
    runs.arm.delete(runs.id(1), JOBS_API)
    runs.clear_journal()
    assert "failed" in summary_of(runs.planned().problems[0])
    assert runs.retried().exit_code is ExitCode.OK
    assert runs.submitted() == [4]
    assert runs.all() == {3: "Failed", 4: "Completed"}


@pytest.mark.parametrize(("owner", "told"), [("team-a", "belongs to"), (None, "not marked")])
@pytest.mark.parametrize("status", ["Failed", "Completed"])
def test_a_retry_never_runs_over_what_another_one_ran(runs, owner, told, status):
    runs.has_ended(1, status)
    runs.belongs_to(1, owner)
    runs.clear_journal()
    change = runs.planned(retry=[JOB])
    assert change.action is Action.NO_OP
    assert told in summary_of(change.problems[0])
    report = runs.retried()
    assert {o.address: o.status for o in report.outcomes}[JOB] is Status.FAILED
    assert runs.submitted() == []


def test_one_word_of_retry_is_good_for_one_run(runs):
    """Another one, or this one whose answer was lost, ran it again: that failed, too."""
    runs.has_ended(1, "Failed")
    connection = runs.connection(runs.loaded)
    planned = plan(runs.loaded, connection, PlanOptions(retry=[JOB]))
    runs.also_ran(2, "Failed")
    runs.clear_journal()
    report = apply(runs.loaded, connection, planned, progress=Quiet())
    (ended,) = [o for o in report.outcomes if o.address == JOB]
    assert ended.status is Status.REFUSED
    assert "changed since the plan" in summary_of(ended.problems[0])
    assert runs.submitted() == []
    again = plan(runs.loaded, connection, PlanOptions(retry=[JOB]))
    saved, now = (decision(p.change_of(JOB)) for p in (planned, again))
    assert saved != now, "a saved plan is stale, too"


def test_an_unmarked_run_can_be_adopted_and_is_not_run_again(runs):
    runs.also_ran(2, "Completed", owner=None)
    runs.drift("tag", 2, {"kept": "by hand"})
    runs.has_ended(1, "Failed")
    runs.belongs_to(1, None)
    runs.clear_journal()
    assert "--adopt jobs.finetune" in runs.planned().problems[0].hint
    report, _ = runs.apply(load(runs.loaded.document.file, adopt=[JOB]))
    assert {o.address: o.problems for o in report.outcomes}[JOB] == ()
    assert runs.submitted() == [2], "one write, of its tags"
    assert runs.all() == {1: "Failed", 2: "Completed"}
    tags = runs.arm.get(runs.id(2), JOBS_API)["properties"]["tags"]
    assert tags["kept"] == "by hand"
    assert runs.planned().observed.owner is Owner.OURS
    runs.destroy(runs.loaded, only=["jobs"])
    assert runs.all() == {1: "Failed"}


def test_destroy_deletes_no_attempt_of_another_one(runs):
    runs.has_ended(1, "Failed")
    runs.belongs_to(1, "team-a")
    runs.also_ran(2, "Failed", owner="team-a")
    runs.also_ran(3, "Completed")
    runs.also_ran(4, "Failed")
    assert runs.destroy(runs.loaded, only=["jobs"]).exit_code is ExitCode.OK
    assert runs.all() == {1: "Failed", 2: "Failed"}


def test_a_destroy_that_was_cut_between_two_attempts_is_finished_by_the_next_one(runs):
    runs.has_ended(1, "Failed")
    runs.also_ran(2, "Failed")
    runs.also_ran(3, "Completed")
    refused = {"method": "DELETE", "path": f"{runs.id(2)}", "times": 1, "when": "before"}
    runs.control("POST", "faults", {**refused, "action": {"status": 400}})
    assert runs.destroy(runs.loaded, only=["jobs"]).exit_code is ExitCode.FAILED
    assert runs.all() == {1: "Failed", 2: "Failed"}
    assert runs.destroy(runs.loaded, only=["jobs"]).exit_code is ExitCode.OK
    assert runs.all() == {}


def test_destroy_leaves_no_attempt_behind_a_record_that_somebody_deleted(runs):
    runs.also_ran(5, "Completed")
    runs.arm.delete(runs.id(1), JOBS_API)
    assert runs.destroy(runs.loaded, only=["jobs"]).exit_code is ExitCode.OK
    assert runs.all() == {}


def test_the_plan_of_a_first_run_lists_the_jobs_once(runs):
    runs.arm.delete(runs.id(1), JOBS_API)
    runs.clear_journal()
    assert runs.planned().action is Action.RUN
    lists = [e["query"] for e in runs.journal() if e["path"].endswith("/jobs")]
    whole = [query for query in lists if "tag" not in query]
    assert len(whole) == 1  # those with our tag are asked for by who looks for what is left
    assert len(lists) <= 2


def retried_with(runs, trained, capsys):
    """A run that failed stops what needs it, and only `--retry` repeats it."""
    one = History(trained.put_back(runs), trained.folder, capsys)
    runs.has_ended(1, "Failed")
    assert one.run("plan", "--detailed-exitcode") == 2
    assert one.run("apply", "--yes") == 1, "what failed before is told, and nothing is begun"
    assert one.run("plan", "--retry", JOB, "--out", str(one.saved)) == 0
    assert one.apply_saved() == 0
    assert one.run("plan", "--detailed-exitcode") == 0
    return one.told


def test_a_failed_run_is_repeated_on_request_whatever_the_words_are(
    runs, trained, capsys, monkeypatch
):
    monkeypatch.setenv("RECONCILE_SANDBOX_STATE", str(state_of(trained.server)))
    with_words = retried_with(runs, trained, capsys)
    with monkeypatch.context() as patch:
        without_words(patch)
        assert retried_with(runs, trained, capsys) == with_words
    assert [write for told in with_words for write in told[3] if "/jobs/" in write]
