"""What others changed is told apart from what the spec asks for anew."""

from __future__ import annotations

from reconciler.engine.cause import Origin, asked_in, cause_of
from reconciler.engine.diff import ASKED_TAG
from reconciler.render.drift import OUTSIDE, drift_lines, drift_of
from reconciler.render.fields import Views
from reconciler.render.kind_views import kind_views
from reconciler.render.plan_json import document
from reconciler.render.plan_text import plan_lines
from reconciler.spec.sections import sections_of
from tests.support.serving import CONNECTION, ENDPOINT, SPEC, Azure

BLUE = f"{ENDPOINT}/deployments/blue"
TWO = SPEC.replace("instance_count: 1", "instance_count: 2")
TAGGED = SPEC.replace("name: cases\n", "name: cases\ntags: {team: ml}\n", 1)


def origins(azure: Azure, text: str = SPEC) -> dict[str, str]:
    found = ((c.address, cause_of(c)) for c in azure.plan(text).changes)
    return {address: cause.origin.value for address, cause in found if cause}


def texts(lines: list) -> str:
    return "\n".join(str(row) for row in lines)


def test_what_somebody_else_scaled_is_drift_until_it_is_applied(live: Azure) -> None:
    live.drift(BLUE, {"sku": {"capacity": 3}})
    assert origins(live) == {"deployments.blue": "drift"}
    views = Views(live.plan())
    assert OUTSIDE in texts(plan_lines(views))
    assert OUTSIDE in texts(drift_lines(views))
    (told,) = document(views)["resource_drift"]
    assert told["address"] == "deployments.blue"
    assert told["change"]["before"]["sku"]["capacity"] == 1
    assert told["change"]["after"]["sku"]["capacity"] == 3
    live.applied()
    assert origins(live) == {}


def test_what_the_spec_asks_anew_is_no_drift_and_leaves_its_digest(live: Azure) -> None:
    assert origins(live, TWO) == {"deployments.blue": "spec"}
    before, since = asked_in(live.get(BLUE)), live.now()
    live.applied(TWO)
    assert len([w for w in live.writes(since) if w.endswith("/deployments/blue")]) == 1
    assert asked_in(live.get(BLUE)) not in ("", before)
    live.drift(BLUE, {"sku": {"capacity": 3}})
    assert origins(live, TWO) == {"deployments.blue": "drift"}


def test_both_at_once_are_told_by_field(live: Azure) -> None:
    live.drift(BLUE, {"sku": {"capacity": 3}})
    found = {c.address: cause_of(c) for c in live.plan(TAGGED).changes}
    blue = found["deployments.blue"]
    assert blue is not None
    assert blue.origin is Origin.BOTH
    assert [item.path for item in blue.outside] == ["sku.capacity"]
    assert [item.path for item in blue.spec] == ["tags.team"]


def test_what_no_field_states_is_told_as_a_default(live: Azure) -> None:
    enforced = SPEC + "lifecycle: {deployments.blue: {enforce_defaults: true}}\n"
    stated = enforced.replace(
        "instance_count: 1\n", "instance_count: 1\n    app_insights_enabled: false\n"
    )
    live.applied(enforced)
    live.drift(BLUE, {"properties": {"appInsightsEnabled": True}})
    for text, said in ((enforced, "the default is false"), (stated, "the spec says false")):
        spec = live.load(text).spec
        views = Views(live.plan(text), kind_views(), spec.tags, sections_of(spec))
        (entry,) = drift_of(views).outside
        assert entry.rows == (f"app_insights_enabled: true, {said}",)


def test_an_endpoint_that_others_opened_or_closed_has_drifted(live: Azure) -> None:
    shown = live.get(ENDPOINT)["properties"]["publicNetworkAccess"]
    other = "Disabled" if shown == "Enabled" else "Enabled"
    stated = SPEC.replace(
        "    traffic: {blue", f"    public_network_access: {shown.lower()}\n    traffic: {{blue"
    )
    assert stated != SPEC
    live.drift(ENDPOINT, {"properties": {"publicNetworkAccess": other}})
    assert origins(live, stated)["endpoints.phi3-ep"] == "drift"
    assert "endpoints.phi3-ep" not in origins(live)


def test_of_what_an_earlier_version_made_nothing_is_claimed_or_written(live: Azure) -> None:
    live.drift(BLUE, {"tags": {**live.get(BLUE)["tags"], ASKED_TAG: ""}})
    since = live.now()
    live.applied()
    assert live.writes(since) == []
    live.drift(BLUE, {"sku": {"capacity": 3}})
    assert origins(live) == {"deployments.blue": "unknown"}
    views = Views(live.plan())
    assert document(views)["resource_drift"] == []
    assert OUTSIDE not in texts(plan_lines(views))
    assert "who changed it is not known" in texts(drift_lines(views))


def test_a_connection_that_others_changed_has_drifted(live: Azure) -> None:
    """Its digest stands in the metadata, since it has no tags."""
    stated = SPEC.replace("type: custom\n", "type: custom\n    target: https://one.example/score\n")
    live.applied(stated)
    live.drift(CONNECTION, {"properties": {"target": "https://two.example/score"}})
    assert origins(live, stated) == {"connections.phi3-connection": "drift"}
    live.applied(stated)
    assert origins(live, stated) == {}


def test_of_what_comes_from_another_resource_it_is_said_who_wrote_it_last(live: Azure) -> None:
    """A target that is an endpoint's URL may differ because the endpoint was made again."""
    live.drift(CONNECTION, {"properties": {"target": "https://two.example/score"}})
    live.drift(ENDPOINT, {"properties": {"traffic": {"blue": 0}}})
    assert origins(live) == {
        "connections.phi3-connection": "unknown",
        "endpoints.phi3-ep.traffic": "unknown",
    }
    drift = drift_of(Views(live.plan()))
    by = live.get(CONNECTION)["systemData"]["lastModifiedBy"]
    assert drift.outside == ()
    assert all(f"(last changed by {by} on 20" in entry.said for entry in drift.unknown)
    assert [row.partition(":")[0] for entry in drift.unknown for row in entry.rows] == [
        "target",
        "traffic",
    ]
