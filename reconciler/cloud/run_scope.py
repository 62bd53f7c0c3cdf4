"""One run and its clients, each made on first use: what operations and handlers are given.

Whatever client sends a request, our own or Microsoft's, asks the run first (`run_limits`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from reconciler.cloud.logging import fence_new_loggers
from reconciler.cloud.run_limits import RunLimits
from reconciler.cloud.tokens import caller_of, tenant_of
from reconciler.diagnostics import ReconcileError

if TYPE_CHECKING:
    from azure.ai.ml import MLClient
    from azure.mgmt.authorization import AuthorizationManagementClient
    from azure.mgmt.resource.resources import ResourceManagementClient
    from azure.storage.blob import ContainerClient
    from azure.storage.fileshare import ShareClient

    from reconciler.cloud.arm import ArmClient
    from reconciler.cloud.vaults import VaultClient

T = TypeVar("T")


class RunScope(RunLimits):
    """One plan, apply or destroy: its limits, and clients that keep to them."""

    def tenant_id(self) -> str:
        """Return the tenant that our token is of, "" where the token does not tell."""
        return tenant_of(str(self.tokens.get_token(self.cloud.arm_scope).token))

    def caller_id(self) -> str:
        """Return the object id that our token is of, "" where the token does not tell."""
        return caller_of(str(self.tokens.get_token(self.cloud.arm_scope).token))

    def sign_in(self) -> None:
        """Ask for the ARM token in the background, while the rest is being imported.

        A failure is not lost: the first request asks again and reports it.
        """

        def ask() -> None:
            with suppress(ReconcileError):
                self.tokens.get_token(self.cloud.arm_scope)

        threading.Thread(target=ask, name="sign-in", daemon=True).start()

    @cached_property
    def arm(self) -> ArmClient:
        """The client for everything that is plain ARM."""
        from reconciler.cloud.arm import ArmClient

        return ArmClient(self)

    @cached_property
    def vaults(self) -> VaultClient:
        """The client for secrets of key vaults."""
        from reconciler.cloud.vaults import VaultClient

        return VaultClient(self)

    @cached_property
    def resources(self) -> ResourceManagementClient:
        """azure-mgmt-resource: groups and resource providers."""
        from azure.mgmt.resource.resources import ResourceManagementClient

        return self._of_arm(ResourceManagementClient)

    @cached_property
    def authorization(self) -> AuthorizationManagementClient:
        """azure-mgmt-authorization: role assignments."""
        from azure.mgmt.authorization import AuthorizationManagementClient

        return self._of_arm(AuthorizationManagementClient)

    def _of_arm(self, client: Callable[..., T]) -> T:
        from reconciler.cloud.transport import arm_options

        made = client(
            self.tokens,
            self.subscription_id,
            base_url=self.cloud.resource_manager,
            credential_scopes=[self.cloud.arm_scope],
            **arm_options(self),
        )
        fence_new_loggers()
        return made

    def ml(self, resource_group: str, workspace: str) -> MLClient:
        """Return an azure-ai-ml client for one workspace (the import takes seconds)."""
        from reconciler.cloud.ml import client

        return client(self, resource_group, workspace)

    def container(
        self, blob_endpoint: str, container: str, credential: Any = None
    ) -> ContainerClient:
        """Return a Blob client for a container of the account at `blob_endpoint`.

        It signs in as we do unless an account key or SAS is given.
        """
        from azure.storage.blob import ContainerClient

        return ContainerClient(
            blob_endpoint,
            container,
            credential=credential or self.tokens,
            **self._for_storage(blob_endpoint),
        )

    def share(self, file_endpoint: str, share: str, credential: Any) -> ShareClient:
        """Return a File client for a share of the account at `file_endpoint`."""
        from azure.storage.fileshare import ShareClient

        # Files take a token only from those who say that they mean to read past its ACLs.
        options = self._for_storage(file_endpoint)
        if credential is self.tokens:
            options["token_intent"] = "backup"
        return ShareClient(file_endpoint, share, credential=credential, **options)

    def _for_storage(self, endpoint: str) -> dict[str, Any]:
        from reconciler.cloud.transport import storage_options

        if not self.cloud.may_store(endpoint):
            raise self.denied(endpoint)
        fence_new_loggers()
        return storage_options(self, urlsplit(endpoint).netloc)
