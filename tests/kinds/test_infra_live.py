"""The kinds below a workspace, the workspace itself, hub, project and cluster, over HTTPS."""

from __future__ import annotations

import collections
import importlib.util
from collections.abc import Iterator
from typing import Any

import pytest

from reconciler.engine.types import Action, Status
from reconciler.operations.apply.executor import Report, apply
from reconciler.operations.load import Loaded, load_document
from reconciler.operations.plan.build import Plan, plan
from reconciler.render.reason_text import explanations, summary_of
from reconciler.spec.document import parse
from tests.support.serving import GROUP, ML, PROVIDERS, ROOT, SUBSCRIPTION, Azure, Events

CHECKER = ROOT.parent / "shared" / "tools" / "check_traffic.py"
TYPES = ROOT.parent / "shared" / "azure-types"
SPEC = f"""
version: 1
name: infra
target: {{subscription_id: {SUBSCRIPTION}, resource_group: rg-cases, location: eastus}}
tags: {{team: ml}}
quota:
  - {{vm_family: standardNCADSA100v4Family, cores: 48, on_short: request}}
workspace:
  name: infra-ws
  storage_account: {{name: infrastorage}}
  key_vault: {{name: infra-kv}}
  application_insights: {{name: infra-insights}}
  container_registry: {{name: infraregistry, sku: Standard}}
compute:
  gpu:
    size: Standard_NC24ads_A100_v4
    max_instances: 1
  cpu:
    size: Standard_DS3_v2
    max_instances: 1
hub: {{name: infra-hub}}
project: {{name: infra-project, hub_id: "${{{{ hub }}}}"}}
lifecycle:
  workspace: {{protect: false}}
  hub: {{protect: false}}
  project: {{protect: false}}
"""
IDS = {
    "workspace.storage_account": f"{PROVIDERS}/Microsoft.Storage/storageAccounts/infrastorage",
    "workspace.key_vault": f"{PROVIDERS}/Microsoft.KeyVault/vaults/infra-kv",
    "workspace.log_analytics": (
        f"{PROVIDERS}/Microsoft.OperationalInsights/workspaces/infra-insights-logs"
    ),
    "workspace.application_insights": f"{PROVIDERS}/Microsoft.Insights/components/infra-insights",
    "workspace.container_registry": (
        f"{PROVIDERS}/Microsoft.ContainerRegistry/registries/infraregistry"
    ),
    "workspace": f"{ML}/infra-ws",
    "compute.gpu": f"{ML}/infra-ws/computes/gpu",
    "hub": f"{ML}/infra-hub",
    "project": f"{ML}/infra-project",
}
VERSIONS = {
    "workspace.storage_account": "2026-04-01",
    "workspace.key_vault": "2026-02-01",
    "workspace.log_analytics": "2025-07-01",
    "workspace.application_insights": "2020-02-02",
    "workspace.container_registry": "2025-11-01",
}
TAGGED = sorted(IDS.keys() - {"compute.gpu"})


@pytest.fixture(scope="module")
def applied(started: Azure) -> Any:
    started.applied(SPEC)
    return started.snapshot()


@pytest.fixture
def live(started: Azure, applied: Any) -> Iterator[Azure]:
    """A subscription to which the spec was applied; what is sent must fit the types."""
    started.restore(applied)
    before = started.now()
    yield started
    assert misfits(started, before) == []


@pytest.fixture
def empty(started: Azure, applied: Any) -> Iterator[Azure]:
    """A subscription with nothing in it."""
    started.control("POST", "reset", {})
    started.control("POST", "clock", {"mode": "instant"})
    yield started
    assert misfits(started, 0) == []


def load_checker() -> Any:
    """Return the module that holds traffic against Microsoft's published types, if it is here."""
    if not CHECKER.is_file():
        return None
    found = importlib.util.spec_from_file_location("check_traffic", CHECKER)
    assert found is not None and found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


MODULE = load_checker()


def misfits(azure: Azure, since: int) -> list[tuple[str, str]]:
    """Return where bodies sent since then do not fit the published types."""
    if MODULE is None:
        return []
    seen: collections.Counter[str] = collections.Counter()
    return [
        found
        for entry in azure.journal(since)
        for found in MODULE.problems(entry, TYPES, False, seen)
    ]


def edited(*changes: tuple[str, str], text: str = SPEC) -> str:
    """Return the spec with some of its text replaced."""
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def shown(azure: Azure, address: str) -> dict[str, Any]:
    found = azure.arm.get(IDS[address], VERSIONS.get(address, "2026-05-01"))
    assert found is not None, address
    return found


def sent(azure: Azure, since: int) -> list[str]:
    """Return the writes as `METHOD name-of-the-resource`."""
    return [f"{w.split()[0]} {w.rpartition('/')[2]}" for w in azure.writes(since)]


def adopting(azure: Azure, address: str) -> tuple[Loaded, Plan]:
    """Return the spec and its plan with `--adopt ADDRESS`."""
    document = parse(SPEC, "spec.yaml", ROOT)
    loaded = load_document(document, adopt=[address])
    return loaded, plan(loaded, azure.connection(read_only=True))


def adopted(azure: Azure, address: str) -> Report:
    loaded, planned = adopting(azure, address)
    assert planned.change_of(address).action is Action.ADOPT
    return apply(loaded, azure.connection(), planned, progress=Events())


def test_second_apply_writes_nothing(live: Azure) -> None:
    assert live.changes(SPEC) == {}
    before = live.now()
    live.applied(SPEC)
    assert live.writes(before) == []


def test_everything_sent_from_empty_fits_the_published_types(empty: Azure) -> None:
    report = empty.applied(SPEC)
    assert {o.address for o in report.outcomes if o.status is Status.DONE} >= IDS.keys()


def test_one_list_answers_for_workspaces_hub_and_project_and_one_for_clusters(live: Azure) -> None:
    before = live.now()
    live.plan(SPEC)
    reads = [e["path"] for e in live.journal(before) if "MachineLearningServices" in e["path"]]
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
def test_a_changed_field_is_one_patch_and_then_nothing(live: Azure, address: str) -> None:
    spec = edited(IN_PLACE[address])
    assert live.changes(spec) == {address: "update"}
    before = live.now()
    live.applied(spec)
    assert sent(live, before) == [f"PATCH {IDS[address].rpartition('/')[2]}"]
    assert live.changes(spec) == {}


def test_a_new_tag_leaves_the_tags_and_settings_of_others(live: Azure) -> None:
    for address in TAGGED:
        live.drift(IDS[address], {"tags": {**shown(live, address)["tags"], "costs": "4711"}})
    insights = IDS["workspace.application_insights"]
    others = {"publicNetworkAccessForQuery": "Disabled", "SamplingPercentage": 50}
    live.drift(insights, {"properties": others})
    spec = edited(("{team: ml}", "{team: platform}"))
    assert live.changes(spec).keys() >= set(TAGGED)
    live.applied(spec)
    for address in TAGGED:
        tags = shown(live, address)["tags"]
        assert (tags["team"], tags["costs"]) == ("platform", "4711"), address
    properties = shown(live, "workspace.application_insights")["properties"]
    assert {name: properties[name] for name in others} == others
    assert live.changes(spec) == {}


WEAKENED: dict[str, dict[str, Any]] = {
    "workspace.storage_account": {"minimumTlsVersion": "TLS1_0", "allowBlobPublicAccess": True},
    "workspace.key_vault": {"enableRbacAuthorization": False},
    "workspace.container_registry": {"roleAssignmentMode": "AbacRepositoryPermissions"},
}
"""What no field of a spec states: it is as this product wants it. Of fields that a spec could state
and does not, tests/contract/test_unstated_defaults.py speaks."""


@pytest.mark.parametrize("address", WEAKENED)
def test_a_setting_changed_behind_our_back_is_put_right(live: Azure, address: str) -> None:
    before = shown(live, address)["properties"]
    live.drift(IDS[address], {"properties": WEAKENED[address]})
    assert live.changes(SPEC) == {address: "update"}
    live.applied(SPEC)
    after = shown(live, address)["properties"]
    assert {k: after[k] for k in WEAKENED[address]} == {k: before[k] for k in WEAKENED[address]}


@pytest.mark.parametrize("address", TAGGED)
def test_one_whose_last_operation_failed_is_written_again(live: Azure, address: str) -> None:
    live.drift(IDS[address], {"properties": {"provisioningState": "Failed"}})
    assert live.changes(SPEC) == {address: "update"}
    live.applied(SPEC)
    assert shown(live, address)["properties"]["provisioningState"] == "Succeeded"


@pytest.mark.parametrize("address", TAGGED)
def test_an_unmarked_one_is_taken_over_only_on_request(live: Azure, address: str) -> None:
    live.drift(IDS[address], {"tags": {"costs": "4711"}})
    [problem] = live.plan(SPEC).blocked
    assert f"--adopt {address}" in problem.hint
    assert adopted(live, address).exit_code == 0
    assert shown(live, address)["tags"]["costs"] == "4711"
    assert live.changes(SPEC) == {}


def test_an_unmarked_cluster_cannot_be_taken_over_and_the_plan_says_so(live: Azure) -> None:
    live.drift(IDS["compute.gpu"], {"tags": {}})
    [first] = live.plan(SPEC).blocked
    assert "--adopt" not in first.hint
    [problem] = adopting(live, "compute.gpu")[1].blocked
    assert "tags" in problem.summary + problem.detail


def test_a_cluster_of_another_size_is_replaced(live: Azure) -> None:
    spec = edited(("Standard_DS3_v2", "Standard_DS2_v2"))
    assert live.changes(spec) == {"compute.cpu": "replace"}
    before = live.now()
    live.applied(spec)
    assert sent(live, before) == ["DELETE cpu", "PUT cpu"]
    assert live.changes(spec) == {}


def test_a_storage_account_that_cannot_change_is_replaced(live: Azure) -> None:
    live.drift(IDS["workspace.storage_account"], {"properties": {"isHnsEnabled": True}})
    assert live.changes(SPEC)["workspace.storage_account"] == "replace"


def test_a_vault_is_never_deleted_to_make_room_for_one_of_the_same_name(live: Azure) -> None:
    spec = edited(("{name: infra-kv}", "{name: infra-kv, soft_delete_retention_days: 7}"))
    [problem] = live.plan(spec).blocked
    assert "soft-deleted" in problem.detail
    assert "another `name`" in problem.hint
    assert live.changes(SPEC) == {}


@pytest.mark.parametrize("address", ["workspace", "hub", "project"])
def test_a_workspace_is_never_deleted_to_run_into_its_own_twin(live: Azure, address: str) -> None:
    live.drift(IDS[address], {"location": "westus"})
    problem = live.plan(SPEC).change_of(address).problems[0]
    assert problem is not None
    assert "soft-deleted" in problem.detail
    assert "another `name`" in problem.hint


def test_destroy_leaves_only_what_it_names(live: Azure) -> None:
    report = live.destroy(SPEC)
    assert report.exit_code == 0
    told = " ".join(report.remains)
    for name in ("infra-kv", "infra-ws", "infra-hub", "infra-project", "infra-insights-logs"):
        assert name in told
    assert live.arm.get(GROUP, "2025-04-01") is None


def test_a_soft_deleted_vault_is_told_before_anything_is_written(live: Azure) -> None:
    live.destroy(SPEC)
    before = live.now()
    problem = live.plan(SPEC).change_of("workspace.key_vault").problems[0]
    assert problem is not None
    assert "soft-deleted key vault 'infra-kv'" in problem.summary
    assert all(word in problem.hint for word in ("recover: true", "another `name`", "purge"))
    assert live.writes(before) == []


def fresh_names(text: str = SPEC) -> str:
    """Return the spec under other names for what stays soft-deleted and cannot be recovered."""
    for name in ("infra-ws", "infra-hub", "infra-project"):
        text = text.replace(name, f"{name}2")
    return text


def test_a_soft_deleted_vault_is_recovered_where_the_spec_says_so(live: Azure) -> None:
    live.destroy(SPEC)
    spec = edited(
        ("{name: infra-kv}", "{name: infra-kv, recover: true, sku: premium}"), text=fresh_names()
    )
    change = live.plan(spec).change_of("workspace.key_vault")
    assert change.action is Action.CREATE
    assert "recovered" in " ".join(explanations(change))
    before = live.now()
    live.applied(spec)
    assert not [w for w in live.writes(before) if "purge" in w]
    assert shown(live, "workspace.key_vault")["properties"]["sku"]["name"] == "premium"
    assert live.changes(spec) == {}


def test_a_soft_deleted_vault_of_another_group_is_not_recovered(live: Azure) -> None:
    live.destroy(SPEC)
    spec = edited(
        ("{name: infra-kv}", "{name: infra-kv, recover: true}"),
        ("resource_group: rg-cases", "resource_group: rg-other"),
    )
    problem = live.plan(spec).change_of("workspace.key_vault").problems[0]
    assert problem is not None
    assert "rg-cases" in problem.detail


def test_a_soft_deleted_workspace_is_told_with_the_choices(live: Azure) -> None:
    live.destroy(SPEC)
    spec = edited(("{name: infra-kv}", "{name: infra-kv, recover: true}"))
    report = live.apply(spec)
    outcome = next(o for o in report.outcomes if o.address == "workspace")
    assert outcome.status is Status.REFUSED
    assert outcome.problems
    assert "soft-deleted workspace 'infra-ws'" in summary_of(outcome.problems[0])
    assert "another `name`" in outcome.problems[0].hint


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("workspace.storage_account", "infrastorage"),
        ("workspace.container_registry", "infraregistry"),
        ("workspace.key_vault", "infra-kv"),
    ],
)
def test_a_name_that_is_taken_in_azure_is_told_by_the_plan(
    live: Azure, address: str, name: str
) -> None:
    spec = edited(("resource_group: rg-cases", "resource_group: rg-other"))
    before = live.now()
    problem = live.plan(spec).change_of(address).problems[0]
    assert problem is not None
    assert f"{name!r} of `{address}` is taken" in problem.summary
    assert live.writes(before) == []


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


def test_a_workspace_that_may_be_deleted_for_good_can_be_replaced(live: Azure) -> None:
    spec = edited(("{name: infra-project,", "{name: infra-project, permanently_delete: true,"))
    live.drift(IDS["project"], {"location": "westus"})
    assert live.changes(spec) == {"project": "replace"}
    live.applied(spec)
    assert live.changes(spec) == {}
    report = live.destroy(spec)
    assert "infra-project" not in " ".join(report.remains)
    assert "infra-hub" in " ".join(report.remains)


def test_a_hub_with_a_project_is_neither_deleted_nor_replaced(live: Azure) -> None:
    before = live.now()
    report = live.destroy(SPEC, only=["hub"])
    [refused] = [o for o in report.outcomes if o.problems]
    assert refused.status is Status.REFUSED
    assert refused.problems
    assert "while it has projects: infra-project" in summary_of(refused.problems[0])
    spec = edited(("{name: infra-hub}", "{name: infra-hub, permanently_delete: true}"))
    live.drift(IDS["hub"], {"location": "westus"})
    [problem] = live.plan(spec).blocked
    assert "while it has projects: infra-project" in problem.summary
    assert live.writes(before) == []


def test_hub_and_project_are_deleted_together_child_first(live: Azure) -> None:
    before = live.now()
    assert live.destroy(SPEC, only=["hub", "project"]).exit_code == 0
    assert sent(live, before) == ["DELETE infra-project", "DELETE infra-hub"]


def forbid(azure: Azure, method: str, path: str) -> None:
    """Let Azure refuse every request of a kind, as to somebody with rights in the group only."""
    body = {"error": {"code": "AuthorizationFailed", "message": "No right, says Azure."}}
    action = {"status": 403, "body": body}
    azure.control("POST", "faults", {"method": method, "path": path, "times": 0, "action": action})


def test_rights_in_the_group_alone_are_enough_to_plan_and_apply(empty: Azure) -> None:
    forbid(empty, "POST", "(?i)checkNameAvailability")
    forbid(empty, "GET", "/deletedVaults/")
    planned = empty.plan(SPEC)
    assert not planned.blocked
    notes = explanations(planned.change_of("workspace.storage_account"))
    assert notes == ("could not check whether its name is available: AuthorizationFailed",)
    assert empty.applied(SPEC).exit_code == 0
    empty.control("DELETE", "faults")


def test_a_vault_that_hides_its_twin_is_told_by_its_create(live: Azure) -> None:
    live.destroy(SPEC)
    forbid(live, "POST", "(?i)checkNameAvailability")
    forbid(live, "GET", "/deletedVaults/")
    report = live.apply(fresh_names())
    live.control("DELETE", "faults")
    problem = next(o.problems[0] for o in report.outcomes if o.address == "workspace.key_vault")
    assert problem is not None
    assert "recover: true" in problem.hint


def test_a_twin_that_nobody_may_read_is_recovered_all_the_same(live: Azure) -> None:
    live.destroy(SPEC)
    forbid(live, "POST", "(?i)checkNameAvailability")
    forbid(live, "GET", "/deletedVaults/")
    spec = edited(("{name: infra-kv}", "{name: infra-kv, recover: true}"), text=fresh_names())
    live.applied(spec)
    live.control("DELETE", "faults")
    assert live.changes(spec) == {}
