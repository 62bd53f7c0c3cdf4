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
from typing import Any

from reconciler.sandbox.arm.template_expressions import Function, Thunk, invalid_template

_UNIQUE_LENGTH = 13


def _eager(run: Callable[..., Any]) -> Function:
    def call(arguments: list[Thunk]) -> Any:
        try:
            return run(*(argument() for argument in arguments))
        except (TypeError, ValueError, IndexError) as error:
            raise invalid_template(f"Unable to evaluate template function: {error}") from error

    return call


def _if(arguments: list[Thunk]) -> Any:
    test, yes, no = _exactly(3, arguments)
    return yes() if test() else no()


def _and(arguments: list[Thunk]) -> bool:
    return all(argument() for argument in arguments)


def _or(arguments: list[Thunk]) -> bool:
    return any(argument() for argument in arguments)


def _exactly(count: int, arguments: list[Thunk]) -> list[Thunk]:
    if len(arguments) != count:
        raise invalid_template(f"{count} arguments are expected, {len(arguments)} were given")
    return arguments


def _equals(left: Any, right: Any) -> bool:
    return type(left) is type(right) and bool(left == right)


def _concat(*parts: Any) -> Any:
    if parts and all(isinstance(part, list) for part in parts):
        return [item for part in parts for item in part]
    return "".join(_text(part) for part in parts)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _format(pattern: str, *values: Any) -> str:
    return re.sub(r"\{(\d+)\}", lambda found: _text(values[int(found[1])]), pattern)


def _unique(*parts: str) -> str:
    digest = hashlib.sha256("-".join(parts).encode()).digest()
    return base64.b32encode(digest).decode().lower()[:_UNIQUE_LENGTH]


def _guid(*parts: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, "-".join(parts)))


FUNCTIONS: dict[str, Function] = {
    "if": _if,
    "and": _and,
    "or": _or,
    "not": _eager(lambda value: not value),
    "equals": _eager(_equals),
    "json": _eager(json.loads),
    "tolower": _eager(lambda text: text.lower()),
    "concat": _eager(_concat),
    "format": _eager(_format),
    "array": _eager(lambda value: value if isinstance(value, list) else [value]),
    "empty": _eager(lambda value: value is None or len(value) == 0),
    "uniquestring": _eager(_unique),
    "guid": _eager(_guid),
    "newguid": _eager(lambda: str(uuid.uuid4())),
}
