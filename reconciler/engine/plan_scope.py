"""What a plan announced, and whether a later decision stays within it. Pure.

What apply writes is a subset of what its plan said, per resource and field: a plan is the
basis of a person's yes. Everything that a create, a replace or a run states was announced; of
an update only the fields that it named.
"""

from __future__ import annotations

from typing import Any

from reconciler.engine.protection import why_missed
from reconciler.engine.types import Action, Change, FieldDiff, Phase, Reference, Unknown
from reconciler.secrets import Secret

WITHIN: dict[Action, frozenset[Action]] = {
    Action.NO_OP: frozenset({Action.UPDATE}),
    Action.ADOPT: frozenset({Action.ADOPT, Action.UPDATE}),
    Action.UPDATE: frozenset({Action.UPDATE}),
    Action.CREATE: frozenset({Action.CREATE, Action.UPDATE}),
    Action.RUN: frozenset({Action.RUN, Action.UPDATE}),
    Action.REPLACE: frozenset({Action.REPLACE, Action.CREATE, Action.UPDATE}),
    Action.DELETE: frozenset({Action.DELETE}),
}
"""What may become of an approved action, besides nothing to do."""

PARTICIPLES = {
    Action.CREATE: "created",
    Action.ADOPT: "adopted",
    Action.UPDATE: "updated",
    Action.REPLACE: "replaced",
    Action.RUN: "run",
}


def exceeds_plan(approved: Change, now: Change, *, adopts: bool = False) -> str:
    """Return in words what of a decision the plan did not announce, "" when it announced all.

    `adopts`: the kind takes an equal unmarked one as its own without being asked.
    """
    if now.action is Action.NO_OP:
        return ""
    if not _may_become(approved, now.action, adopts=adopts):
        return _in_words(approved, now)
    if is_whole(approved) or now.action is Action.CREATE:
        return ""
    others = [f.label for f in now.fields if not _is_announced(f, approved)]
    labels = ", ".join(f"`{label}`" for label in others)
    return f"changed since the plan: {labels} would be written too" if others else ""


def is_whole(change: Change) -> bool:
    """Return whether a plan announced every field: all is written, or written once more."""
    whole = change.action in (Action.CREATE, Action.RUN, Action.REPLACE)
    return whole or bool(change.goes_with) or is_cascade(change)


def is_cascade(change: Change) -> bool:
    """Return whether the cause of a change lies in another resource, which is replaced too."""
    failed = change.observed is not None and change.observed.phase is Phase.FAILED
    changes = change.action in (Action.UPDATE, Action.REPLACE) and not failed
    return changes and not change.fields and bool(change.reason)


def _may_become(approved: Change, action: Action, *, adopts: bool) -> bool:
    if action in WITHIN[approved.action]:
        return True
    if action is Action.ADOPT:
        return adopts
    if action is not Action.CREATE or why_missed(approved.resource, approved.observed):
        return False
    return is_cascade(approved) or _is_made_after_wait(approved)


def _is_made_after_wait(approved: Change) -> bool:
    """Return whether a plan said that something is made once Azure is done.

    Of what is being deleted, or is in that, it did. What has no body (a registration) is asked for
    again when the first time came to nothing: there is no field to announce.
    """
    going = approved.observed is not None and approved.observed.is_going
    going = going or bool(approved.goes_with)
    return approved.pending and (going or not approved.resource.desired)


def _is_announced(item: FieldDiff, approved: Change) -> bool:
    """Return whether the plan named a field, or a part of the body that it belongs to.

    A value that was not known then may be any; another one must be what was shown.
    """
    for shown in approved.fields:
        if item.keys[: len(shown.keys)] == shown.keys:
            return _is_open(shown.after) or (item.keys, item.after) == (shown.keys, shown.after)
    return False


def _is_open(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_is_open, value.values()))
    if isinstance(value, list):
        return any(map(_is_open, value))
    return isinstance(value, Unknown | Reference | Secret)


def _in_words(approved: Change, now: Change) -> str:
    if now.action in (Action.CREATE, Action.RUN) and approved.observed:
        return "was deleted since the plan: not made again without a plan that shows it"
    return f"changed since the plan: it would now be {PARTICIPLES[now.action]}"
