"""A plan as a reader sees it: what will happen to what, field by field, and what to type next."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.engine.acceptance import NOT_APPLIED, is_acceptable
from reconciler.engine.types import Action
from reconciler.render import diagnostics_text
from reconciler.render.diagnostics_text import Source, lines_of_file
from reconciler.render.fields import AT_APPLY, Views
from reconciler.render.held import HEADING
from reconciler.render.origins import ANYWAY, PENDING
from reconciler.render.plan_entries import Entry, Row
from reconciler.render.plan_page import Page, counts, page_of
from reconciler.render.terminal import Line, Span, Style, clean, line, step

STYLES = {
    Action.NO_OP: Style.QUIET,
    Action.CREATE: Style.GOOD,
    Action.ADOPT: Style.CHANGED,
    Action.UPDATE: Style.CHANGED,
    Action.REPLACE: Style.REPLACED,
    Action.DELETE: Style.BAD,
    Action.RUN: Style.RUN,
}

SIGN_WIDTH = 3
FIELD_INDENT = " " * (SIGN_WIDTH + 5)


def plan_lines(
    views: Views, *, next_step: str = "", verbose: bool = False, source: Source = lines_of_file
) -> list[Line]:
    """Return the whole text of a plan.

    `next_step` is what to type after it; `verbose` lists unchanged resources and defaults too.
    """
    page = page_of(views, verbose=verbose)
    body = [*_folds(page), *_entries(page)]
    compared = list(_compared(page))
    problems = [*page.blocked, *page.told]
    return [
        *_header(views),
        *([line(Span(clean(page.partial), Style.CHANGED), hang=2)] if page.partial else []),
        line(),
        *_attention(page),
        *body,
        *compared,
        *([line()] if compared else []),
        *(diagnostics_text.problems(problems, source) if problems else []),
        *([line()] if problems else []),
        *_held(page),
        *_accepted(page),
        *_leftovers(page),
        *([line(page.cost, hang=6)] if page.cost else []),
        *([line(page.origins, hang=6)] if page.origins else []),
        line(Span(_closing(page), Style.STRONG), hang=6),
        *step(next_step),
    ]


def _header(views: Views) -> Iterator[Line]:
    plan, target = views.plan, views.plan.target
    what = "Destroy" if plan.destroys else "Plan for"
    yield line(
        Span(f"{what} {clean(plan.spec_name)}", Style.STRONG),
        f" in {clean(target.resource_group)} ({clean(target.location)}), "
        f"subscription {clean(target.subscription_id)}",
        hang=2,
    )
    if views.tags and plan.count(Action.CREATE):
        tags = ", ".join(f"{clean(name)}={clean(value)}" for name, value in views.tags.items())
        yield line(Span(f"Everything new is tagged {tags}", Style.QUIET), hang=2)


def _attention(page: Page) -> Iterator[Line]:
    """Yield the block that is read first; nothing where nothing needs attention."""
    if not page.attention:
        return
    yield line(Span("Needs your attention", Style.WARN_STRONG))
    for item in page.attention:
        more = f" and {item.unnamed} more" if item.unnamed else ""
        named = f"{', '.join(map(clean, item.named))}{more}"
        said = f": {clean(item.what)}"
        yield line("  ! ", Span(named, Style.STRONG), said, _id(item.id), hang=6)
    yield line()


def _folds(page: Page) -> Iterator[Line]:
    """Yield each edit that many resources share, said once."""
    for fold in page.folds:
        anyway = f", {ANYWAY}" if fold.pending else ""
        where = f"on {len(fold.addresses)} resources{anyway}"
        yield line(
            Span(f"{Action.UPDATE.sign:>{SIGN_WIDTH}} ", Style.CHANGED),
            *_value(fold.row),
            f" {where}",
            hang=SIGN_WIDTH + 3,
        )
        yield line(FIELD_INDENT, ", ".join(map(clean, fold.addresses)), hang=len(FIELD_INDENT))
    if page.folds:
        yield line()


def _entries(page: Page) -> Iterator[Line]:
    """Yield each change with its fields; blank lines only around those that have any."""
    was_long, was_pending = False, False
    for index, entry in enumerate(page.entries):
        details = list(_details(entry))
        is_first = entry.pending and not was_pending
        if index and (was_long or details or is_first):
            yield line()
        if is_first:
            yield line(Span(f"{PENDING}:", Style.STRONG))
        was_pending = entry.pending
        yield _headline(entry)
        yield from details
        was_long = bool(details)
    if page.entries:
        yield line()


def _leftovers(page: Page) -> Iterator[Line]:
    """Yield what is ours and no longer in the spec, each with what keeps it; then a blank line."""
    if not page.leftovers:
        return
    yield line(Span("No longer in the spec:", Style.STRONG))
    for entry in page.leftovers:
        yield _headline(entry)
        yield from _details(entry)
    yield line()


def _held(page: Page) -> Iterator[Line]:
    """Yield what stays although the spec or a default says otherwise; then a blank line."""
    for heading, held in page.held:
        yield line(Span(f"{heading}:", Style.STRONG))
        for item in held:
            address = Span(clean(item.address), Style.STRONG)
            yield line("    ", address, f": {clean(item.text)}", _id(item.id), hang=6)
        yield line()


def _accepted(page: Page) -> Iterator[Line]:
    """Yield what the spec accepts, a line each, and what it accepts in vain; then a blank line."""
    if page.accepted:
        yield line(Span("Accepted in the spec:", Style.STRONG))
    for item in page.accepted:
        named = Span(clean(", ".join(item.addresses)), Style.STRONG)
        yield line("    ", named, f": {clean(item.text)}", _id(item.id), hang=6)
    yield from diagnostics_text.headlines(page.notes)
    if page.accepted or page.notes:
        yield line()


def _id(check: str) -> Span:
    """Return the id by which the spec can accept what a line says."""
    return Span(f" [{clean(check)}]", Style.QUIET) if is_acceptable(check) else Span("")


def _headline(entry: Entry) -> Line:
    action = entry.change.action
    return line(
        Span(f"{action.sign:>{SIGN_WIDTH}} ", STYLES[action]),
        Span(clean(entry.address), Style.STRONG),
        f" ({clean(entry.what)})",
        f" {entry.intent}" if entry.intent else "",
        hang=SIGN_WIDTH + 3,
    )


def _details(entry: Entry) -> Iterator[Line]:
    """Yield the notes, one line for each field, and what is left out."""
    for text in entry.notes:
        yield line(FIELD_INDENT, Span(clean(text), Style.QUIET), hang=len(FIELD_INDENT))
    for row in entry.rows:
        forced = Span("  # forces replacement", Style.REPLACED)
        parts = (*_value(row), *((forced,) if row.forces_replace else ()))
        yield line(FIELD_INDENT, *parts, hang=len(FIELD_INDENT) + 2)
    if entry.footnote:
        yield line(FIELD_INDENT, Span(f"({entry.footnote}: -v shows them)", Style.QUIET))
    if entry.compares_secrets:
        yield line(FIELD_INDENT, "secrets: ", Span(AT_APPLY, Style.QUIET))


def _value(row: Row) -> Iterator[str | Span]:
    yield f"{row.name}: "
    if row.before is None:
        yield Span(row.after, Style.GOOD)
    else:
        yield Span(row.before, Style.BAD)
        yield " "
        yield Span(f"-> {row.after}", Style.GOOD)


def _compared(page: Page) -> Iterator[Line]:
    """Yield a line for each unchanged resource whose secrets apply will compare."""
    for address in page.compared:
        yield line(f"{'':{SIGN_WIDTH}} {clean(address)}: secrets ", Span(AT_APPLY, Style.QUIET))


def _closing(page: Page) -> str:
    views, plan = page.views, page.views.plan
    under_way = [c for c in plan.changes if c.is_pending]
    waiting = len(under_way)
    unchanged = plan.count(Action.NO_OP) - sum(c.action is Action.NO_OP for c in under_way)
    tail = f" {waiting} still in progress in Azure." if waiting else ""
    if plan.blocked:
        tail += f" {sum(c.is_blocked for c in plan.changes)} blocked."
    if plan.leftovers:
        tail += f" {len(plan.leftovers)} no longer in the spec."
    if plan.is_empty and not waiting:
        if plan.destroys:
            return "Nothing to delete."
        if views.compared:
            left = len(views.compared)
            seen = f"{unchanged - left} unchanged, {left} to be compared at apply."
            return f"No changes seen: {seen}{tail}"
        is_held = any(heading == HEADING for heading, _ in page.held) or any(
            item.id.startswith(NOT_APPLIED) for item in page.accepted
        )
        matches = "" if plan.leftovers or plan.targets or is_held else ". Azure matches the spec"
        return f"No changes{matches}: {unchanged} unchanged.{tail}"
    return f"Plan: {counts(views)}. {unchanged} unchanged.{tail}"
