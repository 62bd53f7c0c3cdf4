"""What a file states as a spec says it: an item, what goes with it, what is not copied or made up.

A secret of a file becomes the address of one in a key vault, a placeholder of a script a stand-in;
both are told.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

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
NO_ENDPOINT = "your-endpoint"
"""The endpoint of a deployment whose file leaves it to an option of `az ml`."""
STAND_INS = {"name": "your-name", "endpoint_name": NO_ENDPOINT, "compute": "your-cluster"}
"""What takes the place of a name that a script fills in, by field."""
_PLACEHOLDER = re.compile(r"<[^<>]*>|\{\{[^{}]*\}\}|\$\{?[A-Z_]+\}?")
REMOTE = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


@dataclass
class Shaped:
    """An item of a section, and what goes with it."""

    item: JsonObject
    beside: dict[str, dict[str, JsonObject]] = field(default_factory=dict)
    told: list[Diagnostic] = field(default_factory=list)

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


def _is_placeholder(value: Any) -> bool:
    """Return whether a text is to be filled in by a script: `<ENDPOINT_NAME>`, `{{NAME}}`, `$NAME`."""
    return isinstance(value, str) and bool(_PLACEHOLDER.fullmatch(value.strip()))


def filled(stated: JsonObject, document: Document) -> tuple[JsonObject, list[Diagnostic]]:
    """Return what is stated with a stand-in for each name that a script would fill in."""
    made, told = dict(stated), []
    for name, stand_in in STAND_INS.items():
        if _is_placeholder(made.get(name)):
            made[name] = stand_in
            told.append(
                Diagnostic(
                    f"`{name}` is `{stand_in}`: the file has a placeholder",
                    document.position((name,)),
                    hint="write the name that it stands for",
                    severity=Severity.WARNING,
                )
            )
    return made, told
