"""Each change of a plan as a reader sees it: its kind, what will happen, why, and its fields.

What nobody stated (a default of ours or of Azure's) is counted here and shown with `-v`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
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
from reconciler.engine.diff import value_at
from reconciler.engine.ids import scope_of
from reconciler.engine.types import Action, Address, FieldDiff, Reference, Unknown
from reconciler.reasons import InputsChanged, Kept
from reconciler.render.drift import cause_notes
from reconciler.render.fields import AFTER_APPLY, Views, name_of, shown_after, shown_before
from reconciler.render.origins import is_pending, notes_on
from reconciler.render.reason_text import explanations
from reconciler.render.stated import as_spelled, is_stated, settings_rows
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


def entries_of(views: Views, *, verbose: bool = False) -> list[Entry]:
    """Return every change that is told, none folded with others."""
    told = [c for c in views.plan.changes if not c.is_blocked and (verbose or is_told(c))]
    return [_entry(views, change, verbose=verbose) for change in told]


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


def leftover_entry(views: Views, change: Change) -> Entry:
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
