"""The digest of what a plan would do: equal for equal effects, whatever they come from.

A reviewer approves an effect, not a commit: comments, the order of a spec, names of files and
other commits keep it, and so does what stays unchanged. What would be written, deleted, run or
replaced is part of it, from which value to which; a secret only by the name of its field.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import assert_never

from reconciler.engine.cause import canonical
from reconciler.engine.decisions import (
    Adopt,
    Change,
    Create,
    Delete,
    NoOp,
    Replace,
    Run,
    Update,
    Work,
)
from reconciler.engine.types import FieldDiff, JsonObject, Unknown
from reconciler.secrets import Secret

DIGITS = 12
"""Hexadecimal digits of the digest."""


def effect_of(changes: Iterable[Change]) -> str:
    """Return the digest of what these changes do, such as `plan-3f2a9c1b7d20`."""
    rows = sorted(json.dumps(row, sort_keys=True) for change in changes for row in _rows(change))
    return f"plan-{hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:DIGITS]}"


def does(change: Change) -> str:
    """Return what a change does as one text, whatever its address; "" where it does nothing."""
    return "".join(json.dumps(row | {"address": ""}, sort_keys=True) for row in _rows(change))


def _rows(change: Change) -> Iterator[JsonObject]:
    """Yield what a change does; nothing where it does nothing and nothing is in its way."""
    if not change.action.is_change and not change.is_blocked:
        return
    yield {
        "id": change.resource.resource_id.casefold(),
        "address": change.address,
        "decision": type(change.decision).__name__,
        "action": change.action.value,
        "reason": type(change.reason).__name__,
        "asked": _asked(change, change.work),
        "fields": [_field(item) for item in change.fields],
    }


def _asked(change: Change, work: Work) -> str:
    """Return the body of what is made anew; of an update, its fields say it."""
    match work:
        case Create() | Replace() | Run():
            return canonical(change.resource.desired)
        case NoOp() | Adopt() | Update() | Delete():
            return ""
        case never:
            assert_never(never)


def _field(item: FieldDiff) -> tuple[str, str, str]:
    hidden = item.sensitive or any(_is_secret(value) for value in (item.before, item.after))
    values = ("", "") if hidden else (canonical(item.before), canonical(item.after))
    return (item.path, *values)


def _is_secret(value: object) -> bool:
    is_reference = isinstance(value, Unknown) and value.reference.secret
    return is_reference or isinstance(value, Secret)
