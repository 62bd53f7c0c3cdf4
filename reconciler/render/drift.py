"""What was changed outside of the spec: found once, and printed as text and data.

`drift_markdown` prints the same as a comment.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from reconciler.engine.cause import Cause, Origin, cause_of
from reconciler.engine.decisions import Change
from reconciler.engine.diff import only_changed
from reconciler.engine.types import Address, FieldDiff, JsonObject
from reconciler.render.fields import Views, name_of, shown_after, shown_before
from reconciler.render.stated import is_stated
from reconciler.render.terminal import Line, Span, Style, clean, line

OUTSIDE = "changed outside of the spec"
NOT_KNOWN = "who changed it is not known"
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


@dataclass(frozen=True)
class Entry:
    """One resource that differs, in words. `last`: who wrote it last and when, "" if not told."""

    address: Address
    what: str
    rows: tuple[str, ...]
    last: str = ""

    @property
    def said(self) -> str:
        """What is said of it in one line."""
        return f"{self.what} (last changed {self.last})" if self.last else self.what


@dataclass(frozen=True)
class Drift:
    """Everything that `reconcile drift` says."""

    outside: tuple[Entry, ...]
    unknown: tuple[Entry, ...]
    unread: tuple[Address, ...]

    @property
    def closing(self) -> str:
        """What it comes to, in one sentence."""
        count = len(self.outside)
        if not count:
            return f"Nothing is known to be {OUTSIDE}."
        return f"{count} {'resource' if count == 1 else 'resources'} {OUTSIDE}."


def drift_of(views: Views) -> Drift:
    """Return what differs from the spec and was not asked for by it."""
    outside = (_entry(views, change, cause.outside, OUTSIDE) for change, cause in drifted(views))
    unknown = (_entry(views, change, fields, NOT_KNOWN) for change, fields in not_told(views))
    return Drift(tuple(outside), tuple(unknown), tuple(_unread(views)))


def _entry(views: Views, change: Change, fields: Iterable[FieldDiff], what: str) -> Entry:
    last = last_change(change)
    said = " ".join(f"{word} {value}" for word, value in last.items())
    return Entry(change.address, what, tuple(_rows(views, change, fields)), said)


def last_change(change: Change) -> JsonObject:
    """Return `by` whom a resource was written last, and `on` what day and time, as Azure tells.

    Nothing of fields: it may have been another one. Sources: `systemData` of ARM's common types;
    `updatedBy` and `updatedOn` of role assignments.
    """
    body = change.observed.body if change.observed else {}
    system, own = body.get("systemData") or {}, body.get("properties") or {}
    by = system.get("lastModifiedBy") or own.get("updatedBy")
    on = system.get("lastModifiedAt") or own.get("updatedOn")
    found = {"by": by, "on": str(on or "").partition(".")[0].replace("T", " ")}
    return {word: str(value) for word, value in found.items() if value}


def drift_json(views: Views, resource_drift: list[JsonObject]) -> str:
    """Return the drift as one document: `resource_drift` as in a plan, and what is not known."""
    unknown = [
        {"address": change.address, "fields": [name_of(item) for item in fields]}
        | {"last_changed": last_change(change)}
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
    drift = drift_of(views)
    found = [line(Span(f"Drift of {clean(views.plan.spec_name)}", Style.STRONG))]
    for entry in (*drift.outside, *drift.unknown):
        address = Span(clean(entry.address), Style.STRONG)
        found.append(line("  ", address, f" {clean(entry.said)}", hang=4))
        found += [line("      ", clean(row), hang=8) for row in entry.rows]
    found += [line(f"  {clean(address)} could not be read") for address in drift.unread]
    return [*found, line(Span(drift.closing, Style.STRONG))]


def _caused(views: Views) -> Iterator[tuple[Change, Cause]]:
    for change in views.plan.changes:
        cause = None if views.plan.destroys else cause_of(change)
        if cause is not None:
            yield change, cause


def _rows(views: Views, change: Change, fields: Iterable[FieldDiff]) -> Iterator[str]:
    for item in (views.in_words(change, f) for f in fields):
        is_ = views.in_units(item, shown_before(item), item.before)
        wanted = views.in_units(item, shown_after(item), item.after)
        said = "the spec says" if is_stated(views, change, item) else "the default is"
        yield f"{name_of(item)}: {is_}, {said} {wanted}"


def _unread(views: Views) -> list[str]:
    return [change.address for change in views.plan.changes if change.is_unread]


def _names(fields: Iterable[FieldDiff]) -> str:
    return ", ".join(map(name_of, fields))
