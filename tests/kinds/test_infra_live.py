"""The kinds below a workspace, the workspace itself, hub, project and cluster, over HTTPS."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.engine.types import Status
from reconciler.render.reason_text import explanations, summary_of
from tests.support.infra import IDS, SPEC, TAGGED, adopted, adopting, edited, forbid, sent, shown
from tests.support.serving import ML, Azure


def test_second_apply_writes_nothing(infra: Azure) -> None:
    assert infra.changes(SPEC) == {}
    before = infra.now()
    infra.applied(SPEC)
    assert infra.writes(before) == []


def test_everything_sent_from_empty_fits_the_published_types(empty: Azure) -> None:
    report = empty.applied(SPEC)
    assert {o.address for o in report.outcomes if o.status is Status.DONE} >= IDS.keys()


def test_one_list_answers_for_workspaces_hub_and_project_and_one_for_clusters(infra: Azure) -> None:
    before = infra.now()
    infra.plan(SPEC)
    reads = [e["path"] for e in infra.journal(before) if "MachineLearningServices" in e["path"]]
    assert reads.count(ML) == 1
    assert reads.count(f"{ML}/infra-ws/computes") == 1
    assert not [path for path in reads if path in IDS.values()]


IN_PLACE = {
    "workspace.storage_account": (
        "{name: infrastorage}",
        "{name: infrastorage, sku: Standard_GRS}",
    ),
    "workspace.key_vault": ("{name: infra-kv}", "{name: infra-kv, sku: premium}"),
    "workspace.log_analytics": (
        "{name: infra-insights}",
        "{name: infra-insights, retention_in_days: 60}",
    ),
    "workspace.container_registry": ("sku: Standard}", "sku: Premium}"),
    "workspace": ("  name: infra-ws", "  name: infra-ws\n  description: Where Phi is tuned"),
    "compute.gpu": ("    max_instances: 1", "    max_instances: 2"),
    "hub": ("{name: infra-hub}", "{name: infra-hub, friendly_name: Hub}"),
    "project": ("{name: infra-project,", "{name: infra-project, friendly_name: Project,"),
}


@pytest.mark.parametrize("address", IN_PLACE)
def test_a_changed_field_is_one_patch_and_then_nothing(infra: Azure, address: str) -> None:
    spec = edited(IN_PLACE[address])
    assert infra.changes(spec) == {address: "update"}
    before = infra.now()
    infra.applied(spec)
    assert sent(infra, before) == [f"PATCH {IDS[address].rpartition('/')[2]}"]
    assert infra.changes(spec) == {}


def test_a_new_tag_leaves_the_tags_and_settings_of_others(infra: Azure) -> None:
    for address in TAGGED:
        infra.drift(IDS[address], {"tags": {**shown(infra, address)["tags"], "costs": "4711"}})
    insights = IDS["workspace.application_insights"]
    others = {"publicNetworkAccessForQuery": "Disabled", "SamplingPercentage": 50}
    infra.drift(insights, {"properties": others})
    spec = edited(("{team: ml}", "{team: platform}"))
    assert infra.changes(spec).keys() >= set(TAGGED)
    infra.applied(spec)
    for address in TAGGED:
        tags = shown(infra, address)["tags"]
        assert (tags["team"], tags["costs"]) == ("platform", "4711"), address
    properties = shown(infra, "workspace.application_insights")["properties"]
    assert {name: properties[name] for name in others} == others
    assert infra.changes(spec) == {}


WEAKENED: dict[str, dict[str, Any]] = {
    "workspace.storage_account": {"minimumTlsVersion": "TLS1_0", "allowBlobPublicAccess": True},
    "workspace.key_vault": {"enableRbacAuthorization": False},
    "workspace.container_registry": {"roleAssignmentMode": "AbacRepositoryPermissions"},
}
"""What no field of a spec states: it is as this product wants it. Of fields that a spec could state
and does not, tests/contract/test_unstated_defaults.py speaks."""


@pytest.mark.parametrize("address", WEAKENED)
def test_a_setting_changed_behind_our_back_is_put_right(infra: Azure, address: str) -> None:
    before = shown(infra, address)["properties"]
    infra.drift(IDS[address], {"properties": WEAKENED[address]})
    assert infra.changes(SPEC) == {address: "update"}
    infra.applied(SPEC)
    after = shown(infra, address)["properties"]
    assert {k: after[k] for k in WEAKENED[address]} == {k: before[k] for k in WEAKENED[address]}


@pytest.mark.parametrize("address", TAGGED)
def test_one_whose_last_operation_failed_is_written_again(infra: Azure, address: str) -> None:
    infra.drift(IDS[address], {"properties": {"provisioningState": "Failed"}})
    assert infra.changes(SPEC) == {address: "update"}
    infra.applied(SPEC)
    assert shown(infra, address)["properties"]["provisioningState"] == "Succeeded"


@pytest.mark.parametrize("address", TAGGED)
def test_an_unmarked_one_is_taken_over_only_on_request(infra: Azure, address: str) -> None:
    infra.drift(IDS[address], {"tags": {"costs": "4711"}})
    [problem] = infra.plan(SPEC).blocked
    assert f"--adopt {address}" in problem.hint
    assert adopted(infra, address).exit_code == 0
    assert shown(infra, address)["tags"]["costs"] == "4711"
    assert infra.changes(SPEC) == {}


def test_an_unmarked_cluster_cannot_be_taken_over_and_the_plan_says_so(infra: Azure) -> None:
    infra.drift(IDS["compute.gpu"], {"tags": {}})
    [first] = infra.plan(SPEC).blocked
    assert "--adopt" not in first.hint
    [problem] = adopting(infra, "compute.gpu")[1].blocked
    assert "tags" in problem.summary + problem.detail


def test_a_cluster_of_another_size_is_replaced(infra: Azure) -> None:
    spec = edited(("Standard_DS3_v2", "Standard_DS2_v2"))
    assert infra.changes(spec) == {"compute.cpu": "replace"}
    before = infra.now()
    infra.applied(spec)
    assert sent(infra, before) == ["DELETE cpu", "PUT cpu"]
    assert infra.changes(spec) == {}


def test_a_storage_account_that_cannot_change_is_replaced(infra: Azure) -> None:
    infra.drift(IDS["workspace.storage_account"], {"properties": {"isHnsEnabled": True}})
    assert infra.changes(SPEC)["workspace.storage_account"] == "replace"


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("workspace.storage_account", "infrastorage"),
        ("workspace.container_registry", "infraregistry"),
        ("workspace.key_vault", "infra-kv"),
    ],
)
def test_a_name_that_is_taken_in_azure_is_told_by_the_plan(
    infra: Azure, address: str, name: str
) -> None:
    spec = edited(("resource_group: rg-cases", "resource_group: rg-other"))
    before = infra.now()
    problem = infra.plan(spec).change_of(address).problems[0]
    assert problem is not None
    assert f"{name!r} of `{address}` is taken" in problem.summary
    assert infra.writes(before) == []


ACTING = edited(
    (
        "workspace:\n",
        """identities:
  first:
    role_assignments:
      - {role: Storage Blob Data Contributor, scope: "${{ workspace.storage_account }}"}
      - {role: Key Vault Administrator, scope: "${{ workspace.key_vault }}"}
      - {role: AzureML Data Scientist, scope: "${{ workspace }}"}
  second:
    role_assignments:
      - {role: Reader, scope: resource_group}
workspace:
  identity: {type: user_assigned, user_assigned_identities: ["${{ identities.first }}"]}
""",
    )
)


def test_a_workspace_under_an_identity_of_ours_is_made_after_its_roles(empty: Azure) -> None:
    empty.applied(ACTING)
    puts = [e for e in empty.journal() if e["method"] == "PUT"]
    made = next(i for i, e in enumerate(puts) if e["path"] == IDS["workspace"])
    grants = [i for i, e in enumerate(puts) if "/roleAssignments/" in e["path"]]
    at_workspace = [i for i in grants if puts[i]["path"].startswith(IDS["workspace"])]
    on_links = [
        i for i in grants if "/infrastorage/" in puts[i]["path"] or "/infra-kv/" in puts[i]["path"]
    ]
    assert len(on_links) == 2 and max(on_links) < made
    assert len(at_workspace) == 1 and at_workspace[0] > made
    assert empty.changes(ACTING) == {}


def test_a_workspace_changes_to_another_identity_in_place(empty: Azure) -> None:
    empty.applied(ACTING)
    spec = edited(('["${{ identities.first }}"]', '["${{ identities.second }}"]'), text=ACTING)
    assert empty.changes(spec) == {"workspace": "update"}
    empty.applied(spec)
    held = shown(empty, "workspace")["identity"]["userAssignedIdentities"]
    assert [key.rpartition("/")[2] for key in held] == ["second"]
    assert empty.changes(spec) == {}
    assert empty.destroy(spec).exit_code == 0


def test_a_hub_with_a_project_is_neither_deleted_nor_replaced(infra: Azure) -> None:
    before = infra.now()
    report = infra.destroy(SPEC, only=["hub"])
    [refused] = [o for o in report.outcomes if o.problems]
    assert refused.status is Status.REFUSED
    assert refused.problems
    assert "while it has projects: infra-project" in summary_of(refused.problems[0])
    spec = edited(("{name: infra-hub}", "{name: infra-hub, permanently_delete: true}"))
    infra.drift(IDS["hub"], {"location": "westus"})
    [problem] = infra.plan(spec).blocked
    assert "while it has projects: infra-project" in problem.summary
    assert infra.writes(before) == []


def test_hub_and_project_are_deleted_together_child_first(infra: Azure) -> None:
    before = infra.now()
    assert infra.destroy(SPEC, only=["hub", "project"]).exit_code == 0
    assert sent(infra, before) == ["DELETE infra-project", "DELETE infra-hub"]


def test_rights_in_the_group_alone_are_enough_to_plan_and_apply(empty: Azure) -> None:
    forbid(empty, "POST", "(?i)checkNameAvailability")
    forbid(empty, "GET", "/deletedVaults/")
    planned = empty.plan(SPEC)
    assert not planned.blocked
    notes = explanations(planned.change_of("workspace.storage_account"))
    assert notes == ("could not check whether its name is available: AuthorizationFailed",)
    assert empty.applied(SPEC).exit_code == 0
    empty.control("DELETE", "faults")
