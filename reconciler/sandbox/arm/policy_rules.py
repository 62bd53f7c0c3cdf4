"""The `if` of a policy rule: conditions on a resource's fields, and what each came to.

Source: learn.microsoft.com/azure/governance/policy/concepts/definition-structure-policy-rule
(logical operators, conditions, fields). An alias such as `Microsoft.Storage/storageAccounts/
allowBlobPublicAccess` names a property; Azure keeps a list of them, here it is looked for at the
resource's top, in its properties, and one level deeper.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from reconciler.sandbox.arm.checks import dig
from reconciler.sandbox.arm.errors import ArmError

Json = dict[str, Any]
_TAG = re.compile(r"tags(?:\.(?P<name>[^\[\]]+)|\['?(?P<quoted>[^'\]]+)'?\])", re.IGNORECASE)


def _folded(value: Any) -> Any:
    return str(value).lower() if isinstance(value, str | bool) else value


def _region(value: Any) -> Any:
    if isinstance(value, list):
        return [_region(one) for one in value]
    return value.replace(" ", "").lower() if isinstance(value, str) else value


def _equals(value: Any, wanted: Any) -> bool:
    return bool(_folded(value) == _folded(wanted))


def _like(value: Any, wanted: Any) -> bool:
    pattern = re.sub(r"([?\[])", r"[\1]", str(wanted).lower())
    return value is not None and fnmatch.fnmatchcase(str(value).lower(), pattern)


def _contains(value: Any, wanted: Any) -> bool:
    if isinstance(value, list):
        return any(_equals(one, wanted) for one in value)
    return value is not None and str(wanted).lower() in str(value).lower()


def _contains_key(value: Any, wanted: Any) -> bool:
    return isinstance(value, dict) and any(_equals(key, wanted) for key in value)


def _in(value: Any, wanted: Any) -> bool:
    return any(_equals(value, one) for one in wanted)


def _exists(value: Any, wanted: Any) -> bool:
    return (value is not None) == _equals(wanted, "true")


def _compared(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def run(value: Any, wanted: Any) -> bool:
        return value is not None and type(value) is type(wanted) and test(value, wanted)

    return run


def _not(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda value, wanted: not test(value, wanted)


OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "equals": _equals,
    "notEquals": _not(_equals),
    "like": _like,
    "notLike": _not(_like),
    "contains": _contains,
    "notContains": _not(_contains),
    "in": _in,
    "notIn": _not(_in),
    "containsKey": _contains_key,
    "notContainsKey": _not(_contains_key),
    "less": _compared(lambda value, wanted: value < wanted),
    "lessOrEquals": _compared(lambda value, wanted: value <= wanted),
    "greater": _compared(lambda value, wanted: value > wanted),
    "greaterOrEquals": _compared(lambda value, wanted: value >= wanted),
    "exists": _exists,
}
_BY_NAME = {name.lower(): name for name in OPERATORS}
_LOGIC = ("allof", "anyof", "not")


@dataclass
class Rule:
    """The conditions of a rule on one resource, in the form of GET; `evaluated` tells each."""

    resource: Json
    evaluated: list[Json] = field(default_factory=list)

    def holds(self, condition: Json) -> bool:
        """Whether a condition or logical operator holds."""
        low = {key.lower(): value for key, value in condition.items()}
        if "allof" in low:
            return all(self.holds(one) for one in low["allof"])
        if "anyof" in low:
            return any(self.holds(one) for one in low["anyof"])
        if "not" in low:
            return not self.holds(low["not"])
        return self._single(low)

    def _single(self, low: Json) -> bool:
        operator = next(_BY_NAME[key] for key in low if key in _BY_NAME)
        wanted = low[operator.lower()]
        path, value = self._read(str(low["field"])) if "field" in low else ("", low["value"])
        if low.get("field") == "location":
            value, wanted = _region(value), _region(wanted)
        result = OPERATORS[operator](value, wanted)
        told = {"result": str(result), "operator": operator[0].upper() + operator[1:]}
        told |= {"expressionKind": "Field" if "field" in low else "Value"}
        told |= {"expression": low.get("field", value), "path": path}
        self.evaluated.append({**told, "expressionValue": value, "targetValue": wanted})
        return result

    def _read(self, name: str) -> tuple[str, Any]:
        """Where a field is, and its value."""
        tag = _TAG.fullmatch(name)
        if tag is not None:
            tags = self.resource.get("tags") or {}
            found = {str(key).lower(): value for key, value in tags.items()}
            return name, found.get((tag["name"] or tag["quoted"]).lower())
        type_ = str(self.resource["type"])
        if not name.lower().startswith(f"{type_.lower()}/"):
            return name, dig(self.resource, name)
        alias = name[len(type_) + 1 :]
        places = [f"{start}{alias}" for start in ("", "properties.", "properties.properties.")]
        values = [(place, dig(self.resource, place)) for place in places]
        return next((one for one in values if one[1] is not None), values[1])


def check(condition: Any) -> None:
    """Raise ArmError 400 for a condition that is none, or that the sandbox cannot evaluate."""
    low = {key.lower(): value for key, value in condition.items()} if _is_map(condition) else {}
    logic = [key for key in _LOGIC if key in low]
    if len(logic) == 1 and len(low) == 1:
        parts = low[logic[0]] if logic[0] != "not" else [low["not"]]
        if isinstance(parts, list):
            for part in parts:
                check(part)
            return
    operators = [key for key in low if key in _BY_NAME]
    is_of_one = ("field" in low) != ("value" in low) and len(operators) == 1 and len(low) == 2
    if not is_of_one or "[*]" in str(low.get("field")):
        raise ArmError(
            400,
            "InvalidPolicyRule",
            f"Failed to parse policy rule: '{condition}' is not a condition that the sandbox "
            "evaluates (allOf, anyOf, not; field or value with one operator; no count, no [*]).",
        )


def _is_map(value: Any) -> bool:
    return isinstance(value, dict)
