"""Carry a plan out: walk the graph, decide again before each write, read back after it.

What was approved is the ceiling: a resource that would now need something more
destructive than the plan showed is refused. A failure skips only what depends on it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any, Protocol

from reconciler.cloud.connection import Connection
from reconciler.diagnostics import (
    Diagnostic,
    ExitCode,
    InterruptedRun,
    OverdueError,
    PendingError,
    ReconcileError,
    RefusedError,
    UnforeseenError,
)
from reconciler.engine.decide import resolve
from reconciler.engine.graph import reverse, with_dependencies
from reconciler.engine.types import (
    Action,
    Address,
    Change,
    JsonObject,
    Observed,
    Outcome,
    Phase,
    Reference,
    Status,
)
from reconciler.engine.walk import walk
from reconciler.kinds import HANDLERS
from reconciler.kinds.base import Progress, Reads, World
from reconciler.kinds.vault_secrets import reveal_outside
from reconciler.operations.loading import Loaded
from reconciler.operations.observing import PARALLELISM, observe_fresh, world_of
from reconciler.operations.planning import Plan, decide_one
from reconciler.operations.settling import Settling
from reconciler.operations.strangers import refuse_to_lose
from reconciler.sensitive import Secret

RISK = {
    Action.NO_OP: 0,
    Action.ADOPT: 1,
    Action.CREATE: 1,
    Action.RUN: 1,
    Action.UPDATE: 1,
    Action.REPLACE: 2,
    Action.DELETE: 2,
}


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


@dataclass(frozen=True)
class Report:
    """How an apply or destroy ended, per resource, in plan order."""

    outcomes: tuple[Outcome, ...]
    remains: tuple[str, ...] = ()
    interrupted: bool = False

    @property
    def exit_code(self) -> ExitCode:
        """1 when something failed, 3 when Azure is still working, otherwise 0."""
        statuses = {o.status for o in self.outcomes}
        if Status.FAILED in statuses:
            return ExitCode.FAILED
        if Status.REFUSED in statuses:
            return ExitCode.REFUSED
        if Status.PENDING in statuses:
            return ExitCode.PENDING
        return ExitCode.FAILED if Status.SKIPPED in statuses else ExitCode.OK


def apply(
    loaded: Loaded,
    connection: Connection,
    plan: Plan,
    *,
    progress: Events,
    parallelism: int = PARALLELISM,
    no_wait: bool = False,
) -> Report:
    """Carry out a plan that the user approved and return what became of each resource.

    Raises `RefusedError`, before anything is written, when the plan has blocked changes
    that concern more than one run.
    """
    refuse_blocked(plan)
    run = _Run(loaded, connection, plan, progress, no_wait=no_wait)
    graph = reverse(plan.graph) if plan.destroys else plan.graph
    outcomes = walk(graph, run.visit, parallelism=parallelism, stopping=connection.stop.is_set)
    ordered = [outcomes[c.address] for c in plan.changes]
    return Report(tuple(ordered), tuple(run.remains(ordered)), connection.stop.is_set())


def refuse_blocked(plan: Plan) -> None:
    """Raise `RefusedError` for a plan that must not be started.

    A run that failed before stops only its own branch; all else is the user's to decide
    before the first write.
    """
    stopping = [c for c in plan.changes if c.blocked and not HANDLERS[c.resource.kind].policy.runs]
    if stopping:
        raise RefusedError(*(c.blocked for c in stopping if c.blocked))


class _Run:
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
        self._progress = progress
        self._lock = Lock()
        self._seen: dict[Address, Observed | None] = {c.address: c.observed for c in plan.changes}
        self._connection = connection
        self._settling = Settling(connection)
        self.world: World = world_of(
            loaded,
            connection,
            Reads(connection, fresh=True),
            self._observed,
            progress,
            wait_for_runs=not no_wait,
        )

    def visit(self, address: Address) -> Outcome:
        """Bring one resource to where the plan wants it."""
        change = self._plan[address]
        started = time.monotonic()
        if not self._has_work(change):
            return Outcome(address, Action.NO_OP, Status.UNCHANGED)
        self._progress.started(address, change.action)
        status, problem = self._guarded(change)
        seen = self._observed(address)
        outcome = Outcome(
            address,
            change.action,
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

    def _has_work(self, change: Change) -> bool:
        handler = HANDLERS[change.resource.kind]
        waits = change.pending or change.blocked or handler.compares_at_apply
        return bool(change.action.is_change or (waits and change.observed))

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
            return Status.PENDING, _placed(error, change)
        except InterruptedRun as error:
            return Status.PENDING, _placed(error, change)
        except RefusedError as error:
            return Status.REFUSED, _placed(error, change)
        except ReconcileError as error:
            return Status.FAILED, _placed(error, change)
        except Exception as error:  # noqa: BLE001 - the report of all others must not be lost
            return Status.FAILED, _placed(UnforeseenError.of(error), change)

    def _overdue(self, change: Change, longest_s: float) -> tuple[Status, Diagnostic | None]:
        """Look once more: pending when Azure is still at work on it, failed otherwise."""
        try:
            with self._connection.own_time.within(LAST_LOOK_S):
                seen = observe_fresh(self.world, change.resource)
        except ReconcileError as error:
            return Status.FAILED, _took_too_long(change, longest_s, error.diagnostics[0].summary)
        self._remember(change.address, seen)
        if seen is None and change.action is Action.DELETE:
            return Status.DONE, None
        if seen is not None and seen.phase is Phase.PENDING:
            at_work = f"Azure is still at work on it ({seen.message})"
            return Status.PENDING, _took_too_long(change, longest_s, at_work)
        idle = "Azure is not at work on it" if seen else "it does not exist"
        return Status.FAILED, _took_too_long(change, longest_s, idle)

    def _work(self, approved: Change) -> Status:
        if approved.blocked:
            raise ReconcileError(approved.blocked)
        if approved.action is Action.DELETE:
            return self._delete(approved)
        change, desired = self._decided(approved)
        if change.pending:
            change, desired = self._settled(approved)
        if change.action is Action.NO_OP:
            return Status.UNCHANGED if approved.action is Action.NO_OP else Status.DONE
        self._before_write(change)
        self._write(change, desired)
        self._read_back(change)
        return Status.DONE

    def _decided(self, approved: Change) -> tuple[Change, JsonObject]:
        """Observe and decide again; refuse what is more than was approved."""
        resource = approved.resource
        observed = observe_fresh(self.world, resource)
        self._remember(resource.address, observed)
        desired = self._resolved(resource.desired)
        asked = approved.action is Action.RUN and "--retry" in approved.reason
        change = decide_one(resource, desired, observed, retry=asked)
        if change.blocked:
            raise RefusedError(change.blocked)
        change = self._with_approved_reason(change, approved)
        secrets = tuple(HANDLERS[resource.kind].differences(self.world, resource, desired))
        if change.action is Action.NO_OP and observed and not change.pending and secrets:
            change = replace(change, action=Action.UPDATE, reason=f"{', '.join(secrets)} changed")
        if RISK[change.action] > max(RISK[approved.action], RISK[Action.UPDATE]):
            raise RefusedError(_changed_under_us(approved, change))
        return change, desired

    @staticmethod
    def _with_approved_reason(change: Change, approved: Change) -> Change:
        """Keep an approved cascade: its cause lies in another resource."""
        cascades = approved.action in (Action.UPDATE, Action.REPLACE) and not approved.fields
        if cascades and approved.reason and change.action is Action.NO_OP and change.observed:
            return replace(change, action=approved.action, reason=approved.reason)
        return change

    def _settled(self, approved: Change) -> tuple[Change, JsonObject]:
        """Wait until Azure is done with what was under way, then decide."""
        self._settling.wait(self.world, approved.resource)
        return self._decided(approved)

    def _before_write(self, change: Change) -> None:
        grants = [
            a
            for a in with_dependencies(self._loaded.graph, [change.address])
            if a in self._loaded.resources and self._loaded.resources[a].kind == "role assignment"
        ]
        self._settling.wait_for_grants(self.world, change, grants)

    def _write(self, change: Change, desired: JsonObject) -> None:
        handler, resource = HANDLERS[change.resource.kind], change.resource

        def write() -> None:
            match change.action:
                case Action.CREATE | Action.RUN:
                    handler.create(self.world, resource, desired)
                case Action.UPDATE | Action.ADOPT:
                    handler.update(self.world, change, desired)
                case Action.REPLACE:
                    if observe_fresh(self.world, resource) and change.observed:
                        going = self._going(Action.DELETE, Action.REPLACE)
                        refuse_to_lose(self._connection, change, change.observed, going)
                        handler.delete(self.world, resource, change.observed)
                    handler.create(self.world, resource, desired)

        self._settling.while_busy(write, self.world, resource)
        if resource.kind == "role assignment":
            self._settling.granted(resource.address)
        if resource.kind == "resource provider":
            self._settling.registered()

    def _read_back(self, change: Change) -> None:
        """Look at what Azure holds now; anything that still differs is a failure."""
        resource = change.resource
        observed = self._settling.appears(lambda: observe_fresh(self.world, resource), resource)
        if observed.phase is Phase.PENDING:
            self._settling.wait(self.world, resource)
            observed = self._settling.appears(lambda: observe_fresh(self.world, resource), resource)
        self._remember(resource.address, observed)
        if observed.phase is Phase.FAILED:
            raise ReconcileError(_failed(change, observed))
        again = decide_one(resource, resolve(resource.desired, self._shown), observed)
        if again.blocked:
            raise ReconcileError(again.blocked)
        if again.action.is_change and again.fields:
            raise ReconcileError(_not_taken(again))

    def _delete(self, change: Change) -> Status:
        resource = change.resource
        observed = observe_fresh(self.world, resource)
        if observed is None:
            return Status.DONE
        if observed.owner is not (change.observed.owner if change.observed else None):
            raise RefusedError.because(f"`{resource.address}` is not marked as ours any more")
        refuse_to_lose(self._connection, change, observed, self._going(Action.DELETE))
        handler = HANDLERS[resource.kind]
        self._settling.while_busy(
            lambda: handler.delete(self.world, resource, observed), self.world, resource
        )
        self._remember(resource.address, None)
        return Status.DONE

    def _going(self, *actions: Action) -> list[str]:
        """Return the ids of what this plan takes away."""
        return [c.resource.resource_id for c in self._plan.values() if c.action in actions]

    def _resolved(self, desired: JsonObject) -> JsonObject:
        body: JsonObject = resolve(desired, self._lookup)
        return body

    def _lookup(self, reference: Reference) -> Any:
        if reference.secret:
            return self._revealed(reference)
        target = self._loaded.resources[reference.address]
        if reference.attribute in target.known:
            return target.known[reference.attribute]
        seen = self._observed(reference.address)
        return None if seen is None else seen.outputs.get(reference.attribute)

    def _shown(self, reference: Reference) -> Any:
        """Return the value of a reference, of a secret none: nobody compares it where it is read."""
        return None if reference.secret else self._lookup(reference)

    def _revealed(self, reference: Reference) -> Secret:
        """Return a secret; what stands in the way is told where the spec refers to it."""
        try:
            if reference.address:
                target = self._loaded.resources[reference.address]
                return HANDLERS[target.kind].reveal(self.world, target, reference.attribute)
            return reveal_outside(self._connection, reference)
        except ReconcileError as error:
            error.diagnostics = [d.at(reference.position) for d in error.diagnostics]
            raise

    def _observed(self, address: Address) -> Observed | None:
        with self._lock:
            return self._seen.get(address)

    def _remember(self, address: Address, observed: Observed | None) -> None:
        with self._lock:
            self._seen[address] = observed


def _placed(error: ReconcileError, change: Change) -> Diagnostic:
    return error.diagnostics[0].at(change.resource.position)


def _took_too_long(change: Change, longest_s: float, now: str) -> Diagnostic:
    return Diagnostic(
        f"`{change.address}` was not done within {longest_s / 3600:g} h",
        change.resource.position,
        detail=now,
        hint="run the same command again: it goes on where this one stopped; if it stays, the "
        "activity log of the resource says what holds it up",
    )


def _changed_under_us(approved: Change, now: Change) -> Diagnostic:
    return Diagnostic(
        f"`{approved.address}` changed since the plan: it would now be {now.action.value}d",
        approved.resource.position,
        detail=now.reason,
        hint="make a new plan and look at it",
    )


def _failed(change: Change, observed: Observed) -> Diagnostic:
    return Diagnostic(
        f"`{change.address}` failed in Azure: {observed.message}",
        change.resource.position,
        hint="run apply again to try once more; the activity log of the resource says why",
    )


def _not_taken(change: Change) -> Diagnostic:
    labels = ", ".join(f"`{f.label}`" for f in change.fields)
    return Diagnostic(
        f"Azure accepted the write of `{change.address}` but {labels} still differ",
        change.resource.position,
        hint="an Azure Policy or another writer may be changing it: run `reconcile plan`",
    )
