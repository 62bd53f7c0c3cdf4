"""What tests of the checks before the first write share: a small spec, its limits, its blockers."""

from reconciler.engine.findings import Level
from tests.support.azure import edited

GPU = "standardNCADSA100v4Family"
DS = "standardDSv2Family"
LOW = "TotalLowPriorityCores"
SUB = "/subscriptions/00000000-0000-0000-0000-000000000000"
SPEC = "examples/smallest.yaml"
CLUSTER = "compute.cpu-cluster"
GRANTS = "Role Based Access Control Administrator"
SIZE = "size: Standard_DS3_v2"
TIER = ("max_instances: 2", "max_instances: 2\n    tier: low_priority")


def smallest(tmp_path, *changes):
    """A workspace with a cluster of two nodes of four cores in westeurope."""
    return edited(tmp_path, SPEC, *changes)


def blockers(made):
    return {(f.id, f.address) for f in made.findings if f.level is Level.BLOCKER}


def limit(azure, family, cores, used=0):
    azure.control("POST", "quota", {"family": family, "limit": cores, "used": used})


def lock(azure, scope, level="CanNotDelete"):
    identity = f"{scope}/providers/Microsoft.Authorization/locks/keep"
    body = {"properties": {"level": level, "notes": "ask the platform team"}}
    azure.control("POST", "drift", {"op": "put", "id": identity, "body": body})


def taken_by_others(azure):
    group = f"{SUB}/resourceGroups/rg-others"
    account = f"{group}/providers/Microsoft.Storage/storageAccounts/smallestwsstorage"
    body = {"location": "eastus", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
    for identity, sent in ((group, {"location": "eastus"}), (account, body)):
        azure.control("POST", "drift", {"op": "put", "id": identity, "body": sent})
