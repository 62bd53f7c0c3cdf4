"""Which changes of a plan may be carried out now, and why the others are held. Pure.

Two switches, never one: what a new revision changes (`changes`), and what somebody else changed
in Azure (`drift`). An approval names the effect of what is held, never a commit: it stays valid
for as long as the same would be done, and for nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from reconciler.engine.attribution import By
from reconciler.engine.decisions import Adopt, Change, Update
from reconciler.engine.effect import does, effect_of
from reconciler.engine.graph import Edges, needing
from reconciler.engine.types import Action, Address
from reconciler.gitops.config import Settings
from reconciler.gitops.records import ConditionReason

Held = Mapping[Address, ConditionReason]
BEFORE_ALL = (
    ConditionReason.SUSPENDED,
    ConditionReason.DEPENDENCY_NOT_READY,
    ConditionReason.POLICY_VIOLATION,
    ConditionReason.ACCESS_DENIED,
    ConditionReason.FAILED,
    ConditionReason.OUTSIDE_WINDOW,
    ConditionReason.TOO_MANY_DELETES,
    ConditionReason.TOO_MANY_RUNS,
    ConditionReason.CONTENDED,
    ConditionReason.WAITING_FOR_APPROVAL,
    ConditionReason.DRIFTED,
    ConditionReason.WAITING,
)
"""The reasons to hold something, the most telling first."""


@dataclass(frozen=True)
class Proposal:
    """What a plan would do, as the gate looks at it."""

    changes: tuple[Change, ...]
    graph: Edges = field(default_factory=dict)
    by: Mapping[Address, By] = field(default_factory=dict)
    dangerous: frozenset[Address] = frozenset()
    stopped: ConditionReason | None = None
    """Why nothing of the plan may be begun, where something in it is blocked."""


@dataclass(frozen=True)
class Permits:
    """What people, the clock and the past allow.

    `approvals` are the words of the approval tag, `admitted` the effects of single changes that
    were approved and are not all done, `runs` how many jobs may still be started, `closed` why
    nothing may be written at all.
    """

    approvals: frozenset[str] = frozenset()
    admitted: frozenset[str] = frozenset()
    runs: int = 3
    closed: ConditionReason | None = None
    contended: frozenset[Address] = frozenset()


@dataclass(frozen=True)
class Verdict:
    """What is held and why; everything else may be carried out.

    `effects` are what an approval would have to name, `admitted` what was approved and counts
    until it is done.
    """

    held: Held = field(default_factory=dict)
    effects: tuple[str, ...] = ()
    admitted: frozenset[str] = frozenset()
    approved: bool = False


def gravest(reasons: Iterable[ConditionReason]) -> ConditionReason | None:
    """Return the most telling of the reasons to hold something, None where there is none."""
    found = set(reasons)
    return next((reason for reason in BEFORE_ALL if reason in found), None)


def judge(proposal: Proposal, settings: Settings, permits: Permits) -> Verdict:
    """Return which changes are held, with all that need them."""
    work = [change for change in proposal.changes if _is_work(change)]
    some_unread = any(change.is_unread for change in proposal.changes)
    held: dict[Address, ConditionReason] = {}
    for change in proposal.changes:
        if change.is_pending:
            held[change.address] = ConditionReason.WAITING
        elif change.is_unread or (some_unread and change.action is Action.DELETE):
            held[change.address] = ConditionReason.UNKNOWN
    asked = _Approval(permits)
    drift = [c for c in work if proposal.by.get(c.address) is By.DRIFT]
    own = [c for c in work if c not in drift]
    if settings.drift == "report":
        held.update(asked.of(drift, ConditionReason.DRIFTED))
    held.update(
        asked.of(_to_approve(own, proposal, settings), ConditionReason.WAITING_FOR_APPROVAL)
    )
    held.update((a, ConditionReason.CONTENDED) for a in permits.contended)
    held.update(_too_many_runs(work, held, permits.runs))
    held = _with_needing(held, proposal)
    closed = permits.closed or proposal.stopped or _too_many_deletes(work, held, settings)
    if closed is not None:
        held.update((change.address, closed) for change in work)
    return Verdict(held, asked.effects, asked.admitted, asked.approved)


def _is_work(change: Change) -> bool:
    return change.action.is_change and not change.is_blocked and not change.is_pending


def _to_approve(changes: Iterable[Change], proposal: Proposal, settings: Settings) -> list[Change]:
    match settings.changes:
        case "auto":
            return []
        case "approve":
            return list(changes)
        case "dangerous":
            return [change for change in changes if change.address in proposal.dangerous]


class _Approval:
    """Asks for approvals by effect, and keeps what was asked and what was approved."""

    def __init__(self, permits: Permits) -> None:
        self._permits = permits
        self.effects: tuple[str, ...] = ()
        self.admitted: frozenset[str] = frozenset()
        self.approved = False

    def of(
        self, changes: list[Change], reason: ConditionReason
    ) -> Iterator[tuple[Address, ConditionReason]]:
        """Yield what is held of these changes: all of them, unless their effect is approved."""
        if not changes:
            return
        effect, single = effect_of(changes), frozenset(map(does, changes))
        if effect in self._permits.approvals or single <= self._permits.admitted:
            known = self._permits.admitted if single <= self._permits.admitted else frozenset()
            self.approved = True
            self.admitted |= single | known
            return
        self.effects = (*self.effects, effect)
        yield from ((change.address, reason) for change in changes)


def _too_many_runs(work: Iterable[Change], held: Held, most: int) -> dict[Address, ConditionReason]:
    """Return the runs that are more than may still be started today."""
    runs = [c.address for c in work if c.action is Action.RUN and c.address not in held]
    return dict.fromkeys(runs[max(0, most) :], ConditionReason.TOO_MANY_RUNS)


def _too_many_deletes(
    work: Iterable[Change], held: Held, settings: Settings
) -> ConditionReason | None:
    """Return why nothing is done where more would be lost than one pass may take away."""
    lost = sum(1 for c in work if c.action.is_destructive and c.address not in held)
    return ConditionReason.TOO_MANY_DELETES if lost > settings.deletes_per_pass else None


def _with_needing(held: Held, proposal: Proposal) -> dict[Address, ConditionReason]:
    """Return what is held with what needs it, for the most telling of their reasons.

    What is only to be updated is there: whatever needs it may go on.
    """
    updates = {c.address for c in proposal.changes if isinstance(c.decision, Update | Adopt)}
    found = dict(held)
    for reason in reversed((*BEFORE_ALL, ConditionReason.UNKNOWN)):
        own = [address for address, why in held.items() if why is reason and address not in updates]
        after = needing(proposal.graph, own)
        found.update((address, reason) for address in after if address not in held)
    return found
