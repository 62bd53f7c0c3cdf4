"""How a pass ended that planned: what its plan, the verdict over it and its report come to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from reconciler.diagnostics import (
    Diagnostic,
)
from reconciler.engine.attribution import By
from reconciler.engine.decisions import Failure, Wait
from reconciler.engine.effect import effect_of
from reconciler.engine.findings import Level
from reconciler.engine.types import Address, Phase, Status
from reconciler.gitops.gate import Verdict, gravest
from reconciler.gitops.records import (
    Condition,
    ConditionType,
    Drift,
    Working,
)
from reconciler.gitops.told import FALSE, READY, RECONCILING, TRUE, UNKNOWN, Reason, Told, first
from reconciler.operations.apply.executor import Report
from reconciler.operations.load import Loaded
from reconciler.operations.plan.build import Plan
from reconciler.operations.plan.policy import CHECK as POLICY
from reconciler.render.kind_views import views_of
from reconciler.render.plan_json import document

HARMLESS = (Reason.DRIFTED, Reason.CONTENDED)
"""What is held and keeps a revision from nothing: it is no change of it."""


def stopping(plan: Plan) -> Reason | None:
    """Return why nothing of a plan may be begun; None where something may."""
    blocked = [change for change in plan.stopping if not change.is_unread]
    if not blocked:
        return None
    by_policy = any(f.id == POLICY and f.level is Level.BLOCKER for f in plan.findings)
    return Reason.POLICY_VIOLATION if by_policy else Reason.FAILED


def of_plan(
    loaded: Loaded, plan: Plan, verdict: Verdict, report: Report | None, *, stopped: bool
) -> Told:
    """Return the end of a pass that planned, and did what it may."""
    end = _Ending(plan, verdict, report, stopped=stopped)
    is_quiet = plan.is_empty and not end.is_pending
    return Told(
        tuple(end.conditions()),
        end.is_pending,
        end.is_complete,
        effect="" if plan.is_empty else _effect(plan, verdict),
        drift=tuple(_drift(plan)),
        problems=end.problems,
        plan=None if is_quiet else document(views_of(plan, loaded)),
        approvals=verdict.effects,
        working=tuple(end.working()),
    )


def _effect(plan: Plan, verdict: Verdict) -> str:
    """Return what an approval has to name, or else what the plan would do."""
    return verdict.effects[0] if verdict.effects else effect_of(plan.changes)


class _Ending:
    """What a plan, its verdict and its report come to."""

    def __init__(
        self, plan: Plan, verdict: Verdict, report: Report | None, *, stopped: bool
    ) -> None:
        self._plan = plan
        self._verdict = verdict
        self._stopped = stopped
        self._outcomes = report.outcomes if report else ()
        self._statuses = {outcome.status for outcome in self._outcomes}
        self.is_pending = Status.PENDING in self._statuses or any(
            change.is_pending for change in plan.changes
        )
        told = [
            p for o in self._outcomes if o.status in BAD for p in _addressed(o.address, o.problems)
        ]
        self.problems = tuple(told) or tuple(self._blocked())
        held = self._held = self._telling()
        skipped = self._statuses & {*BAD, Status.SKIPPED}
        self.is_complete = not (held or skipped or self.is_pending or self.problems or stopped)

    def _telling(self) -> dict[Address, Reason]:
        """Return what is held, but for drift, whose change the revision does not make."""
        by = self._plan.attribution.by if self._plan.attribution else {}
        return {
            change.address: self._verdict.held[change.address]
            for change in self._plan.changes
            if change.address in self._verdict.held
            and (change.action.is_change or change.is_unread)
            and not (
                self._verdict.held[change.address] in HARMLESS
                and by.get(change.address) is By.DRIFT
            )
        }

    def _blocked(self) -> Iterator[Diagnostic]:
        for change in self._plan.changes:
            if change.is_blocked:
                yield from _addressed(change.address, change.problems)

    def conditions(self) -> Iterator[Condition]:
        """Yield what is so."""
        yield self._ready()
        if self._stopped:
            yield Condition(RECONCILING, TRUE, Reason.SUPERSEDED, "stopped before it was done")
        elif self.problems:
            yield Condition(RECONCILING, TRUE, Reason.PROGRESSING_WITH_RETRY, "tried again soon")
        elif self.is_pending:
            yield Condition(RECONCILING, TRUE, Reason.WAITING, self._awaited())
        yield self._synced()
        yield self._healthy()
        yield self._approved()

    def _ready(self) -> Condition:
        reason = gravest(self._held.values())
        if reason is not None and reason is not Reason.WAITING:
            return Condition(READY, FALSE, reason, self._why(reason))
        if self.problems:
            return Condition(READY, FALSE, self._failure(), first(self.problems))
        if self._stopped:
            return Condition(READY, UNKNOWN, Reason.SUPERSEDED, "stopped before it was done")
        if self.is_pending:
            return Condition(READY, UNKNOWN, Reason.PROGRESSING, self._awaited())
        return Condition(READY, TRUE, Reason.SUCCEEDED, "as the spec says")

    def _failure(self) -> Reason:
        """Return the word for what could not be read or done."""
        failures = {change.failure for change in self._plan.changes if change.is_unread}
        if self._statuses & {*BAD} or not failures:
            return stopping(self._plan) or Reason.FAILED
        if Failure.DENIED in failures:
            return Reason.ACCESS_DENIED
        return Reason.AZURE_UNAVAILABLE if failures <= {Failure.UNAVAILABLE} else Reason.FAILED

    def _why(self, reason: Reason) -> str:
        held = [address for address, why in self._held.items() if why is reason]
        if reason is Reason.WAITING_FOR_APPROVAL:
            return f"{len(held)} changes wait for the approval of {' '.join(self._verdict.effects)}"
        first = next(iter(self.problems), None)
        return first.summary if first else f"{SENTENCES[reason]}: {len(held)} changes are held"

    def _awaited(self) -> str:
        waiting = [c.address for c in self._plan.changes if c.is_pending]
        waiting += [o.address for o in self._outcomes if o.status is Status.PENDING]
        names = ", ".join(f"`{address}`" for address in dict.fromkeys(waiting[:5]))
        return f"Azure is still working on {names}"

    def working(self) -> Iterator[Working]:
        """Yield what Azure works on: what it was found to, and what this pass began."""
        begun = {o.address for o in self._outcomes if o.status is Status.PENDING}
        for change in self._plan.changes:
            if change.is_pending or change.address in begun:
                phase = change.decision.phase if isinstance(change.decision, Wait) else ""
                yield Working(change.address, change.resource.kind, phase)

    def _synced(self) -> Condition:
        synced, by = ConditionType.SYNCED, self._plan.attribution
        if any(change.is_unread for change in self._plan.changes):
            return Condition(synced, UNKNOWN, Reason.UNKNOWN, "not everything could be read")
        left = [c for c in self._left() if by and by.by.get(c) is By.DRIFT]
        if left:
            return Condition(synced, FALSE, Reason.DRIFTED, _named(left, "changed in Azure"))
        if self._left():
            return Condition(synced, FALSE, Reason.OUT_OF_SYNC, _named(self._left(), "to change"))
        return Condition(synced, TRUE, Reason.IN_SYNC, "Azure is as the spec says")

    def _left(self) -> list[str]:
        """Return what still differs: everything that was to change and was not done."""
        done = {o.address for o in self._outcomes if o.status is Status.DONE}
        changes = self._plan.changes
        return [c.address for c in changes if c.action.is_change and c.address not in done]

    def _healthy(self) -> Condition:
        phases = [c.observed.phase for c in self._plan.changes if c.observed]
        if Phase.FAILED in phases:
            return Condition(ConditionType.HEALTHY, FALSE, Reason.DEGRADED, "something has failed")
        if self.is_pending:
            return Condition(ConditionType.HEALTHY, UNKNOWN, Reason.PROGRESSING, self._awaited())
        return Condition(ConditionType.HEALTHY, TRUE, Reason.HEALTHY, "nothing has failed")

    def _approved(self) -> Condition:
        approved = ConditionType.APPROVED
        if self._verdict.effects:
            what = f"not approved yet: {' '.join(self._verdict.effects)}"
            return Condition(approved, FALSE, Reason.WAITING_FOR_APPROVAL, what)
        if self._verdict.approved:
            return Condition(approved, TRUE, Reason.APPROVED, "its effect was approved")
        return Condition(approved, TRUE, Reason.NOT_NEEDED, "nothing waits for an approval")


BAD = (Status.FAILED, Status.REFUSED)
SENTENCES = {
    Reason.OUTSIDE_WINDOW: "outside of its windows",
    Reason.SUSPENDED: "suspended",
    Reason.DEPENDENCY_NOT_READY: "what it depends on is not ready at this revision",
    Reason.POLICY_VIOLATION: "against the policy",
    Reason.ACCESS_DENIED: "access is denied",
    Reason.FAILED: "the plan cannot be carried out",
    Reason.TOO_MANY_DELETES: "more would be deleted than `deletes_per_pass` allows",
    Reason.TOO_MANY_RUNS: "more jobs would be started than `runs_per_day` allows",
    Reason.DRIFTED: "what was changed in Azure is in the way",
    Reason.CONTENDED: "what somebody else keeps writing is in the way",
}


def _drift(plan: Plan) -> Iterator[Drift]:
    """Yield each field that somebody else changed, in the spec's words; "" for the whole resource."""
    by = plan.attribution.by if plan.attribution else {}
    for change in plan.changes:
        if by.get(change.address) is By.DRIFT:
            yield from (Drift(change.address, f.label, path=f.path) for f in change.fields)
            if not change.fields:
                yield Drift(change.address, "")


def _addressed(address: str, problems: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    yield from (p if p.address else replace(p, address=address) for p in problems)


def _named(addresses: list[str], what: str) -> str:
    names = ", ".join(f"`{address}`" for address in addresses[:5])
    more = f" and {len(addresses) - 5} more" if len(addresses) > 5 else ""
    return f"{what}: {names}{more}"
