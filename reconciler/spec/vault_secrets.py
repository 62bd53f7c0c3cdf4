"""Secrets of a key vault, as a spec names them: never the value, always the identifier.

`keyVaultUrl` is what Azure Container Apps calls the URL of a secret (learn.microsoft.com/azure/
container-apps/manage-secrets); the form of the identifier, its version included, is that of
learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any

from reconciler.spec.model import SpecModel, matching

NAME = r"[0-9a-zA-Z-]{1,127}"
VERSION = r"[0-9a-fA-F]{32}"
URL = (
    r"^https://([a-zA-Z](?:-?[a-zA-Z0-9]){2,23})\.vault\.azure\.net(?::443)?"
    rf"/secrets/({NAME})(?:/({VERSION}))?/?$"
)
IN_SPEC = "${{ workspace.key_vault.secrets.NAME }}"
ANYWHERE = "{key_vault_url: https://VAULT.vault.azure.net/secrets/NAME}"
REFER = (
    f"refer to a secret: `${{{{ endpoints.NAME.primary_key }}}}`, a secret in this spec's key "
    f"vault `{IN_SPEC}`, or in any other `{ANYWHERE}`"
)
"""What to do in place of writing a secret down."""
_IN_MAP = re.compile(rf"({NAME})(?:\.({VERSION}))?", re.ASCII)
_URL = re.compile(URL, re.ASCII)


class KeyVaultSecret(SpecModel):
    """A secret in any key vault that the identity running apply can read."""

    key_vault_url: Annotated[
        str,
        matching(
            URL,
            "a secret identifier in Azure's public cloud, `https://VAULT.vault.azure.net/secrets/"
            "NAME`, with `/VERSION` to pin a version",
        ),
    ]
    """The secret identifier. Without a version, the current version is used."""


@dataclass(frozen=True)
class SecretIdentifier:
    """Which secret of which vault; without a version the current one."""

    vault: str
    name: str
    version: str = ""

    @classmethod
    def of_url(cls, url: str) -> SecretIdentifier | None:
        """Return what a URL identifies, None when it identifies no secret."""
        match = _URL.fullmatch(url)
        return cls(match[1], match[2], match[3] or "") if match else None

    @classmethod
    def in_vault(cls, vault: str, text: str) -> SecretIdentifier | None:
        """Return what `NAME` or `NAME.VERSION` identifies in a vault, None when nothing."""
        match = _IN_MAP.fullmatch(text)
        return cls(vault, match[1], match[2] or "") if match else None

    @property
    def path(self) -> str:
        """The path below the vault's address."""
        return f"/secrets/{self.name}" + (f"/{self.version}" if self.version else "")

    def __str__(self) -> str:
        """Return the identifier as Azure writes it."""
        return f"https://{self.vault}.vault.azure.net{self.path}"


def text_or_secret(value: Any) -> str:
    """Tell a text (a value or a reference) from a map that names a key vault's secret."""
    return "key vault secret" if isinstance(value, dict | KeyVaultSecret) else "text"
