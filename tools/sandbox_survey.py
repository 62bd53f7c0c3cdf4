"""Collect, from the journals that runs of the tests left, who was told what by the sandbox.

    RECONCILE_SURVEY=FOLDER pytest --basetemp=FOLDER/temp
    python -m tools.sandbox_survey FOLDER > tools/sandbox_survey.json

Per operation: the families of clients that were answered, and the error codes they were given.
`tools/sandbox_table.py` shows it in docs/sandbox.md. Tests that empty their journal without
`tests.support.survey` hide what came before, so this is a lower bound.
"""

from __future__ import annotations

import json
import re
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from reconciler.sandbox.arm.engine import route_pattern
from reconciler.sandbox.arm.ids import parse
from reconciler.sandbox.arm.registry import ROUTES, TYPES

FAMILIES = (
    ("AZURECLI", "Azure CLI"),
    ("azure-ai-ml/", "azure-ai-ml"),
    ("reconcile", "reconcile"),
    ("azsdk-python-mgmt-resource", "azure-mgmt-resource"),
    ("azsdk-python-azure-mgmt-authorization", "azure-mgmt-authorization"),
    ("azsdk-python-core", "azure-core"),
    ("azsdk-python-", "another Azure SDK"),
    ("python-requests", "requests"),
    ("Python-urllib", "urllib"),
)
VERBS = ("GET", "LIST", "HEAD", "PUT", "PATCH", "DELETE")
Survey = dict[str, dict[str, list[str]]]
_TYPES = {type_.type.lower(): type_.type for type_ in TYPES}
_ROUTES = [(route_pattern(route.template), route) for route in ROUTES]


def operation(method: str, path: str) -> str | None:
    """Return `METHOD Type`, `LIST Type`, `POST Type/action` or `METHOD template`, or None."""
    for expression, route in _ROUTES:
        if route.method == method and expression.fullmatch(path.rstrip("/")):
            return f"{method} {route.template}"
    target = parse(path)
    if target is None:
        return None
    if target.type.lower() in _TYPES and method in VERBS:
        verb = "LIST" if target.is_collection and method == "GET" else method
        return f"{verb} {_TYPES[target.type.lower()]}"
    owner = "/".join((target.namespace, *target.types[:-1])).lower()
    if method == "POST" and owner in _TYPES:
        return f"POST {_TYPES[owner]}/{_action(owner, target.types[-1])}"
    return None


def _action(owner: str, name: str) -> str:
    """Return an action's name as its type spells it: paths come in any case."""
    actions = next(type_.actions for type_ in TYPES if type_.type.lower() == owner)
    return next((action for action in actions if action.lower() == name.lower()), name)


def known() -> set[str]:
    """Return every operation that this sandbox has."""
    found = {f"{route.method} {route.template}" for route in ROUTES}
    for type_ in TYPES:
        found |= {f"{verb} {type_.type}" for verb in VERBS}
        found |= {f"POST {type_.type}/{action}" for action in type_.actions}
    return found


def survey(folder: Path) -> Survey:
    """Return what every journal below `folder` holds, by operation."""
    found: dict[str, dict[str, set[str]]] = {}
    for entry in _entries(folder):
        name = operation(entry["method"], entry["path"])
        if name is None:
            continue
        row = found.setdefault(name, {"clients": set(), "errors": set()})
        row["clients"] |= _family(entry["client"])
        row["errors"] |= _error(entry)
    return {
        name: {key: sorted(values) for key, values in found[name].items()} for name in sorted(found)
    }


def _entries(folder: Path) -> Iterator[dict[str, Any]]:
    for file in sorted(folder.glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            if entry["kind"] == "arm":
                yield entry
    for file in sorted(folder.rglob("state.db")):
        with closing(sqlite3.connect(file)) as db:
            for (text,) in db.execute("select entry from journal where kind = 'arm'"):
                yield json.loads(text)


def _family(client: str) -> set[str]:
    return {next((name for mark, name in FAMILIES if mark in client), "another client")}


def _error(entry: dict[str, Any]) -> set[str]:
    body = entry.get("response_body")
    error = body.get("error") if isinstance(body, dict) else None
    if entry["status"] < 400 or not isinstance(error, dict):
        return set()
    code = str(error.get("code", ""))
    is_code = re.fullmatch(r"[A-Za-z][A-Za-z0-9.]*", code) is not None
    return {f"{entry['status']} {code}"} if is_code else set()


if __name__ == "__main__":
    print(json.dumps(survey(Path(sys.argv[1])), indent=1))
