"""Conditions of role assignments: whether one lets its holder assign a role, or take it back.

Sources: learn.microsoft.com/azure/role-based-access-control/conditions-format (grammar),
.../conditions-authorization-actions-attributes (RoleDefinitionId, PrincipalId, PrincipalType) and
.../delegate-role-assignments-portal (templates), /azure/storage/blobs/storage-auth-abac-attributes.
Conditions about role assignments are evaluated; those about a container or a blob are stored, and
whoever reads blobs here is not held to them. Another attribute is refused when it is stored
(UNVERIFIED: with which code).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from reconciler.sandbox.arm.errors import ArmError

Json = dict[str, Any]
_LEXEME = re.compile(r"\(|\)|!|&&|\|\||@\w+\[[^\]]*\]|\{[^}]*\}|'[^']*'|[\w:.-]+")
_WORDS = {"&&": "AND", "||": "OR", "!": "NOT"}
_NAMES = {
    "microsoft.authorization/roleassignments:roledefinitionid": "roleDefinitionId",
    "microsoft.authorization/roleassignments:principalid": "principalId",
    "microsoft.authorization/roleassignments:principaltype": "principalType",
    "microsoft.storage/storageaccounts/blobservices/containers:name": "container",
    "microsoft.storage/storageaccounts/blobservices/containers/blobs:path": "path",
}
_LONGEST = 8192
Test = Callable[[str, Json], bool]


def check(condition: str) -> None:
    """Raise ArmError 400 for a condition that cannot be evaluated."""
    _compiled(condition)


def is_met(condition: str, action: str, properties: Json) -> bool:
    """Whether a condition lets an action happen to a role assignment of these properties."""
    return _compiled(condition)(action, properties)


def _compiled(text: str) -> Test:
    lexemes = [_WORDS.get(one, one) for one in _LEXEME.findall(text)]
    parser = _Parser(lexemes)
    if len(text) > _LONGEST or re.sub(_LEXEME, "", text).strip():
        raise _wrong(text)
    try:
        found = parser.disjunction()
    except (IndexError, KeyError, RecursionError) as error:
        raise _wrong(text) from error
    if parser.left:
        raise _wrong(text)
    return found


def _wrong(text: str) -> ArmError:
    return ArmError(
        400, "InvalidRoleAssignmentCondition", f"The condition is not valid: {text[:200]}"
    )


@dataclass
class _Parser:
    """Recursive descent over the lexemes that are left, the first of them first."""

    left: list[str]

    def disjunction(self) -> Test:
        tests = [self.conjunction()]
        while self.left and self.left[0].upper() == "OR":
            self.left.pop(0)
            tests.append(self.conjunction())
        return lambda action, held: any(test(action, held) for test in tests)

    def conjunction(self) -> Test:
        tests = [self.single()]
        while self.left and self.left[0].upper() == "AND":
            self.left.pop(0)
            tests.append(self.single())
        return lambda action, held: all(test(action, held) for test in tests)

    def single(self) -> Test:
        word = self.left.pop(0)
        if word.upper() == "NOT":
            inner = self.single()
            return lambda action, held: not inner(action, held)
        if word == "(":
            inner = self.disjunction()
            if self.left.pop(0) != ")":
                raise KeyError(word)
            return inner
        if word.lower() == "actionmatches":
            wanted = _set(self.left.pop(0))
            return lambda action, held: action.lower() in wanted
        return self._comparison(word)

    def _comparison(self, attribute: str) -> Test:
        name = _NAMES[attribute.rstrip("]").partition("[")[2].lower()]
        over, _, operator = self.left.pop(0).lower().rpartition(":")
        values = _set(self.left.pop(0))
        is_negative = {"guidequals": False, "stringequals": False, "stringequalsignorecase": False}
        is_negative |= {"guidnotequals": True, "stringnotequals": True}
        negative = is_negative[operator]
        need_all = over.endswith("allvalues") or (negative and not over)

        def compare(action: str, held: Json) -> bool:
            own = str(held.get(name) or "").rpartition("/")[2].lower()
            found = [(own == value) != negative for value in values]
            return all(found) if need_all else any(found)

        return compare


def _set(text: str) -> list[str]:
    return [one.strip().strip("'").lower() for one in text.strip("{}").split(",")]
