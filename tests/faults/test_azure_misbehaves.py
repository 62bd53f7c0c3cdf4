"""What passes is waited out, what does not is told; nothing is sent twice that must not be."""

import pytest

from reconciler.engine.types import Status
from reconciler.operations.load import load
from tests.support.azure import ROOT

SMALL = "examples/smallest.yaml"
SOON = {"x-ms-retry-after-ms": "5"}


def error(code, message="injected"):
    return {"error": {"code": code, "message": message}}


PASSING = {
    "throttled": {"status": 429, "headers": SOON},
    "unavailable": {"status": 503, "headers": SOON},
    "broken": {"status": 500, "headers": SOON},
    "busy": {"status": 409, "body": error("AnotherOperationInProgress")},
    "cut off": {"drop": True},
}


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("name", PASSING)
def test_a_fault_that_passes_is_waited_out(azure, name, when):
    loaded = load(str(ROOT / SMALL))
    action = PASSING[name]
    rule = {"method": "PUT", "path": r"storageAccounts/\w+(\?|$)", "times": 1, "when": when}
    azure.control("POST", "faults", {**rule, "action": action})
    report, problems = azure.apply(loaded)
    azure.control("DELETE", "faults")
    assert problems == []
    assert {o.status for o in report.outcomes} == {Status.DONE}
    assert azure.plan(loaded).is_empty


def test_a_refusal_is_not_repeated_and_skips_only_what_needs_it(azure):
    loaded = load(str(ROOT / SMALL))
    denied = error("AuthorizationFailed", "The client does not have authorization to write.")
    rule = {"method": "PUT", "path": r"vaults/[\w-]+(\?|$)", "times": 0, "when": "before"}
    azure.control("POST", "faults", {**rule, "action": {"status": 403, "body": denied}})
    report, problems = azure.apply(loaded)
    azure.control("DELETE", "faults")
    by_status = {o.address: o.status for o in report.outcomes}
    assert by_status["workspace.key_vault"] is Status.FAILED
    assert by_status["workspace"] is Status.SKIPPED
    assert by_status["compute.cpu-cluster"] is Status.SKIPPED
    assert by_status["workspace.storage_account"] is Status.DONE
    ((address, problem),) = problems
    assert address == "workspace.key_vault"
    assert "does not have authorization" in problem.summary
    assert problem.hint
    assert problem.position
    tries = [e for e in azure.journal() if e["method"] == "PUT" and "/vaults/" in e["path"]]
    assert len(tries) == 1


def test_a_plan_names_what_it_cannot_read_and_is_not_empty(azure):
    loaded = load(str(ROOT / SMALL))
    azure.apply(loaded)
    rule = {"method": "GET", "path": r"storageAccounts/\w+(\?|$)", "times": 0, "when": "before"}
    azure.control("POST", "faults", {**rule, "action": {"status": 400, "body": error("Odd")}})
    planned = azure.plan(loaded)
    azure.control("DELETE", "faults")
    (blocked,) = planned.blocked
    assert "`workspace.storage_account` cannot be read" in blocked.summary
    assert not planned.is_empty


@pytest.mark.parametrize("action", [{"truncate": True}, {"status": 200, "body": "sign in here"}])
def test_a_sign_in_that_is_cut_short_is_asked_for_again(arena, action):
    """In a thread of its own, whose errors nobody would catch: no traceback may come of it."""
    arena.reset()
    arena.arm({"method": "POST", "path": "/oauth2/", "when": "after", "action": action})
    ended = arena.run("plan", str(ROOT / SMALL), "--detailed-exitcode")
    arena.disarm()
    assert ended.code == 2, ended.err
    assert "Traceback" not in ended.err
