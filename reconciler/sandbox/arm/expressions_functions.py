"""The pure ARM template functions, those that need neither parameters nor a subscription.

Source: Microsoft Learn, "ARM template functions". `uniqueString` gives 13 characters that depend
only on its arguments, as Azure's does, but not Azure's very characters (its hash is unpublished).
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from reconciler.sandbox.arm.expressions import Function, Thunk, invalid_template

_UNIQUE_LENGTH = 13


def _eager(run: Callable[..., Any]) -> Function:
    def call(arguments: list[Thunk]) -> Any:
        try:
            return run(*(argument() for argument in arguments))
        except (TypeError, ValueError, IndexError, AttributeError, ZeroDivisionError) as error:
            raise invalid_template(f"Unable to evaluate template function: {error}") from error

    return call


def _if(arguments: list[Thunk]) -> Any:
    test, yes, no = _exactly(3, arguments)
    return yes() if _truth("if", test()) else no()


def _and(arguments: list[Thunk]) -> bool:
    return all(_truth("and", argument()) for argument in arguments)


def _or(arguments: list[Thunk]) -> bool:
    return any(_truth("or", argument()) for argument in arguments)


def _truth(function: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise invalid_template(
            f"The template language function '{function}' expects its parameter to be a boolean. "
            f"The value '{_text(value)}' is not"
        )
    return value


def _exactly(count: int, arguments: list[Thunk]) -> list[Thunk]:
    if len(arguments) != count:
        raise invalid_template(f"{count} arguments are expected, {len(arguments)} were given")
    return arguments


def _equals(left: Any, right: Any) -> bool:
    return type(left) is type(right) and bool(left == right)


def _concat(*parts: Any) -> Any:
    if parts and all(isinstance(part, list) for part in parts):
        return [item for part in parts for item in part]
    if any(isinstance(part, list | dict) for part in parts):
        raise TypeError("concat takes only arrays, or only literals")
    return "".join(_text(part) for part in parts)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else json.dumps(value)


def _format(pattern: str, *values: Any) -> str:
    return re.sub(r"\{(\d+)\}", lambda found: _text(values[int(found[1])]), pattern)


def _unique(*parts: str) -> str:
    digest = hashlib.sha256("-".join(parts).encode()).digest()
    return base64.b32encode(digest).decode().lower()[:_UNIQUE_LENGTH]


def _guid(*parts: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, "-".join(parts)))


def _union(*parts: Any) -> Any:
    if all(isinstance(part, dict) for part in parts):
        merged: dict[str, Any] = {}
        for part in parts:
            merged = _merged(merged, part)
        return merged
    found: list[Any] = []
    for item in (item for part in parts for item in part):
        if item not in found:
            found.append(item)
    return found


def _merged(base: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """Nested objects merge, all else is replaced (Learn: union)."""
    result = dict(base)
    for key, value in more.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = _merged(result[key], value) if both else value
    return result


def _contains(container: Any, item: Any) -> bool:
    if isinstance(container, dict):
        return str(item).lower() in [key.lower() for key in container]
    if isinstance(container, str):
        return _text(item) in container
    return item in container


def _split(text: str, delimiters: Any) -> list[str]:
    marks = [delimiters] if isinstance(delimiters, str) else delimiters
    return re.split("|".join(re.escape(mark) for mark in marks), text)


def _substring(text: str, start: int, length: int | None = None) -> str:
    end = len(text) if length is None else start + length
    if start < 0 or end > len(text):
        raise ValueError("the index and length parameters must refer to a location in the string")
    return text[start:end]


def _to_bool(value: Any) -> bool:
    found = {"true": True, "1": True, "false": False, "0": False}.get(_text(value).lower())
    if found is None:
        raise ValueError(f"'{value}' is no boolean")
    return found


def _create_object(*pairs: Any) -> dict[str, Any]:
    if len(pairs) % 2:
        raise ValueError("createObject takes pairs of key and value")
    return dict(zip(pairs[::2], pairs[1::2], strict=True))


def _range(start: int, count: int) -> list[int]:
    return list(range(start, start + count))


def _coalesce(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


def _utc_now(pattern: str = "yyyyMMddTHHmmssZ") -> str:
    """Only the default pattern: .NET's others are not evaluated."""
    if pattern != "yyyyMMddTHHmmssZ":
        raise ValueError(f"utcNow with the pattern '{pattern}' is not emulated")
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")


def _extreme(pick: Callable[[list[int]], int]) -> Callable[..., int]:
    return lambda *values: pick(values[0] if isinstance(values[0], list) else list(values))


_EAGER: dict[str, Callable[..., Any]] = {
    "add": lambda left, right: left + right,
    "array": lambda value: value if isinstance(value, list) else [value],
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64tostring": lambda text: base64.b64decode(text).decode(),
    "bool": _to_bool,
    "coalesce": _coalesce,
    "concat": _concat,
    "contains": _contains,
    "createarray": lambda *values: list(values),
    "createobject": _create_object,
    "div": lambda left, right: int(left / right),
    "empty": lambda value: value is None or len(value) == 0,
    "endswith": lambda text, end: text.lower().endswith(end.lower()),
    "equals": _equals,
    "false": lambda: False,
    "first": lambda value: value[0],
    "format": _format,
    "greater": lambda left, right: left > right,
    "greaterorequals": lambda left, right: left >= right,
    "guid": _guid,
    "int": int,
    "intersection": lambda *lists: [i for i in lists[0] if all(i in other for other in lists)],
    "join": lambda items, delimiter: delimiter.join(items),
    "json": json.loads,
    "last": lambda value: value[-1],
    "length": len,
    "less": lambda left, right: left < right,
    "lessorequals": lambda left, right: left <= right,
    "max": _extreme(max),
    "min": _extreme(min),
    "mod": lambda left, right: left % right,
    "mul": lambda left, right: left * right,
    "newguid": lambda: str(uuid.uuid4()),
    "not": lambda value: not _truth("not", value),
    "null": lambda: None,
    "range": _range,
    "replace": lambda text, old, new: text.replace(old, new),
    "skip": lambda value, count: value[count:],
    "split": _split,
    "startswith": lambda text, start: text.lower().startswith(start.lower()),
    "string": _text,
    "sub": lambda left, right: left - right,
    "substring": _substring,
    "take": lambda value, count: value[:count],
    "tolower": lambda text: text.lower(),
    "toupper": lambda text: text.upper(),
    "trim": lambda text: text.strip(),
    "true": lambda: True,
    "union": _union,
    "uniquestring": _unique,
    "utcnow": _utc_now,
}
FUNCTIONS: dict[str, Function] = {
    "if": _if,
    "and": _and,
    "or": _or,
    **{name: _eager(run) for name, run in _EAGER.items()},
}
