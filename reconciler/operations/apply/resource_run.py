"""One run for each resource: decide again before the write, write, read back after it.

What was approved is the ceiling: a resource that would now need something that the plan did
not show is refused (`redecide`). What failed and may pass is decided once more (`retry`).
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import assert_never

from reconciler.cloud.read_after_write import LOOKS, pause_s
from reconciler.cloud.run_scope import RunScope
from reconciler.diagnostics import (
    ApiError,
    DeadlineError,
    Diagnostic,
    InterruptedRun,
    OverdueError,
    PendingError,
    ReconcileError,
    RefusedError,
    UnavailableError,
    UnforeseenError,
)
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
from reconciler.engine.graph import with_dependencies
from reconciler.engine.types import Action, Address, JsonObject, Outcome, Phase, Status
from reconciler.kinds import HANDLERS
from reconciler.kinds.base import HandlerContext, Reads
from reconciler.kinds.extensions import LeavesRemains, StatesWait, compares_secrets
from reconciler.kinds.resource_provider import MISSING as UNREGISTERED
from reconciler.operations.apply.recreate_parent import RecreatedParents
from reconciler.operations.apply.redecide import LatestObserved, Redecider
from reconciler.operations.apply.retry import MESSAGES, Retries, RetryReason, retry_reason
from reconciler.operations.apply.wait import Waiter
from reconciler.operations.apply.write import Writer
from reconciler.operations.apply.write_scope import WriteScope
from reconciler.operations.diagnostics import at_resource, overdue, undecided
from reconciler.operations.load import Loaded
from reconciler.operations.plan.build import Plan
from reconciler.operations.progress import Events
from reconciler.operations.refresh import context_of, observe_fresh
from reconciler.reasons import Interrupted, Reason

LONGEST_S = 3 * 3600.0
"""What one resource may take in all: one operation of two hours, and an hour for the rest."""
LAST_LOOK_S = 60.0
"""How long we look what became of a resource whose time is over."""


@dataclass(frozen=True)
class End:
    """How the run of one resource ended. `Interrupted` where Azure is not at work on it."""

    status: Status
    problems: tuple[Diagnostic, ...] = ()
    reason: Reason | None = None


class ApplyExecutor:
    """The state of one apply: what is known of each resource so far."""

    def __init__(
        self,
        loaded: Loaded,
        run: RunScope,
        plan: Plan,
        progress: Events,
        *,
        no_wait: bool,
    ) -> None:
        self._loaded = loaded
        self._plan = {c.address: c for c in plan.changes}
        self._destroys = plan.destroys
        self._held = plan.held
        self._progress = progress
        self._seen = LatestObserved(plan.changes)
        self._run = run
        self._waiter = Waiter(run)
        self.write_scope = WriteScope(plan.changes)  # what is held is never begun, so never written
        self.context: HandlerContext = context_of(
            loaded,
            run,
            Reads(run, fresh=True),
            self._seen.of,
            progress,
            wait_for_runs=run.waits and not no_wait,
        )
        self._redecider = Redecider(loaded.resources, self.context, self._seen)
        self._writer = Writer(self._plan, self.context, self._seen, self._redecider, self._waiter)
        self._parents = RecreatedParents(
            self._plan, self.context, self._run_change, self._writer.has_written
        )

    @property
    def remade(self) -> Mapping[Address, Outcome]:
        """What became of the parents that were made again."""
        return self._parents.remade

    def run(self, address: Address) -> Outcome:
        """Bring one resource to where the plan wants it."""
        change = self._plan[address]
        if not self.has_work(change):
            return Outcome(address, Action.NO_OP, Status.UNCHANGED)
        return self._run_change(change)

    def _run_change(self, change: Change) -> Outcome:
        """Carry out one change and tell its start and its end."""
        address, started = change.address, time.monotonic()
        self.write_scope.begin(change)
        self._progress.started(address, change.action)
        end = self._guarded(change)
        seen = self._seen.of(address)
        outcome = Outcome(
            address,
            self._word_of(change, end.status),
            end.status,
            time.monotonic() - started,
            end.problems,
            link=seen.link if seen else "",
            reason=end.reason,
        )
        self._progress.finished(outcome)
        return outcome

    def _word_of(self, change: Change, status: Status) -> Action:
        """Return what was done, in the plan's word.

        A training registers its model and an endpoint comes with traffic for nobody: to complete
        what this run itself brought about is a create, as announced.
        """
        planned = Action.NO_OP if status is Status.UNCHANGED else change.action
        done = self._writer.done.get(change.address, planned)
        return planned if planned is Action.CREATE and done is Action.UPDATE else done

    def remains(self, outcomes: Iterable[Outcome]) -> Iterable[str]:
        """Yield what Azure keeps of the things that were deleted."""
        for outcome in outcomes:
            if outcome.status is Status.DONE and outcome.action is Action.DELETE:
                resource = self._plan[outcome.address].resource
                handler = HANDLERS[resource.kind]
                left = handler.remains(resource) if isinstance(handler, LeavesRemains) else ""
                if left:
                    yield left

    def has_work(self, change: Change) -> bool:
        """Whether a run of a resource may do anything. A destroy only deletes: it waits for nothing else."""
        if change.address in self._held:
            return False
        match change.decision:
            case Create() | Adopt() | Update() | Replace() | Delete() | Run() | Blocked():
                return True
            case Wait():
                is_awaited = not self._destroys and change.observed is not None
                return change.action.is_change or is_awaited
            case NoOp():
                compares = compares_secrets(HANDLERS[change.resource.kind], change.resource)
                return compares and not self._destroys and change.observed is not None
            case never:
                assert_never(never)

    def _guarded(self, change: Change) -> End:
        """Do the work; every failure becomes the resource's own outcome."""
        resource = change.resource
        handler = HANDLERS[resource.kind]
        stated_s = handler.stated_wait_s(resource) if isinstance(handler, StatesWait) else 0.0
        longest_s = LONGEST_S + stated_s
        try:
            with self._run.resource_deadline.within(longest_s):
                return End(self._work(change))
        except OverdueError:
            return End(*self._overdue(change, longest_s))
        except DeadlineError as error:
            reason = None if self._is_begun(change) else Interrupted()
            return End(Status.PENDING, at_resource(error, change), reason)
        except PendingError as error:
            is_left = not self._run.waits and not self._is_begun(change)
            return End(
                Status.PENDING, at_resource(error, change), Interrupted() if is_left else None
            )
        except InterruptedRun as error:
            return self._stopped(change, at_resource(error, change))
        except RefusedError as error:
            return End(Status.REFUSED, at_resource(error, change))
        except ReconcileError as error:
            return End(Status.FAILED, at_resource(error, change))
        except Exception as error:  # noqa: BLE001 - the report of all others must not be lost
            return End(Status.FAILED, at_resource(UnforeseenError.of(error), change))

    def _is_begun(self, change: Change) -> bool:
        """Whether this run has written it, or Azure was at work on it when last seen."""
        seen = self._seen.of(change.address)
        is_busy = seen is not None and seen.phase is Phase.PENDING
        return is_busy or change.address in self._writer.done

    def _stopped(self, change: Change, problems: tuple[Diagnostic, ...]) -> End:
        """Ask Azure whether it is at work on it: only that still runs when we leave."""
        is_written = change.address in self._writer.done
        try:
            seen = observe_fresh(self.context, change.resource)
        except ReconcileError:
            is_running = self._is_begun(change)
        else:
            self._seen.note(change.address, seen)
            is_running = seen is not None and seen.phase is Phase.PENDING
        if is_running:
            return End(Status.PENDING, problems)
        if is_written:
            return End(Status.PENDING, problems, Interrupted())
        return End(Status.SKIPPED, reason=Interrupted())

    def _overdue(self, change: Change, longest_s: float) -> tuple[Status, tuple[Diagnostic, ...]]:
        """Look once more: pending when Azure is still at work on it, failed otherwise."""
        try:
            with self._run.resource_deadline.within(LAST_LOOK_S):
                seen = observe_fresh(self.context, change.resource)
        except ReconcileError as error:
            return Status.FAILED, (overdue(change, longest_s, error.diagnostics[0].summary),)
        self._seen.note(change.address, seen)
        if seen is None and change.action is Action.DELETE:
            return Status.DONE, ()
        if seen is not None and seen.phase is Phase.PENDING:
            at_work = f"Azure is still working on it ({seen.message})"
            return Status.PENDING, (overdue(change, longest_s, at_work),)
        idle = "Azure is not working on it" if seen else "it does not exist"
        return Status.FAILED, (overdue(change, longest_s, idle),)

    def _work(self, approved: Change) -> Status:
        """Decide and write, again where what failed may pass (`retry` says what and how long)."""
        if approved.is_blocked:
            raise ReconcileError(*approved.problems)
        tries = Retries(self._run)
        while True:
            try:
                return self._try(approved)
            except (ApiError, UnavailableError) as error:
                tries.again(error, self._cause(approved, error))

    def _cause(self, approved: Change, error: ReconcileError) -> RetryReason:
        """Return why it may pass; raises the error when it will not."""
        cause = retry_reason(error)
        if getattr(error, "code", "") == UNREGISTERED and self._writer.has_registered:
            cause = RetryReason.MISSING
        if cause is RetryReason.DENIED:
            grants = [] if approved.action is Action.DELETE else self._grants(approved)
            cause = cause if self._waiter.has_fresh(grants, self._seen.of) else None
        if getattr(error, "status", 0) == 404 and approved.action is not Action.DELETE:
            cause = RetryReason.MISSING if self._parents.recreate_parent(approved) else cause
        if cause is None:
            raise error
        self._progress.say(approved.address, f"{MESSAGES[cause]}: trying again")
        return cause

    def _try(self, approved: Change) -> Status:
        if approved.action is Action.DELETE:
            self._writer.delete(approved)
            return self._found_done(approved)
        if approved.observed and self._writer.done.get(approved.goes_with) is Action.CREATE:
            self._redecider.cleared(approved.address, approved.observed)
        for looks in range(1, LOOKS + 1):
            change, desired = self._decided(approved)
            if change.action is Action.NO_OP:
                if approved.action is not Action.NO_OP:
                    self._writer.note_written(change.resource)
                return self._found_done(change)
            if self._writer.write(change, desired):
                break
            self._run.sleep(pause_s(looks))
        else:
            raise ReconcileError(undecided(approved))
        self._writer.verify(change)
        return self._found_done(change)

    def _decided(self, approved: Change) -> tuple[Change, JsonObject]:
        """Decide, once Azure is at rest and the roles that a change needs are in effect."""
        change, desired = self._at_rest(approved)
        if change.action.is_change and self._waiter.wait_for_grants(
            self.context, change, self._grants(change), self._seen.of
        ):
            return self._at_rest(approved)
        return change, desired

    def _at_rest(self, approved: Change) -> tuple[Change, JsonObject]:
        """Decide, once Azure is done with what is under way.

        Where its replicas disagree about that, each further turn begins with a pause.
        """
        change, desired = self._redecider.decided(approved)
        turns = 0
        while change.is_pending:
            if turns:
                self._run.sleep(pause_s(turns))
            self._waiter.wait(self.context, approved.resource)
            change, desired = self._redecider.decided(approved)
            turns += 1
        return change, desired

    def _found_done(self, change: Change) -> Status:
        """Say whether what needs nothing more is so by our own doing."""
        return Status.DONE if change.address in self._writer.done else Status.UNCHANGED

    def _grants(self, change: Change) -> list[Address]:
        """Return the role assignments of the spec that a resource needs, directly or not."""
        needed = with_dependencies(self._loaded.graph, [change.address])
        resources = self._loaded.resources
        return [a for a in needed if a in resources and HANDLERS[resources[a].kind].grants_access]
