"""A compact language for what a resource's body may hold, and the check against it.

One line a property, children indented by two blanks::

    location!: str                    # `!` required
    sku!:
      name!: Standard_LRS|Standard_GRS
      tier-: str                      # `-` read-only: refused unless it repeats what is there
    properties:
      rules: [any]                    # a list; `[]` with children is a list of objects
      keys: {str}                     # a map; `{}` with children is a map of objects
      authMode@2025-06-01: A|B        # known from this api-version on
      mode@2025-06-01/2022-12-01: str # in stable versions / in previews (`never`: in none)
      later~@2025-06-01: str          # `~` taken and dropped by the api-versions before
      draft@never/2023-04-01..2024-04-01: str  # and up to a version
    networkAcls: <storage.Rules>    # as Microsoft's own package has it (shapes.txt)
      bypass@2025-06-01: ~          # the shape's own, with other flags or since a version
    distributionType!: Mpi|PyTorch  # what else there is depends on it:
    ?distributionType = Mpi|PyTorch
      processCount: int

Types: str, int, num, bool, any, map (string to string), or an enumeration `A|B` (any case);
`text_bool` is a bool that may be sent as text, `ignored` is taken and dropped.
`null` is accepted wherever the property is not required, as Azure does, and so is "" for an
enumeration (Json.NET's StringEnumConverter reads it as null; azure-ai-ml's template sends it).
Error texts are those of the JSON library behind most resource providers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from reconciler.sandbox.arm.errors import ArmError, ContentError

Json = dict[str, Any]
_SCALARS = {"str", "int", "num", "bool", "text_bool", "any", "map", "obj", "ignored"}
_SHAPES = Path(__file__).with_name("shapes.txt")


@dataclass
class Node:
    """One property: its type, flags, and the properties below it."""

    kind: str
    required: bool = False
    read_only: bool = False
    early: bool = False
    since: str = ""
    choices: tuple[str, ...] = ()
    children: dict[str, Node] = field(default_factory=dict)
    item: Node | None = None
    tag: str = ""
    kinds: dict[str, dict[str, Node]] = field(default_factory=dict)

    def find(self, name: str) -> tuple[str, Node] | None:
        """Return a child and its proper name, in any case."""
        return _find(self.children, name)

    def properties(self, value: Json) -> dict[str, Node]:
        """Return the properties an object of this type has, given its discriminator."""
        if not self.tag:
            return self.children
        kind = next((str(v).lower() for k, v in value.items() if k.lower() == self.tag.lower()), "")
        return self.children | self.kinds.get(kind, {})


def _find(nodes: dict[str, Node], name: str) -> tuple[str, Node] | None:
    node = nodes.get(name)
    if node is not None:
        return name, node
    for proper, child in nodes.items():
        if proper.lower() == name.lower():
            return proper, child
    return None


def compile_schema(text: str) -> Node:
    """Return the root object of a schema text."""
    root = Node("obj")
    stack: list[tuple[int, Node]] = [(-1, root)]
    for line in text.splitlines():
        bare = line.split(" #")[0].rstrip()
        if not bare.strip():
            continue
        depth = len(bare) - len(bare.lstrip())
        while stack[-1][0] >= depth:
            stack.pop()
        if bare.lstrip().startswith("?"):
            stack.append((depth, _kind_of(stack[-1][1], bare.strip())))
            continue
        name, node = _property(bare.strip())
        if node.kind == "same":
            _flag(stack[-1][1], name, node)
            continue
        stack[-1][1].children[name] = node
        stack.append((depth, node.item if node.item is not None else node))
    return root


def _flag(owner: Node, name: str, flags: Node) -> None:
    """Give a property of a shape, or of its kinds, other flags than the shape has."""
    for properties in (owner.children, *owner.kinds.values()):
        if name in properties:
            properties[name] = replace(properties[name], required=flags.required, since=flags.since)


def _kind_of(owner: Node, text: str) -> Node:
    """Return the node that takes the properties of one kind: `?tag = value`."""
    tag, _, value = text[1:].partition("=")
    owner.tag = tag.strip()
    kind = Node("obj")
    for one in value.split("|"):
        owner.kinds[one.strip().lower()] = kind.children
    return kind


@cache
def _shape(name: str) -> Node:
    """Return a shape of `shapes.txt` compiled."""
    return compile_schema(_shapes()[name])


@cache
def _shapes() -> dict[str, str]:
    found = re.findall(r"^(\w+\.\w+):\n((?:  .*\n)+)", _SHAPES.read_text(), re.MULTILINE)
    return dict(found)


def _property(text: str) -> tuple[str, Node]:
    name, _, kind = text.partition(":")
    name, _, since = name.partition("@")
    required, read_only = "!" in text.split(":")[0], "-" in name
    node = _typed(kind.strip())
    node.required, node.read_only, node.since = required, read_only, since.strip("!-")
    node.early = "~" in name
    return name.strip("!-~"), node


def _typed(kind: str) -> Node:
    match kind[:1], kind[-1:]:
        case "[", "]":
            return Node("list", item=_typed(kind[1:-1].strip()))
        case "{", "}":
            return Node("dict", item=_typed(kind[1:-1].strip()))
        case "<", ">":
            shape = _shape(kind[1:-1])
            kinds = {value: dict(more) for value, more in shape.kinds.items()}
            return replace(shape, children=dict(shape.children), kinds=kinds)
    if kind == "":
        return Node("obj")
    if kind == "~":
        return Node("same")
    if kind == "map":
        return Node("dict", item=Node("str"))
    if kind in _SCALARS:
        return Node(kind)
    return Node("enum", choices=tuple(part.strip() for part in kind.split("|")))


@dataclass(frozen=True)
class Check:
    """One validation: the api-version, whether required properties count, what is stored."""

    version: str
    partial: bool = False

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
            found = _find(properties, key)
            if found is not None and found[1].early and not is_known(found[1], self.version):
                continue
            if found is None or not is_known(found[1], self.version):
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
    first, _, last = since.partition("..")
    return first <= version[:10] and (not last or version[:10] <= last)
