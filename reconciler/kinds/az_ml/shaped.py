"""What a file states as a spec says it: an item, what goes with it, what is not copied or made up.

A secret of a file becomes the address of one in a key vault, and is told.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.engine.types import JsonObject
from reconciler.spec.document import Document

YOUR_VAULT = "https://YOUR-VAULT.vault.azure.net/secrets"
"""Where a secret is to be put that stood in a file: a spec never holds one."""
SECRETS = (
    "account_key",
    "sas_token",
    "client_secret",
    "api_key",
    "key",
    "password",
    "pat",
    "secret_access_key",
)
REMOTE = re.compile(r"[a-z][a-z0-9+.-]{0,30}:", re.IGNORECASE)


@dataclass
class Shaped:
    """An item of a section, and what goes with it."""

    item: JsonObject
    beside: dict[str, dict[str, JsonObject]] = field(default_factory=dict)
    told: list[Diagnostic] = field(default_factory=list)
    left: list[Diagnostic] = field(default_factory=list)

    def add(self, section: str, key: str, item: JsonObject) -> None:
        """Put an item into another section."""
        self.beside.setdefault(section, {})[key] = item


def into_vault(
    shaped: Shaped,
    held: JsonObject,
    prefix: tuple[str, ...],
    document: Document,
    key: str,
) -> None:
    """Put an address in place of each secret that `held`, at `prefix` in the file, states."""
    for name in SECRETS:
        if isinstance(held.get(name), str):
            held[name] = in_vault(shaped, (*prefix, name), document, f"{key}-{name}")


def in_vault(shaped: Shaped, path: tuple[str, ...], document: Document, name: str) -> JsonObject:
    """Return where the secret is to be put, and tell that it must be."""
    url = f"{YOUR_VAULT}/{re.sub(r'[^A-Za-z0-9-]', '-', name)}"
    shaped.told.append(
        Diagnostic(
            f"`{'.'.join(path)}` is not copied: a spec holds no secret",
            document.position(path),
            hint=f"put it into a key vault, and write its address for {url}",
            severity=Severity.WARNING,
        )
    )
    return {"key_vault_url": url}


def is_local(path: str) -> bool:
    """Return whether a path names something of this machine, and not of Azure or of the spec."""
    return not (REMOTE.match(path) or path.startswith(("${{", "/", "~")))
