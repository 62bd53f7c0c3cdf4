"""Problems of a spec as SARIF 2.1.0: what code scanning and editors read from any linter.

Source: docs.oasis-open.org/sarif/sarif/v2.1.0; what GitHub takes of it:
docs.github.com/code-security/reference/code-scanning/sarif-files/sarif-support-for-code-scanning.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import PurePath
from urllib.parse import quote

from reconciler.diagnostics import Diagnostic, Position, Severity
from reconciler.engine.types import JsonObject
from reconciler.render.annotations import Locate, text_of
from reconciler.render.terminal import clean_lines

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
ROOT = "%SRCROOT%"
INVALID = "invalid-spec"
"""The rule of every problem that has no id of its own."""
RULES = {INVALID: "The spec, or a file that it names, is not valid"}


def sarif(found: Iterable[Diagnostic], version: str, source: str, locate: Locate) -> str:
    """Return one run as a document.

    A problem in a file is a result. One without a place, such as a file that is not there, says
    that the check itself did not succeed. Runs of other specs are told apart by `source`.
    """
    items = list(found)
    placed = [item for item in items if item.position and locate(item.position.file)]
    others = [item for item in items if item not in placed]
    rules = list(dict.fromkeys(map(_rule, placed)))
    run = {
        "tool": {"driver": _driver(version, rules)},
        "automationDetails": {"id": f"reconcile/{quote(locate(source) or 'stdin')}/"},
        "invocations": [_invocation(others)],
        "columnKind": "unicodeCodePoints",
        "results": [_result(item, rules, locate) for item in placed],
    }
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, indent=2, ensure_ascii=True) + "\n"


def _text(item: Diagnostic) -> str:
    """Return what is said of a problem; brackets in it make no link of SARIF's."""
    return clean_lines(text_of(item)).replace("](", "]\\(")


def _rule(item: Diagnostic) -> str:
    return item.id or INVALID


def _driver(version: str, rules: Sequence[str]) -> JsonObject:
    described = [
        {"id": rule, "shortDescription": {"text": RULES.get(rule, rule)}} for rule in rules
    ]
    return {"name": "reconcile", "semanticVersion": version, "rules": described}


def _invocation(found: Sequence[Diagnostic]) -> JsonObject:
    """Return whether the check came to an end, and why not."""
    said = [{"level": item.severity.value, "message": {"text": _text(item)}} for item in found]
    failed = any(item.severity is Severity.ERROR for item in found)
    return {"executionSuccessful": not failed, "toolExecutionNotifications": said}


def _result(item: Diagnostic, rules: Sequence[str], locate: Locate) -> JsonObject:
    found: JsonObject = {
        "ruleId": _rule(item),
        "ruleIndex": rules.index(_rule(item)),
        "level": item.severity.value,
        "message": {"text": _text(item)},
    }
    places = [_location(item.position, locate)] if item.position else []
    return {**found, "locations": places}


def _location(position: Position, locate: Locate) -> JsonObject:
    path = PurePath(locate(position.file))
    artifact = (
        {"uri": path.as_uri()}
        if path.is_absolute()
        else {"uri": quote(path.as_posix()), "uriBaseId": ROOT}
    )
    region = {"startLine": position.line, "startColumn": position.column}
    return {"physicalLocation": {"artifactLocation": artifact, "region": region}}
