"""Wrong requests made from right ones, along Microsoft's published types.

Body mutations: a misspelt property, an unknown one at each level of objects, a value outside an
enumeration, a value of another JSON type, a required property left out. Envelope mutations: an
api-version nobody has, a type nobody has, a name nobody may give, a parent that is not there.
Read-only properties are not among them: resource providers mostly ignore them without a word
(templates that Azure itself exports carry `sku.tier`), so a refusal would not be Azure's.
"""

from __future__ import annotations

import copy
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.sandbox.examples.requests import SHARED, Request

REQUIRED, READ_ONLY = 1, 2
ENVELOPE = {"id", "name", "type", "apiVersion", "etag", "systemData"}


@dataclass
class Mutation:
    """What was done, where, and the request that came out."""

    kind: str
    place: str
    request: Request


def checker() -> Any:
    """Return the shared checker, for its reader of published types."""
    spec = importlib.util.spec_from_file_location(
        "check_traffic", SHARED / "tools" / "check_traffic.py"
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Mutator:
    """Makes mutations of requests, with the published types at hand."""

    def __init__(self) -> None:
        self._check = checker()

    def of(self, request: Request) -> Iterator[Mutation]:
        """Yield every mutation of an accepted request."""
        yield from _envelope(request)
        if request.method in ("PUT", "PATCH") and isinstance(request.body, dict):
            yield from self._bodies(request)

    def _bodies(self, request: Request) -> Iterator[Mutation]:
        found = self._check.resource_type(request.path)
        if found is None:
            return
        namespace, full = found
        version = request.query["api-version"]
        types = self._check.load(SHARED / "azure-types", namespace, version)
        if types is None or full not in types.resources:
            return
        body_type = types.at(types.resources[full]["body"])
        for path, value, type_, is_required in _walk(types, body_type, request.body, (), False):
            for kind, wrong in _wrong(types, type_, value):
                yield _changed(request, kind, path, wrong)
            if is_required and request.method == "PUT":
                yield _changed(request, "required property missing", path, None)
            elif path and isinstance(path[-1], str) and path[0] not in ENVELOPE:
                yield _renamed(request, path)


def _walk(
    types: Any, type_: Any, value: Any, path: tuple[str | int, ...], is_required: bool
) -> Iterator[tuple[tuple[str | int, ...], Any, Any, bool]]:
    """Yield (path, value, type, required) for the value and everything below it."""
    if value is None:
        return
    yield path, value, type_, is_required
    if type_["$type"] == "ArrayType" and isinstance(value, list):
        for item in value[:1]:  # one is enough: the others are of the same type
            yield from _walk(types, types.at(type_["itemType"]), item, (*path, 0), False)
    if not isinstance(value, dict):
        return
    for name, spec in _properties(types, type_, value).items():
        if name in value and not spec["flags"] & READ_ONLY:
            needed = bool(spec["flags"] & REQUIRED)
            yield from _walk(types, types.at(spec["type"]), value[name], (*path, name), needed)


def _properties(types: Any, type_: Any, value: dict[str, Any]) -> dict[str, Any]:
    """Return the properties that an object's type has, empty for maps and free objects."""
    if type_["$type"] == "DiscriminatedObjectType":
        tag = str(value.get(type_["discriminator"], "")).lower()
        chosen = {key.lower(): ref for key, ref in type_["elements"].items()}.get(tag)
        more = types.at(chosen).get("properties", {}) if chosen is not None else {}
        return {**type_.get("baseProperties", {}), **more}
    if type_["$type"] == "ObjectType" and not type_.get("additionalProperties"):
        found: dict[str, Any] = type_.get("properties", {})
        return found
    return {}


def _wrong(types: Any, type_: Any, value: Any) -> Iterator[tuple[str, Any]]:
    match type_["$type"]:
        case "ObjectType" | "DiscriminatedObjectType":
            yield "wrong JSON type", "text"
            if isinstance(value, dict) and _properties(types, type_, value):
                yield "unknown property", {**value, "bogusProperty": "x"}
        case "ArrayType":
            yield "wrong JSON type", {"a": 1}
        case "StringType":
            yield "wrong JSON type", {"a": 1}
        case "IntegerType":
            yield "wrong JSON type", "many"
        case "BooleanType":
            yield "wrong JSON type", "maybe"
        case "UnionType" | "StringLiteralType":
            yield "value outside the enumeration", "Bogus"


def _changed(request: Request, kind: str, path: tuple[str | int, ...], value: Any) -> Mutation:
    body = copy.deepcopy(request.body)
    if not path:
        return _mutation(request, kind, path, value)
    holder = _at(body, path[:-1])
    if value is None:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return _mutation(request, kind, path, body)


def _renamed(request: Request, path: tuple[str | int, ...]) -> Mutation:
    body = copy.deepcopy(request.body)
    holder, name = _at(body, path[:-1]), str(path[-1])
    holder[name[:-1] + "x" + name[-1]] = holder.pop(name)
    return _mutation(request, "misspelt property", path, body)


def _at(value: Any, path: tuple[str | int, ...]) -> Any:
    for part in path:
        value = value[part]
    return value


def _mutation(request: Request, kind: str, path: tuple[str | int, ...], body: Any) -> Mutation:
    place = ".".join(str(part) for part in path) or "the body"
    changed = Request(request.example, request.method, request.path, request.query, body)
    return Mutation(kind, place, changed)


def _envelope(request: Request) -> Iterator[Mutation]:
    old = {**request.query, "api-version": "2014-02-14"}
    yield Mutation("unknown api-version", "the query", _moved(request, request.path, old))
    head, _, tail = request.path.rpartition("/providers/")
    parts = tail.split("/")
    if not head or len(parts) < 3:
        return
    typed = f"{head}/providers/{parts[0]}/{parts[1]}Bogus/" + "/".join(parts[2:])
    yield Mutation("unknown type", parts[1], _moved(request, typed))
    if request.method != "PUT":
        return
    above, name = request.path.rsplit("/", 1)
    for wrong in (name + "*%", name + "n" * 300):
        yield Mutation("bad name", wrong[:40], _moved(request, f"{above}/{wrong}"))
    if len(parts) > 4:
        orphan = f"{head}/providers/{parts[0]}/{parts[1]}/absent/" + "/".join(parts[3:])
        yield Mutation("parent missing", parts[1], _moved(request, orphan))
    elif "/resourceGroups/rg/" in request.path:
        nowhere = request.path.replace("/resourceGroups/rg/", "/resourceGroups/absent/")
        yield Mutation("resource group missing", "absent", _moved(request, nowhere))


def _moved(request: Request, path: str, query: dict[str, str] | None = None) -> Request:
    return Request(request.example, request.method, path, query or request.query, request.body)
