"""What a file leaves open: placeholders that a script fills in, and labels that move.

Each becomes a value that is valid and looks made up, and is told with its place.
"""

from __future__ import annotations

import re
from typing import Any

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.engine.types import JsonObject
from reconciler.spec.document import Document, Keys

NO_ENDPOINT = "your-endpoint"
"""The endpoint of a deployment whose file leaves it to an option of `az ml`."""
ANY_GUID = "00000000-0000-0000-0000-000000000000"
FREE_TEXT = frozenset({"command", "description", "args", "environment_variables", "nodes"})
"""Fields whose text is for people or programs: angle brackets in it are no placeholders."""
_PLACEHOLDER = re.compile(
    r"<\s*([A-Za-z][A-Za-z0-9_ -]{0,60})\s*>|\{\{\s*([A-Za-z0-9_ ]{1,60})\s*\}\}"
)
_VARIABLE = re.compile(r"\$\{?([A-Z][A-Z0-9_]{1,60})\}?")
_LABEL = re.compile(r"(?P<name>azureml:[\w.-]+)@\w+|(?P<path>azureml://.+)/labels/[\w.-]+")
_NAME = re.compile(r"[a-z0-9]{1,16}")


def filled(stated: JsonObject, document: Document) -> tuple[JsonObject, list[Diagnostic]]:
    """Return what is stated with a stand-in for each placeholder and label, and what to check."""
    told: list[Diagnostic] = []
    made = _filled(stated, (), document, told)
    return made, told


def _filled(node: Any, path: Keys, document: Document, told: list[Diagnostic]) -> Any:
    if isinstance(node, dict):
        return {
            key: value if key in FREE_TEXT else _filled(value, (*path, key), document, told)
            for key, value in node.items()
        }
    if isinstance(node, list):
        return [_filled(item, (*path, i), document, told) for i, item in enumerate(node)]
    if not isinstance(node, str):
        return node
    made = _of_label(_of_placeholders(node))
    if made != node:
        told.append(_told(node, made, path, document))
    return made


def _of_placeholders(text: str) -> str:
    if _VARIABLE.fullmatch(text.strip()):
        return _VARIABLE.sub(lambda found: _stand_in(found[1]), text.strip())
    return _PLACEHOLDER.sub(lambda found: _stand_in(found[1] or found[2]), text)


def _stand_in(word: str) -> str:
    """Return a value that any field takes: of small letters, or a GUID where one is asked for."""
    plain = re.sub(r"[^a-z0-9]", "", word.casefold())
    if "subscription" in plain or plain in ("tenantid", "clientid"):
        return ANY_GUID
    if plain.endswith("version"):
        return "1"
    if "endpoint" in plain:
        return NO_ENDPOINT
    named = _NAME.match(plain)
    return f"your{named[0] if named else 'name'}"


def _of_label(text: str) -> str:
    """Return a version in place of a label, which may mean another one tomorrow."""
    found = _LABEL.fullmatch(text)
    if not found:
        return text
    return f"{found['name']}:1" if found["name"] else f"{found['path']}/versions/1"


def _told(node: str, made: str, path: Keys, document: Document) -> Diagnostic:
    words = ".".join(map(str, path))
    is_label = bool(_LABEL.fullmatch(node))
    why = "the file names what is latest" if is_label else "the file has a placeholder"
    hint = "write the version that is meant" if is_label else "write what it stands for"
    return Diagnostic(
        f"`{words}` is `{made}`: {why}",
        document.position(path),
        hint=hint,
        severity=Severity.WARNING,
    )
