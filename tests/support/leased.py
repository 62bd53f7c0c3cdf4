"""A container for leases in a sandbox, replicas that ask for them, and one clock for all."""

from __future__ import annotations

import time
from typing import Any

from reconciler.cloud.azure import Azure as CloudAzure
from reconciler.cloud.endpoints import Cloud
from reconciler.cloud.tokens import Token, Tokens
from reconciler.gitops.config import LeaseConfig
from reconciler.gitops.lease import BlobLease, Leases
from reconciler.sandbox.launch import Server
from tests.support.signed_in import SignedIn
from tests.support.vaults import managed_token

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-loop"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/loopleases"
CONTAINER = "https://loopleases.blob.core.windows.net/reconcile"


class Leased(SignedIn):
    """A sandbox with an account for leases, whose time passes only by `passes`."""

    def __init__(self, server: Server) -> None:
        super().__init__(server)
        self.now_s = 1000.0
        self._made: list[Leases] = []

    def begin(self, *, container: bool = True) -> None:
        """Make the account, and what is asked of it; time stands still from then on."""
        self.empty()
        run = self.run(SUBSCRIPTION)
        run.arm.put(GROUP, "2025-04-01", {"location": "eastus"})
        body = {"location": "eastus", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
        run.arm.put(ACCOUNT, "2023-05-01", body)
        if container:
            path = f"{ACCOUNT}/blobServices/default/containers/reconcile"
            run.arm.put(path, "2023-05-01", {"properties": {}})
        self.clock("frozen")

    def end(self) -> None:
        """Give all leases back, so that nobody renews them any more."""
        self.clear_faults()
        for leases in self._made:
            leases.release()
        self._made.clear()

    def rightless(self) -> CloudAzure:
        """Return the process of a managed identity that has no role anywhere."""
        identity = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/nobody"
        run = self.run(SUBSCRIPTION)
        made = run.arm.put(identity, "2024-11-30", {"location": "eastus"})["properties"]
        azure = CloudAzure(Cloud.of_sandbox(self.access))
        azure._tokens = Tokens(Managed(self, made["clientId"]))
        return azure

    def passes(self, seconds: float) -> None:
        """Let time pass, for everybody."""
        self.now_s += seconds
        self.control("POST", "clock", {"advance": seconds})

    def leases(self, azure: CloudAzure | None = None) -> Leases:
        """Return those of a replica, a process with a sign-in of its own."""
        own = azure or CloudAzure(Cloud.of_sandbox(self.access))
        made = Leases(own, LeaseConfig(container=CONTAINER), clock=lambda: self.now_s)
        self._made.append(made)
        return made

    def replica(self, azure: CloudAzure | None = None) -> BlobLease:
        """Return the lease of a replica."""
        lease = self.leases(azure).of(SUBSCRIPTION)
        assert isinstance(lease, BlobLease)
        return lease


class Managed:
    """The credential of a managed identity."""

    name = "managed identity"

    def __init__(self, sandbox: Leased, client_id: str) -> None:
        self._sandbox, self._client_id = sandbox, client_id

    def get_token(self, *scopes: str, run: Any) -> Token:
        resource = scopes[0].removesuffix("/.default")
        found = managed_token(self._sandbox, self._client_id, resource)
        return Token(found, int(time.time()) + 3600)
