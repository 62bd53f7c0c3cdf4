"""A plan as one self-contained page: nothing is loaded from anywhere, nothing runs but a filter.

Every text of a spec or of Azure is escaped; the policy in the page's head forbids all but its
own style and its own script, by their digests.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from html import escape
from itertools import islice

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.engine.acceptance import is_acceptable
from reconciler.engine.types import Action
from reconciler.render.fields import AT_APPLY, Views
from reconciler.render.origins import ANYWAY, PENDING
from reconciler.render.page_style import SCRIPT, STYLE
from reconciler.render.plan_entries import Entry, Row
from reconciler.render.plan_graph import svg_of
from reconciler.render.plan_page import Page, counts, page_of
from reconciler.render.reason_text import detail_of, summary_of
from reconciler.render.terminal import clean

MAX_BYTES = 4_000_000
"""What does not fit is left out, resource by resource, and counted."""
MOST_PROBLEMS = 200


def plan_html(views: Views) -> str:
    """Return the page."""
    page = page_of(views)
    plan = views.plan
    title = f"{plan.spec_name} in {plan.target.resource_group}"
    where = f"{plan.target.location}, subscription {plan.target.subscription_id}"
    body = [
        f"<h1>{escaped(title)}</h1><p class='quiet'>{escaped(where)}</p>",
        f"<p class='{_mood(page)}'><strong>{escaped(_verdict(page))}</strong></p>",
        _attention(page),
        _problems("Fix these first", page.blocked, "bad"),
        _problems("Warnings", (*page.warnings, *page.told), "warn"),
        f"<p>{escaped(page.partial)}</p>" if page.partial else "",
        f"<p class='cost'>{escaped(page.cost)}</p>" if page.cost else "",
        f"<p>{escaped(page.origins)}</p>" if page.origins else "",
        _tags(page),
        _changes(page),
        _compared(page),
        _held(page),
        _accepted(page),
        _leftovers(page),
        f"<h2>Graph</h2>{svg_of(plan)}",
    ]
    return _document(f"reconcile plan: {title}", "\n".join(part for part in body if part))


def _document(title: str, body: str) -> str:
    policy = f"default-src 'none'; style-src '{digest_of(STYLE)}'; script-src '{digest_of(SCRIPT)}'"
    policy += "; base-uri 'none'; form-action 'none'"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escaped(title)}</title>\n<style>{STYLE}</style></head>\n"
        f"<body>\n{body}\n<script>{SCRIPT}</script>\n</body></html>\n"
    )


def digest_of(text: str) -> str:
    """Return a style or a script as a security policy names it."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def escaped(text: object) -> str:
    """Return text that is nothing but text in HTML."""
    return escape(clean(text), quote=True)


def _verdict(page: Page) -> str:
    if page.views.plan.stopping:
        return f"Blocked. {counts(page.views)}."
    if page.views.plan.is_empty:
        return "No changes."
    return f"{counts(page.views)}."


def _mood(page: Page) -> str:
    if page.views.plan.stopping:
        return "bad"
    takes_away = any(entry.change.action.is_destructive for entry in page.entries)
    return "caution" if takes_away else "good"


def _attention(page: Page) -> str:
    rows = []
    for item in page.attention:
        more = f" and {item.unnamed} more" if item.unnamed else ""
        names = ", ".join(f"<code>{escaped(address)}</code>" for address in item.named)
        rows.append(f"<li>{names}{more}: {escaped(item.what)}{_id(item.id)}</li>")
    return _section("Needs your attention", rows, "attention")


def _problems(heading: str, found: Sequence[Diagnostic], style: str) -> str:
    rows = []
    for item in islice(found, MOST_PROBLEMS):
        place = f"<code>{escaped(item.position)}</code> " if item.position else ""
        detail = (
            f"<br><span class='quiet'>{escaped(detail_of(item))}</span>" if detail_of(item) else ""
        )
        lines = "<br>".join(map(escaped, item.hint.splitlines()))
        hint = f"<br>hint: {lines}" if lines else ""
        id_ = _id(item.id) if item.severity is Severity.WARNING else ""
        rows.append(f"<li>{place}{escaped(summary_of(item))}{id_}{detail}{hint}</li>")
    more = len(found) - len(rows)
    rows += [f"<li>and {more} more</li>"] if more > 0 else []
    return _section(heading, rows, style)


def _section(heading: str, rows: Iterable[str], style: str) -> str:
    items = "\n".join(rows)
    return f"<section class='{style}'><h2>{heading}</h2><ul>{items}</ul></section>" if items else ""


def _tags(page: Page) -> str:
    plan, tags = page.views.plan, page.views.tags
    if not tags or not plan.count(Action.CREATE):
        return ""
    shown = ", ".join(f"<code>{escaped(f'{name}={value}')}</code>" for name, value in tags.items())
    return f"<p>Everything new is tagged {shown}</p>"


def _compared(page: Page) -> str:
    rows = [f"<li><code>{escaped(address)}</code></li>" for address in page.compared]
    return _section("Secrets compared at apply", rows, "")


def _changes(page: Page) -> str:
    folds = [
        f"<li><code>{escaped(_value(fold.row))}</code> on {len(fold.addresses)} resources"
        f"{f', {ANYWAY}' if fold.pending else ''}: "
        f"{escaped(', '.join(fold.addresses))}</li>"
        for fold in page.folds
    ]
    room = MAX_BYTES
    shown: list[str] = []
    was_pending = False
    for entry in page.entries:
        block = _entry(page.views, entry)
        if entry.pending and not was_pending:
            block = f"<h3>{PENDING}</h3>{block}"
        was_pending = entry.pending
        room -= len(block.encode())
        if room < 0:
            break
        shown.append(block)
    left = len(page.entries) - len(shown)
    more = (
        f"<p>{left} more changes do not fit: run <code>reconcile plan</code>.</p>" if left else ""
    )
    box = (
        "<p><input id='filter' type='search' placeholder='filter' "
        "aria-label='filter the changes'> <span id='shown' class='quiet'></span></p>"
    )
    body = "\n".join(shown)
    shared = _section("The same edit of several", folds, "")
    return f"{shared}<h2>Changes</h2>{box}<div id='changes'>{body}</div>{more}" if shown else shared


def _entry(views: Views, entry: Entry) -> str:
    style = style_of(entry.change.action, is_blocked=entry.change.is_blocked)
    notes = "".join(f"<p>{escaped(note)}</p>" for note in entry.notes)
    rows = "".join(_row(row) for row in entry.rows)
    table = f"<table>{rows}</table>" if rows else ""
    foot = f"<p class='quiet'>{escaped(entry.footnote)}</p>" if entry.footnote else ""
    foot += f"<p class='quiet'>secrets: {AT_APPLY}</p>" if entry.compares_secrets else ""
    head = (
        f"<summary><b class='{style}'>{escaped(entry.change.action.sign)}</b> "
        f"<code>{escaped(entry.address)}</code> <span class='quiet'>{escaped(entry.what)}</span> "
        f"{escaped(entry.intent)}</summary>"
    )
    is_grave = entry.change.action.is_destructive or views.of(entry.change).grants_access
    opened = " open" if is_grave else ""
    return f"<details class='change'{opened}>{head}{notes}{table}{foot}</details>"


def _row(row: Row) -> str:
    before = f"<del>{escaped(row.before)}</del> " if row.before is not None else ""
    forced = " <em>forces replacement</em>" if row.forces_replace else ""
    return f"<tr><th>{escaped(row.name)}</th><td>{before}<ins>{escaped(row.after)}</ins>{forced}</td></tr>"


def _value(row: Row) -> str:
    return f"{row.name}: {row.after if row.before is None else f'{row.before} -> {row.after}'}"


def _held(page: Page) -> str:
    parts = []
    for heading, held in page.held:
        rows = [
            f"<li><code>{escaped(h.address)}</code>: {escaped(h.text)}{_id(h.id)}</li>"
            for h in held
        ]
        parts.append(_section(heading, rows, "warn"))
    return "".join(parts)


def _accepted(page: Page) -> str:
    rows = [
        f"<li><code>{escaped(', '.join(item.addresses))}</code>: {escaped(item.text)}{_id(item.id)}</li>"
        for item in page.accepted
    ]
    notes = _problems("Accepted in vain", page.notes, "")
    return _section("Accepted in the spec", rows, "") + notes


def _id(check: str) -> str:
    """Return the id by which the spec can accept what a line says."""
    return f" <code class='quiet'>{escaped(check)}</code>" if is_acceptable(check) else ""


def _leftovers(page: Page) -> str:
    rows = [
        f"<li><code>{escaped(e.address)}</code> ({escaped(e.what)}): "
        f"{escaped('; '.join(part for part in (e.intent, *e.notes) if part))}</li>"
        for e in page.leftovers
    ]
    return _section("No longer in the spec", rows, "warn")


def style_of(action: Action, *, is_blocked: bool) -> str:
    """Return the class that colours an action, in the list and in the graph."""
    return "blocked" if is_blocked else action.value.replace("_", "-")
