"""Secrets written out in a spec: found by their form, wherever they stand, and refused.

A spec is in version control, in pull requests and in logs; what is secret is referred to. The
value itself is never repeated.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconciler.diagnostics import Diagnostic
from reconciler.secrets import is_secret_by_form
from reconciler.spec.document import Document, Keys
from reconciler.spec.vault_secrets import REFER


def literal_secrets(document: Document) -> Iterator[Diagnostic]:
    """Yield a problem for each text, or name, that is a token, a key or a signed address."""
    for path, text, is_key in _texts(document.data, ()):
        if is_secret_by_form(text):
            where = ".".join(map(str, path[:-1] if is_key else path)) or "the spec"
            yield Diagnostic(
                f"`{where}` contains a secret: a spec must not contain one",
                document.position(path, of_key=is_key),
                detail="anyone who can read the file or its history has it: revoke it",
                hint=REFER,
            )


def _texts(value: Any, path: Keys) -> Iterator[tuple[Keys, str, bool]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield (*path, key), key, True
            yield from _texts(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*path, index))
    elif isinstance(value, str):
        yield path, value, False
