"""A plan as a reader sees it: what will happen to what, field by field, and what to type next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import assert_never

from reconciler.engine.decisions import (
    Adopt,
    Blocked,
    Change,
    Create,
    Delete,
    NoOp,
    Replace,
    Run,
    Update,
    Wait,
)
from reconciler.engine.types import Action, FieldDiff
from reconciler.reasons import Kept
from reconciler.render import diagnostics_text
from reconciler.render.cost_text import cost_sentence
from reconciler.render.diagnostics_text import Source, lines_of_file
from reconciler.render.fields import (
    AT_APPLY,
    Views,
    name_of,
    shown_after,
    shown_before,
)
from reconciler.render.reason_text import explanations
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

INTENTS = {
    Action.NO_OP: "",
    Action.CREATE: "will be created",
    Action.ADOPT: "will be adopted",
    Action.UPDATE: "will be updated in place",
    Action.REPLACE: "will be deleted and created again",
    Action.DELETE: "will be deleted",
    Action.RUN: "will run",
}

WAITS = "is still being worked on in Azure: apply waits for it"
WAITS_AND_WRITES = f"{WAITS}, and then writes what still differs"
WAITS_AND_REPLACES = f"{WAITS}, and then deletes it and creates it again"

PRUNABLE = "is ours: `--prune` deletes it"

SIGN_WIDTH = 3
FIELD_INDENT = " " * (SIGN_WIDTH + 5)


def plan_lines(
    views: Views, *, next_step: str = "", verbose: bool = False, source: Source = lines_of_file
) -> list[Line]:
    """Return the whole text of a plan.

    `next_step` is what to type after it; `verbose` lists unchanged resources too.
    """
    body = list(_changes(views, verbose=verbose))
    notes = list(_compared(views))
    problems = [*views.plan.blocked, *(finding.diagnostic for finding in views.plan.told)]
    return [
        *_header(views),
        line(),
        *body,
        *notes,
        *([line()] if notes else []),
        *(diagnostics_text.problems(problems, source) if problems else []),
        *([line()] if problems else []),
        *leftover_lines(views.plan.leftovers),
        *_cost(views),
        line(Span(_closing(views), Style.STRONG), hang=6),
        *step(next_step),
    ]


def _cost(views: Views) -> Iterator[Line]:
    sentence = cost_sentence(views.plan.cost)
    if sentence:
        yield line(sentence, hang=6)


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


def intent_of(change: Change) -> str:
    """Return what apply will do with a resource, in words; "" where that is nothing."""
    match change.decision:
        case Wait(then=Replace()):
            return WAITS_AND_REPLACES
        case Wait():
            return WAITS_AND_WRITES if change.fields else WAITS
        case NoOp() | Create() | Adopt() | Update() | Replace() | Delete() | Run() | Blocked():
            return INTENTS[change.action]
        case never:
            assert_never(never)


def _changes(views: Views, *, verbose: bool) -> Iterator[Line]:
    """Yield each change with its fields; blank lines only around those that have any."""
    was_long = False
    is_first = True
    for change in views.plan.changes:
        if change.is_blocked or not (verbose or _is_listed(change)):
            continue
        details = list(_details(views, change))
        if not is_first and (was_long or details):
            yield line()
        yield _headline(change, intent_of(change))
        yield from details
        was_long, is_first = bool(details), False
    if not is_first:
        yield line()


def _is_listed(change: Change) -> bool:
    match change.decision:
        case NoOp(note=note):
            return isinstance(note, Kept)
        case Create() | Adopt() | Update() | Replace() | Delete() | Run() | Wait() | Blocked():
            return True
        case never:
            assert_never(never)


def leftover_lines(leftovers: Sequence[Change]) -> Iterator[Line]:
    """Yield what is ours and no longer in the spec, each with what keeps it; then a blank line."""
    if not leftovers:
        return
    yield line(Span("No longer in the spec:", Style.STRONG))
    for change in leftovers:
        yield _headline(change, PRUNABLE if change.action is Action.DELETE else "")
        if change.action is Action.NO_OP:
            for text in explanations(change):
                yield line(FIELD_INDENT, Span(clean(text), Style.QUIET), hang=len(FIELD_INDENT))
    yield line()


def _headline(change: Change, intent: str) -> Line:
    style = STYLES[change.action]
    kind = f"({clean(change.resource.kind)})"
    return line(
        Span(f"{change.action.sign:>{SIGN_WIDTH}} ", style),
        Span(clean(change.address), Style.STRONG),
        f" {kind}",
        f" {intent}" if intent else "",
        hang=SIGN_WIDTH + 3,
    )


def _details(views: Views, change: Change) -> Iterator[Line]:
    """Yield the reason, the notes and one line for each field."""
    for text in explanations(change):
        yield line(FIELD_INDENT, Span(clean(text), Style.QUIET), hang=len(FIELD_INDENT))
    fields = views.fields(change)
    for item in fields:
        yield _field(change, item)
    if change.fields and not fields and not change.reason:
        yield line(FIELD_INDENT, Span("is marked as belonging to this spec", Style.QUIET))
    if change.action.is_change and views.compares(change):
        yield line(FIELD_INDENT, "secrets: ", Span(AT_APPLY, Style.QUIET))


def _field(change: Change, item: FieldDiff) -> Line:
    parts: list[str | Span] = [FIELD_INDENT, f"{name_of(item)}: "]
    is_new = change.action in (Action.CREATE, Action.RUN)
    if is_new:
        parts.append(Span(shown_after(item), Style.GOOD))
    else:
        parts += [Span(shown_before(item), Style.BAD), " "]
        parts.append(Span(f"-> {shown_after(item)}", Style.GOOD))
    if item.forces_replace and not is_new:
        parts.append(Span("  # forces replacement", Style.REPLACED))
    return line(*parts, hang=len(FIELD_INDENT) + 2)


def _compared(views: Views) -> Iterator[Line]:
    """Yield a line for each unchanged resource whose secrets apply will compare."""
    for change in views.compared:
        address = clean(change.address)
        yield line(f"{'':{SIGN_WIDTH}} {address}: secrets ", Span(AT_APPLY, Style.QUIET))


def counts(views: Views) -> str:
    """Return the counts in words, always the same five, further ones only when there are any."""
    plan = views.plan
    parts = [
        f"{plan.count(Action.CREATE)} to create",
        f"{plan.count(Action.UPDATE)} to update",
        f"{plan.count(Action.REPLACE)} to replace",
        f"{plan.count(Action.DELETE)} to delete",
        f"{plan.count(Action.RUN)} to run",
    ]
    if plan.count(Action.ADOPT):
        parts.append(f"{plan.count(Action.ADOPT)} to adopt")
    return ", ".join(parts)


def _closing(views: Views) -> str:
    plan = views.plan
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
        matches = "" if plan.leftovers else ". Azure matches the spec"
        return f"No changes{matches}: {unchanged} unchanged.{tail}"
    return f"Plan: {counts(views)}. {unchanged} unchanged.{tail}"
