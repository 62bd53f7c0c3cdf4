"""What later steps of a pipeline can ask of a plan: a few short values, safe in any shell."""

from __future__ import annotations

from reconciler.engine.decisions import Change
from reconciler.engine.money import PlanCost
from reconciler.render.fields import Views
from reconciler.render.plan_page import page_of

UNKNOWN = "unknown"
NOTHING = {"effect": "", "changes": "", "dangerous": "", "cost_delta": ""}
"""Of a plan that could not be made."""


def outputs_of(views: Views) -> dict[str, str]:
    """Return the values of a plan.

    `effect`: what to approve, "" where nothing can be applied. `changes`: how many resources would
    change. `dangerous`: how many of them need attention that the spec does not accept.
    `cost_delta`: what it costs more an hour while serving, "unknown" where a price is.
    """
    plan = views.plan
    grave = {address for item in page_of(views).attention for address in item.addresses}
    is_applied = not plan.is_empty and not plan.stopping
    return {
        "effect": plan.effect if is_applied else "",
        "changes": str(sum(map(_is_written, plan.changes))),
        "dangerous": str(len(grave)),
        "cost_delta": _cost(plan.cost),
    }


def _is_written(change: Change) -> bool:
    """Return whether apply changes it, after a wait too."""
    is_later = change.is_pending and bool(change.fields)
    return not change.is_blocked and (change.action.is_change or is_later)


def _cost(cost: PlanCost | None) -> str:
    """Return an amount; a plan that changes nothing of machines changes no cost."""
    if cost is None:
        return "0"
    more = cost.delta.serving
    return UNKNOWN if more.unknown else f"{more.amount:f}"
