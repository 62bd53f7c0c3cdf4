"""No endpoint stops answering unless the plan said so and its address was allowed."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.diagnostics import RefusedError
from reconciler.engine.types import Action
from reconciler.operations.apply.executor import apply
from reconciler.operations.status import status
from reconciler.reasons import SomethingInside
from tests.support.faulted import arm, error
from tests.support.serving import ENDPOINT, SPEC, Azure, Events

BLUE = "deployments.blue"
TRAFFIC = "endpoints.phi3-ep.traffic"
OTHER_SIZE = SPEC.replace(
    "instance_type: Standard_NC24ads_A100_v4", "instance_type: Standard_DS3_v2"
)
GREEN = """  green:
    endpoint_name: phi3-ep
    model: azureml://registries/azureml/models/Phi-3-mini-4k-instruct/versions/14
    instance_type: Standard_NC24ads_A100_v4
connections:"""
TWO = SPEC.replace("connections:", GREEN, 1).replace("{blue: 100}", "{blue: 50, green: 50}")
UNNAMED = SPEC.replace(
    """deployments:
  blue:
    endpoint_name: phi3-ep
    model: {model}
    instance_type: Standard_NC24ads_A100_v4
    instance_count: 1
""".format(model=SPEC.partition("model: ")[2].partition("\n")[0]),
    "",
).replace("    traffic: {blue: 100}\n", "")


def outages(plan):
    return {f.address: f for f in plan.findings if f.id == "outage"}


def planned(live: Azure, text: str = SPEC, *allowed: str, **options):
    return live.plan(text, allow_outage=allowed, **options)


def traffic(live: Azure):
    return live.get(ENDPOINT)["properties"]["traffic"]


def test_the_only_one_that_serves_is_not_replaced_unasked(live: Azure) -> None:
    plan = planned(live, OTHER_SIZE)
    found = outages(plan)[BLUE]
    assert "answers nothing for about 15 min" in found.summary
    assert f"--allow-outage {BLUE}" in found.hint
    assert plan.change_of(BLUE).is_blocked
    before = live.now()
    with pytest.raises(RefusedError):
        live.apply(OTHER_SIZE, allow_outage=[])
    assert live.writes(before) == []
    assert traffic(live) == {"blue": 100}


def test_it_is_where_its_address_is_allowed(live: Azure) -> None:
    plan = live.plan(OTHER_SIZE, allow_outage=[BLUE])
    assert not plan.stopping
    assert outages(plan)[BLUE].detail == "allowed with --allow-outage"
    assert live.apply(OTHER_SIZE, allow_outage=[BLUE]).exit_code == 0
    assert traffic(live) == {"blue": 100}
    assert (
        live.get(f"{ENDPOINT}/deployments/blue")["properties"]["instanceType"] == "Standard_DS3_v2"
    )


def test_another_address_allows_nothing(live: Azure) -> None:
    assert live.plan(OTHER_SIZE, allow_outage=["deployments.green"]).change_of(BLUE).is_blocked


def test_one_of_two_that_serve_is_replaced_and_both_are_not(live: Azure) -> None:
    live.applied(TWO)
    size = "instance_type: Standard_NC24ads_A100_v4"
    one = TWO.replace(size, "instance_type: Standard_DS3_v2", 1)
    assert outages(planned(live, one)) == {}
    both = TWO.replace(size, "instance_type: Standard_DS3_v2")
    assert set(outages(planned(live, both))) == {BLUE, "deployments.green"}


def test_traffic_for_nobody_is_an_outage(live: Azure) -> None:
    none = SPEC.replace("{blue: 100}", "{blue: 0}")
    plan = planned(live, none)
    assert plan.change_of(TRAFFIC).is_blocked
    assert "no deployment is given traffic" in outages(plan)[TRAFFIC].summary
    assert live.apply(none, allow_outage=[TRAFFIC]).exit_code == 0
    (row,) = [
        r
        for r in status(live.load(none), live.connection(read_only=True))
        if r.kind == "online endpoint"
    ]
    assert (row.health, row.message) == (
        "Degraded",
        "no deployment gets traffic: it answers nothing",
    )


def test_what_serves_is_not_pruned_unasked(live: Azure) -> None:
    plan = planned(live, UNNAMED, prune=True)
    assert outages(plan).keys() == {BLUE}
    assert "answers nothing any more" in outages(plan)[BLUE].summary
    assert plan.change_of(BLUE).action is Action.DELETE
    assert plan.change_of(BLUE).is_blocked


def test_no_change_of_what_serves_is_no_outage(live: Azure) -> None:
    assert outages(planned(live, SPEC.replace("instance_count: 1", "instance_count: 2"))) == {}


def test_a_delete_that_azure_refuses_after_the_drain_puts_the_shares_back(live: Azure) -> None:
    live.applied(TWO)
    arm(live, "DELETE", "/deployments/green", error(409, "ScopeLocked"), times=0)
    assert live.destroy(TWO, only=["deployments.green"]).exit_code == 1
    assert traffic(live) == {"blue": 50, "green": 50}


def test_a_destroy_that_azure_refuses_leaves_what_it_could_not_delete_serving(live: Azure) -> None:
    live.applied(TWO)
    arm(live, "DELETE", "/deployments/", error(409, "ScopeLocked"), times=0)
    assert live.destroy(TWO).exit_code == 1
    assert traffic(live) == {"blue": 50, "green": 50}


def test_a_destroy_gives_all_traffic_to_the_one_that_azure_keeps(live: Azure) -> None:
    live.applied(TWO)
    arm(live, "DELETE", "/deployments/green", error(409, "ScopeLocked"), times=0)
    assert live.destroy(TWO).exit_code == 1
    assert traffic(live) == {"green": 100}


BESIDE = TWO.partition("endpoints:\n")[0] + TWO[TWO.index("deployments:\n") :]
BESIDE = BESIDE.partition("connections:\n")[0]
"""The deployments of an endpoint that is no longer in the spec, and nothing behind it."""


DS3 = "instance_type: Standard_DS3_v2"
REPLACED = BESIDE.replace("instance_type: Standard_NC24ads_A100_v4", DS3, 1)


def without_green(text):
    return text.partition("  green:\n")[0]


def test_what_serves_an_endpoint_outside_the_spec_is_not_replaced_unasked(live: Azure) -> None:
    live.applied(TWO.replace("{blue: 50, green: 50}", "{blue: 100, green: 0}"))
    text = BESIDE.replace(
        "instance_type: Standard_NC24ads_A100_v4", "instance_type: Standard_DS3_v2", 1
    )
    plan = planned(live, text)
    assert outages(plan).keys() == {BLUE}
    assert "`phi3-ep` answers nothing for about 15 min" in outages(plan)[BLUE].summary
    assert plan.change_of(BLUE).is_blocked
    before = live.now()
    with pytest.raises(RefusedError):
        live.apply(text, allow_outage=[])
    assert live.writes(before) == []
    assert live.apply(text).exit_code == 0
    assert traffic(live) == {"blue": 100}


def test_a_share_that_nobody_states_comes_back_in_the_same_apply(live: Azure) -> None:
    live.applied(TWO.replace("{blue: 50, green: 50}", "{blue: 30, green: 70}"))
    plan = planned(live, REPLACED)
    assert outages(plan) == {}
    (told,) = [f for f in plan.findings if f.id == "traffic"]
    assert told.summary == (
        "`deployments.blue` gives its 30 % of `phi3-ep` to the others until it is replaced, and "
        "gets it back unless somebody sets the traffic meanwhile"
    )
    assert "where apply is stopped meanwhile" in told.detail
    assert live.apply(REPLACED).exit_code == 0
    assert traffic(live) == {"blue": 30, "green": 70}
    assert live.changes(REPLACED) == {}


def test_shares_of_two_that_are_replaced_at_once_both_come_back(live: Azure) -> None:
    live.applied(TWO.replace("{blue: 50, green: 50}", "{blue: 30, green: 70}"))
    both = BESIDE.replace("instance_type: Standard_NC24ads_A100_v4", DS3)
    assert live.apply(both).exit_code == 0
    assert traffic(live) == {"blue": 30, "green": 70}


def test_an_apply_that_is_stopped_meanwhile_leaves_the_shares_to_the_others(live: Azure) -> None:
    """As its plan says; the next one makes the deployment, and what serves goes on serving."""
    live.applied(TWO)
    loaded, connection, made = live.load(REPLACED), live.connection(), live.plan(REPLACED)
    delete = connection.arm.delete

    def deleted(resource_id: str, *rest: Any) -> None:
        delete(resource_id, *rest)
        connection.stop.set()

    connection.arm.delete = deleted
    assert apply(loaded, connection, made, progress=Events()).exit_code != 0
    assert traffic(live) == {"green": 100}
    assert live.changes(REPLACED) == {BLUE: "create"}
    assert live.apply(REPLACED).exit_code == 0
    assert traffic(live) == {"green": 100}
    assert live.changes(REPLACED) == {}


def test_shares_that_somebody_sets_during_a_replacement_stay(live: Azure) -> None:
    """The PUT of the new deployment is the moment at which another client sets the shares."""
    live.applied(TWO)
    loaded, connection = live.load(REPLACED), live.connection()
    put = connection.arm.put

    def meddled(resource_id: str, *rest: Any, **options: Any) -> Any:
        found = put(resource_id, *rest, **options)
        if resource_id.endswith("/deployments/blue"):
            live.drift(ENDPOINT, {"properties": {"traffic": {"blue": 10, "green": 90}}})
        return found

    connection.arm.put = meddled
    assert apply(loaded, connection, live.plan(REPLACED), progress=Events()).exit_code == 0
    assert traffic(live) == {"blue": 10, "green": 90}


def test_an_endpoint_that_cannot_be_read_is_told_as_not_checked(live: Azure) -> None:
    live.applied(TWO)
    text = without_green(BESIDE).replace("Standard_NC24ads_A100_v4", "Standard_DS3_v2")
    arm(live, "GET", r"/onlineEndpoints/phi3-ep(\?|$)", error(403, "AuthorizationFailed"), times=0)
    plan = planned(live, text)
    assert "not checked: whether `deployments.blue` serves" in outages(plan)[BLUE].summary


def test_an_endpoint_that_holds_something_of_the_spec_and_left_it_is_named(live: Azure) -> None:
    live.applied(TWO)
    for prune in (False, True):
        plan = planned(live, without_green(BESIDE), prune=prune)
        left = {c.address: c for c in (*plan.leftovers, *plan.changes)}
        assert left["endpoints.phi3-ep"].action is Action.NO_OP
        assert left["endpoints.phi3-ep"].decision.note.why == SomethingInside()
