"""What is done with one resource: a closed set of decisions, each with its own data.

A consumer matches on the decision; mypy proves that it forgets none. `Action` is only the
word for it, for counting and for display: what may be done follows from the decision.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import ClassVar, assert_never

from reconciler.diagnostics import Diagnostic
from reconciler.engine.types import Action, Address, FieldDiff, Observed, Resource
from reconciler.reasons import Note, Reason, Unmarked


class Failure(Enum):
    """Why a resource is blocked: we refuse (`REFUSED`), or it could not be read, and why not."""

    REFUSED = "refused"
    DENIED = "denied"
    FAILED = "failed"
    UNAVAILABLE = "unavailable"
    PENDING = "pending"
    INTERRUPTED = "interrupted"

    @property
    def is_unread(self) -> bool:
        """Whether it is blocked only because it could not be read."""
        return self is not Failure.REFUSED


@dataclass(frozen=True)
class NoOp:
    """It stays as it is."""

    action: ClassVar[Action] = Action.NO_OP
    note: Note | None = None


@dataclass(frozen=True)
class Create:
    """It does not exist and is made."""

    action: ClassVar[Action] = Action.CREATE
    reason: Reason | None = None
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Adopt:
    """It exists unmarked: it gets our mark, and these fields are written."""

    action: ClassVar[Action] = Action.ADOPT
    fields: tuple[FieldDiff, ...] = ()

    @property
    def reason(self) -> Reason:
        """Always the same one."""
        return Unmarked()


@dataclass(frozen=True)
class Update:
    """These fields are written in place; without any, all of it once more."""

    action: ClassVar[Action] = Action.UPDATE
    fields: tuple[FieldDiff, ...] = ()
    reason: Reason | None = None


@dataclass(frozen=True)
class Replace:
    """It is deleted and made again."""

    action: ClassVar[Action] = Action.REPLACE
    fields: tuple[FieldDiff, ...]
    reason: Reason


@dataclass(frozen=True)
class Delete:
    """It is deleted; `reason` is None where the user asked for it by a destroy."""

    action: ClassVar[Action] = Action.DELETE
    reason: Reason | None = None


@dataclass(frozen=True)
class Run:
    """Something is run: a job."""

    action: ClassVar[Action] = Action.RUN
    reason: Reason | None = None
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Preflight:
    """What a kind knows, by looking, of a create or a run before it begins."""

    reason: Reason | None = None
    notes: tuple[Note, ...] = ()


Work = NoOp | Create | Adopt | Update | Replace | Delete | Run


@dataclass(frozen=True)
class Wait:
    """Azure is at work on it (`phase` is its word for that); `then` may follow.

    `then` is all that may be written after the wait: `Create` where it is being deleted and
    is made again. `parent` is set where it is deleted together with its parent.
    """

    phase: str
    then: Work
    parent: Address = ""


@dataclass(frozen=True)
class Blocked:
    """It must not be carried out: the plan shows why, and apply refuses.

    `of` is what would be done otherwise.
    """

    diagnostics: tuple[Diagnostic, ...]
    failure: Failure = Failure.REFUSED
    of: Work | Wait = NoOp()


Decision = Work | Wait | Blocked


@dataclass(frozen=True)
class Change:
    """What is decided over one resource and what was observed of it."""

    resource: Resource
    observed: Observed | None
    decision: Decision

    @property
    def address(self) -> Address:
        """The resource's address."""
        return self.resource.address

    @property
    def action(self) -> Action:
        """The word for the decision; of a blocked one, for what would be done otherwise."""
        return action_of(self.decision)

    @property
    def work(self) -> Work:
        """What is done in the end: after a wait, or if it were not blocked."""
        return work_of(self.decision)

    @property
    def fields(self) -> tuple[FieldDiff, ...]:
        """The fields that differ, as far as the decision names any."""
        match self.work:
            case Adopt(fields=fields) | Update(fields=fields) | Replace(fields=fields):
                return fields
            case NoOp() | Create() | Delete() | Run():
                return ()
            case never:
                assert_never(never)

    @property
    def reason(self) -> Reason | None:
        """Why it is done, where that does not go without saying."""
        match self.work:
            case NoOp():
                return None
            case (
                Create(reason=reason)
                | Adopt(reason=reason)
                | Update(reason=reason)
                | Replace(reason=reason)
                | Delete(reason=reason)
                | Run(reason=reason)
            ):
                return reason
            case never:
                assert_never(never)

    @property
    def causes(self) -> tuple[Reason, ...]:
        """The reason as what a diagnostic takes: one, or none."""
        return () if self.reason is None else (self.reason,)

    @property
    def problems(self) -> tuple[Diagnostic, ...]:
        """Everything that is in its way; nothing where it is not blocked."""
        return self.decision.diagnostics if isinstance(self.decision, Blocked) else ()

    @property
    def failure(self) -> Failure | None:
        """Why it is blocked, None where it is not."""
        return self.decision.failure if isinstance(self.decision, Blocked) else None

    @property
    def is_blocked(self) -> bool:
        """Whether it must not be carried out."""
        return isinstance(self.decision, Blocked)

    @property
    def is_unread(self) -> bool:
        """Whether it is blocked because it could not be read: it may be anything."""
        return self.failure is not None and self.failure.is_unread

    @property
    def is_pending(self) -> bool:
        """Whether Azure is at work on it."""
        return isinstance(self.decision, Wait)

    @property
    def is_going(self) -> bool:
        """Whether Azure is at work deleting it, alone or with what it is in."""
        if not isinstance(self.decision, Wait):
            return False
        return bool(self.decision.parent) or (self.observed is not None and self.observed.is_going)

    @property
    def goes_with(self) -> Address:
        """What it is in, where Azure is at work deleting that and it goes too; else ""."""
        return self.decision.parent if isinstance(self.decision, Wait) else ""

    def deciding(self, decision: Decision) -> Change:
        """Return the change with another decision."""
        return replace(self, decision=decision)

    def doing(self, work: Work) -> Change:
        """Return the change with other work; what waits or is blocked stays so."""
        match self.decision:
            case Blocked(of=Wait() as wait) as blocked:
                return self.deciding(replace(blocked, of=replace(wait, then=work)))
            case Blocked() as blocked:
                return self.deciding(replace(blocked, of=work))
            case Wait() as wait:
                return self.deciding(replace(wait, then=work))
            case NoOp() | Create() | Adopt() | Update() | Replace() | Delete() | Run():
                return self.deciding(work)
            case never:
                assert_never(never)

    def blocked_by(self, *diagnostics: Diagnostic) -> Change:
        """Return the change blocked by these problems, in place of any others.

        What could not be read stays so: nobody knows more of it than before.
        """
        match self.decision:
            case Blocked() as blocked:
                return self.deciding(replace(blocked, diagnostics=diagnostics))
            case decision:
                return self.deciding(Blocked(diagnostics, of=decision))


def work_of(decision: Decision) -> Work:
    """Return what is done in the end: after a wait, or if it were not blocked."""
    match decision:
        case Blocked(of=inner):
            return work_of(inner)
        case Wait(then=work):
            return work
        case NoOp() | Create() | Adopt() | Update() | Replace() | Delete() | Run():
            return decision
        case never:
            assert_never(never)


def action_of(decision: Decision) -> Action:
    """Return the word for a decision.

    What is waited for is a change only where the wait ends in a replace or an adoption for
    certain: what else follows is decided when Azure is done.
    """
    match decision:
        case Blocked(of=inner):
            return action_of(inner)
        case Wait(then=Replace() | Adopt() as work):
            return work.action
        case Wait():
            return Action.NO_OP
        case NoOp() | Create() | Adopt() | Update() | Replace() | Delete() | Run():
            return decision.action
        case never:
            assert_never(never)
