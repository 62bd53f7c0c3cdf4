"""Which Azure we talk to, and as whom.

A `Connection` holds the addresses of one cloud (public Azure, or a sandbox), one token
cache shared by every client, and the clients themselves, each made on first use. Nothing
of azure is imported before it is needed: `--help` and `validate` never pay for it.
"""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from urllib.parse import urlsplit

from reconciler.diagnostics import (
    DeniedError,
    InterruptedRun,
    PendingError,
    ReconcileError,
)

if TYPE_CHECKING:
    from azure.ai.ml import MLClient
    from azure.mgmt.authorization import AuthorizationManagementClient
    from azure.mgmt.resource.resources import ResourceManagementClient
    from azure.storage.blob import ContainerClient
    from azure.storage.fileshare import ShareClient

    from reconciler.cloud.arm import ArmClient

REFRESH_BEFORE_S = 300
STORAGE_SCOPE = "https://storage.azure.com/.default"


@dataclass(frozen=True)
class SandboxAccess:
    """How to reach a sandbox: its address, its certificate authority, its service principal."""

    url: str
    ca_file: str
    tenant_id: str
    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True)
class Cloud:
    """The addresses of one Azure cloud. `token_hosts`: hosts (or `.suffixes`) we may send a
    token to; `hub`: where datasets come from; `role_propagation_s`: how old a role
    assignment must be before what cannot be retried relies on it.
    """

    resource_manager: str = "https://management.azure.com"
    arm_scope: str = "https://management.azure.com/.default"
    portal: str = "https://portal.azure.com"
    studio: str = "https://ml.azure.com"
    hub: str = "https://huggingface.co"
    token_hosts: tuple[str, ...] = (
        "management.azure.com",
        ".blob.core.windows.net",
        ".file.core.windows.net",
        ".api.azureml.ms",
    )
    role_propagation_s: float = 300.0
    sandbox: SandboxAccess | None = None

    @classmethod
    def of_sandbox(cls, access: SandboxAccess) -> Cloud:
        """Return the cloud that a sandbox pretends to be."""
        return cls(
            resource_manager=access.url,
            hub=f"{access.url}/_hf",
            token_hosts=(urlsplit(access.url).netloc,),
            role_propagation_s=0.3,
            sandbox=access,
        )

    def may_receive_token(self, url: str) -> bool:
        """Return whether a bearer token may be sent to this address: https and a known host."""
        parts = urlsplit(url)
        hosts = (parts.netloc.lower(), (parts.hostname or "").lower())
        return parts.scheme == "https" and any(
            host.endswith(allowed) if allowed.startswith(".") else host == allowed
            for allowed in self.token_hosts
            for host in hosts
        )


class Token(NamedTuple):
    """A bearer token and when it ends, in seconds since the epoch (azure-core's shape)."""

    token: str
    expires_on: int


class Credential(Protocol):
    """What we need of any azure credential."""

    def get_token(self, *scopes: str) -> Any:
        """Return something with `token` and `expires_on`."""


class Tokens:
    """A credential that asks the real one once per scope and keeps the token until it ages.

    Speaks azure-core's TokenCredential protocols, so every SDK client shares it.
    """

    def __init__(self, credential: Credential) -> None:
        """Wrap any credential that has `get_token`."""
        self._credential = credential
        self._kept: dict[tuple[str, ...], Token] = {}
        self._lock = threading.Lock()

    def get_token(self, *scopes: str, **_options: Any) -> Any:
        """Return a `Token` for the scopes; asks at most once at a time."""
        with self._lock:
            kept = self._kept.get(scopes)
            if kept is None or kept.expires_on - time.time() < REFRESH_BEFORE_S:
                kept = self._kept[scopes] = self._ask(scopes)
            return kept

    def get_token_info(self, *scopes: str, options: Any = None) -> Any:
        """Return the token in azure-core's newer shape."""
        from azure.core.credentials import AccessTokenInfo

        token = self.get_token(*scopes)
        return AccessTokenInfo(token.token, token.expires_on)

    def forget(self) -> None:
        """Drop all tokens, for example after a 401 or a fresh role assignment."""
        with self._lock:
            self._kept.clear()

    def _ask(self, scopes: tuple[str, ...]) -> Token:
        found = self._credential.get_token(*scopes)
        return Token(found.token, int(found.expires_on))


class Connection:
    """One cloud, one identity, one subscription; clients are made on first use.

    `stop` ends every wait at once; `deadline` (monotonic seconds) bounds the run.
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
        self._lock = threading.Lock()
        self._tokens: Tokens | None = None
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
        return SandboxCredential(access) if access else AzureCredential()

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
    def resources(self) -> ResourceManagementClient:
        """azure-mgmt-resource: groups and resource providers."""
        from azure.mgmt.resource.resources import ResourceManagementClient

        return ResourceManagementClient(
            self.tokens,
            self.subscription_id,
            base_url=self.cloud.resource_manager,
            credential_scopes=[self.cloud.arm_scope],
            **self._verify,
        )

    @cached_property
    def authorization(self) -> AuthorizationManagementClient:
        """azure-mgmt-authorization: role assignments."""
        from azure.mgmt.authorization import AuthorizationManagementClient

        return AuthorizationManagementClient(
            self.tokens,
            self.subscription_id,
            base_url=self.cloud.resource_manager,
            credential_scopes=[self.cloud.arm_scope],
            **self._verify,
        )

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

        self.check_host(blob_endpoint)
        return ContainerClient(
            blob_endpoint, container, credential=credential or self.tokens, **self._verify
        )

    def share(self, file_endpoint: str, share: str, credential: Any) -> ShareClient:
        """Return a File client for a share of the account at `file_endpoint`."""
        from azure.storage.fileshare import ShareClient

        self.check_host(file_endpoint)
        # Files take a token only from those who say that they mean to read past its ACLs.
        options = self._verify
        if credential is self.tokens:
            options["token_intent"] = "backup"
        return ShareClient(file_endpoint, share, credential=credential, **options)

    def allow_writes(self) -> None:
        """End the read-only phase: the user has agreed to the plan."""
        self.read_only = False

    def check_host(self, url: str) -> None:
        """Raise `DeniedError` for an address that must not see our token."""
        if not self.cloud.may_receive_token(url):
            raise DeniedError.because(
                f"refused to send a token to {urlsplit(url).netloc}",
                detail="Azure answered with an address outside the hosts of this cloud",
            )

    def sleep(self, seconds: float) -> None:
        """Wait, but not past the deadline, and wake at once when told to stop.

        Raises `InterruptedRun` when stopped, `PendingError` past the deadline.
        """
        if self.deadline is not None:
            seconds = min(seconds, max(0.0, self.deadline - time.monotonic()))
        if self.stop.wait(seconds):
            raise InterruptedRun.because("stopped while waiting for Azure")
        if self.deadline is not None and time.monotonic() >= self.deadline:
            raise PendingError.because(
                "the time given with --timeout is over",
                hint="run the same command again: it goes on where this one stopped",
            )

    @property
    def _verify(self) -> dict[str, Any]:
        return {"connection_verify": self.cloud.sandbox.ca_file} if self.cloud.sandbox else {}
