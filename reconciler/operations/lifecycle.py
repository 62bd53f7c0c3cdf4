"""Put the words of `lifecycle:` on the resources: what is protected, left to others, accepted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from pydantic import BaseModel

from reconciler.diagnostics import Diagnostic, Position, SpecError
from reconciler.engine.cause import with_asked
from reconciler.engine.diff import Path, value_at
from reconciler.engine.ignored import ignorable
from reconciler.engine.protection import NO, PLACES, PROTECT_TAG, YES, add_beside
from reconciler.engine.types import Address, Resource
from reconciler.kinds import HANDLERS, Spec
from reconciler.kinds.ownership import OWNER_TAG
from reconciler.operations.acceptance import accepting, not_acceptable, stated_fields
from reconciler.spec.document import Document, Keys
from reconciler.spec.model import Lifecycle
from reconciler.spec.problems import did_you_mean
from reconciler.spec.sections import is_set, sections_of

NOWHERE = Position("", 0, 0)


def with_lifecycle(
    resources: dict[Address, Resource], spec: Spec, document: Document
) -> dict[Address, Resource]:
    """Return the resources with what `lifecycle:` says of them.

    Of two keys that fit, the longer one decides on `protect`, and on the reason of what both
    accept; what is ignored adds up.
    """
    result = {a: replace(r, holds_data=HANDLERS[r.kind].holds_data) for a, r in resources.items()}
    problems: list[Diagnostic] = []
    enforced: set[Address] = set()
    for key in sorted(spec.lifecycle, key=len):
        hits = [a for a in resources if a == key or a.startswith(f"{key}.")]
        word = spec.lifecycle[key]
        problems += _wrong(key, word, [result[a] for a in hits], resources, document)
        for address in hits:
            result[address] = _with_word(result[address], key, word, document)
        if word.enforce_defaults:
            enforced.update(hits)
    if problems:
        raise SpecError(*sorted(problems, key=lambda p: p.position or NOWHERE))
    sections = sections_of(spec)
    for address in result.keys() & sections.keys() - enforced:
        unstated = unstated_paths(result[address], sections[address])
        result[address] = replace(result[address], unstated=unstated)
    return {address: _tagged(resource) for address, resource in result.items()}


def _with_word(resource: Resource, key: str, word: Lifecycle, document: Document) -> Resource:
    """Return the resource with what one key of `lifecycle` says of it."""
    found = accepting(ignoring(resource, word.ignore), key, word.accept, document)
    return found if word.protect is None else replace(found, protected=word.protect)


def _wrong(
    key: str,
    word: Lifecycle,
    hits: list[Resource],
    resources: Mapping[Address, Resource],
    document: Document,
) -> Iterator[Diagnostic]:
    """Yield what is wrong with one key of `lifecycle`."""
    if not hits:
        yield _unknown_key(key, resources, document)
        return
    yield from _unknown_fields(key, word.ignore, hits, document)
    fields = {*stated_fields(hits), *(name for resource in hits for name in _words(resource))}
    yield from not_acceptable(key, word.accept, fields, document)


def unstated_paths(resource: Resource, section: BaseModel) -> frozenset[Path]:
    """Return the paths of a body whose values are defaults of fields that nobody wrote.

    Only fields that have a default, and plain values: what is absent unless it is stated, what
    follows from another resource, and tags, which the whole spec may state, are always as the spec
    has them.
    """
    policy = HANDLERS[resource.kind].policy
    if policy.runs:
        return frozenset()
    found: set[Path] = set()
    for path, word in ignorable(resource.desired, policy.rules).items():
        parts = word.split(".")
        if (
            _has_default(section, parts[0])
            and not is_set(section, parts)
            and _is_plain(resource, path)
        ):
            found.add(path)
    return frozenset(found)


def _has_default(section: BaseModel, name: str) -> bool:
    field = type(section).model_fields.get(name)
    if field is None or name in PLACES:
        return False
    return field.get_default(call_default_factory=True, validated_data={}) is not None


def _is_plain(resource: Resource, path: Path) -> bool:
    value = value_at(resource.desired, path)
    is_link = isinstance(value, str) and value.startswith("/")
    return not is_link and (value is None or isinstance(value, str | int | float | bool))


def ignoring(resource: Resource, fields: Iterable[str]) -> Resource:
    """Return the resource with the paths of these fields, and of what is in them, ignored.

    A field that it does not have, or that cannot be ignored, changes nothing.
    """
    words = ignorable(resource.desired, HANDLERS[resource.kind].policy.rules)
    found = {p for f in fields for p, word in words.items() if f"{word}.".startswith(f"{f}.")}
    return replace(resource, ignored=resource.ignored | found)


def _unknown_fields(
    key: str, fields: list[str], hits: list[Resource], document: Document
) -> Iterator[Diagnostic]:
    """Yield a problem for each ignored field that nothing under the key has."""
    known = {word for resource in hits for word in _words(resource)} if fields else set()
    for index, name in enumerate(fields):
        if name not in known:
            yield Diagnostic(
                f"`lifecycle.{key}.ignore`: `{key}` has no field `{name}` that can be ignored",
                document.position(("lifecycle", key, "ignore", index)),
                hint=_which(name, known, hits),
            )


def _which(name: str, known: set[str], hits: list[Resource]) -> str:
    """Return what can be ignored; a field that exists but cannot be is not called a misspelling."""
    exists = any(
        name in HANDLERS[r.kind].policy.rules.labels.values()
        or (isinstance(r.settings, BaseModel) and name in type(r.settings).model_fields)
        for r in hits
    )
    if not known:
        return "nothing there can be ignored"
    return f"one of: {', '.join(sorted(known))}" if exists else did_you_mean(name, known)


def _words(resource: Resource) -> Iterator[str]:
    """Yield the fields of the spec that can be ignored, whether it states them or not."""
    policy = HANDLERS[resource.kind].policy
    if policy.runs:
        return
    labels = set(policy.rules.labels.values())
    section = resource.settings
    fields = set(type(section).model_fields) if isinstance(section, BaseModel) else set()
    for word in ignorable(resource.desired, policy.rules).values():
        parts = word.split(".")
        if any(f"{word}.".startswith(f"{label}.") for label in labels) or (
            parts[0] in fields | {"tags"}
        ):
            yield from (".".join(parts[:end]) for end in range(1, len(parts) + 1))


def _tagged(resource: Resource) -> Resource:
    """Return the resource with the spec's word, and a digest of what it asks for, in its tags.

    A run is history and cannot be changed. `false` is written too: it takes back a `true`.
    """
    handler, desired, word = HANDLERS[resource.kind], resource.desired, resource.protected
    if handler.policy.runs:
        return resource
    if word is not None:
        desired = add_beside(desired, OWNER_TAG, PROTECT_TAG, YES if word else NO)
    return replace(resource, desired=with_asked(desired, OWNER_TAG, handler.policy.rules))


def _unknown_key(key: str, resources: Mapping[Address, Resource], document: Document) -> Diagnostic:
    path: Keys = ("lifecycle", key)
    return Diagnostic(
        f"`lifecycle.{key}` matches nothing in this spec",
        document.position(path, of_key=True),
        hint=did_you_mean(key, resources),
    )
