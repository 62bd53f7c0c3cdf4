"""What became of a branch whose root somebody deleted between the plan and a write.

A plan approves what its reader saw. A root that held nothing is made again once, and told; one
that held data, that was protected, or that held anything that the plan saw, is not: what is
lost must be shown first.
"""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.diagnostics import Diagnostic, RefusedError
from reconciler.engine.ids import is_within
from reconciler.engine.protection import why_missed
from reconciler.engine.types import Action, Change
from reconciler.operations.strangers import shortened

NEXT = "run the same command again: the new plan shows what is missing"


def above(changes: Iterable[Change], change: Change) -> list[Change]:
    """Return what a resource is within, by the ARM ids, the outermost first."""
    own = change.resource.resource_id
    found = [c for c in changes if is_within(own, c.resource.resource_id)]
    return sorted(found, key=lambda c: len(c.resource.resource_id))


def refuse_to_hide(lost: Change, changes: Iterable[Change], why: Change) -> None:
    """Raise `RefusedError` where making `lost` again would hide what went with it.

    What the plan changes anyway is decided anew at its own turn; nobody visits the rest.
    """
    still = (c for c in changes if c.observed and c.action is Action.NO_OP)
    root = lost.resource.resource_id
    inside = [c.address for c in still if is_within(c.resource.resource_id, root)]
    missed = why_missed(lost.resource, lost.observed)
    if missed:
        detail = f"{missed}: it is not made again without a plan that shows it"
    elif inside:
        detail = f"with it went {shortened(inside)}: not made again without a plan that shows it"
    else:
        return
    raise RefusedError(
        Diagnostic(
            f"`{lost.address}` was deleted since the plan, so `{why.address}` has no place",
            why.resource.position,
            detail,
            NEXT,
        )
    )
