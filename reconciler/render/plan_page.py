"""What a plan has to say, decided once: text, Markdown, JSON and HTML only print it.

A page says everything that a reader must know, in the words of the spec: first what needs
attention, then edits that many resources share, then each change with what was stated.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import assert_never

from reconciler.diagnostics import Diagnostic
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
from reconciler.engine.diff import value_at
from reconciler.engine.ids import scope_of
from reconciler.engine.types import Action, Address, FieldDiff, Reference, Unknown
from reconciler.reasons import InputsChanged, Kept
from reconciler.render.attention import Attention
from reconciler.render.cost_text import cost_sentence
from reconciler.render.drift import cause_notes
from reconciler.render.fields import AFTER_APPLY, Views, name_of, shown_after, shown_before
from reconciler.render.held import HEADING, IGNORED, UNSTATED, Held
from reconciler.render.origins import DROPPED, Dropped, dropped_of, is_pending, notes_on, sentence
from reconciler.render.reason_text import explanations
from reconciler.render.stated import as_spelled, is_stated, settings_rows
from reconciler.render.told import Accepted, Told, accepted_of, told_of, unused_of, why_accepted
from reconciler.secrets import SENSITIVE

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
FEWEST_FOLDED = 3
"""An edit on so many resources is said once."""
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True)
class Row:
    """One field in words. `before` is None where there is nothing to compare it with."""

    name: str
    after: str
    before: str | None = None
    forces_replace: bool = False


@dataclass(frozen=True)
class Entry:
    """One change as a reader sees it. `pending`: the base of the spec would make the same.

    `what` is its kind, with its name in Azure where the address does not say it. `unstated` is
    how many fields are left out because nobody stated them, `same` how many inputs of a run are
    because they are as before.
    """

    change: Change
    what: str
    intent: str
    notes: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    unstated: int = 0
    same: int = 0
    compares_secrets: bool = False
    pending: bool = False

    @property
    def address(self) -> Address:
        """The resource's address."""
        return self.change.address

    @property
    def footnote(self) -> str:
        """What is left out of it, in words; "" where nothing is."""
        parts = []
        if self.unstated:
            parts.append(f"{self.unstated} default{'s' if self.unstated > 1 else ''}")
        if self.same:
            parts.append(f"{self.same} input{'s' if self.same > 1 else ''} as before")
        return ", ".join(parts)


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
        tuple(_leftover(views, change) for change in plan.leftovers),
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


def entries_of(views: Views, *, verbose: bool = False) -> list[Entry]:
    """Return every change that is told, none folded with others."""
    told = [c for c in views.plan.changes if not c.is_blocked and (verbose or is_told(c))]
    return [_entry(views, change, verbose=verbose) for change in told]


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


def is_told(change: Change) -> bool:
    """Return whether a change is told without being asked for."""
    match change.decision:
        case NoOp(note=note):
            return isinstance(note, Kept)
        case Create() | Adopt() | Update() | Replace() | Delete() | Run() | Wait() | Blocked():
            return True
        case never:
            assert_never(never)


def intent_of(change: Change) -> str:
    """Return what apply will do with a resource, in words; "" where that is nothing."""
    match change.decision:
        case Wait(then=Replace()):
            return WAITS_AND_REPLACES
        case Wait():
            return WAITS_AND_WRITES if change.fields else WAITS
        case _:
            return INTENTS[change.action]


def what_of(change: Change) -> str:
    """Return the kind of a resource, with the name that it has in Azure where that is another."""
    name = change.resource.resource_id.rstrip("/").rpartition("/")[2]
    known = change.address.rpartition(".")[2].casefold()
    is_named = name and name.casefold() != known and not _UUID.fullmatch(name)
    return f"{change.resource.kind} {name}" if is_named else change.resource.kind


def _entry(views: Views, change: Change, *, verbose: bool) -> Entry:
    rows, unstated, same = _rows(views, change, verbose=verbose)
    notes = [*explanations(change), *cause_notes(change), *notes_on(views.plan, change)]
    if change.fields and not views.fields(change) and not change.reason:
        notes.append("gets the mark of this spec")
    return Entry(
        change,
        _what(views, change),
        intent_of(change),
        tuple(notes),
        tuple(rows),
        unstated,
        same,
        change.action.is_change and views.compares(change),
        is_pending(views.plan, change.address),
    )


def _leftover(views: Views, change: Change) -> Entry:
    """Return what is ours and no longer in the spec, with what keeps it."""
    notes = tuple(notes_on(views.plan, change))
    if change.action is Action.DELETE:
        return Entry(change, _what(views, change), PRUNABLE, notes)
    return Entry(change, _what(views, change), "", (*explanations(change), *notes))


def _what(views: Views, change: Change) -> str:
    """Return the kind of a resource; of a grant that goes, whose fields no row shows, all of it."""
    view = views.of(change)
    if change.action is not Action.DELETE or not view.grants_access:
        return what_of(change)
    place = views.place(scope_of(change.resource.resource_id))
    for path, word in view.rules.words.items():
        value = value_at(change.resource.desired, tuple(path.split(".")))
        if isinstance(value, str):
            return f"{change.resource.kind}: {word(value)} on {place}"
    return f"{change.resource.kind} on {place}"


def _rows(views: Views, change: Change, *, verbose: bool) -> tuple[list[Row], int, int]:
    """Return the rows of a change, how many fields nobody stated, and how many stay as before."""
    fields = views.fields(change)
    if change.action not in (Action.CREATE, Action.RUN):
        return [_row(views, item) for item in fields], 0, 0
    if isinstance(change.reason, InputsChanged) and not verbose:
        changed = {item.name for item in change.reason.fields}
        return [], 0, sum(name_of(item) not in changed for item in fields)
    told = fields if verbose else [f for f in fields if is_stated(views, change, f)]
    rows = [_new_row(views, change, item) for item in told]
    names = {row.name for row in rows}
    rows += [Row(n, v) for n, v in settings_rows(views, change, fields) if n not in names]
    return rows, len(fields) - len(told), 0


def _new_row(views: Views, change: Change, item: FieldDiff) -> Row:
    if isinstance(item.after, Unknown) and item.after.reference.address:
        return Row(name_of(item), _to_be_known(item.after.reference))
    spelled = "" if item.sensitive else as_spelled(views, change, item)
    return Row(name_of(item), spelled or views.in_units(item, shown_after(item), item.after))


def _to_be_known(reference: Reference) -> str:
    """Return where a value comes from that nobody knows yet; of a secret only that it is one."""
    if reference.secret:
        return SENSITIVE
    return f"{reference.address}.{reference.attribute} {AFTER_APPLY}"


def _row(views: Views, item: FieldDiff) -> Row:
    before = views.in_units(item, shown_before(item), item.before)
    after = views.in_units(item, shown_after(item), item.after)
    return Row(name_of(item), after, before, item.forces_replace)


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
