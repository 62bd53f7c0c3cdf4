"""Where the sandbox's schemas and Microsoft's published types differ, version by version."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconciler.sandbox.arm.registry import TYPES
from reconciler.sandbox.arm.schema import is_known
from reconciler.sandbox.arm.schema_language import Node
from tests.sandbox.examples.mutations import ENVELOPE, READ_ONLY, REQUIRED, checker
from tests.sandbox.examples.requests import SHARED

DEPTH = 8


def differences() -> Iterator[tuple[str, str, str, str]]:
    """Yield (type, api-version, place, what) for each difference."""
    check = checker()
    for type_ in TYPES:
        for version in type_.versions:
            namespace, full = type_.namespace.lower(), type_.type.lower()
            types = check.load(SHARED / "azure-types", namespace, version)
            if types is None or full not in types.resources:
                continue
            body = types.at(types.resources[full]["body"])
            nodes = [type_.schema] if isinstance(type_.schema, Node) else _jobs(type_.schema)
            for node in nodes:
                for place, what in _compare(types, body, node, version, "", 0):
                    yield type_.type, version, place, what


def _jobs(choose: Any) -> list[Node]:
    """Return the schemas of a type whose schema depends on the job's type."""
    return [choose({"properties": {"jobType": kind}}) for kind in ("Command", "FineTuning")]


def _compare(
    types: Any, type_: Any, node: Node, version: str, place: str, depth: int
) -> Iterator[tuple[str, str]]:
    kind = type_["$type"]
    if depth > DEPTH or node.kind in ("any", "str", "map"):
        return
    if kind == "ArrayType" and node.item is not None:
        item = types.at(type_["itemType"])
        yield from _compare(types, item, node.item, version, place + "[]", depth + 1)
    elif kind == "ObjectType" and type_.get("additionalProperties") and node.item is not None:
        item = types.at(type_["additionalProperties"])
        yield from _compare(types, item, node.item, version, place + "{}", depth + 1)
    elif kind == "UnionType" and node.kind == "enum":
        values = [types.at(one).get("value") for one in type_["elements"]]
        known = {choice.lower() for choice in node.choices}
        for value in values:
            if value is not None and str(value).lower() not in known:
                yield place, f"value {value} is refused"
    elif kind == "DiscriminatedObjectType":
        yield from _compare_kinds(types, type_, node, version, place, depth)
    elif kind == "ObjectType" and not type_.get("additionalProperties"):
        properties = type_.get("properties", {})
        yield from _objects(types, properties, node.children, version, place, depth)


def _compare_kinds(
    types: Any, type_: Any, node: Node, version: str, place: str, depth: int
) -> Iterator[tuple[str, str]]:
    tag, base = type_["discriminator"], type_.get("baseProperties", {})
    choices = node.children[tag].choices if tag in node.children else ()
    for value, ref in type_["elements"].items():
        if value.lower() not in {choice.lower() for choice in choices}:
            yield place, f"kind {value} is refused"
            continue
        properties = {**base, **types.at(ref).get("properties", {})}
        own = node.properties({tag: value})
        yield from _objects(types, properties, own, version, f"{place}<{value}>", depth)


def _objects(
    types: Any, properties: Any, own: dict[str, Node], version: str, place: str, depth: int
) -> Iterator[tuple[str, str]]:
    if not own:
        return
    known = {name.lower(): node for name, node in own.items() if is_known(node, version)}
    published = {name.lower() for name in properties}
    for name, spec in properties.items():
        below = f"{place}.{name}".lstrip(".")
        if spec["flags"] & READ_ONLY or (depth == 0 and name in ENVELOPE):
            continue
        node = known.get(name.lower())
        if node is None or node.read_only:
            yield below, "is refused"
            continue
        if node.required and not spec["flags"] & REQUIRED:
            yield below, "need not be sent"
        yield from _compare(types, types.at(spec["type"]), node, version, below, depth + 1)
    for name in known.keys() - published:
        if not known[name].read_only and known[name].kind != "ignored":
            yield f"{place}.{name}".lstrip("."), "is not published"
