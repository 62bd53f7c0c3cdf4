"""The state of every resource in a table: synced or not, healthy or not, and why."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from reconciler.render.plan_json import diagnostic
from reconciler.render.reason_text import because, first_of
from reconciler.render.terminal import Line, Span, Style, clean, line, step

if TYPE_CHECKING:
    from reconciler.diagnostics import ReconcileError
    from reconciler.operations.status import StatusRow

STYLES = {
    "Synced": Style.GOOD,
    "Healthy": Style.GOOD,
    "OutOfSync": Style.CHANGED,
    "Progressing": Style.RUN,
    "Degraded": Style.BAD,
    "Missing": Style.CHANGED,
    "Unknown": Style.BAD,
}
HEADINGS = ("RESOURCE", "SYNC", "HEALTH", "WHY")
GAP = "  "


def status_lines(
    rows: Sequence[StatusRow], *, next_step: str = "", verbose: bool = False
) -> list[Line]:
    """Return the table, a line for each resource, and the counts.

    `verbose`: what does not fit its line, and links, stand below it.
    """
    width = max((len(clean(row.address)) for row in rows), default=0)
    width = max(width, len(HEADINGS[0]))
    header = f"{HEADINGS[0]:<{width}}{GAP}{HEADINGS[1]:<9}{GAP}{HEADINGS[2]:<11}{GAP}{HEADINGS[3]}"
    shown = [line(Span(header, Style.QUIET))]
    for row in rows:
        shown.append(_row(row, width))
        shown.extend(_details(row) if verbose else ())
    shown += [line(), line(Span(_closing(rows), Style.STRONG), hang=2)]
    return [*shown, *step(next_step)]


def status_json(rows: Sequence[StatusRow]) -> str:
    """Return the rows as one JSON document."""
    found = {"format_version": "1.0", "resources": [_as_json(row) for row in rows]}
    return json.dumps(found, indent=2, default=str) + "\n"


def failed_status_json(error: ReconcileError) -> str:
    """Return the document of a status that nobody knows, and why."""
    problems = [diagnostic(item) for item in error.diagnostics]
    found = {"format_version": "1.0", "resources": [], "diagnostics": problems}
    return json.dumps(found, indent=2, default=str) + "\n"


def _as_json(row: StatusRow) -> dict[str, object]:
    return {
        "address": row.address,
        "kind": row.kind,
        "synced": row.synced,
        "health": row.health,
        "message": _message(row),
        "link": row.link,
    }


def _message(row: StatusRow) -> str:
    """Return what is to be said of a row: Azure's word, what is in the way, why, or what differs."""
    if row.message or row.problems:
        return row.message or first_of(row.problems)
    return because(row.reason) if row.reason else ", ".join(row.fields)


def _row(row: StatusRow, width: int) -> Line:
    why = "" if _is_well(row) else clean(_message(row))
    spans = (
        Span(f"{clean(row.address):<{width}}{GAP}"),
        Span(f"{row.synced:<9}", STYLES.get(row.synced, Style.PLAIN)),
        Span(GAP),
        Span(f"{row.health:<11}" if why else row.health, STYLES.get(row.health, Style.PLAIN)),
        Span(f"{GAP}{why}" if why else ""),
    )
    return Line(spans, focus=0)


def _is_well(row: StatusRow) -> bool:
    return row.synced == "Synced" and row.health == "Healthy"


def _details(row: StatusRow) -> list[Line]:
    if _is_well(row):
        return []
    shown = [line("    ", clean(_message(row)), hang=4)] if _message(row) else []
    if row.link:
        shown.append(line("    ", Span(clean(row.link), Style.QUIET)))
    return shown


def _closing(rows: Sequence[StatusRow]) -> str:
    synced, health = Counter(r.synced for r in rows), Counter(r.health for r in rows)
    words = [
        f"{synced[w]} {t}"
        for w, t in (
            ("Synced", "synced"),
            ("OutOfSync", "out of sync"),
            ("Missing", "missing"),
            ("Unknown", "unknown"),
        )
        if synced[w]
    ]
    words += [
        f"{health[w]} {t}"
        for w, t in (("Progressing", "still progressing"), ("Degraded", "degraded"))
        if health[w]
    ]
    return f"{len(rows)} resources: {', '.join(words)}." if rows else "The spec has no resources."
