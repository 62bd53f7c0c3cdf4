"""Write what was decided, read back what came of it, and keep in mind what this run made.

Part of a visit (`resource_run`): whether and what to write is decided there; what is sent here is
never more than that, and a last look comes before what is lost for good.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from reconciler.diagnostics import ReconcileError
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
from reconciler.engine.ignored import with_ignored_as_found
from reconciler.engine.types import Action, Address, JsonObject, Observed, Phase, Resource
from reconciler.kinds import HANDLERS
from reconciler.kinds.base import HandlerContext
from reconciler.operations.apply.redecide import LatestObserved, Redecider
from reconciler.operations.apply.verify import check_converged, had_failed, last_word
from reconciler.operations.apply.wait import Waiter
from reconciler.operations.plan.dependents import refuse_to_lose
from reconciler.operations.refresh import observe_fresh


class Writer:
    """The writes of one apply: what was begun for each resource, and what there is since."""

    def __init__(
        self,
        plan: Mapping[Address, Change],
        context: HandlerContext,
        seen: LatestObserved,
        redecider: Redecider,
        waiter: Waiter,
    ) -> None:
        """Nothing written yet."""
        self._plan = plan
        self._context = context
        self._seen = seen
        self._redecider = redecider
        self._waiter = waiter
        self._written: set[Address] = set()
        self.done: dict[Address, Action] = {}
        self.has_registered = False

    def has_written(self, address: Address) -> bool:
        """Return whether this run made a resource what it is now."""
        return address in self._written

    def write(self, change: Change, desired: JsonObject) -> bool:
        """Send it; False where nothing was sent, since a last look finds another decision."""
        handler, resource = HANDLERS[change.resource.kind], change.resource
        match change.decision:
            case Update() | Adopt():
                self.done.setdefault(change.address, change.action)
                kept = with_ignored_as_found(resource, desired, change.observed)
                handler.update(self._context, change, kept)
            case Create() | Run():
                self.done.setdefault(change.address, change.action)
                handler.create(self._context, resource, desired)
            case Replace():
                word = self._last_word(change)
                if word is not Action.REPLACE:
                    return word is Action.NO_OP
                self.done.setdefault(change.address, change.action)
                handler.create(self._context, resource, desired)
            case NoOp() | Delete() | Wait() | Blocked() as other:
                raise TypeError(f"`{change.address}` has nothing to write: {other}")
            case never:
                assert_never(never)
        self.note_written(resource)
        return True

    def note_written(self, resource: Resource) -> None:
        """Keep in mind what this run made: not every replica of Azure knows it yet."""
        self._written.add(resource.address)
        handler = HANDLERS[resource.kind]
        if handler.grants_access:
            self._waiter.granted(resource.address)
        if handler.registers_provider:
            self.has_registered = True

    def verify(self, change: Change) -> None:
        """Look at what Azure holds now; anything that still differs is a failure."""
        resource, shown = change.resource, self._redecider.shown(change.resource)

        def look() -> Observed | None:
            return observe_fresh(self._context, resource)

        def is_new(seen: Observed) -> bool:
            failed = seen.phase is Phase.FAILED and not had_failed(change)
            return seen.phase is Phase.PENDING or failed or not check_converged(change, shown, seen)

        observed = self._waiter.shows(look, resource, is_new)
        if observed.phase is Phase.PENDING:
            self._waiter.wait(self._context, resource)
            observed = self._waiter.shows(look, resource, is_new)
        self._seen.note(resource.address, observed)
        problems = check_converged(change, shown, observed)
        if problems:
            raise ReconcileError(*problems)

    def delete(self, change: Change) -> None:
        """Delete what is still there, after a look at what would be lost with it."""
        resource = change.resource
        observed = observe_fresh(self._context, resource)
        if observed is None:
            return
        refuse_to_lose(self._context.run, change, observed, self._going(Action.DELETE))
        self.done.setdefault(change.address, Action.DELETE)
        HANDLERS[resource.kind].delete(self._context, resource, observed)
        self._seen.note(resource.address, None)

    def _last_word(self, change: Change) -> Action | None:
        """Delete what is to be made again, unless a last look finds another decision.

        Returns that decision; None where it is not to be carried out at all.
        """
        resource = change.resource
        now = observe_fresh(self._context, resource)
        word = last_word(change, self._redecider.shown(resource), now) if now else change.action
        if word is not Action.REPLACE:
            return word
        if now:
            going = self._going(Action.DELETE, Action.REPLACE)
            refuse_to_lose(self._context.run, change, now, going)
            self.done.setdefault(change.address, Action.REPLACE)
            HANDLERS[resource.kind].delete(self._context, resource, now)
        old = now or change.observed
        if old:
            self._redecider.cleared(change.address, old)
        return word

    def _going(self, *actions: Action) -> list[str]:
        """Return the ids of what this plan takes away."""
        return [c.resource.resource_id for c in self._plan.values() if c.action in actions]
