"""Checks bodies against what their type may hold, and shows what an api-version knows of them.

Error texts are those of the JSON library behind most resource providers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reconciler.sandbox.arm.errors import ArmError, ContentError
from reconciler.sandbox.arm.schema_language import Node, find_property

Json = dict[str, Any]


@dataclass(frozen=True)
class Check:
    """One validation: the api-version, whether required properties count, what is stored.

    `drops`: what is published in another api-version alone is dropped and not refused.
    """

    version: str
    partial: bool = False
    drops: bool = False

    def body(self, schema: Node, body: Any, current: Json | None) -> Json:
        """Return the body with property names in their proper case; raises ArmError."""
        result = self._object(schema, body, current or {}, "")
        return dict(result)

    def _value(self, node: Node, value: Any, current: Any, path: str) -> Any:
        if value is None or (value == "" and node.kind == "enum" and not node.required):
            return None
        match node.kind:
            case "obj":
                return self._object(node, value, current if isinstance(current, dict) else {}, path)
            case "list":
                return self._list(node, value, path)
            case "dict":
                return self._map(node, value, path)
            case _:
                return _scalar(node, value, path)

    def _object(self, node: Node, value: Any, current: Json, path: str) -> Json:
        if not isinstance(value, dict):
            raise _wrong_type(value, "an object", path)
        properties = node.properties(value)
        if not properties:
            return value
        result: Json = {}
        for key, item in value.items():
            place = f"{path}.{key}" if path else key
            found = find_property(properties, key)
            is_here = found is not None and is_known(found[1], self.version)
            if found is not None and not is_here and (self.drops or found[1].early):
                continue
            if found is None or not is_here:
                raise ContentError(
                    f"Could not find member '{key}' on object of type 'ResourceDefinition'. "
                    f"Path '{place}', line 1, position 1.",
                    place,
                )
            proper, child = found
            if child.kind == "ignored":
                continue
            if child.read_only:
                _check_read_only(item, current.get(proper), place)
                continue
            result[proper] = self._value(child, item, current.get(proper), place)
        self._check_required(properties, result, path)
        return result

    def _check_required(self, properties: dict[str, Node], value: Json, path: str) -> None:
        if self.partial:
            return
        for name, child in properties.items():
            if child.required and value.get(name) is None:
                raise missing(name, path)

    def _list(self, node: Node, value: Any, path: str) -> list[Any]:
        if not isinstance(value, list) or node.item is None:
            raise _wrong_type(value, "a list", path)
        for i, item in enumerate(value):
            if item is None and node.item.kind != "any":
                raise _wrong_type(item, "a value", f"{path}[{i}]")
        return [self._value(node.item, item, None, f"{path}[{i}]") for i, item in enumerate(value)]

    def _map(self, node: Node, value: Any, path: str) -> Json:
        if not isinstance(value, dict) or node.item is None:
            raise _wrong_type(value, "an object", path)
        return {
            key: self._value(node.item, item, None, f"{path}.{key}") for key, item in value.items()
        }


def check_complete(node: Node, value: Json, path: str = "") -> None:
    """Raise ArmError if a merged body lacks what is required: a PATCH may not take that away."""
    for name, child in node.properties(value).items():
        item = value.get(name)
        place = f"{path}.{name}" if path else name
        if child.required and item is None:
            raise missing(name, path)
        if isinstance(item, dict) and child.kind == "obj":
            check_complete(child, item, place)


def prune(node: Node, value: Any, version: str) -> Any:
    """Return a presented value without the properties that `version` does not know yet."""
    if isinstance(value, list) and node.item is not None:
        return [prune(node.item, item, version) for item in value]
    if not isinstance(value, dict):
        return value
    if node.kind == "dict" and node.item is not None:
        return {key: prune(node.item, item, version) for key, item in value.items()}
    kept, properties = {}, node.properties(value)
    for key, item in value.items():
        found = properties.get(key)
        if found is None:
            kept[key] = item
        elif is_known(found, version):
            kept[key] = prune(found, item, version)
    return kept


def missing(name: str, path: str) -> ArmError:
    """Return the error for a required property that was not sent."""
    if name == "location" and not path:
        return ArmError(
            400, "LocationRequired", "The location property is required for this definition."
        )
    return ContentError(
        f"Required property '{name}' not found in JSON. Path '{path}', line 1, position 1.",
        f"{path}.{name}".lstrip("."),
        is_missing=True,
    )


def _check_read_only(value: Any, current: Any, path: str) -> None:
    if value is not None and not _repeats(value, current):
        raise ArmError(
            400, "ReadOnlyProperty", f"The property '{path}' is read-only and cannot be set."
        )


def _repeats(value: Any, current: Any) -> bool:
    """Whether a value is what is shown, or what an older api-version shows of it."""
    if isinstance(value, dict) and isinstance(current, dict):
        return all(_repeats(item, current.get(key)) for key, item in value.items())
    return bool(value == current)


def _scalar(node: Node, value: Any, path: str) -> Any:
    match node.kind:
        case "str" if not isinstance(value, str):
            raise _wrong_type(value, "String", path)
        case "text_bool" if str(value).lower() in ("true", "false"):
            return str(value).lower() == "true"
        case "bool" | "text_bool" if not isinstance(value, bool):
            raise _wrong_type(value, "Boolean", path)
        case "int" if isinstance(value, bool) or not isinstance(value, int):
            raise _wrong_type(value, "Int32", path)
        case "num" if isinstance(value, bool) or not isinstance(value, int | float):
            raise _wrong_type(value, "Double", path)
        case "enum":
            return _choice(node, value, path)
    return value


def _choice(node: Node, value: Any, path: str) -> str:
    for choice in node.choices:
        if isinstance(value, str) and choice.lower() == value.lower():
            return choice
    raise ContentError(
        f'Error converting value "{value}" to type "{"|".join(node.choices)}". '
        f"Path '{path}', line 1, position 1.",
        path,
        is_choice=True,
    )


def _wrong_type(value: Any, expected: str, path: str) -> ArmError:
    text = f"Error converting value {value!r} to type {expected}."
    return ContentError(f"{text} Path '{path}', line 1, position 1.", path)


def is_known(node: Node, version: str) -> bool:
    """Whether an api-version has a property."""
    stable, _, preview = node.since.partition("/")
    since = preview if preview and version.endswith("-preview") else stable
    return any(_within(period, version[:10]) for period in since.split(","))


def _within(period: str, day: str) -> bool:
    first, _, last = period.partition("..")
    return first <= day and (not last or day <= last)
