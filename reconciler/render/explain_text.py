"""A place of the spec in words: what it means, what may stand there, what a change does."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reconciler.kinds.field_changes import (
    ANOTHER,
    AT_CREATE,
    IN_PLACE,
    NEW_RUN,
    NEW_VERSION,
    NEXT_RUN,
    REPLACED,
    change_of,
)
from reconciler.kinds.spec_fields import Field, Section
from reconciler.kinds.spec_places import Place
from reconciler.kinds.spec_samples import Sample
from reconciler.render.terminal import Line, Span, Style, line

CHANGES = {
    IN_PLACE: "updated in place",
    REPLACED: "replaced: Azure cannot change it in place, so it is deleted and created again",
    ANOTHER: "part of the resource's name: another one is created, the first stays until --prune",
    NEW_VERSION: "registered as a new version; the old version stays",
    NEW_RUN: "the job runs again",
    AT_CREATE: "not made: it counts when the resource is created; a plan tells the difference",
    NEXT_RUN: "counts for the next run; a finished run stays as it is",
}
SHORT = {
    IN_PLACE: "",
    NEXT_RUN: "",
    **{w: w for w in (REPLACED, ANOTHER, NEW_VERSION, NEW_RUN, AT_CREATE)},
}
"""What a change does, in the table of the fields; nothing where it is harmless."""
LABEL = 10


def explained(place: Place, sample: Sample | None) -> list[Line]:
    """Return the lines that explain a place: itself, then the fields inside it."""
    return [*_head(place), *_sample(sample), *_inside(place), *_following(place)]


def _head(place: Place) -> Iterator[Line]:
    if not place.fields:
        yield line("The spec: one YAML file that describes everything.")
        return
    yield line(Span(place.path, Style.STRONG))
    stated: dict[tuple[str, ...], tuple[Section, Field]] = {}
    for section, field in place.fields:
        facts = (field.type, field.default, field.meaning, change_of(section, field))
        stated.setdefault(facts, (section, field))
    for section, field in stated.values():
        if len(stated) > 1:
            yield line(f"  In a {_words(section.model).lower()}:")
        yield from _facts(place, section, field)


def _facts(place: Place, section: Section, field: Field) -> Iterator[Line]:
    yield line(f"  {field.meaning}", hang=2)
    yield line("")
    if place.is_item:
        yield _fact("type", f"one item of a {field.type}")
        return
    yield _fact("values" if field.type.startswith("`") else "type", field.type)
    yield _fact("default", {"-": "none"}.get(field.default, field.default))
    if section.model:
        yield _fact("a change", CHANGES[change_of(section, field)])


def _fact(label: str, text: str) -> Line:
    return line(Span(f"  {label:<{LABEL}}", Style.QUIET), text, hang=LABEL + 2)


def _sample(sample: Sample | None) -> Iterator[Line]:
    if sample is None:
        return
    yield line("")
    yield line(f"  Example, from {sample.source}:" if sample.source else "  Example:")
    yield line("")
    for text in sample.lines:
        yield Line((Span(f"    {text}"),), solid=True)


def _inside(place: Place) -> Iterator[Line]:
    for section in place.inside:
        yield line("")
        name = f"{_words(section.model)}: " if len(place.inside) > 1 else ""
        yield line(f"{name}{section.meaning}" if section.model else "Sections and fields:")
        width = max(len(field.name) for field in section.fields)
        for field in section.fields:
            yield _row(section, field, width)


def _row(section: Section, field: Field, width: int) -> Line:
    meaning = re.split(r"(?<=[.])\s", field.meaning, maxsplit=1)[0]
    change = SHORT[change_of(section, field)] if section.model else ""
    notes = [word for word in ("required" if field.default == "required" else "", change) if word]
    tail = f" ({'; '.join(notes)})" if notes else ""
    name = Span(f"  {field.name:<{width}}  ", Style.STRONG)
    return line(name, meaning, Span(tail, Style.QUIET), hang=width + 4)


def _following(place: Place) -> Iterator[Line]:
    if not place.inside:
        return
    one = "SECTION" if not place.parts else f"{place.path.replace('*', 'NAME')}.FIELD"
    yield line("")
    yield Line((Span(f"To read about one of them: reconcile explain {one}"),), solid=True)


def _words(model: str) -> str:
    """Return `Blob datastore` for `BlobDatastore`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", model).capitalize()
