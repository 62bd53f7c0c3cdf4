"""One visit for each resource: decide again before the write, write, read back after it.

What was approved is the ceiling: a resource that would now need something that the plan did
not show is refused (`deciding_again`). What failed and may pass is decided once more (`tries`).
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import RLock
from typing import Protocol

from reconciler.cloud.connection import Connection
from reconciler.cloud.freshness import LOOKS, pause_s
from reconciler.diagnostics import (
    ApiError,
    Diagnostic,
    InterruptedRun,
    OverdueError,
    PendingError,
    ReconcileError,
    RefusedError,
    UnavailableError,
    UnforeseenError,
)
from reconciler.engine.graph import with_dependencies
from reconciler.engine.types import (
    Action,
    Address,
    Change,
    JsonObject,
    Observed,
    Outcome,
    Phase,
    Resource,
    Status,
)
from reconciler.kinds import HANDLERS
from reconciler.kinds.base import Progress, Reads, World
from reconciler.kinds.resource_provider import MISSING as UNREGISTERED
from reconciler.operations.branches import above, refuse_to_hide
from reconciler.operations.deciding_again import DecidingAgain, Seen
from reconciler.operations.loading import Loaded
from reconciler.operations.observing import observe_fresh, world_of
from reconciler.operations.planning import Plan
from reconciler.operations.reading_back import had_failed, last_word, shortfall
from reconciler.operations.settling import Settling
from reconciler.operations.strangers import refuse_to_lose
from reconciler.operations.tries import Cause, Tries, cause_of
from reconciler.operations.troubles import (
    placed,
    took_too_long,
)

LOOK_AGAIN_S = (0.0, 0.5)
"""How long to wait before each look at a parent that may only seem to be gone."""
LONGEST_PAUSE_S = 0.5
"""The longest pause of one that waits until another has made their parent again."""
ENDED_BY = {Status.PENDING: PendingError, Status.REFUSED: RefusedError}
"""What a resource ends with because of its parent; all else is a failure."""
LONGEST_S = 3 * 3600.0
"""What one resource may take in all: one operation of two hours, and an hour for the rest."""
LAST_LOOK_S = 60.0
"""How long we look what became of a resource whose time is over."""


class Events(Progress, Protocol):
    """Who watches an apply: progress, and the start and end of each resource."""

    def started(self, address: Address, action: Action) -> None:
        """Say that work on a resource begins."""

    def finished(self, outcome: Outcome) -> None:
        """Say how a resource ended."""


class Visits:
    """The state of one apply: what is known of each resource so far."""

    def __init__(
        self,
        loaded: Loaded,
        connection: Connection,
        plan: Plan,
        progress: Events,
        *,
        no_wait: bool,
    ) -> None:
        self._loaded = loaded
        self._plan = {c.address: c for c in plan.changes}
        self._destroys = plan.destroys
        self._progress = progress
        self._seen = Seen(plan.changes)
        self._connection = connection
        self._settling = Settling(connection)
        self._has_registered = False
        self._written: set[Address] = set()
        self._done: dict[Address, Action] = {}
        self._branches = RLock()
        self.remade: dict[Address, Outcome] = {}
        self.world: World = world_of(
            loaded,
            connection,
            Reads(connection, fresh=True),
            self._seen.of,
            progress,
            wait_for_runs=not no_wait,
        )
        self._deciding = DecidingAgain(loaded.resources, self.world, self._seen)

    def visit(self, address: Address) -> Outcome:
        """Bring one resource to where the plan wants it."""
        change = self._plan[address]
        if not self.has_work(change):
            return Outcome(address, Action.NO_OP, Status.UNCHANGED)
        return self._visited(change)

    def _visited(self, change: Change) -> Outcome:
        """Carry out one change and tell its start and its end."""
        address, started = change.address, time.monotonic()
        self._progress.started(address, change.action)
        status, problem = self._guarded(change)
        seen = self._seen.of(address)
        planned = Action.NO_OP if status is Status.UNCHANGED else change.action
        outcome = Outcome(
            address,
            self._done.get(address, planned),
            status,
            time.monotonic() - started,
            problem,
            link=seen.link if seen else "",
        )
        self._progress.finished(outcome)
        return outcome

    def remains(self, outcomes: Iterable[Outcome]) -> Iterable[str]:
        """Yield what Azure keeps of the things that were deleted."""
        for outcome in outcomes:
            if outcome.status is Status.DONE and outcome.action is Action.DELETE:
                resource = self._plan[outcome.address].resource
                left = HANDLERS[resource.kind].remains(resource)
                if left:
                    yield left

    def has_work(self, change: Change) -> bool:
        """Whether a visit may do anything. A destroy only deletes: it waits for nothing else."""
        if change.action.is_change or change.blocked or self._destroys:
            return change.action.is_change or change.blocked is not None
        waits = change.pending or HANDLERS[change.resource.kind].compares_at_apply
        return waits and change.observed is not None

    def _guarded(self, change: Change) -> tuple[Status, Diagnostic | None]:
        """Do the work; every failure becomes the resource's own outcome."""
        resource = change.resource
        longest_s = LONGEST_S + HANDLERS[resource.kind].stated_wait_s(resource)
        try:
            with self._connection.own_time.within(longest_s):
                return self._work(change), None
        except OverdueError:
            return self._overdue(change, longest_s)
        except PendingError as error:
            return Status.PENDING, placed(error, change)
        except InterruptedRun as error:
            return Status.PENDING, placed(error, change)
        except RefusedError as error:
            return Status.REFUSED, placed(error, change)
        except ReconcileError as error:
            return Status.FAILED, placed(error, change)
        except Exception as error:  # noqa: BLE001 - the report of all others must not be lost
            return Status.FAILED, placed(UnforeseenError.of(error), change)

    def _overdue(self, change: Change, longest_s: float) -> tuple[Status, Diagnostic | None]:
        """Look once more: pending when Azure is still at work on it, failed otherwise."""
        try:
            with self._connection.own_time.within(LAST_LOOK_S):
                seen = observe_fresh(self.world, change.resource)
        except ReconcileError as error:
            return Status.FAILED, took_too_long(change, longest_s, error.diagnostics[0].summary)
        self._seen.note(change.address, seen)
        if seen is None and change.action is Action.DELETE:
            return Status.DONE, None
        if seen is not None and seen.phase is Phase.PENDING:
            at_work = f"Azure is still at work on it ({seen.message})"
            return Status.PENDING, took_too_long(change, longest_s, at_work)
        idle = "Azure is not at work on it" if seen else "it does not exist"
        return Status.FAILED, took_too_long(change, longest_s, idle)

    def _work(self, approved: Change) -> Status:
        """Decide and write, again where what failed may pass (`tries` says what and how long)."""
        if approved.blocked:
            raise ReconcileError(approved.blocked)
        tries = Tries(self._connection)
        while True:
            try:
                return self._try(approved)
            except (ApiError, UnavailableError) as error:
                tries.again(error, self._cause(approved, error))

    def _cause(self, approved: Change, error: ReconcileError) -> Cause:
        """Return why it may pass; raises the error when it will not."""
        cause = cause_of(error)
        if getattr(error, "code", "") == UNREGISTERED and self._has_registered:
            cause = Cause.MISSING
        if cause is Cause.DENIED:
            grants = [] if approved.action is Action.DELETE else self._grants(approved)
            cause = cause if self._settling.has_fresh(grants, self._seen.of) else None
        if getattr(error, "status", 0) == 404 and approved.action is not Action.DELETE:
            cause = Cause.MISSING if self._replanted(approved) else cause
        if cause is None:
            raise error
        self._progress.say(approved.address, f"{cause.value}: looking again")
        return cause

    def _replanted(self, approved: Change) -> bool:
        """Make again, once, what a resource is in and somebody deleted since the plan.

        Returns False when nothing of that is missing. Raises `RefusedError` where it is not
        to be made again unseen, what stopped it where it is not made.
        """
        with self._alone():
            lost = [c for c in above(self._plan.values(), approved) if self._is_lost(c)]
            for change in lost:
                refuse_to_hide(change, self._plan.values(), approved)
            for change in lost:
                outcome = self._visited(
                    replace(
                        change,
                        action=Action.CREATE,
                        observed=None,
                        fields=(),
                        reason="deleted since the plan",
                    )
                )
                self.remade[change.address] = replace(outcome, note="deleted since the plan")
                if outcome.problem:
                    raise ENDED_BY.get(outcome.status, ReconcileError)(outcome.problem)
        return bool(lost)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let one resource at a time make again what it is in; a stop ends the wait of others.

        The same thread may enter twice: what is made again may be in something lost, too.
        """
        turns = 0
        while not self._branches.acquire(blocking=False):
            turns += 1
            self._connection.sleep(min(pause_s(turns), LONGEST_PAUSE_S))
        try:
            yield
        finally:
            self._branches.release()

    def _is_lost(self, change: Change) -> bool:
        """Return whether what the plan saw is gone; two looks, since one may be behind."""
        if change.address in self._written or change.observed is None:
            return False
        for wait_s in LOOK_AGAIN_S:
            self._connection.sleep(wait_s)
            if observe_fresh(self.world, change.resource) is not None:
                return False
        return True

    def _try(self, approved: Change) -> Status:
        if approved.action is Action.DELETE:
            return self._delete(approved)
        if approved.observed and self._done.get(approved.goes_with) is Action.CREATE:
            self._deciding.cleared(approved.address, approved.observed)
        for looks in range(1, LOOKS + 1):
            change, desired = self._decided(approved)
            if change.action is Action.NO_OP:
                if approved.action is not Action.NO_OP:
                    self._note_written(change.resource)
                return self._found_done(change)
            if self._write(change, desired):
                break
            self._connection.sleep(pause_s(looks))
        self._read_back(change)
        return self._found_done(change)

    def _decided(self, approved: Change) -> tuple[Change, JsonObject]:
        """Decide, once Azure is at rest and the roles that a change needs are in effect."""
        change, desired = self._at_rest(approved)
        if change.action.is_change and self._settling.wait_for_grants(
            self.world, change, self._grants(change), self._seen.of
        ):
            return self._at_rest(approved)
        return change, desired

    def _at_rest(self, approved: Change) -> tuple[Change, JsonObject]:
        """Decide, once Azure is done with what is under way.

        Where its replicas disagree about that, each further turn begins with a pause.
        """
        change, desired = self._deciding.decided(approved)
        turns = 0
        while change.pending:
            if turns:
                self._connection.sleep(pause_s(turns))
            self._settling.wait(self.world, approved.resource)
            change, desired = self._deciding.decided(approved)
            turns += 1
        return change, desired

    def _found_done(self, change: Change) -> Status:
        """Say whether what needs nothing more is so by our own doing."""
        return Status.DONE if change.address in self._done else Status.UNCHANGED

    def _grants(self, change: Change) -> list[Address]:
        """Return the role assignments of the spec that a resource needs, directly or not."""
        needed = with_dependencies(self._loaded.graph, [change.address])
        resources = self._loaded.resources
        return [a for a in needed if a in resources and resources[a].kind == "role assignment"]

    def _write(self, change: Change, desired: JsonObject) -> bool:
        """Send it; False where nothing was sent, since a last look finds another decision."""
        handler, resource = HANDLERS[change.resource.kind], change.resource
        if change.action is Action.REPLACE:
            word = self._last_word(change)
            if word is not Action.REPLACE:
                return word is Action.NO_OP
        self._done.setdefault(change.address, change.action)
        if change.action in (Action.UPDATE, Action.ADOPT):
            handler.update(self.world, change, desired)
        else:
            handler.create(self.world, resource, desired)
        self._note_written(resource)
        return True

    def _last_word(self, change: Change) -> Action | None:
        """Delete what is to be made again, unless a last look finds another decision.

        Returns that decision; None where it is not to be carried out at all.
        """
        resource = change.resource
        now = observe_fresh(self.world, resource)
        word = last_word(change, self._deciding.shown(resource), now) if now else change.action
        if word is not Action.REPLACE:
            return word
        if now:
            going = self._going(Action.DELETE, Action.REPLACE)
            refuse_to_lose(self._connection, change, now, going)
            self._done.setdefault(change.address, Action.REPLACE)
            HANDLERS[resource.kind].delete(self.world, resource, now)
        old = now or change.observed
        if old:
            self._deciding.cleared(change.address, old)
        return word

    def _note_written(self, resource: Resource) -> None:
        """Keep in mind what this run made: not every replica of Azure knows it yet."""
        self._written.add(resource.address)
        if resource.kind == "role assignment":
            self._settling.granted(resource.address)
        if resource.kind == "resource provider":
            self._has_registered = True

    def _read_back(self, change: Change) -> None:
        """Look at what Azure holds now; anything that still differs is a failure."""
        resource, shown = change.resource, self._deciding.shown(change.resource)

        def look() -> Observed | None:
            return observe_fresh(self.world, resource)

        def is_new(seen: Observed) -> bool:
            failed = seen.phase is Phase.FAILED and not had_failed(change)
            return seen.phase is Phase.PENDING or failed or not shortfall(change, shown, seen)

        observed = self._settling.shows(look, resource, is_new)
        if observed.phase is Phase.PENDING:
            self._settling.wait(self.world, resource)
            observed = self._settling.shows(look, resource, is_new)
        self._seen.note(resource.address, observed)
        problem = shortfall(change, shown, observed)
        if problem:
            raise ReconcileError(problem)

    def _delete(self, change: Change) -> Status:
        resource = change.resource
        observed = observe_fresh(self.world, resource)
        if observed is None:
            return self._found_done(change)
        refuse_to_lose(self._connection, change, observed, self._going(Action.DELETE))
        self._done.setdefault(change.address, Action.DELETE)
        HANDLERS[resource.kind].delete(self.world, resource, observed)
        self._seen.note(resource.address, None)
        return Status.DONE

    def _going(self, *actions: Action) -> list[str]:
        """Return the ids of what this plan takes away."""
        return [c.resource.resource_id for c in self._plan.values() if c.action in actions]
