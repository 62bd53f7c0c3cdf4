"""What became of a branch whose root somebody deleted between the plan and a write.

A plan approves what its reader saw. A root that held nothing is made again once, and told; one
that held data, that was protected, or that held anything that the plan saw, is not: what is
lost must be shown first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from threading import RLock

from reconciler.cloud.poll import poll
from reconciler.cloud.read_after_write import pause_s
from reconciler.diagnostics import Diagnostic, PendingError, ReconcileError, RefusedError
from reconciler.engine.decisions import Change, Create
from reconciler.engine.ids import is_within
from reconciler.engine.protection import why_missed
from reconciler.engine.types import Action, Address, Outcome, Status
from reconciler.kinds.base import HandlerContext
from reconciler.operations.plan.dependents import shortened
from reconciler.operations.refresh import observe_fresh
from reconciler.reasons import DeletedSincePlan, NotMadeAgain

NEXT = "run the same command again: the new plan shows what is missing"
LOOK_AGAIN_S = (0.0, 0.5)
"""How long to wait before each look at a parent that may only seem to be gone."""
LONGEST_PAUSE_S = 0.5
"""The longest pause of one that waits until another has made their parent again."""
ENDED_BY = {Status.PENDING: PendingError, Status.REFUSED: RefusedError}
"""What a resource ends with because of its parent; all else is a failure."""


class RecreatedParents:
    """What one apply made again of what its resources are in."""

    def __init__(
        self,
        plan: Mapping[Address, Change],
        context: HandlerContext,
        run_change: Callable[[Change], Outcome],
        has_written: Callable[[Address], bool],
    ) -> None:
        """Nothing made again yet. `run_change` carries out one change and returns what it came to."""
        self._plan = plan
        self._context = context
        self._run_change = run_change
        self._has_written = has_written
        self._lock = RLock()
        self.remade: dict[Address, Outcome] = {}

    def recreate_parent(self, approved: Change) -> bool:
        """Make again, once, what a resource is in and somebody deleted since the plan.

        Returns False when nothing of that is missing. Raises `RefusedError` where it is not
        to be made again unseen, what stopped it where it is not made.
        """
        with self._alone():
            lost = [c for c in _above(self._plan.values(), approved) if self._is_lost(c)]
            for change in lost:
                _refuse_to_hide(change, self._plan.values(), approved)
            for change in lost:
                anew = replace(change.doing(Create(DeletedSincePlan())), observed=None)
                outcome = self._run_change(anew)
                self.remade[change.address] = replace(outcome, reason=DeletedSincePlan())
                if outcome.problems:
                    raise ENDED_BY.get(outcome.status, ReconcileError)(*outcome.problems)
        return bool(lost)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let one resource at a time make again what it is in; a stop ends the wait of others.

        The same thread may enter twice: what is made again may be in something lost, too.
        """
        poll(
            self._context.run,
            lambda: self._lock.acquire(blocking=False),
            bool,
            backoff=lambda asked, _: min(pause_s(asked), LONGEST_PAUSE_S),
        )
        try:
            yield
        finally:
            self._lock.release()

    def _is_lost(self, change: Change) -> bool:
        """Return whether what the plan saw is gone; two looks, since one may be behind."""
        if self._has_written(change.address) or change.observed is None:
            return False
        for wait_s in LOOK_AGAIN_S:
            self._context.run.sleep(wait_s)
            if observe_fresh(self._context, change.resource) is not None:
                return False
        return True


def _above(changes: Iterable[Change], change: Change) -> list[Change]:
    """Return what a resource is within, by the ARM ids, the outermost first."""
    own = change.resource.resource_id
    found = [c for c in changes if is_within(own, c.resource.resource_id)]
    return sorted(found, key=lambda c: len(c.resource.resource_id))


def _refuse_to_hide(lost: Change, changes: Iterable[Change], why: Change) -> None:
    """Raise `RefusedError` where making `lost` again would hide what went with it.

    What the plan changes anyway is decided anew at its own turn; nobody visits the rest.
    """
    still = (c for c in changes if c.observed and c.action is Action.NO_OP)
    root = lost.resource.resource_id
    inside = [c.address for c in still if is_within(c.resource.resource_id, root)]
    missed = why_missed(lost.resource, lost.observed)
    if not missed and not inside:
        return
    went = f"deleted with it: {shortened(inside)}; not recreated without a plan that shows it"
    raise RefusedError(
        Diagnostic(
            f"`{lost.address}` was deleted since the plan, so `{why.address}` has no parent",
            why.resource.position,
            detail="" if missed else went,
            details=(NotMadeAgain(missed),) if missed else (),
            hint=NEXT,
        )
    )
