"""What a read means just after a write, and just before what is lost for good. Pure.

A read may come from a replica that is behind, so neither "Azure did not take it" nor "this has
to be deleted and made again" is said on the first word of one; `wait` does the waiting.
"""

from __future__ import annotations

from reconciler.diagnostics import Diagnostic
from reconciler.engine.decisions import Change
from reconciler.engine.types import Action, JsonObject, Observed, Phase
from reconciler.operations.diagnostics import failed, not_taken
from reconciler.operations.plan.decide import decide_one


def check_converged(
    change: Change, desired: JsonObject, observed: Observed
) -> tuple[Diagnostic, ...]:
    """Return in what Azure's word after a write falls short of it; nothing when in nothing."""
    if observed.phase is Phase.FAILED:
        return (failed(change, observed),)
    again = decide_one(change.resource, desired, observed)
    if again.is_blocked:
        return again.problems
    return (not_taken(again),) if again.action.is_change and again.fields else ()


def last_word(change: Change, desired: JsonObject, now: Observed) -> Action | None:
    """Return what a last look before the delete of a replace decides; None where it refuses.

    What was read before may have come from a replica that was behind. The cause of a cascade
    lies in another resource, which was replaced in this run.
    """
    if not change.fields and not had_failed(change):
        return Action.REPLACE
    again = decide_one(change.resource, desired, now)
    return None if again.is_blocked or again.is_pending else again.action


def is_same_one(old: Observed, seen: Observed | None) -> bool:
    """Return whether a read shows what was deleted, and not what was made since.

    Azure dates the creation of a resource (`systemData.createdAt`): what is made again has
    another birthday. Of the kinds that have none, the same body is the old one.
    """
    return seen is not None and (
        _born(seen) == _born(old) if _born(old) else "id" in old.body and seen.body == old.body
    )


def is_surely_old(old: Observed, seen: Observed | None) -> bool:
    """Return whether nobody can have made again what a read shows: its birthday says so."""
    return seen is not None and bool(_born(old)) and _born(seen) == _born(old)


def _born(observed: Observed) -> str:
    data = observed.body.get("systemData")
    return str(data.get("createdAt") or "") if isinstance(data, dict) else ""


def had_failed(change: Change) -> bool:
    """Return whether the resource had failed already when its change was decided."""
    return change.observed is not None and change.observed.phase is Phase.FAILED
