"""The serving kinds against the sandbox, over HTTPS and with Microsoft's own clients."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reconciler.chat import ask
from reconciler.engine.types import Status
from tests.support.serving import (
    API,
    CONNECTION,
    ENDPOINT,
    GROUP,
    ML,
    ROOT,
    SPEC,
    Azure,
    refuse,
)

ASSIGNMENTS = f"{GROUP}/providers/Microsoft.Authorization/roleAssignments"
CHECKER = ROOT.parent / "shared" / "tools" / "check_traffic.py"
GREEN = """  green:
    endpoint_name: phi3-ep
    model: azureml://registries/azureml/models/Phi-3-mini-4k-instruct/versions/14
    instance_type: Standard_NC24ads_A100_v4
connections:"""


def with_green(traffic: str = "{blue: 100}") -> str:
    return SPEC.replace("connections:", GREEN, 1).replace("{blue: 100}", traffic)


def test_second_apply_writes_nothing(live: Azure) -> None:
    assert live.changes() == {}
    before = live.now()
    live.applied()
    assert live.writes(before) == []


def test_a_plan_reads_no_secret(live: Azure) -> None:
    before = live.now()
    live.plan()
    assert {e["method"] for e in live.journal(before)} == {"GET"}


def test_endpoint_update_keeps_the_traffic(live: Azure) -> None:
    spec = SPEC.replace("    traffic:", "    tags: {tier: gold}\n    traffic:")
    assert live.changes(spec) == {"endpoints.phi3-ep": "update"}
    live.applied(spec)
    body = live.get(ENDPOINT)
    assert body["properties"]["traffic"] == {"blue": 100}
    assert body["tags"]["tier"] == "gold"


def test_auth_mode_changes_in_place_and_keeps_the_traffic(live: Azure) -> None:
    live.destroy(only=["flows", "connections"])
    spec = SPEC.partition("connections:")[0].replace(
        "    traffic:", "    auth_mode: aml_token\n    traffic:"
    )
    assert live.changes(spec) == {"endpoints.phi3-ep": "update"}
    live.applied(spec)
    properties = live.get(ENDPOINT)["properties"]
    assert (properties["authMode"], properties["traffic"]) == ("AMLToken", {"blue": 100})


def test_replaced_endpoint_takes_all_that_hangs_on_it_with_it(live: Azure) -> None:
    spec = SPEC.replace("    traffic:", "    description: Answers questions.\n    traffic:")
    changes = live.changes(spec)
    assert changes["endpoints.phi3-ep"] == "replace"
    assert changes["deployments.blue"] == "replace"
    live.applied(spec)
    assert live.changes(spec) == {}
    world, loaded = live.world(spec)
    assert "Bill Gates" in ask(world, loaded.resources, "Who founded Microsoft?").text


def test_identity_without_the_roles_of_serving_is_warned_about(azure: Azure) -> None:
    spec = SPEC.replace("      - {role: AcrPull, scope: resource_group}\n", "")
    told = [w.summary for w in azure.load(spec).warnings]
    assert any("`identities.server` has no `AcrPull` in this spec" in text for text in told)
    assert not any("has no `" in w.summary for w in azure.load().warnings)


def test_stopped_apply_leaves_nothing_half_done_for_the_next(azure: Azure) -> None:
    refuse(azure, "/deployments/blue", "InternalServerError")
    assert azure.apply().exit_code == 1
    azure.applied()
    assert azure.changes() == {}


def test_traffic_moves_after_both_deployments_are_there(live: Azure) -> None:
    spec = with_green("{blue: 90, green: 10}")
    assert live.changes(spec) == {
        "deployments.green": "create",
        "endpoints.phi3-ep.traffic": "update",
    }
    live.applied(spec)
    assert live.get(ENDPOINT)["properties"]["traffic"] == {"blue": 90, "green": 10}


def test_other_machine_size_drains_replaces_and_restores_traffic(live: Azure) -> None:
    spec = with_green("{blue: 90, green: 10}")
    live.applied(spec)
    other = spec.replace(
        "versions/14\n    instance_type: Standard_NC24ads_A100_v4",
        "versions/14\n    instance_type: Standard_DS3_v2",
    )
    assert live.changes(other) == {
        "deployments.green": "replace",
        "endpoints.phi3-ep.traffic": "update",
    }
    live.applied(other)
    assert live.get(ENDPOINT)["properties"]["traffic"] == {"blue": 90, "green": 10}
    green = live.get(f"{ENDPOINT}/deployments/green")
    assert green["properties"]["instanceType"] == "Standard_DS3_v2"


def test_instance_count_is_patched(live: Azure) -> None:
    spec = SPEC.replace("instance_count: 1", "instance_count: 2")
    before = live.now()
    live.applied(spec)
    assert live.writes(before) == [f"PATCH {ENDPOINT}/deployments/blue"]
    assert live.changes(spec) == {}


UNCOUNTED = SPEC.replace("    instance_count: 1\n", "")
PROBED = UNCOUNTED.replace(
    "instance_type: Standard_NC24ads_A100_v4",
    "instance_type: Standard_NC24ads_A100_v4\n    readiness_probe: {period: 30}",
)


@pytest.mark.parametrize("text", [UNCOUNTED, PROBED])
def test_instances_that_autoscale_started_stay_where_the_spec_states_none(
    live: Azure, text: str
) -> None:
    blue = f"{ENDPOINT}/deployments/blue"
    live.drift(blue, {"sku": {"capacity": 2}})
    assert live.changes(UNCOUNTED) == {}
    live.applied(text)
    assert live.get(blue)["sku"]["capacity"] == 2


def test_probe_is_rolled_out_in_place(live: Azure) -> None:
    spec = SPEC.replace("instance_count: 1", "readiness_probe: {initial_delay: 30}")
    before = live.now()
    live.applied(spec)
    assert live.writes(before) == [f"PUT {ENDPOINT}/deployments/blue"]
    assert live.changes(spec) == {}


def test_missing_role_fails_the_deployment_with_its_reason_and_log(azure: Azure) -> None:
    spec = SPEC.replace("      - {role: AcrPull, scope: resource_group}\n", "")
    report = azure.apply(spec)
    failed = {o.address: o for o in report.outcomes if o.status is Status.FAILED}
    assert list(failed) == ["deployments.blue"]
    problem = failed["deployments.blue"].problems[0]
    assert problem is not None
    assert "AcrPull" in problem.summary
    assert "Starting deployment blue" in problem.detail
    assert azure.changes()["deployments.blue"] == "replace"
    azure.applied()


def test_equal_role_assignment_of_somebody_else_is_used_and_left(azure: Azure) -> None:
    azure.applied()
    azure.destroy(only=["flows", "connections", "deployments", "endpoints"])
    mine = next(iter(azure.arm.list(ASSIGNMENTS, "2022-04-01")))
    azure.arm.delete(mine["id"], "2022-04-01")
    properties = {
        key: mine["properties"][key] for key in ("roleDefinitionId", "principalId", "principalType")
    }
    scope = mine["properties"]["scope"]
    theirs = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{'1' * 8}-0000-4000-8000-{'1' * 12}"
    azure.arm.put(theirs, "2022-04-01", {"properties": properties})
    changes = azure.changes()
    assert not [a for a in changes if a.startswith("identities.")]
    azure.applied()
    azure.destroy()
    left = [i["id"] for i in azure.arm.list(ASSIGNMENTS, "2022-04-01")]
    assert theirs in left


def test_replaced_identity_gets_its_roles_again(live: Azure) -> None:
    identity = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/server"
    live.destroy(only=["flows", "connections", "deployments", "endpoints"])
    live.arm.delete(identity, "2024-11-30")
    live.applied()
    principal = (live.arm.get(identity, "2024-11-30") or {})["properties"]["principalId"]
    held = [
        i
        for i in live.arm.list(ASSIGNMENTS, "2022-04-01")
        if i["properties"]["principalId"] == principal
    ]
    assert len(held) == 2
    assert live.changes() == {}


def test_destroy_leaves_only_what_was_there_before(live: Azure) -> None:
    report = live.destroy()
    assert report.exit_code == 0, report.outcomes
    assert live.arm.get(ENDPOINT, API) is None
    assert live.arm.get(CONNECTION, API) is None
    assert live.arm.list(ASSIGNMENTS, "2022-04-01") == []
    assert live.get(f"{ML}/ws1")
    assert any("archived" in text for text in report.remains)


def test_destroy_of_the_endpoint_alone_stops_the_serving_bill(live: Azure) -> None:
    report = live.destroy(only=["endpoints.phi3-ep"])
    assert report.exit_code == 0, report.outcomes
    assert live.arm.get(ENDPOINT, API) is None
    assert live.get(f"{ML}/ws1")


def test_identity_that_entra_does_not_know_yet_is_waited_for(azure: Azure) -> None:
    refuse(azure, "roleAssignments/", "PrincipalNotFound", times=2)
    azure.applied()
    azure.control("DELETE", "faults")
    assert len(azure.arm.list(ASSIGNMENTS, "2022-04-01")) == 2


def test_no_secret_is_shown_anywhere(live: Azure, caplog: pytest.LogCaptureFixture) -> None:
    keys = live.arm.post(f"{ENDPOINT}/listKeys", API)
    live.arm.post(f"{ENDPOINT}/regenerateKeys", API, {"keyType": "Primary"})
    fresh = live.arm.post(f"{ENDPOINT}/listKeys", API)
    with caplog.at_level("DEBUG"):
        report = live.applied()
    told = caplog.text + repr(report) + repr(live.plan()) + json.dumps(live.journal())
    for key in (*keys.values(), *fresh.values()):
        assert key not in told


@pytest.mark.skipif(not CHECKER.exists(), reason="../shared/tools is not beside the project")
def test_every_body_fits_the_published_types(live: Azure, tmp_path: Path) -> None:
    live.applied(with_green("{blue: 90, green: 10}"))
    live.applied(SPEC.replace("instance_count: 1", "app_insights_enabled: true"))
    live.arm.post(f"{ENDPOINT}/regenerateKeys", API, {"keyType": "Primary"})
    live.applied()
    live.destroy()
    entries: list[dict[str, Any]] = live.journal()
    file = tmp_path / "journal.jsonl"
    file.write_text("\n".join(json.dumps(entry) for entry in entries))
    done = subprocess.run(
        [sys.executable, str(CHECKER), str(file)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
