"""What is inside a resource and somebody else's is neither deleted nor drained with it."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.diagnostics import RefusedError
from reconciler.engine.decisions import Change, Replace
from reconciler.engine.types import Action, Resource, Status
from reconciler.operations.apply.executor import Report, apply
from reconciler.operations.plan.build import Plan
from reconciler.operations.plan.dependents import foreign_children
from reconciler.operations.plan.destroy import plan_destroy
from reconciler.reasons import Unmarked
from reconciler.render.reason_text import explanations, summary_of
from tests.support.faulted import of
from tests.support.serving import API, ENDPOINT, ML, PROVIDERS, SPEC, Azure, Events

REPLACING = SPEC.replace(
    "    traffic: {blue: 100}", "    description: new\n    traffic: {blue: 100}"
)
THEIRS = f"{ENDPOINT}/deployments/theirs"
PROTECTED = {"reconcile-protect": "true"}


def with_theirs(azure: Azure) -> None:
    """Put a deployment of somebody else's beside ours."""
    ours = azure.get(f"{ENDPOINT}/deployments/blue")
    kept = ("endpointComputeType", "model", "instanceType", "scaleSettings")
    properties = {key: ours["properties"][key] for key in kept}
    body = {"location": ours["location"], "sku": ours["sku"], "properties": properties}
    azure.arm.put(THEIRS, API, body)


def deletes(azure: Azure, since: int) -> list[str]:
    return [w for w in azure.writes(since) if w.startswith("DELETE")]


def carried_out(azure: Azure, planned: Plan, text: str = SPEC) -> Report:
    return apply(azure.load(text), azure.connection(), planned, progress=Events())


def planned_destroy(azure: Azure, text: str = SPEC, **options: Any) -> Plan:
    return plan_destroy(azure.load(text), azure.connection(read_only=True), **options)


def told(planned: Plan, address: str) -> str:
    return " ".join(explanations(planned.change_of(address)))


def test_a_replace_that_would_take_a_deployment_of_others_along_is_refused(live: Azure) -> None:
    with_theirs(live)
    change = live.plan(REPLACING).change_of("endpoints.phi3-ep")
    assert change.action is Action.REPLACE
    assert change.problems
    assert "(theirs)" in summary_of(change.problems[0])
    since = live.now()
    with pytest.raises(RefusedError, match="theirs"):
        live.apply(REPLACING)
    assert live.writes(since) == []


def test_one_that_came_after_the_plan_stops_the_replace(live: Azure) -> None:
    planned = live.plan(REPLACING)
    with_theirs(live)
    since = live.now()
    report = carried_out(live, planned, REPLACING)
    assert of(report, "endpoints.phi3-ep").status is Status.REFUSED
    assert "theirs" in summary_of(of(report, "endpoints.phi3-ep").problems[0])
    assert deletes(live, since) == []
    assert live.get(THEIRS)


def test_one_of_ours_that_somebody_protected_after_the_plan_stops_the_replace(live: Azure) -> None:
    planned = live.plan(REPLACING)
    blue = f"{ENDPOINT}/deployments/blue"
    live.drift(blue, {"tags": {**live.get(blue)["tags"], **PROTECTED}})
    since = live.now()
    report = carried_out(live, planned, REPLACING)
    assert of(report, "endpoints.phi3-ep").status is Status.REFUSED
    assert deletes(live, since) == []


def test_a_replace_with_nothing_of_others_in_it_is_carried_out(live: Azure) -> None:
    live.applied(REPLACING)
    assert live.get(ENDPOINT)["properties"]["description"] == "new"
    assert live.changes(REPLACING) == {}


def test_what_goes_is_looked_into_as_well(live: Azure) -> None:
    with_theirs(live)
    workspace = Change(
        Resource("workspace", "workspace", f"{ML}/ws1", {}), None, Replace((), Unmarked())
    )
    going = [ENDPOINT, f"{ENDPOINT}/deployments/blue"]
    found = foreign_children(live.connection(read_only=True), workspace, going)
    assert [one.casefold() for one in found] == [THEIRS.casefold()]


@pytest.mark.parametrize("share", [90, 0])
def test_the_traffic_of_others_outlives_a_destroy(live: Azure, share: int) -> None:
    with_theirs(live)
    live.drift(ENDPOINT, {"properties": {"traffic": {"blue": 100 - share, "theirs": share}}})
    planned = planned_destroy(live)
    assert "(theirs)" in told(planned, "endpoints.phi3-ep")
    assert told(planned, "endpoints.phi3-ep.traffic") == "kept: its endpoint is kept"
    report = carried_out(live, planned)
    assert of(report, "deployments.blue").status is Status.DONE
    assert live.get(ENDPOINT)["properties"]["traffic"] == ({"theirs": 100} if share else {})
    assert planned_destroy(live).is_empty


def test_the_traffic_of_others_that_came_after_the_plan_goes_on(live: Azure) -> None:
    planned = planned_destroy(live)
    with_theirs(live)
    live.drift(ENDPOINT, {"properties": {"traffic": {"blue": 10, "theirs": 90}}})
    report = carried_out(live, planned)
    assert of(report, "endpoints.phi3-ep").status is Status.REFUSED
    assert live.get(ENDPOINT)["properties"]["traffic"] == {"theirs": 100}


@pytest.mark.parametrize("home", ["hub", "project"])
def test_a_hub_and_a_project_with_endpoints_of_others_survive(live: Azure, home: str) -> None:
    text = in_own_homes()
    live.applied(text)
    theirs = f"{ML}/our-{home}/onlineEndpoints/theirs-{home}"
    of_ours = live.get(ENDPOINT)
    body = {key: of_ours[key] for key in ("location", "kind")}
    identity = {"identity": {"type": "SystemAssigned"}, "properties": {"authMode": "Key"}}
    live.arm.put(theirs, API, {**body, **identity})
    planned = planned_destroy(live, text)
    assert f"(theirs-{home})" in told(planned, home)
    carried_out(live, planned, text)
    assert live.get(theirs)
    assert live.get(f"{ML}/our-hub")


def in_own_homes() -> str:
    """The spec with a hub and a project of its own, which nothing protects."""
    own = f"""
hub:
  name: our-hub
  storage_account: {PROVIDERS}/Microsoft.Storage/storageAccounts/acct1
  key_vault: {PROVIDERS}/Microsoft.KeyVault/vaults/kv1
  application_insights: {PROVIDERS}/Microsoft.Insights/components/ins
project: {{name: our-project, hub_id: "${{{{ hub }}}}"}}
lifecycle: {{hub: {{protect: false}}, project: {{protect: false}}}}
"""
    return SPEC.replace(f"project: {ML}/proj1\n", own.lstrip())
