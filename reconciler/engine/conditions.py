"""Conditions of role assignments, as far as they say which roles somebody may hand on.

Pure, and of three values: what is not understood is neither met nor unmet, so that nobody is
stopped by a guess. Source: learn.microsoft.com/azure/role-based-access-control/conditions-format
and .../delegate-role-assignments-examples (the conditions that the portal makes).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from reconciler.engine.wildcards import is_action

ROLE = "roledefinitionid"
PRINCIPAL = "principalid"
PRINCIPAL_TYPE = "principaltype"
_ATTRIBUTES = "microsoft.authorization/roleassignments:"
_TOKEN = re.compile(r"(\(|\)|!|&&|\|\||@[A-Za-z]+\[[^\]]*\]|\{[^}]*\}|'[^']*'|[A-Za-z0-9][\w:.-]*)")
_LONGEST = 16_384
"""Azure takes 8 KB; anything longer is none of its conditions."""
_DEEPEST = 40
Verdict = bool | None


@dataclass(frozen=True)
class Asked:
    """An action on a role assignment, and what the assignment has: role, principal, its type."""

    action: str
    attributes: Mapping[str, str]


class _NotUnderstoodError(Exception):
    """A condition, or a part of it, in other words than ours."""


def is_met(condition: str, asked: Asked) -> Verdict:
    """Return whether a condition lets the action happen; None where that cannot be told."""
    try:
        return _Reading(_tokens(condition), asked).whole()
    except _NotUnderstoodError:
        return None


def _tokens(text: str) -> list[str]:
    if len(text) > _LONGEST:
        raise _NotUnderstoodError
    if _TOKEN.sub("", text).strip():
        raise _NotUnderstoodError
    return _TOKEN.findall(text)


class _Reading:
    """A condition, read once from its first token to its last."""

    def __init__(self, tokens: Sequence[str], asked: Asked) -> None:
        self._tokens, self._at, self._asked, self._depth = tokens, 0, asked, 0

    def whole(self) -> Verdict:
        found = self._either()
        if self._at != len(self._tokens):
            raise _NotUnderstoodError
        return found

    def _next(self) -> str:
        if self._at >= len(self._tokens):
            raise _NotUnderstoodError
        self._at += 1
        return self._tokens[self._at - 1]

    def _is_next(self, *words: str) -> bool:
        is_it = self._at < len(self._tokens) and self._tokens[self._at].casefold() in words
        self._at += is_it
        return is_it

    def _either(self) -> Verdict:
        found = [self._all()]
        while self._is_next("or", "||"):
            found.append(self._all())
        return _or(found)

    def _all(self) -> Verdict:
        found = [self._one()]
        while self._is_next("and", "&&"):
            found.append(self._one())
        return _not(_or([_not(one) for one in found]))

    def _one(self) -> Verdict:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _NotUnderstoodError
        found = self._deeper()
        self._depth -= 1
        return found

    def _deeper(self) -> Verdict:
        if self._is_next("!", "not"):
            return _not(self._one())
        if self._is_next("("):
            found = self._either()
            if not self._is_next(")"):
                raise _NotUnderstoodError
            return found
        if self._is_next("actionmatches"):
            return _matches(_values(self._next()), self._asked.action)
        return self._compared(self._next(), self._next(), self._next())

    def _compared(self, attribute: str, operator: str, values: str) -> Verdict:
        source, bracket, name = attribute.rstrip("]").casefold().partition("[")
        if not bracket or source not in ("@request", "@resource"):
            raise _NotUnderstoodError
        if not name.startswith(_ATTRIBUTES):
            return None
        held = self._asked.attributes.get(name.removeprefix(_ATTRIBUTES))
        return None if held is None else _holds(held, operator, _values(values))


def _values(text: str) -> list[str]:
    return [one.strip().strip("'").casefold() for one in text.strip("{}").split(",")]


def _matches(patterns: Sequence[str], action: str) -> bool:
    return any(is_action(one, action) for one in patterns)


def _holds(held: str, operator: str, values: Sequence[str]) -> Verdict:
    """Return whether one value stands in a relation to any, or all, of some others."""
    words = operator.casefold().split(":")
    over = {"anyvalues": any, "allvalues": all}.get(words[0][-9:]) if len(words) > 1 else all
    compares = _COMPARES.get(words[-1])
    if over is None or compares is None:
        return None
    return over(compares(held.casefold(), one) for one in values)


def _or(found: Sequence[Verdict]) -> Verdict:
    return True if True in found else None if None in found else False


def _not(found: Verdict) -> Verdict:
    return None if found is None else not found


_COMPARES: Mapping[str, Callable[[str, str], bool]] = {
    "guidequals": str.__eq__,
    "guidnotequals": str.__ne__,
    "stringequals": str.__eq__,
    "stringnotequals": str.__ne__,
    "stringequalsignorecase": str.__eq__,
    "stringnotequalsignorecase": str.__ne__,
}
