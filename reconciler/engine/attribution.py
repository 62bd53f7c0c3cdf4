"""Which changes of a plan come from the change of its spec, and which are pending anyway. Pure.

One observation is decided twice, for the spec and for its base: what both would do to the same
thing in Azure does not come from the change between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from reconciler.diagnostics import Diagnostic
from reconciler.engine.decisions import Change
from reconciler.engine.effect import does
from reconciler.engine.types import Action, Address


class By(Enum):
    """Where a change comes from, as JSON says it."""

    SPEC = "spec"
    DRIFT = "drift"
    BOTH = "both"


@dataclass(frozen=True)
class Attribution:
    """A plan held against the base of its spec.

    `dropped` is what the base would do and the plan does not, `stated` the ids of what the base
    has. Where the base cannot be used, `problem` says why, and every change counts as one of the
    spec.
    """

    by: Mapping[Address, By]
    dropped: tuple[Change, ...] = ()
    stated: frozenset[str] = frozenset()
    problem: Diagnostic | None = None


def attributed(head: Iterable[Change], base: Iterable[Change]) -> Attribution:
    """Return where each change of a plan comes from, by what the base would do to the same thing."""
    theirs = {_id(change): change for change in base}
    by: dict[Address, By] = {}
    done: set[str] = set()
    for change in head:
        own = does(change)
        if not own:
            continue
        done.add(_id(change))
        other = theirs.get(_id(change))
        by[change.address] = _origin(own, does(other) if other else "")
    dropped = (change for id_, change in theirs.items() if id_ not in done and does(change))
    return Attribution(by, tuple(dropped), frozenset(theirs))


def with_others(
    found: Attribution,
    changes: Sequence[Change],
    left: Iterable[Change],
    graph: Mapping[Address, frozenset[Address]],
) -> Attribution:
    """Add the changes that no spec states: preparations, and what is no longer in the spec.

    A preparation comes from where the changes that need it come from. What is no longer in the
    spec comes from this change if the base still has it.
    """
    by = dict(found.by)
    for change in changes:
        if does(change) and change.address not in by and change.action is not Action.DELETE:
            needing = {by.get(a) for a, first in graph.items() if change.address in first}
            by[change.address] = By.DRIFT if By.DRIFT in needing else By.SPEC
    gone = (change for change in changes if change.action is Action.DELETE)
    for change in (*gone, *left):
        is_new = found.problem is not None or _id(change) in found.stated
        by.setdefault(change.address, By.SPEC if is_new else By.DRIFT)
    return replace(found, by=by)


def _origin(own: str, theirs: str) -> By:
    if not theirs:
        return By.SPEC
    return By.DRIFT if own == theirs else By.BOTH


def _id(change: Change) -> str:
    return change.resource.resource_id.casefold()
