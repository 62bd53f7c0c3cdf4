"""Put what `lifecycle: {ADDRESS: {accept: ...}}` says on the resources; find what it cannot say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from reconciler.diagnostics import Diagnostic, Position
from reconciler.engine.acceptance import ACCEPTABLE, NEVER, OF_FIELDS, accepted_as, whose
from reconciler.engine.types import Acceptance, Address, Resource
from reconciler.kinds import HANDLERS
from reconciler.secrets import on_one_line
from reconciler.spec.document import Document
from reconciler.spec.problems import did_you_mean

MOST_OF_REASON = 300


def accepting(
    resource: Resource, key: str, words: Mapping[str, str], document: Document
) -> Resource:
    """Return the resource with what one key of `lifecycle` accepts of it."""
    entries = tuple(
        Acceptance(key, name, on_one_line(why, MOST_OF_REASON), _place(key, name, document))
        for name, why in words.items()
    )
    return replace(resource, accepted=(*resource.accepted, *entries))


def not_acceptable(
    key: str, words: Mapping[str, str], fields: Iterable[str], document: Document
) -> Iterator[Diagnostic]:
    """Yield what is wrong with the entries of one key; `fields`: what its resources have."""
    known = set(fields) if words else set()
    for name, why in words.items():
        place = _place(key, name, document)
        where = f"`lifecycle.{key}.accept`"
        if name in NEVER:
            what = f"{where}: `{name}` cannot be accepted: {NEVER[name]}"
            yield Diagnostic(what, place, hint="remove it: every plan that has it must say so")
        elif not _is_known(name, known):
            hint = _which(name, known)
            yield Diagnostic(f"{where}: no warning has the id `{name}`", place, hint=hint)
        elif not why.strip():
            hint = "write why it is accepted, for whoever reads the plan"
            yield Diagnostic(f"{where}: `{name}` has no reason", place, hint=hint)


def stated_fields(resources: Iterable[Resource]) -> Iterator[str]:
    """Yield the spec's words for the fields that a plan may name of these resources."""
    for resource in resources:
        yield from HANDLERS[resource.kind].policy.rules.labels.values()


def open_warnings(
    warnings: Iterable[Diagnostic], resources: Mapping[Address, Resource]
) -> Iterator[Diagnostic]:
    """Yield the warnings of a spec that it does not accept itself."""
    for item in warnings:
        about = resources.get(whose(item, resources))
        if about is None or accepted_as(about.accepted, item.id) is None:
            yield item


def _is_known(name: str, fields: set[str]) -> bool:
    first, _, field = name.partition(".")
    return first in ACCEPTABLE and (field in fields if first in OF_FIELDS else not field)


def _which(name: str, fields: set[str]) -> str:
    """Return a hint for an id that does not exist."""
    first, _, field = name.partition(".")
    if first in OF_FIELDS and not field:
        return f"name the field that it is about: `{first}.FIELD`"
    if first in OF_FIELDS:
        return did_you_mean(name, [f"{first}.{field}" for field in fields])
    return did_you_mean(name, [f"{one}.FIELD" if one in OF_FIELDS else one for one in ACCEPTABLE])


def _place(key: str, name: str, document: Document) -> Position:
    return document.position(("lifecycle", key, "accept", name), of_key=True)
