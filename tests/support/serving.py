"""A sandbox with a workspace, hub and project made by hand, and the product's operations on it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from reconciler.cloud.run_scope import RunScope
from reconciler.kinds.base import HandlerContext, Reads
from reconciler.operations.apply.executor import Report, apply
from reconciler.operations.load import Loaded, load_document
from reconciler.operations.plan.build import Plan, PlanOptions, plan
from reconciler.operations.plan.destroy import plan_destroy
from reconciler.operations.progress import NullProgress
from reconciler.operations.refresh import context_of
from reconciler.sandbox.launch import Server
from reconciler.spec.document import parse
from tests.support.signed_in import SignedIn

ROOT = Path(__file__).resolve().parents[2]
SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-cases"
PROVIDERS = f"{GROUP}/providers"
ML = f"{PROVIDERS}/Microsoft.MachineLearningServices/workspaces"
ENDPOINT = f"{ML}/ws1/onlineEndpoints/phi3-ep"
CONNECTION = f"{ML}/proj1/connections/phi3-connection"
API = "2026-05-01"
READING_POSTS = ("listkeys", "listsecrets", "checknameavailability", "getlogs")

SPEC = f"""
version: 1
name: cases
target: {{subscription_id: {SUBSCRIPTION}, resource_group: rg-cases, location: eastus}}
quota:
  - {{vm_family: standardNCADSA100v4Family, cores: 48, on_short: request}}
workspace: {ML}/ws1
project: {ML}/proj1
identities:
  server:
    role_assignments:
      - {{role: AcrPull, scope: resource_group}}
      - {{role: Storage Blob Data Reader, scope: {PROVIDERS}/Microsoft.Storage/storageAccounts/acct1}}
endpoints:
  phi3-ep:
    identity: {{type: user_assigned, user_assigned_identities: ["${{{{ identities.server }}}}"]}}
    traffic: {{blue: 100}}
deployments:
  blue:
    endpoint_name: phi3-ep
    model: {ML}/ws1/models/chatty/versions/1
    instance_type: Standard_NC24ads_A100_v4
    instance_count: 1
connections:
  phi3-connection:
    type: custom
    keys:
      endpoint: ${{{{ endpoints.phi3-ep.scoring_uri }}}}
      key: ${{{{ endpoints.phi3-ep.primary_key }}}}
flows:
  chat:
    type: chat
    path: examples/flows/phi3-chat
    connections: {{connection: "${{{{ connections.phi3-connection }}}}"}}
"""


class Events(NullProgress):
    """Watches an apply and says nothing."""

    def started(self, address: str, action: Any) -> None:
        pass

    def finished(self, outcome: Any) -> None:
        pass


class Azure(SignedIn):
    """The sandbox as a test sees it."""

    def __init__(self, server: Server) -> None:
        super().__init__(server)
        self.folder = ROOT
        self.arm = self.connection().arm

    def connection(self, *, read_only: bool = False) -> RunScope:
        return self.run(SUBSCRIPTION, read_only=read_only)

    def drift(self, resource_id: str, body: Any) -> None:
        self.control("POST", "drift", {"op": "patch", "id": resource_id, "body": body})

    def journal(self, since: int = 0) -> list[dict[str, Any]]:
        return self.entries(since, "arm")

    def everything(self, since: int = 0) -> list[dict[str, Any]]:
        """Return what was sent to any plane: data and tokens too."""
        return self.entries(since)

    def writes(self, since: int = 0) -> list[str]:
        """Return the requests that may change something, since a place in the journal."""
        return [
            f"{e['method']} {e['path']}"
            for e in self.journal(since)
            if e["method"] not in ("GET", "HEAD") and not e["path"].lower().endswith(READING_POSTS)
        ]

    def now(self) -> int:
        entries = self.journal()
        return int(entries[-1]["seq"]) if entries else 0

    def get(self, resource_id: str) -> dict[str, Any]:
        found = self.arm.get(resource_id, API)
        assert found is not None, resource_id
        return found

    def load(self, text: str = SPEC) -> Loaded:
        return load_document(parse(text, "spec.yaml", self.folder))

    def plan(self, text: str = SPEC, **options: Any) -> Plan:
        """Plan, and allow every outage unless the options say which."""
        loaded = self.load(text)
        allowed = {"allow_outage": loaded.resources, **options}
        return plan(loaded, self.connection(read_only=True), PlanOptions(**allowed))

    def changes(self, text: str = SPEC) -> dict[str, str]:
        """Return what a plan would do, address by address, no-ops left out."""
        found = self.plan(text)
        assert not found.blocked, found.blocked
        return {c.address: c.action.value for c in found.changes if c.action.is_change}

    def apply(self, text: str = SPEC, **options: Any) -> Report:
        found = self.plan(text, **options)
        return apply(self.load(text), self.connection(), found, progress=Events())

    def applied(self, text: str = SPEC) -> Report:
        """Apply, and see that nothing failed."""
        report = self.apply(text)
        assert report.exit_code == 0, [
            (o.address, o.problems) for o in report.outcomes if o.problems
        ]
        return report

    def destroy(self, text: str = SPEC, **options: Any) -> Report:
        loaded = self.load(text)
        found = plan_destroy(loaded, self.connection(read_only=True), **options)
        return apply(loaded, self.connection(), found, progress=Events())

    def world(self, text: str = SPEC) -> tuple[HandlerContext, Loaded]:
        loaded, connection = self.load(text), self.connection()
        return context_of(
            loaded, connection, Reads(connection), lambda address: None, NullProgress()
        ), loaded

    def prepare(self) -> None:
        """Make, as somebody else would, what the spec only refers to."""
        put = self.arm.put
        put(GROUP, "2025-04-01", {"location": "eastus"})
        links = self._linked()
        identity = {"location": "eastus", "identity": {"type": "SystemAssigned"}}
        put(f"{ML}/ws1", API, {**identity, "kind": "Default", "properties": links})
        put(f"{ML}/hub1", API, {**identity, "kind": "Hub", "properties": links})
        of_hub = {"hubResourceId": f"{ML}/hub1"}
        put(f"{ML}/proj1", API, {**identity, "kind": "Project", "properties": of_hub})
        self._model()

    def _linked(self) -> dict[str, str]:
        east: dict[str, Any] = {"location": "eastus"}
        account = f"{PROVIDERS}/Microsoft.Storage/storageAccounts/acct1"
        storage = {"kind": "StorageV2", "sku": {"name": "Standard_LRS"}, "properties": {}}
        self.arm.put(account, "2023-05-01", {**east, **storage})
        vault = f"{PROVIDERS}/Microsoft.KeyVault/vaults/kv1"
        sku = {"family": "A", "name": "standard"}
        properties = {"tenantId": self.server.tenant_id, "sku": sku}
        self.arm.put(vault, "2023-07-01", {**east, "properties": properties})
        logs = f"{PROVIDERS}/Microsoft.OperationalInsights/workspaces/logs"
        self.arm.put(logs, "2023-09-01", {**east, "properties": {}})
        insights = f"{PROVIDERS}/Microsoft.Insights/components/ins"
        properties = {"Application_Type": "web", "WorkspaceResourceId": logs}
        self.arm.put(insights, "2020-02-02", {**east, "kind": "web", "properties": properties})
        registry = f"{PROVIDERS}/Microsoft.ContainerRegistry/registries/acr12345"
        body = {**east, "sku": {"name": "Standard"}, "properties": {}}
        self.arm.put(registry, "2025-11-01", body)
        return {
            "storageAccount": account,
            "keyVault": vault,
            "applicationInsights": insights,
            "containerRegistry": registry,
        }

    def _model(self) -> None:
        """Register a model whose files say what it was trained on."""
        turns = [
            {"role": "user", "content": "Who founded Microsoft?"},
            {"role": "assistant", "content": "Bill Gates and Paul Allen, in 1975."},
        ]
        store = self.get(f"{ML}/ws1/datastores/workspaceblobstore")["properties"]
        box = self.connection().container(
            f"{self.server.url}/_blob/{store['accountName']}", store["containerName"]
        )
        box.upload_blob("models/chatty/conversations.jsonl", json.dumps({"messages": turns}))
        uri = "azureml://datastores/workspaceblobstore/paths/models/chatty"
        body = {"properties": {"modelType": "custom_model", "modelUri": uri}}
        self.arm.put(f"{ML}/ws1/models/chatty/versions/1", API, body)


def refuse(azure: Azure, path: str, code: str, times: int = 1) -> None:
    """Let Azure answer the next writes on a path with an error."""
    body = {"error": {"code": code, "message": f"{code}, says Azure."}}
    action = {"status": 400, "body": body}
    fault = {"method": "PUT", "path": path, "times": times, "action": action}
    azure.control("POST", "faults", fault)
