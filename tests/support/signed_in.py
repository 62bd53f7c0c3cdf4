"""Who is signed in at a sandbox: the product, and the credential of a client."""

from __future__ import annotations

from typing import Any

from reconciler import secrets
from reconciler.cloud.azure import Azure as CloudAzure
from reconciler.cloud.endpoints import Cloud, SandboxAccess
from reconciler.cloud.run_scope import RunScope
from reconciler.sandbox.launch import Server
from tests.support.controls import Controls
from tests.support.passing_time import Brief


class SignedIn(Controls):
    """A sandbox, and one process of the product that is signed in there.

    Each test begins with no secret known (`conftest`), and so with a process that signs in anew.
    """

    def __init__(self, server: Server) -> None:
        super().__init__(server)
        self.access = SandboxAccess(
            server.url, server.ca_file, server.tenant_id, server.client_id, server.client_secret
        )
        self._begin()

    def _begin(self) -> None:
        self.process = CloudAzure(Cloud.of_sandbox(self.access))
        self._known = secrets._known

    def run(self, subscription_id: str, *, read_only: bool = False) -> RunScope:
        """Return a new run, whose waits are brief; all of them share one sign-in."""
        if self._known is not secrets._known:
            self._begin()
        found = RunScope(self.process, subscription_id, read_only=read_only)
        found.stop = Brief()
        return found


def credential_of(server: Any) -> Any:
    """Return azure-identity's credential of the application that the sandbox begins with."""
    from azure.identity import ClientSecretCredential

    return ClientSecretCredential(
        server.tenant_id,
        server.client_id,
        server.client_secret,
        authority=server.url,
        disable_instance_discovery=True,
        connection_verify=server.ca_file,
    )
