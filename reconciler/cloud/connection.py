"""Which Azure we talk to, and as whom.

A `Connection` holds the addresses of one cloud (public Azure, or a sandbox), one token
cache shared by every client, and the clients themselves, each made on first use. Nothing
of azure is imported before it is needed: `--help` and `validate` never pay for it.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from reconciler.cloud.endpoints import Cloud, SandboxAccess, host_of
from reconciler.cloud.logging import fence_loggers
from reconciler.cloud.ml import forget_clouds
from reconciler.cloud.network_errors import CONNECT_BUDGET_S
from reconciler.cloud.read_after_write import ReadAfterWrite
from reconciler.cloud.resource_deadline import ResourceDeadline
from reconciler.cloud.rules import RetryBudget, refused, writes
from reconciler.cloud.throttle import Throttle
from reconciler.cloud.tokens import Credential, Tokens, tenant_of
from reconciler.diagnostics import (
    DeadlineError,
    DeniedError,
    InterruptedRun,
    OverdueError,
    ReconcileError,
)

if TYPE_CHECKING:
    from azure.ai.ml import MLClient
    from azure.mgmt.authorization import AuthorizationManagementClient
    from azure.mgmt.resource.resources import ResourceManagementClient
    from azure.storage.blob import ContainerClient
    from azure.storage.fileshare import ShareClient

    from reconciler.cloud.arm import ArmClient
    from reconciler.cloud.session import BoundedSession
    from reconciler.cloud.vaults import VaultClient

__all__ = ["Cloud", "Connection", "SandboxAccess"]

T = TypeVar("T")

CONNECT_TIMEOUT_S = CONNECT_BUDGET_S
READ_TIMEOUT_S = 60.0
SHORTEST_TIMEOUT_S = 5.0
"""What a request is given even when the run's time is almost over: it may be a write."""


class Connection:
    """One cloud, one identity, one subscription; clients are made on first use.

    `stop` ends every wait at once; `deadline` (monotonic seconds) bounds the run, `resource_deadline`
    what is done for one resource.
    """

    def __init__(
        self,
        cloud: Cloud,
        subscription_id: str,
        *,
        read_only: bool = False,
        deadline: float | None = None,
        pool_size: int = 32,
    ) -> None:
        """Keep the addresses; nothing is sent before something is asked for."""
        self.cloud = cloud
        self.subscription_id = subscription_id
        self.read_only = read_only
        self.deadline = deadline
        self.pool_size = pool_size
        self.stop = threading.Event()
        self.resource_deadline = ResourceDeadline()
        self.retry_budget = RetryBudget(self.sleep)
        self.throttle = Throttle(self.sleep)
        self.read_after_write = ReadAfterWrite(self.sleep)
        self._lock = threading.Lock()
        self._tokens: Tokens | None = None
        fence_loggers()
        forget_clouds()
        if cloud.sandbox:
            # azure-ai-ml builds inner clients that take no options: only the environment
            # reaches them. The sandbox's authority is the only one they may trust here.
            os.environ["REQUESTS_CA_BUNDLE"] = cloud.sandbox.ca_file

    @property
    def tokens(self) -> Tokens:
        """The token cache over the right credential; one for all threads."""
        with self._lock:
            if self._tokens is None:
                self._tokens = Tokens(self._credential())
            return self._tokens

    def _credential(self) -> Credential:
        from reconciler.cloud.signin import AzureCredential, SandboxCredential

        access = self.cloud.sandbox
        return SandboxCredential(access, self) if access else AzureCredential(self)

    def tenant_id(self) -> str:
        """Return the tenant that our token is of, "" where the token does not tell."""
        return tenant_of(str(self.tokens.get_token(self.cloud.arm_scope).token))

    def sign_in(self) -> None:
        """Ask for the ARM token in the background, while the rest is being imported.

        A failure is not lost: the first request asks again and reports it.
        """

        def ask() -> None:
            with suppress(ReconcileError):
                self.tokens.get_token(self.cloud.arm_scope)

        threading.Thread(target=ask, name="sign-in", daemon=True).start()

    @cached_property
    def session(self) -> BoundedSession:
        """The pool of connections that all clients share."""
        from reconciler.cloud.session import session_of

        return session_of(self)

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
        fence_loggers()
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
        fence_loggers()
        return storage_options(self, urlsplit(endpoint).netloc)

    def allow_writes(self) -> None:
        """End the read-only phase: the user has agreed to the plan."""
        self.read_only = False

    def check_host(self, url: str) -> None:
        """Raise `DeniedError` for an address that must not see our token."""
        if not self.cloud.may_receive_token(url):
            raise self.denied(url)

    @staticmethod
    def denied(url: str) -> ReconcileError:
        """Return the error for an address that must not see our token."""
        return DeniedError.because(
            f"refused to send a token to {host_of(url) or 'what is no address'}",
            detail="Azure answered with an address outside the hosts of this cloud",
        )

    def permit(self, method: str, url: str) -> None:
        """Check that a request may be sent at all, before it is.

        Raises `RefusedError` for a write in a read-only run, `InterruptedRun` for a write
        once the run was told to stop. To read a secret counts as a write, by POST or not.
        """
        is_write = writes(method, url) or self.cloud.is_vault(url)
        if self.read_only and is_write:
            raise refused(method, url)
        if self.stop.is_set() and is_write:
            raise InterruptedRun.because(
                f"stopped before {method} was sent", detail=urlsplit(url).path
            )

    def timeouts(self) -> tuple[float, float]:
        """Return how long to wait for a connection and for bytes, in seconds.

        Never much past the deadline. Raises `DeadlineError` when that is over,
        `OverdueError` when the time of the resource is.
        """
        end = self._end()
        if end is None:
            return CONNECT_TIMEOUT_S, READ_TIMEOUT_S
        left = end - time.monotonic()
        if left <= 0:
            raise self._late()
        left = max(left, SHORTEST_TIMEOUT_S)
        return min(CONNECT_TIMEOUT_S, left), min(READ_TIMEOUT_S, left)

    def sleep(self, seconds: float) -> None:
        """Wait, but not past the deadline, and wake at once when told to stop.

        Raises `InterruptedRun` when stopped, `DeadlineError` past the deadline,
        `OverdueError` past the end of the resource's own time.
        """
        end = self._end()
        if end is not None:
            seconds = min(seconds, max(0.0, end - time.monotonic()))
        if self.stop.wait(seconds):
            raise InterruptedRun.because("stopped while waiting for Azure")
        if end is not None and time.monotonic() >= end:
            raise self._late()

    def _end(self) -> float | None:
        """Return when the run or the time of this thread's resource ends, whichever is first."""
        ends = [end for end in (self.deadline, self.resource_deadline.end) if end is not None]
        return min(ends, default=None)

    def _late(self) -> ReconcileError:
        own = self.resource_deadline.end
        if own is not None and (self.deadline is None or own < self.deadline):
            return OverdueError.because("it took too long")
        return DeadlineError.because(
            "the time given with --timeout is over",
            hint="run the same command again: it goes on where this one stopped",
        )
