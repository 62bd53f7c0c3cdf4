"""`$filter` of the Retail Prices API: comparisons of fields with texts, joined by and, or, ( ).

Source: learn.microsoft.com/rest/api/cost-management/retail-prices/azure-retail-prices: values are
case-sensitive from api-version 2023-01-01-preview on. A filter outside this grammar, or a field
that the list does not have, is refused with 400 (the words of the refusal are UNVERIFIED).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NoReturn

Json = dict[str, Any]
Test = Callable[[Json], bool]
_TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<word>[A-Za-z]\w*)|(?P<sign>[(),]))")


class BadFilterError(Exception):
    """A filter that Azure would not read."""


def parse(text: str, fields: dict[str, str], *, ignores_case: bool) -> Test:
    """Return the test of a filter. `fields` tells which key of an item a field's name means.

    Raises `BadFilterError` for a filter outside the grammar.
    """
    reader = _Reader(text, fields, ignores_case=ignores_case)
    return reader.whole()


class _Reader:
    """Recursive descent: `or` of `and` of comparisons, functions and parentheses."""

    def __init__(self, text: str, fields: dict[str, str], *, ignores_case: bool) -> None:
        self._fields, self._ignores_case = fields, ignores_case
        self._tokens = _scan(text)

    def whole(self) -> Test:
        test = self._any()
        if self._tokens:
            _refuse()
        return test

    def _any(self) -> Test:
        tests = [self._all()]
        while self._taken("or"):
            tests.append(self._all())
        return lambda item: any(test(item) for test in tests)

    def _all(self) -> Test:
        tests = [self._one()]
        while self._taken("and"):
            tests.append(self._one())
        return lambda item: all(test(item) for test in tests)

    def _one(self) -> Test:
        if self._taken("("):
            test = self._any()
            self._expect(")")
            return test
        word = self._next()
        if word in ("contains", "startswith", "endswith"):
            return self._function(word)
        key, sign = self._key(word), self._next()
        wanted = self._value()
        if sign not in ("eq", "ne"):
            _refuse()
        return lambda item: (self._folded(item.get(key)) == wanted) == (sign == "eq")

    def _function(self, name: str) -> Test:
        self._expect("(")
        key = self._key(self._next())
        self._expect(",")
        wanted = self._value()
        self._expect(")")
        match name:
            case "contains":
                return lambda item: wanted in self._folded(item.get(key))
            case "startswith":
                return lambda item: self._folded(item.get(key)).startswith(wanted)
        return lambda item: self._folded(item.get(key)).endswith(wanted)

    def _folded(self, value: object) -> str:
        text = str(value if value is not None else "")
        return text.casefold() if self._ignores_case else text

    def _key(self, name: str) -> str:
        if name not in self._fields:
            _refuse()
        return self._fields[name]

    def _value(self) -> str:
        token = self._next()
        if not token.startswith("'"):
            _refuse()
        return self._folded(token[1:-1].replace("''", "'"))

    def _taken(self, token: str) -> bool:
        if self._tokens and self._tokens[0] == token:
            self._tokens.pop(0)
            return True
        return False

    def _expect(self, token: str) -> None:
        if not self._taken(token):
            _refuse()

    def _next(self) -> str:
        if not self._tokens:
            _refuse()
        return self._tokens.pop(0)


def _scan(text: str) -> list[str]:
    found, at, end = [], 0, len(text.rstrip())
    while at < end:
        token = _TOKEN.match(text, at)
        if token is None:
            _refuse()
        found.append(token["text"] or token["word"] or token["sign"])
        at = token.end()
    return found


def _refuse() -> NoReturn:
    raise BadFilterError("Invalid OData parameters supplied")
