"""What Azure keeps of the deleted: its name stays taken, so nothing can replace it there.

A vault or workspace that is deleted is only hidden for days or weeks. To replace one under
its own name would delete it and then fail to make the new one: it is never tried.
Source: learn.microsoft.com/azure/key-vault/general/soft-delete-overview and
/azure/machine-learning/concept-soft-delete.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from reconciler.diagnostics import Diagnostic
from reconciler.engine.decisions import Change
from reconciler.engine.types import Action


def kept_until(days: int) -> str:
    """Return the day until which Azure keeps what is deleted now: `2026-12-07 (14 days)`.

    Counted by this machine's clock; Azure's own may differ by a day.
    """
    last = datetime.now(UTC).date() + timedelta(days=days)
    return f"{last.isoformat()} ({days} days)"


def refuse_replace(change: Change, days: int, way_out: str = "") -> Change:
    """Return the change, blocked where it would replace something that leaves a tombstone.

    `days` is how long Azure keeps it; `way_out` is what else helps besides another name.
    """
    if change.action is not Action.REPLACE or change.is_blocked:
        return change
    name = change.resource.resource_id.rpartition("/")[2]
    hint = "undo the change, or choose another `name` for a new one beside it"
    return change.blocked_by(
        Diagnostic(
            f"`{change.address}` cannot be replaced under its own name",
            change.resource.position,
            because=change.reason,
            detail=f"after deletion, {name!r} stays soft-deleted for {days} days and its name stays taken",
            hint=f"{hint}{way_out}",
        ),
    )
