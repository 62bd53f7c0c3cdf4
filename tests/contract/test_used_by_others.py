"""What others in the subscription use by its id is neither deleted nor replaced under them."""

import json
from functools import partial

import pytest

from tests.support.azure import Azure, edited

SPEC = "examples/smallest.yaml"
SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000000"
OTHERS = f"{SUBSCRIPTION}/resourceGroups/rg-others"
ML = f"{OTHERS}/providers/Microsoft.MachineLearningServices/workspaces"
API = "2026-05-01"
REGISTRY = (
    "application_insights: {name: smallest-ws-insights}",
    "application_insights: {name: smallest-ws-insights}\n"
    "  container_registry: {name: smallestregistry}",
)
HUB = ("lifecycle:", "hub: {name: smallest-hub}\nlifecycle:")
RUNNER = ("lifecycle:", "identities: {runner: {}}\nlifecycle:")
FREE = ("workspace: {protect: false}", "workspace: {protect: false}\n  hub: {protect: false}")


@pytest.fixture(scope="module")
def world(server, tmp_path_factory):
    """A registry and a hub beside the smallest example, applied."""
    loaded = edited(tmp_path_factory.mktemp("applied"), SPEC, REGISTRY, HUB, RUNNER, FREE)
    return Azure(server).applied_world(loaded)


@pytest.fixture
def loaded(azure, world, tmp_path):
    azure.restore(world)
    found = edited(tmp_path, SPEC, REGISTRY, HUB, RUNNER, FREE)
    arm = azure.connection(found).arm
    arm.put(OTHERS, "2025-04-01", {"location": "westeurope"})
    return found


@pytest.fixture
def tool(loaded, run, tmp_path):
    return partial(run, spec=tmp_path / "spec.yaml")


def workspace_of_others(azure, loaded, kind="Default", identity=None, **links):
    """Let another team have a workspace, hub or project that is linked to something of ours."""
    body = {
        "location": "westeurope",
        "kind": kind,
        "identity": identity or {"type": "SystemAssigned"},
        "properties": links,
    }
    azure.connection(loaded).arm.put(f"{ML}/theirs", API, body)
    azure.clear_journal()


def its(loaded, *fields):
    names = {
        "storageAccount": "workspace.storage_account",
        "keyVault": "workspace.key_vault",
        "containerRegistry": "workspace.container_registry",
        "hubResourceId": "hub",
    }
    return {field: loaded.resources[names[field]].resource_id for field in fields}


def deletes(azure):
    return [w.rpartition("/")[2] for w in azure.writes() if w.startswith("DELETE")]


def test_a_destroy_keeps_what_a_workspace_of_others_is_linked_to(azure, loaded, tool):
    links = its(loaded, "storageAccount", "keyVault", "containerRegistry")
    workspace_of_others(azure, loaded, **links)
    _, out = tool("destroy", "--yes")
    assert "theirs in rg-others refers to it" in out
    gone = deletes(azure)
    assert "smallest-ws" in gone and "cpu-cluster" in gone
    assert not {"smallestwsstorage", "smallest-ws-kv", "smallestregistry"} & set(gone)


def test_a_hub_with_projects_of_others_is_kept_before_the_first_delete(azure, loaded, tool):
    workspace_of_others(azure, loaded, kind="Project", **its(loaded, "hubResourceId"))
    _, out = tool("destroy", "--yes")
    assert "kept: theirs in rg-others refers to it" in out
    assert "smallest-hub" not in deletes(azure)


def test_what_is_used_by_others_is_not_pruned(azure, loaded, tool, tmp_path):
    runner = loaded.resources["identities.runner"].resource_id
    links = its(loaded, "storageAccount", "keyVault")
    acts_as = {"type": "UserAssigned", "userAssignedIdentities": {runner: {}}}
    workspace_of_others(
        azure, loaded, identity=acts_as, primaryUserAssignedIdentity=runner, **links
    )
    edited(tmp_path, SPEC, REGISTRY, HUB, FREE)
    code, out = tool("plan", "--prune", "-o", "json")
    assert code == 5
    (found,) = (c for c in json.loads(out)["checks"] if c["id"] == "used-elsewhere")
    assert found["address"] == "identities.runner"
    assert "others use it: theirs in rg-others" in found["summary"]
    assert tool("apply", "--prune", "--yes")[0] == 5
    assert azure.writes() == []


def test_without_the_right_to_list_the_subscription_it_says_so(azure, loaded, tool, tmp_path):
    rule = {
        "method": "GET",
        "path": "^/subscriptions/[^/]+/providers/Microsoft.MachineLearningServices/workspaces",
        "times": 0,
    }
    azure.control("POST", "faults", {**rule, "action": {"status": 403}})
    edited(tmp_path, SPEC, REGISTRY, HUB, FREE)
    code, out = tool("plan", "--prune", "-o", "json")
    (found,) = (c for c in json.loads(out)["checks"] if c["id"] == "used-elsewhere")
    assert (code, found["level"]) == (0, "warning")
    assert "not checked: whether others in this subscription use what goes" in found["summary"]
