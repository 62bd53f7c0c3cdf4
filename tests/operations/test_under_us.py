"""What changes between the plan and a write: re-read, decided anew, never more than approved."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from itertools import groupby
from typing import Any

import pytest

from reconciler.diagnostics import ExitCode
from reconciler.engine.types import Action, Status
from reconciler.kinds.ownership import OWNER_TAG, mark
from reconciler.operations.apply.executor import Report, apply
from reconciler.reasons import DeletedSincePlan
from reconciler.render.reason_text import detail_of, summary_of
from tests.support.faulted import arm, error, of, sent
from tests.support.passing_time import PassingTime
from tests.support.serving import API, ENDPOINT, GROUP, ML, PROVIDERS, SPEC, Azure, Events

BLUE = f"{ENDPOINT}/deployments/blue"
TWO = SPEC.replace("instance_count: 1", "instance_count: 2")
TAGGED = SPEC.replace("name: cases\n", "name: cases\ntags: {team: ml}\n", 1)
LOST = error(412, "PreconditionFailed")
NO_SERVING = SPEC.partition("endpoints:")[0]
EMPTY = SPEC.partition("deployments:")[0].replace("    traffic: {blue: 100}\n", "")
OWN = f"""
version: 1
name: own
target: {{subscription_id: {SPEC.split("subscription_id: ")[1][:36]}, resource_group: rg-cases, location: eastus}}
workspace:
  name: own-ws
  storage_account: {{name: ownstorage}}
  key_vault: {{name: own-kv}}
  application_insights: {{name: own-insights}}
"""
CLUSTER = "compute:\n  cpu: {size: Standard_DS3_v2, min_instances: 0, max_instances: 1}\n"
READER = """identities:
  reader: {role_assignments: [{role: Reader, scope: "${{ workspace.storage_account }}"}]}
"""
ACCOUNT = f"{PROVIDERS}/Microsoft.Storage/storageAccounts/ownstorage"
WORKSPACE = f"{ML}/own-ws"

GREEN = """  green:
    endpoint_name: phi3-ep
    model: azureml://registries/azureml/models/Phi-3-mini-4k-instruct/versions/14
    instance_type: Standard_NC24ads_A100_v4
connections:"""


def apply_planned(
    azure: Azure,
    text: str,
    monkeypatch: pytest.MonkeyPatch,
    *,
    since_plan: Callable[[], Any] = lambda: None,
    at_first_wait: Callable[[], Any] = lambda: None,
) -> Report:
    """Plan, let something happen, apply; something else happens when the apply first waits."""
    loaded, connection, planned = azure.load(text), azure.connection(), azure.plan(text)
    connection.stop = PassingTime(monkeypatch, at_first_wait)
    since_plan()
    return apply(loaded, connection, planned, progress=Events(), parallelism=1)


def delete(azure: Azure, resource_id: str) -> None:
    azure.control("POST", "drift", {"op": "delete", "id": resource_id})


@pytest.mark.parametrize("status", [412, 409])
def test_a_lost_race_is_read_and_decided_again(
    live: Azure, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    """The other writer's tag survives, although a PATCH replaces all tags: it was read again."""
    identity = next(
        c.resource.resource_id for c in live.plan().changes if c.address == "identities.server"
    )
    since = live.now()
    arm(live, "PATCH", "userAssignedIdentities/", error(status, "Conflict"))

    def another_tags_it() -> None:
        tags = {"theirs": "yes"}
        live.control("POST", "drift", {"op": "tag", "id": identity, "body": tags})

    report = apply_planned(live, TAGGED, monkeypatch, at_first_wait=another_tags_it)
    assert report.exit_code == 0
    patches = sent(live, since, "PATCH", "/server")
    assert [e["status"] for e in patches] == [status, 200]
    tags = live.arm.get(identity, "2024-11-30")["tags"]
    assert (tags["theirs"], tags["team"]) == ("yes", "ml")


def test_a_race_that_is_lost_three_times_is_refused_and_the_next_run_converges(
    live: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    since = live.now()
    arm(live, "PATCH", "deployments/blue", LOST, times=0)
    outcome = of(apply_planned(live, TWO, monkeypatch), "deployments.blue")
    assert outcome.status is Status.REFUSED
    assert "changed 3 times during this run" in summary_of(outcome.problems[0])
    assert "PreconditionFailed 412" in detail_of(outcome.problems[0])
    tries = [e["method"] for e in live.journal(since) if e["path"].endswith("deployments/blue")]
    first, last = tries.index("PATCH"), len(tries) - tries[::-1].index("PATCH")
    # Each PATCH follows a look of its own, or two where the roles of the spec are fresh.
    turns = [method for method, _ in groupby(tries[first:last])]
    assert turns == ["PATCH", "GET", "PATCH", "GET", "PATCH"]
    live.control("DELETE", "faults")
    live.applied(TWO)
    assert live.get(BLUE)["sku"]["capacity"] == 2


def test_what_would_now_be_replaced_is_not(live: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    """An update was approved; the other writer made of it what only a replace could mend."""
    since = live.now()
    arm(live, "PATCH", "deployments/blue", LOST)
    other_size = {"properties": {"instanceType": "Standard_DS3_v2"}}
    report = apply_planned(
        live, TWO, monkeypatch, at_first_wait=lambda: live.drift(BLUE, other_size)
    )
    assert of(report, "deployments.blue").status is Status.REFUSED
    assert not [e for e in live.writes(since) if e.startswith("DELETE")]
    assert live.get(BLUE)["properties"]["instanceType"] == "Standard_DS3_v2"


def test_an_empty_parent_that_was_deleted_is_made_again_and_told(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    azure.applied(EMPTY)
    assert "endpoints.phi3-ep" not in azure.changes()
    since = azure.now()
    report = apply_planned(azure, SPEC, monkeypatch, since_plan=lambda: delete(azure, ENDPOINT))
    made = of(report, "endpoints.phi3-ep")
    assert (made.action, made.status) == (Action.CREATE, Status.DONE)
    assert made.reason == DeletedSincePlan()
    assert report.exit_code == 0
    assert len(sent(azure, since, "PUT", "/phi3-ep")) >= 1
    assert azure.changes() == {}


def test_a_protected_parent_that_was_deleted_is_not_made_again_in_silence(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    protecting = "lifecycle: {endpoints.phi3-ep: {protect: true}}\n"
    azure.applied(EMPTY + protecting)
    since = azure.now()
    report = apply_planned(
        azure, SPEC + protecting, monkeypatch, since_plan=lambda: delete(azure, ENDPOINT)
    )
    outcome = of(report, "deployments.blue")
    assert outcome.status is Status.REFUSED
    assert "the spec protects it" in detail_of(outcome.problems[0])
    assert sent(azure, since, "PUT", "/phi3-ep") == []


def test_a_parent_that_was_deleted_with_more_in_it_is_refused(
    live: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = SPEC.replace("connections:", GREEN, 1)
    report = apply_planned(live, text, monkeypatch, since_plan=lambda: delete(live, ENDPOINT))
    outcome = of(report, "deployments.green")
    assert outcome.status is Status.REFUSED
    assert "`endpoints.phi3-ep` was deleted since the plan" in summary_of(outcome.problems[0])
    assert "deployments.blue" in detail_of(outcome.problems[0])
    assert live.arm.get(ENDPOINT, API) is None
    live.applied(text)
    assert live.changes(text) == {}


@pytest.mark.parametrize(
    ("more", "address", "place"),
    [(CLUSTER, "compute.cpu", WORKSPACE), (READER, "identities.reader.reader", ACCOUNT)],
)
def test_what_held_data_and_was_deleted_is_not_made_again_in_silence(
    azure: Azure, monkeypatch: pytest.MonkeyPatch, more: str, address: str, place: str
) -> None:
    azure.applied(OWN)
    since = azure.now()
    report = apply_planned(azure, OWN + more, monkeypatch, since_plan=lambda: delete(azure, place))
    outcome = of(report, address)
    assert outcome.status is Status.REFUSED
    assert "it held data" in detail_of(outcome.problems[0])
    assert "new plan" in outcome.problems[0].hint
    assert sent(azure, since, "PUT", place) == []
    if place is ACCOUNT:  # a workspace is kept by Azure, and its twin is the user's to purge
        azure.applied(OWN + more)
        assert azure.changes(OWN + more) == {}


def test_a_store_that_was_deleted_is_not_updated_into_an_empty_one(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    azure.applied(OWN)
    text = OWN.replace("name: own\n", "name: own\ntags: {team: ml}\n", 1)
    report = apply_planned(azure, text, monkeypatch, since_plan=lambda: delete(azure, ACCOUNT))
    outcome = of(report, "workspace.storage_account")
    assert outcome.status is Status.REFUSED
    assert "was deleted since the plan" in summary_of(outcome.problems[0])
    assert azure.arm.get(ACCOUNT, "2023-05-01") is None


def test_a_group_that_was_deleted_before_anything_was_in_it_is_made_again(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = GROUP.replace("rg-cases", "rg-empty")
    text = OWN.replace("rg-cases", "rg-empty")
    azure.arm.put(group, "2025-04-01", {"location": "eastus"})
    report = apply_planned(azure, text, monkeypatch, since_plan=lambda: delete(azure, group))
    assert of(report, "resource_group").status is Status.DONE
    assert report.exit_code == 0


class Parent(Events):
    """Lets something happen when work on the endpoint begins, and keeps the order of the ends.

    `child_ended` is called when a deployment has ended.
    """

    def __init__(
        self,
        happens: Callable[[], Any] = lambda: None,
        child_ended: Callable[[], Any] = lambda: None,
    ) -> None:
        self._happens, self._child_ended = happens, child_ended
        self.ended: list[str] = []

    def started(self, address: str, action: Any) -> None:
        if address == "endpoints.phi3-ep":
            self._happens()

    def finished(self, outcome: Any) -> None:
        self.ended.append(outcome.address)
        if outcome.address.startswith("deployments."):
            self._child_ended()


def of_team_b(azure: Azure) -> None:
    """Let another team make the endpoint first."""
    body = {"location": "eastus", "kind": "Managed", "properties": {"authMode": "Key"}}
    tags = {OWNER_TAG: mark("team-b", ENDPOINT)}
    body = {**body, "identity": {"type": "SystemAssigned"}, "tags": tags}
    azure.control("POST", "drift", {"op": "put", "id": ENDPOINT, "body": body})


def test_a_parent_of_others_that_came_meanwhile_refuses_what_is_in_it(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 5 says that a person must look; 1 would say that Azure failed."""
    azure.applied(EMPTY)
    loaded, connection, planned = azure.load(), azure.connection(), azure.plan()
    connection.stop = PassingTime(monkeypatch)
    delete(azure, ENDPOINT)
    watcher = Parent(lambda: of_team_b(azure))
    report = apply(loaded, connection, planned, progress=watcher, parallelism=1)
    assert of(report, "endpoints.phi3-ep").status is Status.REFUSED
    assert of(report, "deployments.blue").status is Status.REFUSED
    assert report.exit_code == ExitCode.REFUSED


def test_a_parent_that_is_still_being_made_leaves_what_is_in_it_pending(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 3 says that the same command goes on; the run is stopped in its wait."""
    azure.applied(EMPTY)
    loaded, connection, planned = azure.load(), azure.connection(), azure.plan()
    connection.stop = stop = PassingTime(monkeypatch)
    delete(azure, ENDPOINT)
    report = apply(loaded, connection, planned, progress=Parent(stop.set), parallelism=1)
    assert of(report, "endpoints.phi3-ep").status is Status.PENDING
    assert of(report, "deployments.blue").status is Status.PENDING
    assert report.exit_code == ExitCode.PENDING


def test_who_waits_for_a_parent_that_another_makes_again_can_be_stopped(azure: Azure) -> None:
    """Of two deployments one makes their endpoint again; its PUT is answered after the other ended."""
    azure.applied(EMPTY)
    text = SPEC.replace("connections:", GREEN, 1).partition("connections:")[0]
    loaded, connection, planned = azure.load(text), azure.connection(), azure.plan(text)
    delete(azure, ENDPOINT)
    arm(azure, "PUT", r"onlineEndpoints/phi3-ep\?", {"hold": True})

    def stop_once_it_is_held() -> None:
        while not json.loads(azure.control("GET", "faults"))["value"][0]["seen"]:
            pass  # the next answer of the sandbox is the next look
        connection.stop.set()

    stopping = threading.Thread(target=stop_once_it_is_held)
    watcher = Parent(stopping.start, azure.clear_faults)
    report = apply(loaded, connection, planned, progress=watcher, parallelism=4)
    stopping.join()
    assert report.exit_code == ExitCode.PENDING
    deployments = {"deployments.blue", "deployments.green"}
    assert watcher.ended.index("endpoints.phi3-ep") > min(map(watcher.ended.index, deployments))
