"""One world with everything in it that would make one spec fail, and one that just suffices.

The numbers are those of the plan's checks. Left out, since what they find stops `validate` already
and no plan is made of it (each has tests with its kind): a retired size (8, of which the warning
about a model is here), 17 lengths and counts of names and tags, 18 limits of a deployment's fields,
20 rows that cannot be trained on, 21 a cluster that is too small for its job. Of 22, rollouts with
a surge are nothing that a spec can state. 14, a provider that is not registered, is a step of the
plan and no finding.
"""

import pytest

from reconciler.diagnostics import RefusedError
from reconciler.engine.findings import Level
from reconciler.operations.apply.executor import apply
from reconciler.operations.load import load
from reconciler.operations.plan.build import PlanOptions, plan
from reconciler.operations.plan.policy import load_policy, under_policy
from tests.contract.test_every_example import EXAMPLES, NEEDS
from tests.support.azure import ROOT, Quiet
from tests.support.checked import (
    DS,
    GRANTS,
    LOW,
    SUB,
    assign_policy,
    limit,
    lock,
    only,
    others_have_endpoint,
)
from tests.support.robot import Robot

GROUP = f"{SUB}/resourceGroups/rg-world"
CAPPED = "standardESv3Family"
T4 = "standard NCASv3_T4 Family"
IDENTITIES = "Microsoft.ManagedIdentity/userAssignedIdentities"
REGISTRIES = f"{SUB}/providers/Microsoft.ContainerRegistry"
VAULT = {"sku": {"family": "A", "name": "standard"}, "accessPolicies": []}
MODEL = "azureml://registries/azureml/models/{}/versions/1"
BASE = f"""
version: 1
name: world
target: {{subscription_id: 00000000-0000-0000-0000-000000000000, resource_group: rg-world,
         location: westeurope}}
workspace:
  name: world-ws
  storage_account: {{name: worldwsstorage}}
  key_vault: {{name: world-ws-kv}}
  application_insights: {{name: world-ws-insights}}
endpoints:
  world-serving: {{auth_mode: key, traffic: {{blue: 100}}}}
deployments:
  blue: {{endpoint_name: world-serving, model: "{MODEL.format("Phi-4-mini-instruct")}",
         instance_type: Standard_DS5_v2}}
lifecycle: {{workspace: {{protect: false}}}}
"""
WORSE = """
hub:
  name: world-hub
  storage_account: {name: smallestwsstorage}
  key_vault: {name: world-hub-kv}
  container_registry: {name: worldhubregistry}
identities:
  worker:
    role_assignments:
      - {role: Storage Blob Data Contributor, scope: "${{ workspace.storage_account }}"}
      - {role: Reader, scope: resource_group}
compute:
  too-many-cores: {type: amlcompute, size: Standard_DS3_v2, min_instances: 2, max_instances: 2}
  too-many-low: {type: amlcompute, size: Standard_F4s_v2, tier: low_priority, max_instances: 2}
  capped: {type: amlcompute, size: Standard_E4s_v3, max_instances: 2}
  misspelt: {type: amlcompute, size: Standard_DS3_v3, max_instances: 1}
  never-low: {type: amlcompute, size: Standard_NC80adis_H100_v5, tier: low_priority}
  barred: {type: amlcompute, size: Standard_NC4as_T4_v3, max_instances: 1}
"""
SERVED = f"""  chat-of-the-team: {{auth_mode: key}}
  world-inside: {{auth_mode: key, public_network_access: disabled}}
deployments:
  large: {{endpoint_name: chat-of-the-team, model: "{MODEL.format("Phi-4")}",
          instance_type: Standard_NC8as_T4_v3}}
  old: {{endpoint_name: chat-of-the-team, model: "{MODEL.format("Phi-3-mini-4k-instruct")}",
        instance_type: Standard_DS4_v2}}
"""
FOUND = {
    1: ("cores", "compute.too-many-cores"),
    2: ("cores", "compute.too-many-low"),
    3: ("clusters", "compute.barred"),
    4: ("workspace-quota", "compute.capped"),
    5: ("size-not-in-region", "compute.misspelt"),
    6: ("size-not-for-this", "compute.never-low"),
    7: ("size-barred", "compute.barred"),
    9: ("name", "hub.storage_account"),
    10: ("endpoint-name", "endpoints.chat-of-the-team"),
    11: ("soft-deleted", "hub.key_vault"),
    12: ("permission", "identities.worker.reader"),
    13: ("grant", "identities.worker.storage-blob-data-contributor"),
    15: ("azure-policy", "identities.worker"),
    16: ("lock", "deployments.blue"),
    19: ("gpu-memory", "deployments.large"),
    22: ("outage", "deployments.blue"),
    23: ("private-network", "endpoints.world-inside"),
    24: ("policy", "compute.capped"),
}
WARNINGS = {10, 23}
JUST_ENOUGH = {
    "size: Standard_DS3_v3": "size: Standard_DS2_v2",
    "Standard_NC80adis_H100_v5, tier: low_priority": "Standard_F2s_v2, tier: low_priority, max_instances: 1",
    "Standard_NC8as_T4_v3": "Standard_NC64as_T4_v3",
    "instance_type: Standard_DS4_v2}\nlifecycle": "instance_type: Standard_DS5_v2}\nlifecycle",
    "public_network_access: disabled": "public_network_access: enabled",
    "{name: smallestwsstorage}": "{name: worldhubstorage}",
    "{name: world-hub-kv}": "{name: world-hub-kv2}",
}


@pytest.fixture(scope="module")
def base(server, tmp_path_factory):
    """A workspace that serves, applied: made once for this file."""
    from tests.support.azure import Azure

    file = tmp_path_factory.mktemp("base") / "spec.yaml"
    file.write_text(BASE, encoding="utf-8")
    return Azure(server).applied_world(load(str(file)))


def spec_of(tmp_path, changes):
    """Return the spec that asks for everything, changed."""
    text = BASE.replace("Standard_DS5_v2", "Standard_DS4_v2").replace("deployments:\n", SERVED)
    text = text.replace("endpoints:", f"{WORSE}endpoints:")
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    file = tmp_path / "spec.yaml"
    file.write_text(text, encoding="utf-8")
    return load(str(file))


@pytest.fixture
def world(azure, base, tmp_path):
    azure.restore(base)

    def made(changes):
        loaded = spec_of(tmp_path, changes)
        robot = Robot(azure, loaded)
        robot.is_given("Contributor")
        return loaded, robot

    return made


def harm(azure, loaded, robot):
    """Let everything be short by one, taken, locked, forbidden or denied."""
    arm = azure.connection(loaded).arm
    azure.control("POST", "quota", {"family": "Clusters", "limit": 5, "used": 0})
    for family, cores in ((DS, 39), (LOW, 7), (T4, 200), ("standardNCADSH100v5Family", 200)):
        limit(azure, family, cores)
    workspace = loaded.resources["workspace"].resource_id
    azure.control("POST", "quota", {"family": CAPPED, "workspace": workspace, "limit": 7})
    azure.control("POST", "sizes", {"size": "Standard_NC4as_T4_v3", "barred": True})
    others_have_endpoint(azure, "westeurope")
    account = f"{SUB}/resourceGroups/rg-others/providers/Microsoft.Storage/storageAccounts"
    body = {"location": "eastus", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
    taken = {"op": "put", "id": f"{account}/smallestwsstorage", "body": body}
    azure.control("POST", "drift", taken)
    soft_deleted(azure, loaded)
    storage = loaded.resources["workspace.storage_account"].resource_id
    robot.is_given(GRANTS, storage, only("Reader"))
    arm.post(f"{REGISTRIES}/unregister", "2021-04-01")
    assign_policy(azure, loaded, {"field": "type", "equals": IDENTITIES})
    lock(azure, GROUP)


def soft_deleted(azure, loaded):
    """Let Azure keep a vault of the hub's name that somebody deleted."""
    vault = loaded.resources["hub.key_vault"].resource_id
    properties = {**VAULT, "tenantId": azure.server.tenant_id}
    body = {"location": "westeurope", "properties": properties}
    azure.control("POST", "drift", {"op": "put", "id": vault, "body": body})
    azure.connection(loaded).arm.delete(vault, "2023-07-01")


def planned(loaded, run, tmp_path, most):
    """Return the plan under a policy from outside, with Azure Policy asked."""
    file = tmp_path / "policy.yaml"
    file.write_text(f"version: 1\nlimits: {{max_instances: {most}}}\n", encoding="utf-8")
    return under_policy(
        loaded, run, plan(loaded, run, PlanOptions(check_policy=True)), load_policy(str(file))
    )


def test_every_blocker_is_in_one_plan_and_nothing_is_written(azure, world, tmp_path):
    loaded, robot = world({})
    harm(azure, loaded, robot)
    azure.clear_journal()
    run = robot.connection()
    made = planned(loaded, run, tmp_path, most=1)
    found = {(f.id, f.address): f for f in made.findings}
    assert {n: one for n, one in FOUND.items() if one not in found} == {}
    for number, one in FOUND.items():
        told = found[one]
        assert told.level is (Level.WARNING if number in WARNINGS else Level.BLOCKER), one
        assert told.position.line and told.position.file.endswith("spec.yaml"), one
        assert told.hint or told.alternatives, one
        assert told.checked_by, one
    assert "retired" in next(w.summary for w in made.warnings if w.id == "retirement")  # 8
    assert any("Microsoft.ContainerRegistry" in c.address for c in made.changes)  # 14
    assert azure.writes() == []
    run.allow_writes()
    with pytest.raises(RefusedError):
        apply(loaded, run, made, progress=Quiet())
    assert azure.writes() == []


def test_a_world_that_just_suffices_has_none(azure, world, tmp_path):
    loaded, robot = world(JUST_ENOUGH)
    azure.control("POST", "quota", {"family": "Clusters", "limit": 6, "used": 0})
    for family, cores in ((DS, 56), (LOW, 8), (T4, 128)):
        limit(azure, family, cores)
    workspace = loaded.resources["workspace"].resource_id
    azure.control("POST", "quota", {"family": CAPPED, "workspace": workspace, "limit": 8})
    others_have_endpoint(azure, "eastus")
    storage = loaded.resources["workspace.storage_account"].resource_id
    allowed = only("Storage Blob Data Contributor", "Reader")
    robot.is_given(GRANTS, storage, allowed)
    robot.is_given(GRANTS, GROUP, allowed)
    assign_policy(azure, loaded, {"field": "type", "equals": IDENTITIES}, effect="audit")
    lock(azure, f"{SUB}/resourceGroups/rg-others", "ReadOnly")
    made = planned(loaded, robot.connection(), tmp_path, most=2)
    assert made.findings == ()
    assert made.stopping == []
    assert azure.writes() == []


@pytest.mark.parametrize("example", EXAMPLES)
def test_no_example_raises_a_false_alarm(azure, smallest, example):
    if example in NEEDS:
        azure.restore(smallest[1])
    azure.clear_journal()
    assert azure.plan(load(str(ROOT / example)), check_policy=True).findings == ()
    assert azure.writes() == []
