"""What was changed outside of the spec, as text, Markdown and data."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from reconciler.engine.cause import Cause, Origin, cause_of
from reconciler.engine.decisions import Change
from reconciler.engine.diff import only_changed
from reconciler.engine.types import FieldDiff, JsonObject
from reconciler.render.fields import Views, name_of, shown_after, shown_before
from reconciler.render.terminal import Line, Span, Style, clean, line

OUTSIDE = "changed outside of the spec"
DRIFTED = (Origin.OUTSIDE, Origin.BOTH)


def cause_notes(change: Change) -> Iterator[str]:
    """Yield what was changed outside of the spec; nothing where that is not known."""
    cause = cause_of(change)
    if cause is None or cause.origin not in DRIFTED:
        return
    yield OUTSIDE if cause.outside == change.fields else f"{OUTSIDE}: {_names(cause.outside)}"


def drifted(views: Views) -> Iterator[tuple[Change, Cause]]:
    """Yield each change of which fields were changed outside of the spec, with its cause."""
    for change, cause in _caused(views):
        if cause.origin in DRIFTED:
            yield change, cause


def not_told(views: Views) -> Iterator[tuple[Change, tuple[FieldDiff, ...]]]:
    """Yield each change with fields of which nobody can say who changed them."""
    for change, cause in _caused(views):
        if cause.unknown:
            yield change, cause.unknown


def outside_only(change: Change, desired: JsonObject) -> JsonObject:
    """Return the part of a desired body that something outside of the spec changed."""
    cause = cause_of(change)
    return only_changed(desired, cause.outside) if cause else {}


def drift_json(views: Views, resource_drift: list[JsonObject]) -> str:
    """Return the drift as one document: `resource_drift` as in a plan, and what is not known."""
    unknown = [
        {"address": change.address, "fields": [name_of(item) for item in fields]}
        for change, fields in not_told(views)
    ]
    found = {
        "spec": views.plan.spec_name,
        "resource_drift": resource_drift,
        "unknown": unknown,
        "unread": _unread(views),
    }
    return json.dumps(found, indent=2, ensure_ascii=True, default=str) + "\n"


def drift_lines(views: Views) -> list[Line]:
    """Return the drift as text: each field with what the spec says and what Azure has."""
    found = [line(Span(f"Drift of {clean(views.plan.spec_name)}", Style.STRONG))]
    count = 0
    for change, cause in drifted(views):
        count += 1
        found.append(line("  ", Span(clean(change.address), Style.STRONG), f" {OUTSIDE}"))
        found += [line("      ", row, hang=8) for row in _rows(views, change, cause.outside)]
    for change, fields in not_told(views):
        why = f"differs in {_names(fields)}; who changed it is not known"
        found.append(line("  ", Span(clean(change.address), Style.STRONG), f" {why}", hang=4))
    found += [line(f"  {clean(address)} could not be read") for address in _unread(views)]
    return [*found, line(Span(_closing(count), Style.STRONG))]


def _closing(count: int) -> str:
    if not count:
        return f"Nothing is known to be {OUTSIDE}."
    return f"{count} {'resource' if count == 1 else 'resources'} {OUTSIDE}."


def _caused(views: Views) -> Iterator[tuple[Change, Cause]]:
    for change in views.plan.changes:
        cause = None if views.plan.destroys else cause_of(change)
        if cause is not None:
            yield change, cause


def _rows(views: Views, change: Change, fields: Iterable[FieldDiff]) -> Iterator[str]:
    for item in (views.in_words(change, f) for f in fields):
        is_ = views.in_units(item, shown_before(item), item.before)
        wanted = views.in_units(item, shown_after(item), item.after)
        yield f"{name_of(item)}: {is_}, the spec says {wanted}"


def _unread(views: Views) -> list[str]:
    return [change.address for change in views.plan.changes if change.is_unread]


def _names(fields: Iterable[FieldDiff]) -> str:
    return ", ".join(map(name_of, fields))
