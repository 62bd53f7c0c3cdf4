"""Drift as a comment to post each night: bounded, and safe to post like that of a plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from reconciler.render.drift import NOT_KNOWN, OUTSIDE, Drift, Entry, drift_of
from reconciler.render.fields import Views
from reconciler.render.plan_markdown import MAX_BYTES, code, fitting, title_of

MOST_FIELDS = 20
PART_BYTES = MAX_BYTES // 3 - 1_000
"""The most that one of the three parts may take; what does not fit is counted."""
WAYS = (
    "To put the spec's values back: `reconcile apply`. To keep what is in Azure: write it into the "
    "spec. To leave a field to others: `lifecycle: {ADDRESS: {ignore: [FIELD]}}`."
)


def drift_markdown(views: Views) -> str:
    """Return the comment. It bears another mark than that of a plan, and takes no plan's place."""
    drift, target = drift_of(views), views.plan.target
    where = f"{code(views.plan.spec_name)} in {code(target.resource_group)}"
    parts = [
        *title_of(f"{views.plan.spec_name}-drift", f"reconcile drift: {_title(drift)}"),
        f"{where}, subscription {code(target.subscription_id)}: {drift.closing}",
        *_part(OUTSIDE, drift.outside),
        *_part(f"differs, and {NOT_KNOWN}", drift.unknown),
        *_list("could not be read", map(code, drift.unread)),
        *([WAYS] if drift.outside or drift.unknown else []),
    ]
    return "\n\n".join(parts) + "\n"


def _title(drift: Drift) -> str:
    if drift.outside:
        count = len(drift.outside)
        return f"{count} {'resource' if count == 1 else 'resources'}"
    return "not all could be read" if drift.unread else "none known"


def _part(heading: str, entries: Iterable[Entry]) -> list[str]:
    return _list(heading, ("\n".join(_rows(entry)) for entry in entries))


def _list(heading: str, items: Iterable[str]) -> list[str]:
    shown, left = fitting([f"- {item}" for item in items], PART_BYTES)
    rows = [*shown, *([f"- and {left} more: run `reconcile drift`"] if left else [])]
    return [f"**{heading[:1].upper()}{heading[1:]}:**", "\n".join(rows)] if rows else []


def _rows(entry: Entry) -> Iterator[str]:
    last = f", last changed {code(entry.last)}" if entry.last else ""
    yield f"{code(entry.address)}{last}"
    yield from (f"  - {code(row)}" for row in islice(entry.rows, MOST_FIELDS))
    if len(entry.rows) > MOST_FIELDS:
        yield f"  - and {len(entry.rows) - MOST_FIELDS} more"
