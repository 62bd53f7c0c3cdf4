"""The scenario that many tests stand on: a workspace with everything it links to."""

from __future__ import annotations

import json
from typing import Any

ML = "Microsoft.MachineLearningServices/workspaces"
GPU_FAMILY = "standardNCADSA100v4Family"
GPU_SIZE = "Standard_NC24ads_A100_v4"
READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
ACR_PULL = "7f951dda-4ed3-4680-a7ca-43fe172d538d"
CHAT = [
    {"role": "user", "content": "What is the tallest mountain?"},
    {"role": "assistant", "content": "Mount Everest."},
]


def workspace(put: Any, tenant: str, name: str = "ws1", kind: str = "Default") -> dict[str, Any]:
    """Create storage, vault, insights, registry and a workspace over them."""
    account = put(
        "Microsoft.Storage/storageAccounts/acct1",
        "2023-05-01",
        kind="StorageV2",
        sku={"name": "Standard_LRS"},
        properties={},
    )
    vault = put(
        "Microsoft.KeyVault/vaults/kv1",
        "2023-07-01",
        properties={"tenantId": tenant, "sku": {"family": "A", "name": "standard"}},
    )
    logs = put("Microsoft.OperationalInsights/workspaces/logs", "2023-09-01", properties={})
    insights = put(
        "Microsoft.Insights/components/insights",
        "2020-02-02",
        kind="web",
        properties={"Application_Type": "web", "WorkspaceResourceId": logs["id"]},
    )
    registry = put(
        "Microsoft.ContainerRegistry/registries/acr12345",
        "2025-11-01",
        sku={"name": "Standard"},
        properties={},
    )
    found: dict[str, Any] = put(
        f"{ML}/{name}",
        "2024-10-01",
        kind=kind,
        identity={"type": "SystemAssigned"},
        properties={
            "storageAccount": account["id"],
            "keyVault": vault["id"],
            "applicationInsights": insights["id"],
            "containerRegistry": registry["id"],
        },
    )
    return found


def chat_lines(*conversations: list[dict[str, str]]) -> bytes:
    """Return JSON lines of chat rows."""
    return "".join(json.dumps({"messages": one}) + "\n" for one in conversations).encode()
