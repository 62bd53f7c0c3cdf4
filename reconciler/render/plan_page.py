"""What a plan has to say, decided once: text, Markdown, JSON and HTML only print it.

A page says everything that a reader must know, in the words of the spec: first what needs
attention, then edits that many resources share, then each change with what was stated.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reconciler.diagnostics import Diagnostic
from reconciler.engine.decisions import Update
from reconciler.engine.types import Action, Address
from reconciler.render.attention import Attention
from reconciler.render.cost_text import cost_sentence
from reconciler.render.fields import Views
from reconciler.render.held import HEADING, IGNORED, UNSTATED, Held
from reconciler.render.origins import DROPPED, Dropped, dropped_of, sentence
from reconciler.render.plan_entries import Entry, Row, entries_of, leftover_entry
from reconciler.render.told import Accepted, Told, accepted_of, told_of, unused_of, why_accepted

FEWEST_FOLDED = 3
"""An edit on so many resources is said once."""


@dataclass(frozen=True)
class Fold:
    """The same edit of the same field on several resources, which have no other."""

    row: Row
    addresses: tuple[Address, ...]
    pending: bool = False


@dataclass(frozen=True)
class Page:
    """A whole plan as a reader sees it."""

    views: Views
    attention: tuple[Attention, ...]
    folds: tuple[Fold, ...]
    entries: tuple[Entry, ...]
    leftovers: tuple[Entry, ...]
    held: tuple[tuple[str, tuple[Held | Dropped, ...]], ...]
    """What stays although the spec, its base or a default says otherwise, under its headings."""
    accepted: tuple[Accepted, ...]
    compared: tuple[Address, ...]
    blocked: tuple[Diagnostic, ...]
    told: tuple[Diagnostic, ...]
    """What was found out beforehand and stops nothing, or could not be checked."""
    warnings: tuple[Diagnostic, ...]
    notes: tuple[Diagnostic, ...]
    partial: str
    """That only a part of the spec was looked at, in one sentence; "" where all of it was."""
    cost: str
    """What it costs, in one sentence; "" where a plan changes no cost."""
    origins: str
    """How much of it comes from the change of the spec, in one sentence; "" without a base."""


def page_of(views: Views, *, verbose: bool = False) -> Page:
    """Return what there is to say of a plan; `verbose`: unchanged resources and defaults too."""
    plan = views.plan
    entries = entries_of(views, verbose=verbose)
    folds = () if verbose else _folds(entries)
    folded = {address for fold in folds for address in fold.addresses}
    unfolded = [entry for entry in entries if entry.address not in folded]
    said = told_of(views)
    accepted, dropped = tuple(accepted_of(views, said)), dropped_of(plan)
    return Page(
        views,
        tuple(item for item in said.attention if not item.accepted),
        folds,
        tuple(sorted(unfolded, key=lambda entry: entry.pending)),
        tuple(leftover_entry(views, change) for change in plan.leftovers),
        (*_under_headings(said), *(((DROPPED, dropped),) if dropped else ())),
        accepted,
        tuple(change.address for change in views.compared),
        tuple(plan.blocked),
        tuple(item for item in said.checks if not why_accepted(views, item)),
        tuple(item for item in said.warnings if not why_accepted(views, item)),
        tuple(unused_of(views, accepted)),
        _partial(plan.targets),
        cost_sentence(plan.cost),
        sentence(plan),
    )


def _under_headings(said: Told) -> Iterator[tuple[str, tuple[Held, ...]]]:
    """Yield what stays as it is and is not accepted, what lets more in first."""
    for heading, held in ((IGNORED, said.weaker), (HEADING, said.held), (UNSTATED, said.unstated)):
        shown = tuple(item for item in held if not item.accepted)
        if shown:
            yield heading, shown


def _partial(targets: Sequence[str]) -> str:
    """Return that a plan is of some targets only."""
    if not targets:
        return ""
    return (
        f"Partial: only {', '.join(targets)} and what it needs was looked at (--target); "
        "the rest of the spec is not in this plan."
    )


def _folds(entries: list[Entry]) -> tuple[Fold, ...]:
    """Return each edit that is the only one of several resources, with their addresses."""
    same: dict[tuple[Row, bool], list[Address]] = defaultdict(list)
    for entry in entries:
        for row in _only_row(entry):
            same[row, entry.pending].append(entry.address)
    return tuple(Fold(k[0], tuple(a), k[1]) for k, a in same.items() if len(a) >= FEWEST_FOLDED)


def _only_row(entry: Entry) -> Iterator[Row]:
    match entry.change.decision:
        case Update() if len(entry.rows) == 1 and not entry.notes and not entry.compares_secrets:
            yield entry.rows[0]
        case _:
            return


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
