"""A plan as a pull-request comment: what is lost first, bounded, and safe to post.

Everything that came from a spec or from Azure stands inside a code fence or a code span,
so it can neither mention people nor break out. Source of the size limit: GitHub refuses
comments over 65,536 characters.
"""

from __future__ import annotations

import re
from itertools import islice

from reconciler.engine.decisions import Change
from reconciler.engine.types import Action
from reconciler.render.cost_text import cost_sentence
from reconciler.render.fields import Views, name_of, shown_after, shown_before
from reconciler.render.plan_text import PRUNABLE, counts, intent_of
from reconciler.render.reason_text import because, explanations, summary_of
from reconciler.render.terminal import clean
from reconciler.secrets import shortened

MAX_BYTES = 60_000
RESERVE = 2_000
MOST_COMPARED = 20
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
    plan = views.plan
    blocks = [_block(views, change) for change in _ordered(views)]
    head = [
        f"<!-- reconcile:{re.sub('[^a-z0-9-]', '', plan.spec_name)} -->",
        f"### {_title(views)}",
        f"{code(plan.spec_name)} in {code(plan.target.resource_group)} "
        f"({code(plan.target.location)}): {counts(views)}.",
        *_warning(views),
        *_blocked(views),
        *_told(views),
        *_cost(views),
        *_compared(views),
        *_leftovers(views),
    ]
    fitting, left_out = _fitting(blocks, MAX_BYTES - RESERVE - len("\n\n".join(head).encode()))
    body = ["<details open><summary>Changes</summary>", _fenced(fitting), "</details>"]
    tail = [f"{left_out} more changes are not shown: run `reconcile plan`."] if left_out else []
    return "\n\n".join([*head, *(body if fitting else []), *tail]) + "\n"


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


def _compared(views: Views) -> list[str]:
    shown = ", ".join(code(c.address) for c in islice(views.compared, MOST_COMPARED))
    left = len(views.compared) - MOST_COMPARED
    more = f" and {left} more" if left > 0 else ""
    return [f"Secrets compared at apply: {shown}{more}"] if shown else []


def _leftovers(views: Views) -> list[str]:
    rows = []
    for change in views.plan.leftovers[:MOST_COMPARED]:
        why = PRUNABLE if change.action is Action.DELETE else "; ".join(explanations(change))
        rows.append(f"- {code(change.address)} ({code(change.resource.kind)}): {code(why)}")
    more = len(views.plan.leftovers) - len(rows)
    rows += [f"- and {more} more"] if more > 0 else []
    return ["**No longer in the spec:**", "\n".join(rows)] if rows else []


def _warning(views: Views) -> list[str]:
    lost = [c for c in _ordered(views) if c.action.is_destructive]
    if not lost:
        return []
    shown = ", ".join(code(c.address) for c in lost[:20])
    more = f" and {len(lost) - 20} more" if len(lost) > 20 else ""
    return [f"**Existing resources will be deleted:** {shown}{more}"]


def _blocked(views: Views) -> list[str]:
    rows = []
    for item in views.plan.blocked[:10]:
        hint = f"; hint: {code(item.hint)}" if item.hint else ""
        rows.append(f"- {code(shortened(summary_of(item), 500))}{hint}")
    more = len(views.plan.blocked) - len(rows)
    rows += [f"- and {more} more"] if more > 0 else []
    what = (
        "This plan cannot be applied"
        if views.plan.stopping
        else "Not applied, nor what depends on it"
    )
    return [f"**{what}:**", "\n".join(rows)] if rows else []


def _cost(views: Views) -> list[str]:
    sentence = cost_sentence(views.plan.cost)
    return [code(sentence)] if sentence else []


def _told(views: Views) -> list[str]:
    """Return what was found out beforehand and stops nothing, or could not be checked."""
    rows = [f"- {code(shortened(finding.summary, 500))}" for finding in views.plan.told[:10]]
    more = len(views.plan.told) - len(rows)
    rows += [f"- and {more} more"] if more > 0 else []
    return ["**Warnings:**", "\n".join(rows)] if rows else []


def _ordered(views: Views) -> list[Change]:
    rank = {action: index for index, action in enumerate(ORDER)}
    wanted = [
        c for c in views.plan.changes if (c.action in rank or c.is_pending) and not c.is_blocked
    ]
    return sorted(wanted, key=lambda c: rank.get(c.action, len(rank)))


def _block(views: Views, change: Change) -> str:
    sign = DIFF_SIGNS.get(change.action, "!")
    intent = intent_of(change)
    rows = [f"{sign} {change.address} ({change.resource.kind}) {intent}"]
    if change.reason:
        rows.append(f"    {because(change.reason)}")
    for item in views.fields(change):
        arrow, is_new = shown_after(item), change.action in (Action.CREATE, Action.RUN)
        if not is_new:
            arrow = f"{shown_before(item)} -> {arrow}"
        forced = "  # forces replacement" if item.forces_replace and not is_new else ""
        rows.append(f"    {name_of(item)}: {arrow}{forced}")
    return "\n".join(clean(row) for row in rows)


def _fitting(blocks: list[str], room: int) -> tuple[list[str], int]:
    """Return the blocks that fit into `room` bytes, in order, and how many do not."""
    fitting: list[str] = []
    for block in blocks:
        room -= len(block.encode()) + 1
        if room < 0:
            break
        fitting.append(block)
    return fitting, len(blocks) - len(fitting)


def _fenced(blocks: list[str]) -> str:
    text = "\n".join(blocks)
    fence = "`" * max(3, _longest_run(text) + 1)
    return f"{fence}diff\n{text}\n{fence}"


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall(r"`+", text)), default=0)
