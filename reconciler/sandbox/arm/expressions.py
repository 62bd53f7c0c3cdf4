"""ARM template expressions: `[concat(parameters('a'), 'b')]` to a value.

Source: Microsoft Learn, "ARM template syntax and expressions" and "ARM template functions".
Arguments are given to functions unevaluated, because `if`, `and` and `or` are lazy.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from reconciler.sandbox.arm.errors import ArmError

_TOKEN = re.compile(r"\s*(?:('(?:[^']|'')*')|(-?\d+)|([A-Za-z_]\w*)|([()\[\],.]))")

Thunk = Callable[[], Any]
Function = Callable[[list[Thunk]], Any]


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str


def invalid_template(message: str) -> ArmError:
    """Return ARM's 400 for a template that cannot be processed; `message` without full stop.

    Source: Microsoft Learn, "Resolve errors for invalid template".
    """
    text = f"Deployment template validation failed: '{message}'."
    return ArmError(400, "InvalidTemplate", text)


def evaluate(value: Any, functions: Mapping[str, Function]) -> Any:
    """Return a template value with every expression in it replaced, keys of objects too.

    `functions` is keyed by lower-case name. Raises ArmError InvalidTemplate.
    """
    if isinstance(value, dict):
        return {evaluate(key, functions): evaluate(v, functions) for key, v in value.items()}
    if isinstance(value, list):
        return [evaluate(item, functions) for item in value]
    if not is_expression(value):
        escaped = isinstance(value, str) and value.startswith("[[")
        return value[1:] if escaped else value
    return _Parser(value[1:-1], functions).whole()()


def parse_all(value: Any, functions: Mapping[str, Function]) -> None:
    """Check the syntax and the function names of every expression in a template value.

    Evaluates nothing. Raises ArmError InvalidTemplate.
    """
    if isinstance(value, dict):
        for key, item in value.items():
            parse_all(key, functions)
            parse_all(item, functions)
    elif isinstance(value, list):
        for item in value:
            parse_all(item, functions)
    elif is_expression(value):
        _Parser(value[1:-1], functions).whole()


def is_expression(value: Any) -> bool:
    """Whether a template value is text in single brackets."""
    return (
        isinstance(value, str)
        and value.startswith("[")
        and value.endswith("]")
        and not value.startswith("[[")
    )


def _tokens(text: str) -> list[_Token]:
    found, at = [], 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            raise invalid_template(f"The template language expression '{text}' is not valid")
        kinds = ("string", "number", "name", "mark")
        found.append(_Token(kinds[(match.lastindex or 1) - 1], match[match.lastindex or 1]))
        at = match.end()
    return [*found, _Token("end", "")]


class _Parser:
    """Recursive descent over one expression; every rule returns a thunk."""

    def __init__(self, text: str, functions: Mapping[str, Function]) -> None:
        self._text, self._functions = text, functions
        self._rest = _tokens(text)[::-1]

    def whole(self) -> Thunk:
        """Parse everything. Raises ArmError if something is left over."""
        found = self._value()
        if self._rest[-1].kind != "end":
            raise self._broken()
        return found

    def _value(self) -> Thunk:
        token = self._rest.pop()
        match token.kind:
            case "string":
                text = token.text[1:-1].replace("''", "'")
                return lambda: text
            case "number":
                number = int(token.text)
                return lambda: number
            case "name":
                return self._members(self._call(token.text))
        raise self._broken()

    def _call(self, name: str) -> Thunk:
        self._expect("(")
        arguments: list[Thunk] = []
        while not self._accept(")"):
            if arguments:
                self._expect(",")
            arguments.append(self._value())
        function = self._functions.get(name.lower())
        if function is None:
            raise invalid_template(
                f"The template function '{name}' is not valid. "
                "Please see https://aka.ms/arm-functions for usage details"
            )
        return lambda: function(arguments)

    def _members(self, owner: Thunk) -> Thunk:
        while self._rest[-1].text in (".", "["):
            if self._accept("."):
                name = self._rest.pop().text
                owner = self._member(owner, partial(str, name))
            else:
                self._expect("[")
                key = self._value()
                self._expect("]")
                owner = self._member(owner, key)
        return owner

    def _member(self, owner: Thunk, key: Thunk) -> Thunk:
        return lambda: _get(owner(), key())

    def _accept(self, text: str) -> bool:
        if self._rest[-1].kind != "mark" or self._rest[-1].text != text:
            return False
        self._rest.pop()
        return True

    def _expect(self, text: str) -> None:
        if not self._accept(text):
            raise self._broken()

    def _broken(self) -> ArmError:
        return invalid_template(f"The template language expression '{self._text}' is not valid")


def _get(owner: Any, key: Any) -> Any:
    if isinstance(owner, list) and isinstance(key, int) and 0 <= key < len(owner):
        return owner[key]
    if isinstance(owner, dict):
        for name, value in owner.items():
            if name.lower() == str(key).lower():
                return value
    raise invalid_template(f"The language expression property '{key}' doesn't exist")
