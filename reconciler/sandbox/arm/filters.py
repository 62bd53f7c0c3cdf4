"""`$filter` of the resource and resource group lists, as Azure Resource Manager reads it.

Source: learn.microsoft.com/rest/api/resources/resources/list (properties for eq and ne,
substringof, tagName with tagValue, startswith(tagName, ...)) and .../resource-groups/list.
Values and names compare without case. A filter outside this grammar is InvalidFilterInQueryString.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NoReturn

from reconciler.sandbox.arm.errors import ArmError
from reconciler.sandbox.arm.ids import segment_after
from reconciler.sandbox.store import Record

Test = Callable[[Record], bool]
_TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<word>[A-Za-z][\w/]*)|(?P<sign>[(),]))")


def resource_test(text: str | None) -> Test:
    """Return the test of the resource list's filter; without a filter all pass."""
    return _parsed(text, {**_PROPERTIES, **_TAGS}) if text else _everything


def group_test(text: str | None) -> Test:
    """Return the test of the resource group list's filter, which knows tags alone."""
    return _parsed(text, _TAGS) if text else _everything


def names_a_tag(text: str | None) -> bool:
    """Whether a filter asks for a tag's value: Azure then leaves tags out of what it lists."""
    return "tagvalue" in (text or "").lower()


def _everything(_: Record) -> bool:
    return True


def _identity(record: Record) -> list[str]:
    found = str((record.body.get("identity") or {}).get("type") or "")
    return [found] if found else []


def _group(record: Record) -> list[str]:
    return [segment_after(record.id, "resourceGroups") or ""]


_PROPERTIES: dict[str, Callable[[Record], list[str]]] = {
    "location": lambda record: [str(record.body.get("location", "")).replace(" ", "")],
    "resourcetype": lambda record: [record.type],
    "name": lambda record: [record.name],
    "resourcegroup": _group,
    "identity": _identity,
    "identity/principalid": lambda record: [str(record.hidden.get("principal", ""))],
}
_TAGS: dict[str, Callable[[Record], list[str]]] = {
    "tagname": lambda record: list(record.body.get("tags") or {}),
    "tagvalue": lambda record: [str(v) for v in (record.body.get("tags") or {}).values()],
}


class _Parser:
    """Recursive descent: `or` of `and` of comparisons, functions and parentheses."""

    def __init__(self, text: str, known: dict[str, Callable[[Record], list[str]]]) -> None:
        self._text, self._known = text, known
        self._tokens = self._scan()
        self._tag = ""

    def whole(self) -> Test:
        test = self._any()
        if self._tokens:
            self._fail()
        return test

    def _scan(self) -> list[str]:
        found, at, end = [], 0, len(self._text.rstrip())
        while at < end:
            token = _TOKEN.match(self._text, at)
            if token is None:
                self._fail()
            found.append(token["text"] or token["word"] or token["sign"])
            at = token.end()
        return found

    def _any(self) -> Test:
        left = self._all()
        while self._taken("or"):
            left = _either(left, self._all())
        return left

    def _all(self) -> Test:
        left = self._one()
        while self._taken("and"):
            left = _both(left, self._one())
        return left

    def _one(self) -> Test:
        if self._taken("("):
            test = self._any()
            self._expect(")")
            return test
        word = self._next().lower()
        if word in ("substringof", "startswith"):
            return self._function(word)
        return self._comparison(word)

    def _function(self, word: str) -> Test:
        self._expect("(")
        first = self._next()
        self._expect(",")
        second = self._next()
        self._expect(")")
        name, value = (second, first) if word == "substringof" else (first, second)
        read, wanted = self._reader(name), self._value(value)
        if word == "startswith":
            return lambda record: any(held.lower().startswith(wanted) for held in read(record))
        return lambda record: any(wanted in held.lower() for held in read(record))

    def _comparison(self, name: str) -> Test:
        read, sign = self._reader(name), self._next().lower()
        wanted = self._value(self._next())
        if sign not in ("eq", "ne") or (name == "tagvalue" and not self._tag):
            self._fail()
        if name == "tagname":
            self._tag = wanted
        if name == "tagvalue":
            read = _value_of(self._tag)
        wanted = wanted.replace(" ", "") if name == "location" else wanted
        return lambda record: (wanted in [h.lower() for h in read(record)]) == (sign == "eq")

    def _reader(self, name: str) -> Callable[[Record], list[str]]:
        if name.lower() not in self._known:
            self._fail()
        return self._known[name.lower()]

    def _value(self, token: str) -> str:
        """The text of a quoted token, in lower case."""
        if not token.startswith("'"):
            self._fail()
        return token[1:-1].replace("''", "'").lower()

    def _taken(self, token: str) -> bool:
        if self._tokens and self._tokens[0].lower() == token:
            self._tokens.pop(0)
            return True
        return False

    def _expect(self, token: str) -> None:
        if not self._taken(token):
            self._fail()

    def _next(self) -> str:
        if not self._tokens:
            self._fail()
        return self._tokens.pop(0)

    def _fail(self) -> NoReturn:
        raise ArmError(
            400,
            "InvalidFilterInQueryString",
            f"Invalid $filter '{self._text}' specified in the query string.",
        )


def _parsed(text: str, known: dict[str, Callable[[Record], list[str]]]) -> Test:
    return _Parser(text, known).whole()


def _value_of(tag: str) -> Callable[[Record], list[str]]:
    def read(record: Record) -> list[str]:
        tags = record.body.get("tags") or {}
        return [str(value) for name, value in tags.items() if name.lower() == tag]

    return read


def _both(left: Test, right: Test) -> Test:
    return lambda record: left(record) and right(record)


def _either(left: Test, right: Test) -> Test:
    return lambda record: left(record) or right(record)
