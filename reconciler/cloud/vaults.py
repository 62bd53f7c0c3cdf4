"""Reads of secrets from key vaults: by the rules of every request, with a token of their own.

A read-only run sends none, as it sends no listKeys. The address comes from the vault's name
alone, so that no answer of Azure and no spec can lead the token anywhere else.
Source: learn.microsoft.com/rest/api/keyvault/secrets/get-secret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.cloud.arm import ArmClient
from reconciler.secrets import remember

if TYPE_CHECKING:
    from reconciler.engine.types import JsonObject
    from reconciler.spec.vault_secrets import SecretIdentifier

API_VERSION = "2025-07-01"


class VaultClient(ArmClient):
    """Asks vaults as `ArmClient` asks ARM: same waits, retries, budget, deadline and bounds."""

    def secret(self, identifier: SecretIdentifier) -> JsonObject:
        """Return a secret with its value and attributes, the value kept out of every output."""
        url = self._run.cloud.vault_url(identifier.vault) + identifier.path
        found = self.send("GET", url, API_VERSION)[0]
        remember(found.get("value"))
        return found

    def _check_host(self, url: str) -> None:
        if not self._run.cloud.is_vault(url):
            raise self._run.denied(url)

    def _scope(self) -> str:
        return self._run.cloud.vault_scope
