"""The sections of the spec, read from its JSON Schema: what people need to know of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from reconciler.kinds.json_schema import document
from reconciler.spec.model import A_REFERENCE, AN_ID, PATTERN_WORDS

JsonSchema = dict[str, Any]
MOST_SHOWN = 10**9
"""A limit above this says nothing to a reader."""


@dataclass(frozen=True)
class Field:
    """One field: its name, what may stand there, and whether it must."""

    name: str
    type: str
    default: str
    meaning: str
    nested: tuple[str, ...]
    """The models that may stand there, as names in `$defs`."""


@dataclass(frozen=True)
class Section:
    """A part of the spec with fields of its own: `compute`, or `compute.identity` inside it."""

    path: str
    model: str
    meaning: str
    fields: tuple[Field, ...]


@cache
def sections() -> tuple[Section, ...]:
    """Return every section, each followed by the parts inside it, in the schema's order."""
    found: list[Section] = []
    for name, schema in document()["properties"].items():
        for model in _models(schema):
            found += _with_parts(name, model)
    return tuple(dict.fromkeys(found))


def by_path() -> dict[str, list[Section]]:
    """Return the sections by their path: several where a place takes more than one shape."""
    grouped: dict[str, list[Section]] = {}
    for section in sections():
        grouped.setdefault(section.path, []).append(section)
    return grouped


def top() -> Section:
    """Return the fields of the spec itself."""
    return _section("", document())


def _with_parts(path: str, model: str) -> Iterator[Section]:
    section = _section(path, document()["$defs"][model], model)
    yield section
    for field in section.fields:
        for nested in field.nested:
            yield from _with_parts(f"{path}.{field.name}", nested)


def _section(path: str, schema: JsonSchema, model: str = "") -> Section:
    required = schema.get("required", [])
    fields = tuple(
        Field(
            name,
            type_words(shown),
            "required" if name in required else _default(shown),
            shown.get("description", ""),
            tuple(_models(shown)),
        )
        for name, shown in schema["properties"].items()
    )
    return Section(path, model, schema.get("description", ""), fields)


def _models(schema: JsonSchema) -> list[str]:
    """Return the models that a schema leads to, through lists, maps and unions."""
    if "$ref" in schema:
        return [str(schema["$ref"]).rpartition("/")[2]]
    inner = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
    inner += [schema["items"]] if "items" in schema else []
    inner += _values(schema)
    return list(dict.fromkeys(model for part in inner for model in _models(part)))


def _values(schema: JsonSchema) -> list[JsonSchema]:
    """Return the schemas of a map's values."""
    more = schema.get("additionalProperties")
    named = list(schema.get("patternProperties", {}).values())
    return named + ([more] if isinstance(more, dict) else [])


def type_words(schema: JsonSchema) -> str:
    """Return what may stand at a place, in words for people."""
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    options = [o for o in (*schema.get("anyOf", ()), *schema.get("oneOf", ())) if not _is_null(o)]
    if options:
        return " or ".join(dict.fromkeys(type_words(option) for option in options))
    if "$ref" in schema:
        return "map"
    return _plain(schema)


def _plain(schema: JsonSchema) -> str:
    match schema.get("type"):
        case "array":
            return f"list of {_many(type_words(schema['items']))}"
        case "object":
            values = [_many(type_words(value)) for value in _values(schema)]
            return f"map of {values[0]}" if values else "map"
        case "string":
            words = PATTERN_WORDS.get(str(schema.get("pattern")), "text").partition(";")[0]
            return (
                words.replace(A_REFERENCE, "reference")
                .replace(f", or {AN_ID}", " or resource id")
                .replace(AN_ID, "resource id")
            )
        case "boolean":
            return "`true` or `false`"
        case kind:
            word = "whole number" if kind == "integer" else "number"
            return f"{word}{_limits(schema)}"


def _many(words: str) -> str:
    """Return a type as a plural: `maps`, `whole numbers, 0 to 100`."""
    word, comma, limits = words.partition(",")
    return f"{word}s{comma}{limits}" if word in ("map", "number", "whole number") else words


def _limits(schema: JsonSchema) -> str:
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    if low is not None and high is not None and high <= MOST_SHOWN:
        return f", {low} to {high}"
    return f", at least {low}" if low is not None else ""


def _is_null(schema: JsonSchema) -> bool:
    return schema.get("type") == "null"


def _default(schema: JsonSchema) -> str:
    value = schema.get("default")
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return "-" if value is None else f"`{value}`"
