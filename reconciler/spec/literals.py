"""Secrets written out in a spec: found by their form or their name, and refused.

A spec is in version control, in pull requests and in logs; what is secret is referred to. The
value itself is never repeated, and kept out of everything that is printed from then on.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconciler.diagnostics import Diagnostic
from reconciler.secrets import is_secret_by_form, remember
from reconciler.spec.document import Document, Keys
from reconciler.spec.secret_names import is_secret_by_name
from reconciler.spec.vault_secrets import REFER

FREE_MAPS = ("environment_variables", "tags", "hyperparameters", "properties", "metadata")
"""Maps whose keys people choose: a key may say that its value is a secret."""
BY_IDENTITY = (
    "put it in a key vault and let the managed identity of what runs there read it: a "
    "container needs no key to reach Azure"
)


def literal_secrets(document: Document) -> Iterator[Diagnostic]:
    """Yield a problem for each text, or name, that is a token, a key or a signed address.

    In maps with names of people's own, also for each value whose name says that it is secret.
    """
    for path, text, is_key in _texts(document.data, ()):
        if is_secret_by_form(text):
            yield _by_form(document, path, text, is_key=is_key)
        elif not is_key and _is_named_secret(path, text):
            yield _by_name(document, path, text)


def _by_form(document: Document, path: Keys, text: str, *, is_key: bool) -> Diagnostic:
    remember(text)
    where = ".".join(map(str, path[:-1] if is_key else path)) or "the spec"
    return Diagnostic(
        f"`{where}` contains a secret: a spec must not contain one",
        document.position(path, of_key=is_key),
        detail="anyone who can read the file or its history has it: revoke it",
        hint=BY_IDENTITY if _free_map(path) else REFER,
    )


def _by_name(document: Document, path: Keys, text: str) -> Diagnostic:
    remember(text)
    place = _free_map(path).replace("_", " ")
    return Diagnostic(
        f"`{path[-1]}` looks like a secret: a spec must not contain one",
        document.position(path),
        detail=f"everyone with read access in Azure can see {place}, and so can everyone who "
        "reads this file or its history",
        hint=BY_IDENTITY,
    )


def _is_named_secret(path: Keys, text: str) -> bool:
    place = _free_map(path)
    name = str(path[-1]) if path else ""
    return bool(place) and is_secret_by_name(name, text, strict=place == "environment_variables")


def _free_map(path: Keys) -> str:
    """Return the map of free names that a value stands in directly, "" when in none."""
    parent = str(path[-2]) if len(path) > 1 else ""
    return parent if parent in FREE_MAPS else ""


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
