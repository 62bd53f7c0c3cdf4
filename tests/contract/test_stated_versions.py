"""A model under a version that the spec states: only what its own run made is ever taken.

A number says nothing of what lies under it: a person, or an older run, may have taken it.
"""

import pytest

from reconciler.diagnostics import ExitCode, RefusedError
from reconciler.engine.types import Action
from reconciler.operations.load import load
from reconciler.render.reason_text import summary_of
from tests.support.azure import Azure, edited
from tests.support.trained import SPEC, trained_once

API = "2026-05-01"
JOB, MODEL = "jobs.finetune", "models.assistant"
PATH = 'path: "${{ jobs.finetune.outputs.registered_model }}"'
PLAIN = f"  support-assistant: {{type: mlflow_model, {PATH}}}"
STATED = f'  assistant: {{type: mlflow_model, version: "1", {PATH}, description: ours}}'
OTHER_INPUTS = ("learning_rate: 0.00001", "learning_rate: 0.00002")
PROTECTED = ("  models: {protect: false}", "  compute: {}")


class Registry(Azure):
    """A sandbox in which the job has run, and what is registered under `assistant`."""

    def __init__(self, server, trained, folder):
        super().__init__(server)
        self.folder = folder
        self.arm = self.connection(trained).arm
        self._models = f"{trained.resources['workspace'].resource_id}/models/assistant/versions"

    def stated(self, *changes):
        return edited(self.folder, SPEC, (PLAIN, STATED), *changes)

    def by_hand(self, version, **more):
        """Register something as a person does, with a path of their own."""
        uri = "azureml://datastores/workspaceblobstore/paths/theirs"
        flavors = {"python_function": {"data": {}}}
        about = {"description": "Maria's", "tags": {"owner": "maria"}}
        body = {"modelType": "mlflow_model", "modelUri": uri, "flavors": flavors, **about, **more}
        self.arm.put(f"{self._models}/{version}", API, {"properties": body})

    def versions(self):
        found = self.arm.list(self._models, API)
        return {body["id"].rpartition("/")[2]: body["properties"] for body in found}

    def run_of(self, loaded):
        return loaded.resources[JOB].resource_id.rpartition("/")[2]


@pytest.fixture(scope="module")
def trained(pool, tmp_path_factory):
    with trained_once(pool, tmp_path_factory) as found:
        yield found


@pytest.fixture
def registry(trained):
    return trained.put_back(Registry(trained.server, trained.loaded, trained.folder))


def test_a_version_that_a_person_registered_is_not_taken_over(registry):
    registry.by_hand("1")
    registry.clear_journal()
    loaded = registry.stated()
    change = registry.plan(loaded).change_of(MODEL)
    assert "not marked as ours" in summary_of(change.problems[0])
    with pytest.raises(RefusedError):
        registry.apply(loaded)
    assert registry.writes() == []


def test_a_version_that_a_person_registered_is_told_before_anything_is_trained(registry):
    registry.by_hand("1")
    registry.clear_journal()
    loaded = registry.stated(OTHER_INPUTS)
    planned = registry.plan(loaded)
    assert planned.change_of(JOB).action is Action.RUN
    assert "not marked as ours" in summary_of(planned.change_of(MODEL).problems[0])
    with pytest.raises(RefusedError):
        registry.apply(loaded)
    assert registry.writes() == []


def test_a_version_that_a_person_registered_cannot_be_adopted_for_what_the_job_made(registry):
    registry.by_hand("1")
    registry.stated()
    loaded = load(str(registry.folder / "spec.yaml"), adopt=[MODEL])
    assert "cannot be adopted" in summary_of(registry.plan(loaded).change_of(MODEL).problems[0])


def test_destroy_leaves_the_version_of_a_person(registry):
    registry.by_hand("1")
    registry.clear_journal()
    assert registry.destroy(registry.stated(), only=["models"]).exit_code is ExitCode.OK
    assert registry.writes() == []
    assert registry.versions()["1"]["description"] == "Maria's"


def test_what_the_run_registered_under_the_stated_version_is_ours(registry):
    loaded = registry.stated()
    registry.by_hand("1", jobName=registry.run_of(loaded), description="by the platform", tags={})
    report, problems = registry.apply(loaded)
    assert (report.exit_code, problems) == (ExitCode.OK, [])
    assert registry.versions()["1"]["description"] == "ours"
    assert registry.plan(loaded).is_empty


def test_what_was_registered_by_hand_from_the_run_is_found_again(registry):
    loaded = registry.stated()
    report, problems = registry.apply(loaded)
    assert (report.exit_code, problems) == (ExitCode.OK, [])
    assert list(registry.versions()) == ["1"]
    assert registry.plan(loaded).is_empty
    registry.clear_journal()
    registry.apply(loaded)
    assert registry.writes() == []


def test_the_model_of_an_older_run_is_not_served_as_that_of_the_new_one(registry):
    registry.apply(registry.stated())
    before = registry.versions()["1"]["modelUri"]
    loaded = registry.stated(OTHER_INPUTS)
    change = registry.plan(loaded).change_of(MODEL)
    assert change.action is Action.REPLACE
    assert [f.label for f in change.fields] == ["path"]
    report, problems = registry.apply(loaded)
    assert (report.exit_code, problems) == (ExitCode.OK, [])
    now = registry.versions()["1"]["modelUri"]
    assert before != now
    assert registry.run_of(loaded) in now
    assert registry.plan(loaded).is_empty


def test_a_replaced_version_that_still_seems_there_is_made_all_the_same(registry):
    registry.apply(registry.stated())
    loaded = registry.stated(OTHER_INPUTS)
    path = "/models/assistant/versions/1"
    fault = {"method": "GET", "path": path, "nth": 4, "action": {"stale": 1}}
    registry.control("POST", "faults", fault)
    registry.clear_journal()
    report, problems = registry.apply(loaded)
    registry.control("DELETE", "faults")
    asked = [e for e in registry.journal() if path in e["path"]]
    first = next(n for n, e in enumerate(asked) if e["method"] == "DELETE") + 1
    assert (asked[first]["method"], asked[first]["status"]) == ("GET", 200)  # behind
    assert (report.exit_code, problems) == (ExitCode.OK, [])
    assert registry.run_of(loaded) in registry.versions()["1"]["modelUri"]


def test_the_model_of_an_older_run_that_is_protected_stops_the_plan(registry):
    registry.apply(registry.stated(PROTECTED))
    loaded = registry.stated(PROTECTED, OTHER_INPUTS)
    assert "holds data" in summary_of(registry.plan(loaded).change_of(MODEL).problems[0])
    registry.clear_journal()
    with pytest.raises(RefusedError):
        registry.apply(loaded)
    assert registry.writes() == []


def test_a_later_registration_of_the_same_run_by_a_person_is_not_taken_for_ours(registry):
    unstated = edited(registry.folder, SPEC, (PLAIN, PLAIN.replace("support-", "")))
    assert registry.apply(unstated)[1] == []
    (ours,) = registry.versions()
    registry.control("POST", "clock", {"advance": 3600})
    registry.by_hand("99", jobName=registry.run_of(unstated))
    registry.clear_journal()
    assert registry.plan(unstated).is_empty
    assert registry.destroy(unstated, only=["models"]).exit_code is ExitCode.OK
    (deleted,) = registry.writes()
    assert deleted.endswith(f"/versions/{ours}")
    assert list(registry.versions()) == ["99"]
