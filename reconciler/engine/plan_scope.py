"""What a plan announced, and whether a later decision stays within it. Pure.

What apply writes is a subset of what its plan said, per resource and field: a plan is the
basis of a person's yes. Everything that a create, a replace or a run states was announced; of
an update only the fields that it named.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reconciler.engine.decisions import Change, Create, Wait
from reconciler.engine.protection import why_missed
from reconciler.engine.types import Action, FieldDiff, Phase, Reference, Unknown
from reconciler.reasons import DependencyReplaced, ParentReplaced, RetryOf
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


@dataclass(frozen=True)
class GoneSincePlan:
    """The plan saw it, and it would have to be made now."""


@dataclass(frozen=True)
class OtherAction:
    """Something else would be done with it than the plan said."""

    action: Action


@dataclass(frozen=True)
class MoreFields:
    """Fields would be written that the plan did not name."""

    labels: tuple[str, ...]


@dataclass(frozen=True)
class OtherRetry:
    """Another failed run would be repeated than the one that the plan named."""

    reason: RetryOf


Excess = GoneSincePlan | OtherAction | MoreFields | OtherRetry
"""What of a later decision a plan did not announce."""


def exceeds_plan(approved: Change, now: Change, *, adopts: bool = False) -> Excess | None:
    """Return what of a decision the plan did not announce, None when it announced all.

    `adopts`: the kind takes an equal unmarked one as its own without being asked.
    """
    if isinstance(now.reason, RetryOf) and now.reason != approved.reason:
        return OtherRetry(now.reason)
    if now.action is Action.NO_OP:
        return None
    if not _may_become(approved, now.action, adopts=adopts):
        gone = now.action in (Action.CREATE, Action.RUN) and approved.observed is not None
        return GoneSincePlan() if gone else OtherAction(now.action)
    if is_whole(approved) or now.action is Action.CREATE:
        return None
    others = tuple(f.label for f in now.fields if not _is_announced(f, approved))
    return MoreFields(others) if others else None


def is_whole(change: Change) -> bool:
    """Return whether a plan announced every field: all is written, or written once more."""
    whole = change.action in (Action.CREATE, Action.RUN, Action.REPLACE)
    return whole or bool(change.goes_with) or is_cascade(change)


def is_cascade(change: Change) -> bool:
    """Return whether the cause of a change lies in another resource alone, which is replaced."""
    failed = change.observed is not None and change.observed.phase is Phase.FAILED
    caused = isinstance(change.reason, ParentReplaced | DependencyReplaced)
    return caused and not change.fields and not failed


def _may_become(approved: Change, action: Action, *, adopts: bool) -> bool:
    if action in WITHIN[approved.action]:
        return True
    if action is Action.ADOPT:
        return adopts
    if action is not Action.CREATE or why_missed(approved.resource, approved.observed):
        return False
    return is_cascade(approved) or _is_made_after_wait(approved)


def _is_made_after_wait(approved: Change) -> bool:
    """Return whether a plan said that something is made once Azure is done."""
    return isinstance(approved.decision, Wait) and isinstance(approved.decision.then, Create)


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
