"""What a field names by its id is read and typed in a plan: it was found missing by apply."""

import json
from functools import partial

import pytest

from reconciler.diagnostics import SpecError
from tests.support.azure import edited

SPEC = "examples/smallest.yaml"
GROUP = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-others"
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/nobody"
STORAGE = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/nothere"
RUNS_AS = (
    "    type: amlcompute\n",
    "    type: amlcompute\n    identity: {type: user_assigned, "
    f"user_assigned_identities: [{IDENTITY}]}}\n",
)
GRANTED = (
    "compute:\n",
    "identities:\n  worker:\n    role_assignments:\n"
    f"      - {{role: Reader, scope: {STORAGE}}}\ncompute:\n",
)
SERVED = (
    "compute:\n",
    "deployments:\n  blue:\n    endpoint_name: not-there-ep\n"
    "    model: azureml://registries/azureml/models/Phi-4-mini-instruct/versions/1\n"
    "    instance_type: Standard_DS3_v2\ncompute:\n",
)
CASES = {
    "managed identity nobody": (RUNS_AS, "compute.cpu-cluster"),
    "storage account nothere": (GRANTED, "identities.worker.reader"),
    "online endpoint not-there-ep": (SERVED, "deployments.blue"),
}


@pytest.fixture
def tool(azure, run, tmp_path):
    return partial(run, spec=tmp_path / "spec.yaml")


def existing(out):
    return [c for c in json.loads(out)["checks"] if c["id"] == "existing"]


@pytest.mark.parametrize("name", CASES)
def test_what_is_missing_blocks_what_needs_it_before_the_first_write(azure, tool, tmp_path, name):
    change, address = CASES[name]
    edited(tmp_path, SPEC, change)
    azure.clear_journal()
    code, out = tool("plan", "-o", "json")
    (found,) = existing(out)
    assert (code, found["level"], found["address"]) == (5, "blocker", address)
    assert found["summary"] == f"`{name}` does not exist"
    assert found["range"]["start"]["line"] > 1
    assert tool("apply", "--yes")[0] == 5
    assert azure.writes() == []


def test_what_is_there_blocks_nothing(azure, tool, tmp_path):
    loaded = edited(tmp_path, SPEC, RUNS_AS, GRANTED)
    arm = azure.connection(loaded).arm
    arm.put(GROUP, "2025-04-01", {"location": "westeurope"})
    arm.put(IDENTITY, "2024-11-30", {"location": "westeurope"})
    body = {"location": "westeurope", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}
    arm.put(STORAGE, "2026-04-01", {**body, "properties": {}})
    code, out = tool("plan", "-o", "json")
    assert (code, existing(out)) == (0, [])


def test_what_the_spec_makes_itself_is_not_looked_for(tool, tmp_path):
    own = GROUP.replace("rg-others", "RG-Smallest")
    made = f"{own}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/worker"
    by_id = (RUNS_AS[0], RUNS_AS[1].replace(IDENTITY, made))
    edited(tmp_path, SPEC, ("compute:\n", "identities: {worker: {}}\ncompute:\n"), by_id)
    code, out = tool("plan", "-o", "json")
    assert (code, existing(out)) == (0, [])


def test_an_id_of_another_type_is_an_error_of_the_spec(tmp_path):
    change = (RUNS_AS[0], RUNS_AS[1].replace(IDENTITY, STORAGE))
    with pytest.raises(SpecError, match="is the id of a Microsoft"):
        edited(tmp_path, SPEC, change)
