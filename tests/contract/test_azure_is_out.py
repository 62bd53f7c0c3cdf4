"""What a script learns when Azure does not answer: the exit code, and one JSON document.

An outage passes by itself and a missing permission does not; neither is a refusal, which
somebody has to look at. A script that is told the wrong one tries again for ever, or gives up.
"""

import json

import pytest

from reconciler.cloud.run_scope import RunScope
from reconciler.diagnostics import DeadlineError
from reconciler.operations.load import load
from tests.support.azure import ROOT, edited

SMALL = "examples/smallest.yaml"
COMMANDS = [("plan",), ("apply", "--yes"), ("destroy", "--yes"), ("status",)]


def answers(azure, status, *, path="/subscriptions/", method=None, body=None):
    action = {"status": status, **({"body": body} if body else {})}
    rule = {"path": path, "times": 0, "action": action, **({"method": method} if method else {})}
    azure.control("POST", "faults", rule)


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
@pytest.mark.parametrize(("status", "code"), [(503, 75), (500, 75), (403, 4)])
def test_what_cannot_be_read_at_all_is_no_refusal(azure, run, words, status, code):
    answers(azure, status)
    assert run(*words)[0] == code
    assert azure.writes() == []


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
@pytest.mark.parametrize("status", [429, 500])
def test_an_outage_that_lasts_until_the_timeout_is_one(azure, run, monkeypatch, words, status):
    """ "Azure is still working" would have a script wait for what never began."""
    answers(azure, status)
    monkeypatch.setattr(RunScope, "sleep", to_the_end)
    code, _ = run(*words)
    assert code == 75
    assert azure.writes() == []


def to_the_end(_run, _seconds):
    """Let the time given with --timeout go by in every wait."""
    raise DeadlineError.because("the time given with --timeout is up")


def test_status_that_does_not_know_one_resource_is_no_success(azure, run):
    azure.hold(load(str(ROOT / SMALL)))
    assert run("status")[0] == 0
    answers(azure, 503, path="/vaults")
    code, out = run("status", "-o", "json")
    rows = {r["address"]: r["synced"] for r in json.loads(out)["resources"]}
    assert code == 75
    assert rows["workspace.key_vault"] == "Unknown"
    assert rows["workspace"] == "Synced"


def test_a_refusal_counts_before_an_outage(azure, run, tmp_path):
    """Waiting would not help: the resources of another spec stay theirs."""
    azure.hold(load(str(ROOT / SMALL)))
    edited(tmp_path, SMALL, ("name: smallest\n", "name: rival\n"))
    answers(azure, 503, path="/vaults")
    assert run("plan", spec=str(tmp_path / "spec.yaml"))[0] == 5
    assert run("apply", "--yes", spec=str(tmp_path / "spec.yaml"))[0] == 5


def test_a_name_that_azure_keeps_is_missing_and_not_unknown(azure, run):
    loaded = load(str(ROOT / SMALL))
    azure.apply(loaded)
    azure.destroy(loaded, unprotect=["workspace"])
    code, out = run("status", "-o", "json")
    rows = {r["address"]: r for r in json.loads(out)["resources"]}
    assert code == 0
    assert rows["workspace.key_vault"]["synced"] == "Missing"
    assert "deleted" in rows["workspace.key_vault"]["message"]


@pytest.mark.parametrize("name", ["apply", "destroy"])
@pytest.mark.parametrize(("status", "code"), [(503, 75), (403, 4)])
def test_json_says_what_was_not_begun_and_why(azure, run, name, status, code):
    azure.hold(load(str(ROOT / SMALL)))
    answers(azure, status, path="/vaults")
    found, out = run(name, "--yes", "-o", "json")
    document = json.loads(out)
    assert found == document["exit_code"] == code
    rows = {o["address"]: o for o in document["outcomes"]}
    assert rows["workspace.key_vault"]["status"] == "failed"
    assert "cannot be read" in rows["workspace.key_vault"]["diagnostic"]["summary"]
    assert {o["status"] for o in rows.values()} <= {"failed", "skipped", "unchanged"}


def test_json_says_that_another_spec_owns_it(azure, run, tmp_path):
    azure.hold(load(str(ROOT / SMALL)))
    edited(tmp_path, SMALL, ("name: smallest\n", "name: rival\n"))
    code, out = run("apply", "--yes", "-o", "json", spec=str(tmp_path / "spec.yaml"))
    document = json.loads(out)
    assert code == document["exit_code"] == 5
    assert {o["status"] for o in document["outcomes"]} == {"refused", "unchanged"}


@pytest.mark.parametrize("name", ["apply", "destroy"])
def test_json_says_that_nobody_agreed(azure, run, name, monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    if name == "destroy":
        azure.apply(load(str(ROOT / SMALL)))
    azure.clear_journal()
    code, out = run(name, "-o", "json")
    document = json.loads(out)
    assert code == document["exit_code"] == 5
    assert document["outcomes"] == []
    assert "not confirmed" in document["diagnostics"][0]["summary"]
    assert azure.writes() == []


@pytest.mark.parametrize("name", ["plan", "apply"])
def test_prune_of_a_part_is_a_usage_error_and_not_left_out(azure, run, tmp_path, name):
    """What left the spec stayed, and the plan did not say a word."""
    azure.hold(load(str(ROOT / SMALL)))
    edited(tmp_path, SMALL, ("cpu-cluster", "other-cluster"))
    azure.clear_journal()
    spec = str(tmp_path / "spec.yaml")
    assert run(name, "--prune", "--target", "workspace", spec=spec)[0] == 64
    assert azure.journal() == []


@pytest.mark.parametrize("status", [500, 503])
def test_an_outage_that_outlasts_us_has_a_hint(azure, run, status):
    answers(azure, status, path="computes/cpu-cluster", method="PUT")
    code, out = run("apply", "--yes", "-o", "json")
    assert code == 1
    rows = {o["address"]: o["diagnostic"] for o in json.loads(out)["outcomes"]}
    assert "run the same command again" in rows["compute.cpu-cluster"]["hint"]
