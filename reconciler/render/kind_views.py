"""What rendering needs to know of every kind, taken from the kinds themselves."""

from __future__ import annotations

from reconciler.kinds import KINDS
from reconciler.kinds.extensions import ComparesSecrets, RaisesConcerns
from reconciler.operations.load import Loaded
from reconciler.operations.plan.build import Plan
from reconciler.render.fields import KindView, Views
from reconciler.spec.sections import sections_of


def kind_views() -> dict[str, KindView]:
    """Return what is known of each kind, by its name."""
    return {
        h.kind: KindView(
            h.policy.rules,
            compares_at_apply=isinstance(h, ComparesSecrets),
            holds_data=h.holds_data,
            serves_traffic=h.serves_traffic,
            grants_access=h.grants_access,
            stated_apart=h.stated_apart,
            **({"concerns": h.concerns} if isinstance(h, RaisesConcerns) else {}),
        )
        for h in KINDS
    }


def views_of(plan: Plan, loaded: Loaded) -> Views:
    """Return a plan as outputs look at it."""
    return Views(plan, kind_views(), loaded.spec.tags, sections_of(loaded.spec))
