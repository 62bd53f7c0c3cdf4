"""Which part of a plan comes from the change of its spec, and which was pending before it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from reconciler.engine.attribution import By
from reconciler.engine.decisions import Change
from reconciler.engine.types import Action, Address, JsonObject
from reconciler.operations.plan.build import Plan

OWN = "By this change"
PENDING = "Pending anyway, without this change"
ANYWAY = "pending anyway"
DROPPED = "Pending before this change, and no longer with it"
ALSO = "the base would change it too, but to something else"
LEFT = "it leaves the spec by this change"
ORDER = (
    Action.CREATE,
    Action.UPDATE,
    Action.REPLACE,
    Action.DELETE,
    Action.RUN,
    Action.ADOPT,
)


@dataclass(frozen=True)
class Dropped:
    """Something that the base would do and the plan does not; nobody has to accept it."""

    address: Address
    text: str
    id: str = ""


def by_of(plan: Plan, address: Address) -> By | None:
    """Return where a change comes from; None without a base, and where there is no change."""
    return plan.attribution.by.get(address) if plan.attribution else None


def is_pending(plan: Plan, address: Address) -> bool:
    """Return whether the base would do the same."""
    return by_of(plan, address) is By.DRIFT


def notes_on(plan: Plan, change: Change) -> Iterator[str]:
    """Yield what is to be said of where a change comes from, beyond the part that it stands in."""
    by = by_of(plan, change.address)
    if by is By.BOTH:
        yield ALSO
    if by is By.SPEC and any(change is one for one in plan.leftovers):
        yield LEFT


def sentence(plan: Plan) -> str:
    """Return how much comes from where; "" without a base, and where nothing is to be done."""
    found = plan.attribution
    if found is None or found.problem is not None or plan.is_empty:
        return ""
    own = [c for c in plan.changes if by_of(plan, c.address) in (By.SPEC, By.BOTH)]
    anyway = [c for c in plan.changes if is_pending(plan, c.address)]
    return f"{OWN}: {_counted(own)}. {PENDING}: {_counted(anyway)}."


def dropped_of(plan: Plan) -> tuple[Dropped, ...]:
    """Return what the base would do and the plan does not."""
    dropped = plan.attribution.dropped if plan.attribution else ()
    return tuple(Dropped(change.address, _would(change)) for change in dropped)


def base_json(plan: Plan) -> JsonObject:
    """Return the base as plain data; nothing without one."""
    if plan.attribution is None:
        return {}
    dropped = [
        {
            "address": change.address,
            "id": change.resource.resource_id,
            "action": change.action.value,
        }
        for change in plan.attribution.dropped
    ]
    return {"base": {"compared": plan.attribution.problem is None, "no_longer": dropped}}


def by_json(plan: Plan, address: Address) -> JsonObject:
    """Return where a change comes from as plain data; nothing where that is not known."""
    by = by_of(plan, address)
    return {"by": by.value} if by else {}


def _counted(changes: Iterable[Change]) -> str:
    counted = Counter(change.action for change in changes if not change.is_blocked)
    blocked = sum(change.is_blocked for change in changes)
    parts = [f"{counted[action]} to {action.value}" for action in ORDER if counted[action]]
    return ", ".join([*parts, *([f"{blocked} blocked"] if blocked else [])]) or "nothing"


def _would(change: Change) -> str:
    if change.is_blocked:
        return "blocked with the base"
    return f"to {change.action.value} with the base"
