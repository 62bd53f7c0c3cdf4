"""A run that cannot be read, or that failed before: what plan, apply and destroy make of it.

Unread, it may have finished, or be running: nothing is begun beside it, and no exit code
says that all is well. Failed, it stops only what needs it, and the plan says the same.
"""

import json
from functools import partial

import pytest

from tests.support.azure import edited

SPEC = "examples/bring-your-own-data.yaml"
JOB = "jobs.finetune"
MODEL = """models:
  support-assistant: {type: mlflow_model, path: "${{ jobs.finetune.outputs.registered_model }}"}
"""
MORE = "max_instances: 1\n    idle_time_before_scale_down: 240"
ALONE = ((MODEL, ""), ("  models: {protect: false}\n", ""))
"""Nothing that needs the run: what cannot be read either would stop the plan by itself."""


@pytest.fixture
def tool(azure, run, tmp_path):
    """Run a command of the tool on a spec that was applied."""
    _, problems = azure.apply(edited(tmp_path, SPEC, *ALONE))
    assert problems == []
    azure.clear_journal()
    return partial(run, spec=tmp_path / "spec.yaml")


def no_run_can_be_read(azure):
    rule = {"method": "GET", "path": r"/jobs(/|\?|$)", "times": 0}
    azure.control("POST", "faults", {**rule, "action": {"status": 403}})


@pytest.mark.parametrize("words", [("plan",), ("apply", "--yes"), ("destroy", "--yes")])
def test_a_run_that_cannot_be_read_is_no_success_and_nothing_is_written(azure, tool, words):
    """`apply` said "Done ... unchanged" with 0, as if it had looked."""
    no_run_can_be_read(azure)
    assert tool(*words)[0] == 4
    assert azure.writes() == []


def test_json_names_the_run_that_could_not_be_read(azure, tool):
    no_run_can_be_read(azure)
    code, out = tool("apply", "--yes", "-o", "json")
    rows = {o["address"]: o for o in json.loads(out)["outcomes"]}
    assert code == json.loads(out)["exit_code"] == 4
    assert rows[JOB]["status"] == "failed"
    assert "cannot be read" in rows[JOB]["diagnostic"]["summary"]


def failed_before(azure, tmp_path):
    """Let the run have failed, and the spec want something else besides."""
    loaded = edited(tmp_path, SPEC, *ALONE, ("max_instances: 1", MORE))
    job = loaded.resources[JOB].resource_id
    body = {"properties": {"status": "Failed"}}
    azure.control("POST", "drift", {"op": "patch", "id": job, "body": body})


def test_a_plan_with_a_run_that_failed_says_what_apply_then_does(azure, tool, tmp_path):
    """It said that nothing can be applied, and apply carried out all the rest."""
    failed_before(azure, tmp_path)
    code, out = tool("plan")
    assert code == 0
    assert "failed" in out and "1 to update" in out and "1 blocked" in out
    assert "Nothing can be applied" not in out
    assert "To apply it: reconcile apply" in out
    assert tool("plan", "--detailed-exitcode")[0] == 2
    assert json.loads(tool("plan", "-o", "json")[1])["applyable"] is True
    assert "cannot be applied" not in tool("plan", "-o", "markdown")[1]
    azure.clear_journal()
    assert tool("apply", "--yes")[0] == 1
    (written,) = azure.writes()
    assert written.endswith("/computes/gpu-cluster")


def test_a_plan_with_nothing_but_a_run_that_failed_is_not_done(azure, tool, tmp_path):
    failed_before(azure, tmp_path)
    tool("apply", "--yes")
    code, out = tool("plan", "--detailed-exitcode")
    assert code == 2
    assert "To carry it out" not in out, out
