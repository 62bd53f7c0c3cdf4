"""One comment for the plans of a pull request, made anew of their values.

Nothing of a plan document is copied as Markdown: every value stands in a code span or a fence, so
that it can neither mention people nor break out. What needs attention comes first, and is the
last to be left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import islice

from reconciler.render.origins import PENDING
from reconciler.render.plan_document import DocumentChange, DocumentProblem, PlanDocument
from reconciler.render.plan_markdown import MAX_BYTES, code, fenced, fitting
from reconciler.render.terminal import clean
from reconciler.secrets import shortened

RESERVE = 1_000
MOST_ADDRESSES = 20
MOST_PROBLEMS = 20
MOST_SPECS = 300
SIGNS: dict[tuple[str, ...], str] = {("create",): "+", ("delete",): "-", ("delete", "create"): "-"}
WORDS: dict[tuple[str, ...], str] = {("delete", "create"): "replace"}
LONGEST_STATUS = 140


def plan_comment(plans: Sequence[PlanDocument], head: str) -> str:
    """Return the comment, 60,000 bytes at most; what does not fit is counted."""
    top = [marker(plans, head), f"### reconcile: {_title(plans)}"]
    if all(plan.is_unchanged for plan in plans):
        return "\n\n".join(top) + "\n"
    grave, left_out = fitting([row for plan in plans for row in _grave(plan)], MAX_BYTES // 2)
    top += ["\n".join(grave)] if grave else []
    top += [f"{left_out} more of these are not shown: read the plan."] if left_out else []
    telling = [plan for plan in plans if not plan.is_unchanged]
    room = MAX_BYTES - RESERVE - _size(top)
    blocks, hidden = fitting([_summary(plan) for plan in telling], room // 2)
    room -= _size(blocks)
    folds, cut = fitting([fold for plan in telling for fold in _folds(plan, room)], room)
    tail = [f"{hidden} more specs are not shown: read their plans."] if hidden else []
    tail += [f"{cut} more lists of changes are not shown: read their plans."] if cut else []
    return "\n\n".join([*top, *blocks, *folds, *tail]) + "\n"


def marker(plans: Sequence[PlanDocument], head: str) -> str:
    """Return the mark by which the comment is found again: specs, targets, commit, effects."""
    several = list(islice(plans, MOST_SPECS))
    rows = {
        "spec": [plan.spec for plan in several],
        "target": [plan.target for plan in several],
        "head": [head],
        "plan": [plan.effect for plan in several],
    }
    words = [f"{name}={','.join(value or '-' for value in found)}" for name, found in rows.items()]
    return f"<!-- reconcile:v1 {' '.join(words)} -->"


def status_text(plan: PlanDocument) -> str:
    """Return a plan in the 140 characters that a status has, with the effect to approve."""
    effect = f"{plan.effect}: " if plan.effect else ""
    return shortened(f"{effect}{_told(plan)}", LONGEST_STATUS)


def total_text(plans: Sequence[PlanDocument]) -> str:
    """Return all plans in the 140 characters that a status has."""
    bad = sum(plan.is_errored for plan in plans)
    return _title(plans) if not bad else f"{bad} of {len(plans)} cannot be applied as planned"


def _title(plans: Sequence[PlanDocument]) -> str:
    named = f"{plans[0].spec or 'a spec'} · " if len(plans) == 1 else f"{len(plans)} specs · "
    if len(plans) == 1:
        return f"{named}{_told(plans[0])}"
    changed = sum(not plan.is_unchanged for plan in plans)
    return f"{named}{f'{changed} with changes or problems' if changed else 'no changes'}"


def _told(plan: PlanDocument) -> str:
    if not plan.changes:
        return "no plan that can be applied" if plan.is_errored else "no changes"
    counted = Counter(_word(change) for change in plan.changes)
    told = ", ".join(f"{number} to {clean(word)}" for word, number in sorted(counted.items()))
    anyway = sum(change.is_anyway for change in plan.changes)
    told += f" ({anyway} pending anyway)" if anyway else ""
    return f"blocked: {told}" if plan.is_errored else told


def _word(change: DocumentChange) -> str:
    if change.is_run:
        return "run"
    word = WORDS.get(change.actions, "/".join(change.actions))
    return word if word in ("create", "update", "delete", "replace") else "change"


def _grave(plan: PlanDocument) -> list[str]:
    """Return what needs attention, then errors, a line each."""
    rows = []
    for item in plan.dangers:
        named = ", ".join(map(code, islice(item.addresses, MOST_ADDRESSES)))
        more = len(item.addresses) - MOST_ADDRESSES
        counted = f" and {more} more" if more > 0 else ""
        rows.append(f"> ⚠ {named}{counted}: {code(item.what)}{_of(plan)}")
    errors = [one for one in plan.problems if one.severity == "error"]
    return rows + [f"> ❌ {_problem(one)}{_of(plan)}" for one in errors]


def _of(plan: PlanDocument) -> str:
    return f" ({code(plan.spec)})" if plan.spec else ""


def _problem(item: DocumentProblem) -> str:
    place = f"{code(item.place)}: " if item.place else ""
    hint = f"; hint: {code(item.hint)}" if item.hint else ""
    return f"{place}{code(item.summary)}{hint}"


def _summary(plan: PlanDocument) -> str:
    where = f" in {code(plan.place)}" if plan.place else ""
    rows = [f"**{plan.spec or 'A spec'}**{where}: {_told(plan)}."]
    others = [one for one in plan.problems if one.severity == "warning"]
    rows += [f"- {_problem(one)}" for one in islice(others, MOST_PROBLEMS)]
    more = len(others) - MOST_PROBLEMS
    rows += [f"- and {more} more warnings"] if more > 0 else []
    rows += [f"\n{code(plan.cost)}"] if plan.cost else []
    if plan.effect:
        approve = "With `--approved` it is applied only if it is still this one."
        rows.append(f"\nEffect: {code(plan.effect)}. {approve}")
    return "\n".join(rows)


def _folds(plan: PlanDocument, room: int) -> list[str]:
    """Return all changes of a plan, folded away: what was pending anyway apart, where it is known."""
    own = [change for change in plan.changes if not change.is_anyway]
    anyway = [change for change in plan.changes if change.is_anyway]
    name = plan.spec or "the spec"
    parts = [
        (f"Changes of {name} ({len(own)})", own),
        (f"{PENDING}, in {name} ({len(anyway)})", anyway),
    ]
    return [_fold(summary, changes, room) for summary, changes in parts if changes]


def _fold(summary: str, changes: Sequence[DocumentChange], room: int) -> str:
    """Return changes under a summary: what is replaced or deleted first."""
    ordered = sorted(changes, key=lambda one: SIGNS.get(one.actions, "!") != "-")
    shown, left_out = fitting([_row(one) for one in ordered], room // 2)
    shown += [f"  {left_out} more are not shown"] if left_out else []
    head, tail = f"<details><summary>{summary}</summary>", "</details>"
    return f"{head}\n\n{fenced(shown)}\n\n{tail}"


def _row(change: DocumentChange) -> str:
    """Return a change as the plan told it; of a document that has no words, its action and why."""
    sign = SIGNS.get(change.actions, "!")
    headline = f"{sign} {change.address} ({change.kind}) {change.intent or _word(change)}"
    why = f"  # {change.why}" if change.why and not change.lines else ""
    rows = [f"{headline}{why}", *(f"    {line}" for line in change.lines)]
    return "\n".join(map(clean, rows))


def _size(blocks: list[str]) -> int:
    return sum(len(block.encode()) + 2 for block in blocks)
