"""Secrets in a spec and in bodies: references until the moment of a write, text only on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Discriminator, Tag

from reconciler.kinds.expansion import Expansion
from reconciler.secrets import Secret
from reconciler.spec.document import Keys
from reconciler.spec.model import REFERENCE, matching
from reconciler.spec.vault_secrets import REFER, KeyVaultSecret, SecretIdentifier, text_or_secret

SecretText = Annotated[
    Annotated[str, matching(f"(?:{REFERENCE})", f"a reference; {REFER}"), Tag("text")]
    | Annotated[KeyVaultSecret, Tag("key vault secret")],
    Discriminator(text_or_secret),
]
"""A secret that a field takes: a reference, or a map that identifies one of any key vault."""


def secret_of(stated: str | KeyVaultSecret, expansion: Expansion, path: Keys) -> Any:
    """Return the reference that a text or a map with a secret identifier is."""
    if isinstance(stated, str):
        return expansion.reference(stated, path)
    identifier = SecretIdentifier.of_url(stated.key_vault_url)
    return expansion.secret(identifier, path) if identifier else ""


def revealed(value: Any) -> Any:
    """Return a body with every secret as text: what goes on the wire and nowhere else."""
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, Mapping):
        return {key: revealed(item) for key, item in value.items()}
    return [revealed(item) for item in value] if isinstance(value, list) else value
