"""A compact language for what a resource's body may hold; `schema.py` checks bodies against it.

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
      rules@2017-03-01..2021-01-01,2026-01-01: str  # then, and again since
    networkAcls: <storage.Rules>    # as Microsoft's own package has it (shapes.txt)
      bypass@2025-06-01: ~          # the shape's own, with other flags or since a version
    distributionType!: Mpi|PyTorch  # what else there is depends on it:
    ?distributionType = Mpi|PyTorch
      processCount: int

Types: str, int, num, bool, any, map (string to string), or an enumeration `A|B` (any case);
`text_bool` is a bool that may be sent as text, `ignored` is taken and dropped.
`null` is accepted wherever the property is not required, as Azure does, and so is "" for an
enumeration (Json.NET's StringEnumConverter reads it as null; azure-ai-ml's template sends it).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

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
        return find_property(self.children, name)

    def properties(self, value: Json) -> dict[str, Node]:
        """Return the properties an object of this type has, given its discriminator."""
        if not self.tag:
            return self.children
        kind = next((str(v).lower() for k, v in value.items() if k.lower() == self.tag.lower()), "")
        return self.children | self.kinds.get(kind, {})


def find_property(nodes: dict[str, Node], name: str) -> tuple[str, Node] | None:
    """Return a property and its proper name, in any case."""
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
