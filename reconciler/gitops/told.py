"""How a pass ended, as conditions: what is so, in one word for scripts and one sentence for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from reconciler.cloud.poll import is_outage
from reconciler.diagnostics import (
    ApiError,
    DeniedError,
    Diagnostic,
    ExitCode,
    ReconcileError,
    SpecError,
    errors_of,
)
from reconciler.gitops.lease import FOREVER_S
from reconciler.gitops.ports import Lease
from reconciler.gitops.records import (
    Condition,
    ConditionReason,
    ConditionStatus,
    ConditionType,
    Drift,
    Revision,
    Working,
    transitions,
)

READY, STALLED, RECONCILING = (
    ConditionType.READY,
    ConditionType.STALLED,
    ConditionType.RECONCILING,
)
TRUE, FALSE, UNKNOWN = ConditionStatus.TRUE, ConditionStatus.FALSE, ConditionStatus.UNKNOWN
Reason = ConditionReason


@dataclass(frozen=True)
class Told:
    """The end of a pass. `is_complete`: all that the revision changes is done."""

    conditions: tuple[Condition, ...]
    is_pending: bool = False
    is_complete: bool = False
    effect: str = ""
    drift: tuple[Drift, ...] = ()
    problems: tuple[Diagnostic, ...] = ()
    plan: dict[str, object] | None = None
    approvals: tuple[str, ...] = ()
    working: tuple[Working, ...] = ()

    def beside(self, more: Iterable[Condition]) -> Told:
        """Return the end with other things that are so."""
        return replace(self, conditions=(*self.conditions, *more))

    def stated(
        self, revision: Revision, before: Iterable[Condition], now: datetime
    ) -> tuple[Condition, ...]:
        """Return the conditions, of a revision, each with the time of its last transition."""
        own = (replace(condition, revision=revision) for condition in self.conditions)
        return transitions(before, own, now)


def stalled(reason: Reason, message: str, problems: Iterable[Diagnostic] = ()) -> Told:
    """Return the end of a pass that needs a person."""
    found = tuple(problems)
    return Told(
        (
            Condition(READY, FALSE, Reason.STALLED, message),
            Condition(STALLED, TRUE, reason, message),
        ),
        problems=found,
    )


def of_error(error: ReconcileError) -> Told:
    """Return the end of a pass that could not plan, or not begin what it planned."""
    problems = tuple(error.diagnostics)
    message = first(problems)
    if isinstance(error, SpecError):
        return stalled(Reason.INVALID_SPEC, message, problems)
    if is_denied(error):
        return stalled(Reason.ACCESS_DENIED, message, problems)
    reason = Reason.AZURE_UNAVAILABLE if is_outage(error) else Reason.FAILED
    return Told(
        (
            Condition(READY, FALSE, reason, message),
            Condition(RECONCILING, TRUE, Reason.PROGRESSING_WITH_RETRY, "tried again soon"),
        ),
        problems=problems,
    )


def is_denied(error: ReconcileError) -> bool:
    """Whether an error says that we may not."""
    is_refusal = isinstance(error, ApiError) and error.exit_code is ExitCode.DENIED
    return is_refusal or isinstance(error, DeniedError)


def missing(name: str, pattern: str) -> Told:
    """Return the end of a pass without a spec: nothing is deleted because a file is not there."""
    message = f"no file of the source matches `{pattern}`; nothing was deleted"
    hint = "correct `path` in loop.yaml, or delete what the spec made with `reconcile destroy`"
    return stalled(Reason.NOT_FOUND, message, [Diagnostic(f"`{name}`: {message}", hint=hint)])


def waits_for(names: Iterable[str]) -> Told:
    """Return the end of a pass that was not made: what the spec depends on is not ready."""
    message = f"waits for {', '.join(names)} to be ready at this revision"
    return Told((Condition(READY, UNKNOWN, Reason.DEPENDENCY_NOT_READY, message),))


def suspended() -> Told:
    """Return the end of a pass of a spec that people suspended."""
    message = "suspended by a tag of its resource group"
    return Told((Condition(READY, UNKNOWN, Reason.SUSPENDED, message),))


def held_by_another() -> Told:
    """Return the end of a pass whose subscription another replica keeps."""
    message = "another replica has the lease of this subscription"
    held = Condition(ConditionType.LEASE_HELD, FALSE, Reason.HELD_BY_ANOTHER, message)
    return Told((Condition(READY, UNKNOWN, Reason.HELD_BY_ANOTHER, message), held))


def lease_held(lease: Lease) -> Iterator[Condition]:
    """Yield that the lease is ours, where there is one that another could have."""
    if 0 < lease.valid_until() < FOREVER_S:
        yield Condition(ConditionType.LEASE_HELD, TRUE, Reason.HELD, "this replica writes")


def rewound(applied: Revision, revision: Revision) -> Told:
    """Return the end of a pass whose revision does not come after the applied one."""
    message = f"{revision.short} does not come after the applied {applied.short}"
    hint = f"to go back all the same, add `rewind:{revision.commit}` to the approval tag"
    return stalled(Reason.REWOUND_HISTORY, message, [Diagnostic(message, hint=hint)])


def first(problems: Iterable[Diagnostic]) -> str:
    """Return the first problem in one sentence, with its place."""
    found = list(problems)
    told = (errors_of(found) or found)[0]
    where = f"{told.position}: " if told.position else ""
    return f"{where}{told.summary}"
