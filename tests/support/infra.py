"""A spec of all infrastructure: workspace and what it needs, clusters, hub and project."""

from __future__ import annotations

import collections
import importlib.util
from typing import Any

from reconciler.engine.types import Action
from reconciler.operations.apply.executor import Report, apply
from reconciler.operations.load import Loaded, load_document
from reconciler.operations.plan.build import Plan, plan
from reconciler.spec.document import parse
from tests.support.serving import ML, PROVIDERS, ROOT, SUBSCRIPTION, Azure, Events

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


def forbid(azure: Azure, method: str, path: str) -> None:
    """Let Azure refuse every request of a kind, as to somebody with rights in the group only."""
    body = {"error": {"code": "AuthorizationFailed", "message": "No right, says Azure."}}
    action = {"status": 403, "body": body}
    azure.control("POST", "faults", {"method": method, "path": path, "times": 0, "action": action})
