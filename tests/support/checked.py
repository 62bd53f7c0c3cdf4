"""What tests of the checks before the first write share: a small spec, its limits, its blockers."""

from reconciler.engine.findings import Level
from tests.support.azure import edited
from tests.support.robot import ROLES

GPU = "standardNCADSA100v4Family"
DS = "standardDSv2Family"
LOW = "TotalLowPriorityCores"
SUB = "/subscriptions/00000000-0000-0000-0000-000000000000"
POLICIES = "2025-03-01"
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


def others_have_endpoint(azure, region):
    """Let a workspace of others have the endpoint `Chat-of-the-Team`."""
    group = f"{SUB}/resourceGroups/rg-others"
    workspace = f"{group}/providers/Microsoft.MachineLearningServices/workspaces/theirs"
    endpoint = f"{workspace}/onlineEndpoints/Chat-of-the-Team"
    storage = f"{group}/providers/Microsoft.Storage/storageAccounts/theirstorage0"
    vault = f"{group}/providers/Microsoft.KeyVault/vaults/their-vault-0"
    linked = {"storageAccount": storage, "keyVault": vault}
    sku = {"family": "A", "name": "standard"}
    access = {"tenantId": "0" * 8 + "-0000-0000-0000-" + "0" * 12, "sku": sku, "accessPolicies": []}
    for identity, body in (
        (group, {}),
        (storage, {"kind": "StorageV2", "sku": {"name": "Standard_LRS"}}),
        (vault, {"properties": access}),
        (workspace, {"identity": {"type": "SystemAssigned"}, "properties": linked}),
        (endpoint, {"identity": {"type": "SystemAssigned"}, "properties": {"authMode": "Key"}}),
    ):
        sent = {"op": "put", "id": identity, "body": {"location": region, **body}}
        azure.control("POST", "drift", sent)
    azure.clear_journal()


def assign_policy(azure, loaded, rule, *, effect="deny", scope=SUB):
    """Define a policy of that rule, and assign it under the name `ours-only`."""
    arm, policy = azure.connection(loaded).arm, "providers/Microsoft.Authorization/policy"
    definition = f"{SUB}/{policy}Definitions/ours-only"
    body = {"mode": "All", "policyRule": {"if": rule, "then": {"effect": effect}}}
    arm.put(definition, POLICIES, {"properties": body})
    assigned = {"properties": {"policyDefinitionId": definition}}
    arm.put(f"{scope}/{policy}Assignments/ours-only", POLICIES, assigned)
    azure.clear_journal()


def only(*roles, action="write"):
    """The condition that the portal makes to constrain somebody to some roles."""
    source = "@Request" if action == "write" else "@Resource"
    guids = ", ".join(ROLES[role] for role in roles)
    return (
        f"(\n (\n  !(ActionMatches{{'Microsoft.Authorization/roleAssignments/{action}'}})\n )\n"
        f" OR \n (\n  {source}[Microsoft.Authorization/roleAssignments:RoleDefinitionId] "
        f"ForAnyOfAnyValues:GuidEquals {{{guids}}}\n )\n)"
    )
