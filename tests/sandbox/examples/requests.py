"""The official examples as requests: `operations.txt` read, ids and placeholders rewritten."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.sandbox.examples import ground

HERE = Path(__file__).parent
SHARED = HERE.parents[2].parent / "shared"
EXAMPLES = SHARED / "azure-examples"
SHORT = {
    "W": ground.WORKSPACE,
    "P": ground.PROVIDERS,
    "G": ground.GROUP,
    "L": ground.LOCATION,
    "S": f"/subscriptions/{ground.SUBSCRIPTION}",
}
# Parameters that stand in the path; every other scalar of an example is part of the query.
IN_PATH = re.compile(
    r"(?i)^(\w*name|\w*id|version|location|scope|resourceproviderN\w*|resourcetype)$"
)
KNOWN_IDS = {
    "microsoft.storage/storageaccounts": "Microsoft.Storage/storageAccounts/acct1",
    "microsoft.keyvault/vaults": "Microsoft.KeyVault/vaults/kv1",
    "microsoft.insights/components": "Microsoft.Insights/components/insights",
    "microsoft.containerregistry/registries": "Microsoft.ContainerRegistry/registries/acr12345",
    "microsoft.operationalinsights/workspaces": "Microsoft.OperationalInsights/workspaces/logs",
    "microsoft.managedidentity/userassignedidentities": (
        "Microsoft.ManagedIdentity/userAssignedIdentities/uai1"
    ),
}
_ID = re.compile(r"(?i)^/subscriptions/[^/]+/resourcegroups/[^/]+/providers/([^/]+/[^/]+)/[^/]+$")
IDENTITY = f"{ground.PROVIDERS}/{KNOWN_IDS['microsoft.managedidentity/userassignedidentities']}"


@dataclass
class Request:
    """One request; `filled` tells whether placeholders had to be replaced."""

    example: str
    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    body: Any = None
    filled: bool = False


@dataclass
class _Operation:
    example: str
    method: str
    path: str
    values: dict[str, Any] = field(default_factory=dict)


def not_emulated() -> dict[str, str]:
    """Return why the examples whose names start so are left out."""
    lines = (HERE / "not_emulated.txt").read_text().splitlines()
    pairs = (line.split("|") for line in lines if line and not line.startswith("#"))
    return {start.strip(): reason.strip() for start, reason in pairs}


def refusals() -> dict[str, str]:
    """Return the examples known to be refused, with their status."""
    lines = (HERE / "refused.txt").read_text().splitlines()
    pairs = (line.split("|")[0].split() for line in lines if line and not line.startswith("#"))
    return {words[0]: words[1] for words in pairs}


def requests() -> Iterator[Request]:
    """Yield the request of each example of an emulated type."""
    for operation in _operations():
        parameters = json.loads((EXAMPLES / f"{operation.example}.json").read_text())["parameters"]
        yield _request(operation, parameters)


def examples() -> set[str]:
    """Return the names of all examples on file."""
    return {
        path.relative_to(EXAMPLES).with_suffix("").as_posix() for path in EXAMPLES.rglob("*.json")
    }


def _operations() -> Iterator[_Operation]:
    found: _Operation | None = None
    for line in (HERE / "operations.txt").read_text().splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith(" ") and found is not None:
            place, _, text = line.strip().partition(" = ")
            found.values[place] = _literal(text)
            continue
        if found is not None:
            yield found
        example, method, path = line.split()
        found = _Operation(example, method, _long(path))
    if found is not None:
        yield found


def _literal(text: str) -> Any:
    if text in ("{}", "null"):
        return json.loads(text)
    return _long(text)


def _long(path: str) -> str:
    first, slash, rest = path.partition("/")
    return SHORT[first] + slash + rest if first in SHORT else path


def _request(operation: _Operation, parameters: dict[str, Any]) -> Request:
    bodies = [value for value in parameters.values() if isinstance(value, dict)]
    body = _rewritten(bodies[0]) if bodies else None
    for place, value in operation.values.items():
        _set(body, place, value)
    query = {
        name: str(value)
        for name, value in parameters.items()
        if not isinstance(value, dict | list) and not IN_PATH.match(name) and value != "string"
    }
    filled = bool(operation.values)
    return Request(operation.example, operation.method, operation.path, query, body, filled)


def _rewritten(value: Any) -> Any:
    """Return the value with resource ids pointing at the ground."""
    if isinstance(value, dict):
        return {_identity(key, item): _rewritten(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rewritten(item) for item in value]
    return _own_id(value) if isinstance(value, str) else value


def _identity(key: str, item: Any) -> str:
    return IDENTITY if key == "string" and item == {} else _own_id(key)


def _own_id(text: str) -> str:
    found = _ID.match(text)
    known = KNOWN_IDS.get(found[1].lower()) if found else None
    return f"{ground.PROVIDERS}/{known}" if known else text


def _set(body: Any, place: str, value: Any) -> None:
    *parents, last = place.split(".")
    for name in parents:
        body = body[name]
    body[last] = value
