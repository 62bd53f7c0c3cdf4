"""A plan as a pull-request comment: what is lost first, bounded, and safe to post.

Everything that came from a spec or from Azure stands inside a code fence or a code span,
so it can neither mention people nor break out. Source of the size limit: GitHub refuses
comments over 65,536 characters.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.engine.acceptance import is_acceptable
from reconciler.engine.types import Action
from reconciler.render.fields import AT_APPLY, Views
from reconciler.render.origins import ANYWAY, PENDING
from reconciler.render.plan_entries import Entry, Row
from reconciler.render.plan_page import Fold, Page, counts, page_of
from reconciler.render.reason_text import detail_of, summary_of
from reconciler.render.terminal import clean
from reconciler.secrets import on_one_line, shortened

MAX_BYTES = 60_000
RESERVE = 2_000
MOST_COMPARED = 20
MOST_NAMED = 300
"""How many of the resources no longer in the spec are named at least."""
MOST_PROBLEMS = 10
MOST_DETAIL = 500
MOST_SHOWN = 40
"""Of more changes than this, those that are new and harmless are folded away."""
ORDER = (
    Action.DELETE,
    Action.REPLACE,
    Action.RUN,
    Action.CREATE,
    Action.UPDATE,
    Action.ADOPT,
)
DIFF_SIGNS = {Action.CREATE: "+", Action.RUN: "+", Action.DELETE: "-", Action.REPLACE: "-"}


def plan_markdown(views: Views) -> str:
    """Return the comment. What does not fit is left out, resource by resource, and counted."""
    plan, page = views.plan, page_of(views)
    head = [
        *title_of(plan.spec_name, _title(views)),
        f"{code(plan.spec_name)} in {code(plan.target.resource_group)} "
        f"({code(plan.target.location)}), subscription {code(plan.target.subscription_id)}: "
        f"{counts(views)}.",
        *([code(page.partial)] if page.partial else []),
        *_attention(page),
        *_blocked(page),
        *_warnings(page),
        *([code(page.cost)] if page.cost else []),
        *([page.origins] if page.origins else []),
        *_tags(page),
        *_compared(page),
        *_held(page),
        *_accepted(page),
        *_leftovers(page),
    ]
    parts = _changes(page, MAX_BYTES - RESERVE - len("\n\n".join(head).encode()))
    return "\n\n".join([*head, *parts, *_effect(views)]) + "\n"


def _changes(page: Page, room: int) -> list[str]:
    """Return the changes that fit, what is harmless or pending anyway folded away."""
    views, entries = page.views, _ordered(page)
    grave, harmless = _apart(views, [entry for entry in entries if not entry.pending])
    pending = [_brief(views, entry) for entry in entries if entry.pending]
    folds = [*map(_fold, page.folds), *(_brief(views, entry) for entry in grave)]
    parts: list[str] = []
    left_out = 0
    for summary, blocks in (
        ("", folds),
        ("{} more that are new", [_brief(views, entry) for entry in harmless]),
        (f"{PENDING} ({{}})", pending),
    ):
        shown, left = fitting(blocks, room)
        room, left_out = room - _size(shown), left_out + left
        parts += _part(summary.format(len(shown)), shown)
    full, hidden = fitting([_block(e) for e in entries if _is_brief(e) and e.rows], room)
    parts += _part("What is stated of them", full)
    if left_out:
        parts.append(f"{left_out} more changes are not shown: run `reconcile plan`.")
    elif hidden:
        parts.append(f"The fields of {hidden} more are not shown: run `reconcile plan`.")
    return parts


def _effect(views: Views) -> list[str]:
    """Return how exactly this is applied after the review; nothing where nothing can be."""
    if views.plan.is_empty or views.plan.stopping:
        return []
    effect = code(views.plan.effect)
    return [f"Effect: {effect}. With `--approved` it is applied only if it is still this one."]


def _apart(views: Views, entries: list[Entry]) -> tuple[list[Entry], list[Entry]]:
    """Return the changes to show at once, and those of a large plan to fold away.

    Only what is new, and neither grants access nor is paid for as a run, is ever folded away.
    """
    if len(entries) <= MOST_SHOWN:
        return entries, []
    harmless = [e for e in entries if _is_harmless(views, e)]
    return [e for e in entries if not _is_harmless(views, e)], harmless


def _is_harmless(views: Views, entry: Entry) -> bool:
    grants = views.of(entry.change).grants_access
    return entry.change.action is Action.CREATE and not grants and not entry.change.is_blocked


def _size(blocks: list[str]) -> int:
    return sum(len(block.encode()) + 1 for block in blocks)


def _part(summary: str, blocks: list[str]) -> list[str]:
    """Return blocks in a fence, folded away under a summary where there is one."""
    if not blocks:
        return []
    text = fenced(blocks)
    return [f"<details><summary>{summary}</summary>", text, "</details>"] if summary else [text]


def _is_brief(entry: Entry) -> bool:
    """Return whether a line or two tell enough of a change: something new."""
    return entry.change.action in (Action.CREATE, Action.RUN)


def _brief(views: Views, entry: Entry) -> str:
    """Return one line of something new, and of a grant another one: what, and where it holds."""
    if not _is_brief(entry):
        return _block(entry)
    section = views.section(entry.change)
    if views.of(entry.change).grants_access and section is not None:
        stated = [_value(row) for row in entry.rows if row.name in type(section).model_fields]
        return "\n".join(map(clean, [_headline(entry), f"    {', '.join(stated)}"]))
    return "\n".join(map(clean, [_headline(entry), *(f"    {note}" for note in entry.notes)]))


def title_of(spec_name: str, title: str) -> list[str]:
    """Return the mark by which a comment is found again, and its title."""
    return [f"<!-- reconcile:{re.sub('[^a-z0-9-]', '', spec_name)} -->", f"### {title}"]


def code(text: object) -> str:
    """Return text as a code span that its own backticks cannot end."""
    shown = clean(text).strip() or " "
    fence = "`" * (_longest_run(shown) + 1)
    pad = " " if "`" in shown else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def _title(views: Views) -> str:
    if views.plan.stopping:
        return "reconcile plan: blocked"
    if not views.plan.is_empty:
        return "reconcile plan"
    return f"reconcile plan: no changes{' seen' if views.compared else ''}"


def _attention(page: Page) -> list[str]:
    rows = []
    for item in page.attention:
        more = f" and {item.unnamed} more" if item.unnamed else ""
        rows.append(f"- {', '.join(map(code, item.named))}{more}: {code(item.what)}{_id(item.id)}")
    return ["**Needs your attention:**", "\n".join(rows)] if rows else []


def _compared(page: Page) -> list[str]:
    shown = ", ".join(map(code, page.compared[:MOST_COMPARED]))
    left = len(page.compared) - MOST_COMPARED
    more = f" and {left} more" if left > 0 else ""
    return [f"Secrets compared at apply: {shown}{more}"] if shown else []


def _held(page: Page) -> list[str]:
    blocks: list[str] = []
    for heading, held in page.held:
        rows = [f"- {code(h.address)}: {code(h.text)}{_id(h.id)}" for h in held]
        blocks += [f"**{heading}:**", "\n".join(_most(rows))]
    return blocks


def _accepted(page: Page) -> list[str]:
    rows = [
        f"- {', '.join(map(code, item.addresses))}: {code(item.text)}{_id(item.id)}"
        for item in page.accepted
    ]
    rows += problem_rows(page.notes)
    return ["**Accepted in the spec:**", "\n".join(_most(rows))] if rows else []


def _most(rows: list[str]) -> list[str]:
    more = len(rows) - MOST_COMPARED
    return [*islice(rows, MOST_COMPARED), f"- and {more} more"] if more > 0 else rows


def _id(check: str) -> str:
    """Return the id by which the spec can accept what a line says."""
    return f" ({code(check)})" if is_acceptable(check) else ""


def _leftovers(page: Page) -> list[str]:
    rows = []
    for entry in islice(page.leftovers, MOST_COMPARED):
        why = "; ".join(part for part in (entry.intent, *entry.notes) if part)
        rows.append(f"- {code(entry.address)} ({code(entry.what)}): {code(why)}")
    named = [code(e.address) for e in islice(page.leftovers, MOST_COMPARED, MOST_NAMED)]
    more = len(page.leftovers) - len(rows) - len(named)
    named += [f"and {more} more"] if more > 0 else []
    rows += [f"- and {', '.join(named)}"] if named else []
    return ["**No longer in the spec:**", "\n".join(rows)] if rows else []


def _blocked(page: Page) -> list[str]:
    rows = problem_rows(page.blocked)
    stops = page.views.plan.stopping
    what = "This plan cannot be applied" if stops else "Not applied, nor what depends on it"
    return [f"**{what}:**", "\n".join(rows)] if rows else []


def _warnings(page: Page) -> list[str]:
    rows = problem_rows((*page.warnings, *page.told))
    return ["**Warnings:**", "\n".join(rows)] if rows else []


def problem_rows(found: Sequence[Diagnostic]) -> list[str]:
    """Return problems as a list, each with its place and what to do; some only counted."""
    rows = [_problem(item) for item in islice(found, MOST_PROBLEMS)]
    more = len(found) - len(rows)
    return [*rows, f"- and {more} more"] if more > 0 else rows


def _problem(item: Diagnostic) -> str:
    place = f"{code(item.position)}: " if item.position else ""
    detail = on_one_line(detail_of(item), MOST_DETAIL)
    why = f"; {code(detail)}" if detail else ""
    lines = " ".join(map(code, item.hint.splitlines()))
    hint = f"; hint: {lines}" if lines else ""
    id_ = _id(item.id) if item.severity is Severity.WARNING else ""
    return f"- {place}{code(shortened(summary_of(item), 500))}{id_}{why}{hint}"


def _tags(page: Page) -> list[str]:
    plan, tags = page.views.plan, page.views.tags
    if not tags or not plan.count(Action.CREATE):
        return []
    return [f"Everything new is tagged {', '.join(code(f'{n}={v}') for n, v in tags.items())}"]


def _ordered(page: Page) -> list[Entry]:
    rank = {action: index for index, action in enumerate(ORDER)}
    return sorted(page.entries, key=lambda e: rank.get(e.change.action, len(rank)))


def _fold(fold: Fold) -> str:
    anyway = f", {ANYWAY}" if fold.pending else ""
    rows = [f"! {_value(fold.row)} on {len(fold.addresses)} resources{anyway}"]
    rows.append(f"    {', '.join(fold.addresses)}")
    return "\n".join(map(clean, rows))


def _headline(entry: Entry) -> str:
    sign = DIFF_SIGNS.get(entry.change.action, "!" if entry.intent else " ")
    return f"{sign} {entry.address} ({entry.what}) {entry.intent}".rstrip()


def _block(entry: Entry) -> str:
    rows = [_headline(entry), *(f"    {note}" for note in entry.notes)]
    for row in entry.rows:
        forced = "  # forces replacement" if row.forces_replace else ""
        rows.append(f"    {_value(row)}{forced}")
    rows += [f"    ({entry.footnote})"] if entry.footnote else []
    rows += [f"    secrets: {AT_APPLY}"] if entry.compares_secrets else []
    return "\n".join(clean(row) for row in rows)


def _value(row: Row) -> str:
    return f"{row.name}: {row.after if row.before is None else f'{row.before} -> {row.after}'}"


def fitting(blocks: list[str], room: int) -> tuple[list[str], int]:
    """Return the blocks that fit into `room` bytes, in order, and how many do not."""
    fitting: list[str] = []
    for block in blocks:
        room -= len(block.encode()) + 1
        if room < 0:
            break
        fitting.append(block)
    return fitting, len(blocks) - len(fitting)


def fenced(blocks: list[str]) -> str:
    """Return blocks in a fence that nothing in them can end."""
    text = "\n".join(blocks)
    fence = "`" * max(3, _longest_run(text) + 1)
    return f"{fence}diff\n{text}\n{fence}"


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall(r"`+", text)), default=0)
