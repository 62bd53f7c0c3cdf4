"""The form that every resource of ARM has, checked once, where an answer comes in.

What is read further relies on it: tags are texts by name, properties an object. Source:
learn.microsoft.com/azure/azure-resource-manager/management/overview, ARM's common types v6.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

OBJECTS = ("properties", "tags", "identity", "sku", "plan", "systemData", "error")
NESTED = (("properties", "tags"), ("identity", "userAssignedIdentities"))
TEXTS = ("id", "location", "etag")
NAMES = {dict: "an object", list: "a list", str: "text", bool: "true or false"}


def faults(body: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the form of a resource, or of a page of resources."""
    yield from _of_one(body)
    items = body.get("value")
    for index, item in enumerate(items if isinstance(items, list) else ()):
        if isinstance(item, dict):
            yield from (f"`value[{index}]`: {fault}" for fault in _of_one(item))


def _of_one(body: Mapping[str, Any]) -> Iterator[str]:
    for name in OBJECTS:
        if not isinstance(body.get(name), dict | None):
            yield f"`{name}` is {kind_of(body[name])}, not an object"
    for above, name in NESTED:
        nested = body.get(above)
        if isinstance(nested, dict) and not isinstance(nested.get(name), dict | None):
            yield f"`{above}.{name}` is {kind_of(nested[name])}, not an object"
    for name in TEXTS:
        if not isinstance(body.get(name), str | None):
            yield f"`{name}` is {kind_of(body[name])}, not text"
    tags = body.get("tags")
    for key, value in tags.items() if isinstance(tags, dict) else ():
        if not isinstance(value, str | None):
            yield f"the tag `{key}` is {kind_of(value)}, not text"


def kind_of(value: Any) -> str:
    """Return what a value of JSON is, in words."""
    return "null" if value is None else NAMES.get(type(value), "a number")
