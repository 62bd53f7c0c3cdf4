"""The addresses of one cloud, and which of them may see a token."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_PLAIN_HOST = re.compile(r"[a-z0-9.-]+(:[0-9]{1,5})?", re.ASCII)
"""No user and no backslash: urllib3 ends a host at a backslash where urlsplit goes on."""
SANDBOX_VAULTS = "/_vault/"
SANDBOX_BLOBS = "/_blob/"
"""Where a sandbox, which has one address for all of Azure, has its vaults, and its blobs."""


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
    """The addresses of one Azure cloud.

    `token_hosts`: hosts (or `.suffixes`) we may send a token of ARM to, `storage_hosts` and
    `vault_hosts`: the same for storage and key vaults; `hub`: where datasets come from;
    `inference`: the domain of online endpoints;
    `prices`: the public price list, which is asked without signing in, and whose answers hold
    for a day where `keeps_prices` (who sets prices in a sandbox wants to see them at once);
    `role_propagation_s`: how old a role assignment must be before what cannot be retried
    relies on it.
    """

    resource_manager: str = "https://management.azure.com"
    arm_scope: str = "https://management.azure.com/.default"
    portal: str = "https://portal.azure.com"
    studio: str = "https://ml.azure.com"
    hub: str = "https://huggingface.co"
    prices: str = "https://prices.azure.com"
    inference: str = "inference.ml.azure.com"
    keeps_prices: bool = True
    token_hosts: tuple[str, ...] = (
        "management.azure.com",
        ".api.azureml.ms",
    )
    vault_hosts: tuple[str, ...] = (".vault.azure.net",)
    vault_scope: str = "https://vault.azure.net/.default"
    storage_hosts: tuple[str, ...] = (".blob.core.windows.net", ".file.core.windows.net")
    role_propagation_s: float = 300.0
    sandbox: SandboxAccess | None = None

    @classmethod
    def of_sandbox(cls, access: SandboxAccess) -> Cloud:
        """Return the cloud that a sandbox pretends to be."""
        return cls(
            resource_manager=access.url,
            hub=f"{access.url}/_hf",
            prices=f"{access.url}/_prices",
            keeps_prices=False,
            token_hosts=(urlsplit(access.url).netloc,),
            storage_hosts=(urlsplit(access.url).netloc,),
            vault_hosts=(urlsplit(access.url).netloc,),
            role_propagation_s=0.3,
            sandbox=access,
        )

    def data_plane(self, region: str) -> str:
        """Return the address at which Azure ML keeps its runs, models and flows in a region."""
        return self.sandbox.url if self.sandbox else f"https://{region}.api.azureml.ms"

    def may_receive_token(self, url: str) -> bool:
        """Return whether a token of ARM may be sent to this address."""
        return _is_https_of(url, self.token_hosts)

    def may_store(self, url: str) -> bool:
        """Return whether a token of storage may be sent to this address."""
        return _is_https_of(url, self.storage_hosts)

    def vault_url(self, vault: str) -> str:
        """Return the address of a key vault, which its name determines."""
        if self.sandbox:
            return f"{self.sandbox.url}{SANDBOX_VAULTS}{vault}"
        return f"https://{vault}{self.vault_hosts[0]}"

    def blob_endpoint(self, url: str) -> str:
        """Return the address of a storage account's blobs; a sandbox has the account of any host."""
        if self.sandbox and not self.may_store(url):
            return f"{self.sandbox.url}{SANDBOX_BLOBS}{host_of(url).partition('.')[0]}"
        return f"https://{host_of(url)}"

    def is_vault(self, url: str) -> bool:
        """Return whether an address is of a key vault: what is asked there reads a secret."""
        if self.sandbox and not urlsplit(url).path.startswith(SANDBOX_VAULTS):
            return False
        return _is_https_of(url, self.vault_hosts)


def host_of(url: str) -> str:
    """Return the host of an address as it is written there, "" if it is not a valid address."""
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""


def _is_https_of(url: str, allowed: tuple[str, ...]) -> bool:
    """Return whether an address is https and of one of the hosts or `.suffixes`."""
    host = host_of(url).lower()
    if not url.startswith("https://") or not _PLAIN_HOST.fullmatch(host):
        return False
    hosts = {host, host.removesuffix(":443")}
    return any(
        found.endswith(name) if name.startswith(".") else found == name
        for name in allowed
        for found in hosts
    )
