"""Registering a resource provider is a step that the plan shows, never a side effect."""

import io

import pytest

from reconciler.engine.types import Action, Status
from reconciler.operations.load import load
from reconciler.render.fields import Views
from reconciler.render.plan_text import plan_lines
from reconciler.render.terminal import Terminal
from tests.support.azure import ROOT

SMALL = "examples/smallest.yaml"
STEP = "provider.Microsoft.KeyVault"
MISSING = {
    "error": {
        "code": "MissingSubscriptionRegistration",
        "message": "The subscription is not registered to use namespace 'Microsoft.KeyVault'.",
    }
}
DENIED = {"error": {"code": "AuthorizationFailed", "message": "may not"}}


@pytest.fixture
def loaded():
    return load(str(ROOT / SMALL))


@pytest.fixture
def unregistered(azure, loaded):
    """Azure, with a subscription that has never used key vaults."""
    subscription = f"/subscriptions/{loaded.spec.target.subscription_id}"
    provider = f"{subscription}/providers/Microsoft.KeyVault"
    azure.connection(loaded).arm.post(f"{provider}/unregister", "2021-04-01")
    azure.clear_journal()
    yield azure
    azure.control("DELETE", "faults")


def fault(azure, method, path, action, times=0):
    rule = {"method": method, "path": path, "times": times, "when": "before", "action": action}
    azure.control("POST", "faults", rule)


def requests(azure, method):
    return [e["path"] for e in azure.journal() if e["method"] == method]


def test_a_plan_shows_the_registration_and_sends_none(unregistered, loaded):
    planned = unregistered.plan(loaded)
    assert planned.change_of(STEP).action is Action.CREATE
    assert STEP in planned.graph["workspace.key_vault"]
    assert unregistered.writes() == []
    text = io.StringIO()
    Terminal(text).write(plan_lines(Views(planned)))
    assert "register provider Microsoft.KeyVault" in text.getvalue()


def test_apply_registers_before_the_first_write_that_needs_it(unregistered, loaded):
    report, problems = unregistered.apply(loaded)
    assert problems == []
    assert {o.status for o in report.outcomes} == {Status.DONE}
    (register,) = [w for w in unregistered.writes() if w.startswith("POST")]
    assert register.endswith("/providers/Microsoft.KeyVault/register")
    writes = unregistered.writes()
    assert writes.index(register) < min(i for i, w in enumerate(writes) if "/vaults/" in w)
    assert unregistered.plan(loaded).is_empty


def test_what_exists_proves_its_provider_and_costs_no_request(azure, loaded):
    azure.apply(loaded)
    azure.clear_journal()
    assert azure.plan(loaded).is_empty
    assert not [p for p in requests(azure, "GET") if "/providers/Microsoft." in p[60:75]]


def test_a_read_that_fails_for_want_of_a_registration_leads_to_the_step(unregistered, loaded):
    fault(unregistered, "GET", r"/vaults/", {"status": 409, "body": MISSING})
    planned = unregistered.plan(loaded)
    assert planned.change_of(STEP).action is Action.CREATE
    assert planned.change_of("workspace.key_vault").action is Action.CREATE
    assert not planned.blocked
    assert unregistered.writes() == []


def test_a_registration_under_way_is_waited_for(unregistered, loaded):
    state = {"namespace": "Microsoft.KeyVault", "registrationState": "Registering"}
    path = r"/providers/Microsoft.KeyVault(\?|$)"
    fault(unregistered, "GET", path, {"status": 200, "body": state})
    assert unregistered.plan(loaded).change_of(STEP).is_pending


def test_who_may_not_register_is_told_who_may(unregistered, loaded):
    fault(unregistered, "POST", r"/register(\?|$)", {"status": 403, "body": DENIED})
    report, problems = unregistered.apply(loaded)
    (problem,) = [problem for address, problem in problems if address == STEP]
    assert "az provider register --namespace Microsoft.KeyVault" in problem.hint
    status = {o.address: o.status for o in report.outcomes}
    assert status["workspace.key_vault"] is Status.SKIPPED
    assert status["workspace.storage_account"] is Status.DONE


def test_where_a_provider_may_not_be_read_azures_refusal_is_explained(unregistered, loaded):
    fault(
        unregistered,
        "GET",
        r"/subscriptions/[^/]+/providers/Microsoft.\w+(\?|$)",
        {"status": 403, "body": DENIED},
    )
    _, problems = unregistered.apply(loaded)
    (problem,) = [problem for address, problem in problems if address == "workspace.key_vault"]
    assert "not registered to use namespace 'Microsoft.KeyVault'" in problem.summary
    assert "az provider register" in problem.hint


def test_apply_waits_for_the_end_of_a_registration(unregistered, loaded):
    state = {"namespace": "Microsoft.KeyVault", "registrationState": "Registering"}
    path = r"/providers/Microsoft.KeyVault(\?|$)"
    fault(unregistered, "GET", path, {"status": 200, "body": state}, times=3)
    report, problems = unregistered.apply(loaded)
    assert problems == []
    assert {o.status for o in report.outcomes} <= {Status.DONE, Status.UNCHANGED}
    entries = unregistered.journal()
    vault = min(
        i for i, e in enumerate(entries) if e["method"] == "PUT" and "/vaults/" in e["path"]
    )
    asked = [i for i, e in enumerate(entries) if e["path"].endswith("providers/Microsoft.KeyVault")]
    assert len([i for i in asked if i < vault]) >= 4
