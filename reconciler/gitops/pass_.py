"""One pass of one spec: load, plan, decide what may be done, do it without waiting, and tell.

A pass never waits for Azure: what takes time is pending, and the next pass looks at it again. It
raises nothing for what goes wrong with its spec: that is how it ended.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Event

from reconciler.cloud.azure import Azure
from reconciler.cloud.run_scope import RunScope
from reconciler.diagnostics import Diagnostic, ReconcileError, SpecError, UnforeseenError
from reconciler.engine.attribution import By
from reconciler.engine.decisions import Change
from reconciler.engine.diff import Path, label_of
from reconciler.engine.policy import NO_POLICY
from reconciler.engine.types import Action, Address, Outcome, Status
from reconciler.gitops import told
from reconciler.gitops.contend import Field
from reconciler.gitops.dangers import dangerous
from reconciler.gitops.feed_watch import FeedWatch
from reconciler.gitops.gate import Permits, Proposal, Verdict, judge
from reconciler.gitops.kept import Kept, leaving, load_kept, whole
from reconciler.gitops.lease import Leases, NoLease
from reconciler.gitops.memory import Memory, digest_of
from reconciler.gitops.ports import Lease, Source
from reconciler.gitops.records import ConditionReason, Drift, PassEnd, Revision, Tree
from reconciler.gitops.tags import Remembered, remember, remembered
from reconciler.gitops.told import Told
from reconciler.gitops.told_plan import of_plan, stopping
from reconciler.kinds import HANDLERS
from reconciler.kinds.extensions import compares_secrets
from reconciler.operations.apply import executor
from reconciler.operations.apply.executor import Report
from reconciler.operations.approval import approve_plan
from reconciler.operations.load import Loaded
from reconciler.operations.plan import build
from reconciler.operations.plan.base import Base
from reconciler.operations.plan.build import Plan, PlanOptions
from reconciler.operations.plan.policy import PolicyFile, under_policy
from reconciler.operations.progress import NullProgress
from reconciler.reasons import Interrupted


@dataclass(frozen=True)
class World:
    """What all passes of a process share. `lease_of` a subscription is the right to write there."""

    azure: Azure
    source: Source
    now: Callable[[], datetime]
    policy: PolicyFile | None = None
    lease_of: Callable[[str], Lease] = field(default_factory=lambda: Leases(None).of)
    feed: FeedWatch | None = None
    parallelism: int = 8


@dataclass(frozen=True)
class Look:
    """What a pass knows once it has planned."""

    loaded: Loaded
    run: RunScope
    tags: Remembered
    plan: Plan
    is_new: bool
    """Whether the spec is another one than the applied."""
    lease: Lease


class SpecPass:
    """One pass. `closed` is why nothing may be written now, None where it may."""

    def __init__(
        self,
        kept: Kept,
        tree: Tree,
        world: World,
        memory: Memory,
        *,
        closed: ConditionReason | None = None,
    ) -> None:
        """Send nothing yet."""
        self._kept = kept
        self._tree = tree
        self._world = world
        self._memory = memory
        self._closed = closed
        self._began = world.now()
        self._sent: list[RunScope] = []
        self._lease: Lease = NO_LEASE
        self._loaded: Loaded | None = None
        self.stop = Event()
        """Set from outside: nothing more is begun, and the pass ends."""

    def run(self) -> tuple[PassEnd, Memory]:
        """Return how it ended, and what to remember of it."""
        try:
            ended, memory = self._passed()
        except ReconcileError as error:
            ended, memory = told.of_error(error), self._memory
        except Exception as error:  # noqa: BLE001 - it fails this pass, not the loop
            ended, memory = told.of_error(UnforeseenError.of(error)), self._memory
        end = self._end(ended, memory.applied)
        return end, replace(memory, end=end)

    def _passed(self) -> tuple[Told, Memory]:
        if not self._kept.path:
            return told.missing(self._kept.name, self._kept.pattern), self._memory
        try:
            loaded = load_kept(self._kept, self._tree)
        except SpecError as error:
            return told.of_error(error), self._memory
        self._loaded = loaded
        lease = self._world.lease_of(loaded.spec.target.subscription_id)
        if not lease.acquire():
            return told.held_by_another(), self._memory
        self._lease = lease
        run = self._run_on(loaded, lease)
        tags = remembered(run, lease, self._group(loaded), self._kept.name)
        memory = replace(self._memory, applied=tags.applied, group=self._group(loaded))
        if tags.suspended:
            return told.suspended(), memory
        if tags.applied and self._goes_back(tags, tags.applied):
            return told.rewound(tags.applied, self._tree.revision), memory
        look = self._planned(loaded, run, tags, lease)
        return self._carried_out(look, memory)

    def _run_on(self, loaded: Loaded, lease: Lease) -> RunScope:
        """Return a read-only run that waits for nothing, and writes with the lease of now alone."""
        deadline = time.monotonic() + self._kept.settings.timeout
        subscription_id = loaded.spec.target.subscription_id
        run = RunScope(self._world.azure, subscription_id, read_only=True, deadline=deadline)
        run.stop, run.waits = self.stop, False
        run.fence_writes(lease.fence())
        self._sent.append(run)
        return run

    @staticmethod
    def _group(loaded: Loaded) -> str:
        target = loaded.spec.target
        return f"/subscriptions/{target.subscription_id}/resourceGroups/{target.resource_group}"

    def _goes_back(self, tags: Remembered, applied: Revision) -> bool:
        """Whether the revision is known not to come after the one that was applied."""
        commit = self._tree.revision.commit
        if tags.may_go_back_to(commit):
            return False
        return self._world.source.descends(commit, applied.commit) is False

    def _planned(self, loaded: Loaded, run: RunScope, tags: Remembered, lease: Lease) -> Look:
        base, is_new = self._base(loaded, tags)
        # What leaves a spec does so with a new one: until that is applied, and after a start.
        looks = is_new or not self._memory.digest
        policy = self._world.policy
        resting = self._memory.corrections.resting(self._began)
        loaded = leaving(loaded, resting)
        options = PlanOptions(
            prune=self._kept.settings.prune and looks,
            leftovers=looks,
            policy=policy.policy if policy else NO_POLICY,
            base=base,
            parallelism=self._world.parallelism,
        )
        made = build.plan(loaded, run, options)
        if policy is not None:
            made = under_policy(loaded, run, made, policy)
        return Look(loaded, run, tags, made, is_new, lease)

    def _base(self, loaded: Loaded, tags: Remembered) -> tuple[Base | None, bool]:
        """Return the spec that was applied, and whether this one is another."""
        if tags.applied is None:
            return None, True
        digest = digest_of(loaded)
        known = self._memory.applied == tags.applied and self._memory.digest
        if tags.applied.commit == self._tree.revision.commit or known == digest:
            return Base(loaded), False
        try:
            old = load_kept(self._kept, self._world.source.at(tags.applied.commit))
        except ReconcileError as error:
            return Base(None, Diagnostic(NO_BASE, detail=error.diagnostics[0].summary)), True
        return Base(old), digest_of(old) != digest

    def _carried_out(self, look: Look, memory: Memory) -> tuple[Told, Memory]:
        verdict = judge(self._proposal(look.plan), self._kept.settings, self._permits(look))
        plan = replace(look.plan, held=frozenset(verdict.held) | self._left(look))
        report = self._applied(look, plan) if _has_work(plan) else None
        ended = of_plan(look.loaded, plan, verdict, report, stopped=self.stop.is_set())
        ended = replace(ended, drift=tuple(self._authored(plan, ended.drift)))
        return ended, self._remembering(look, memory, verdict, report, ended)

    def _authored(self, plan: Plan, drift: Iterable[Drift]) -> Iterator[Drift]:
        """Yield drift with who made it, as far as the feed knows."""
        ids = {change.address: change.resource.resource_id for change in plan.changes}
        for row in drift:
            feed = self._world.feed
            author = feed.author_of(ids[row.address], row.path) if feed else None
            yield row.by(author) if author else row

    def _proposal(self, plan: Plan) -> Proposal:
        by = plan.attribution.by if plan.attribution else {}
        return Proposal(plan.changes, plan.graph, by, dangerous(plan.changes), stopping(plan))

    def _permits(self, look: Look) -> Permits:
        memory, settings = self._memory, self._kept.settings
        return Permits(
            look.tags.approvals,
            memory.admitted,
            settings.runs_per_day - memory.runs_since_yesterday(self._began),
            self._closed,
            whole(memory.corrections.resting(self._began)),
        )

    def _left(self, look: Look) -> frozenset[Address]:
        """Return what is not even compared: secrets are for a new spec and after a start."""
        is_first = look.is_new or not self._memory.digest
        is_pending = any(change.is_pending for change in look.plan.changes)
        if self._closed is None and is_first and not is_pending:
            return frozenset()
        same = (change for change in look.plan.changes if change.action is Action.NO_OP)
        return frozenset(change.address for change in same if _compares(change))

    def _applied(self, look: Look, plan: Plan) -> Report:
        approve_plan(look.run, plan, lambda _: True)
        return executor.apply(
            look.loaded,
            look.run,
            plan,
            progress=NullProgress(),
            parallelism=self._world.parallelism,
        )

    def _remembering(
        self, look: Look, memory: Memory, verdict: Verdict, report: Report | None, ended: Told
    ) -> Memory:
        """Return what is known after the pass; write which revision is applied, where it is new."""
        done = [o.address for o in report.outcomes if o.status is Status.DONE] if report else []
        begun = {o.address for o in report.outcomes if _is_begun(o)} if report else set()
        runs = [c for c in look.plan.changes if c.action is Action.RUN and c.address in begun]
        now = self._world.now()
        kept = replace(
            memory,
            admitted=frozenset() if ended.is_complete else verdict.admitted,
            corrections=memory.corrections.after(_corrected(look.plan, begun), now),
            runs=(*memory.runs, *(now for _ in runs)),
        )
        if not ended.is_complete:
            return kept
        revision = self._tree.revision
        if look.tags.applied != revision and (look.is_new or done):
            look.run.allow_writes()
            group = self._group(look.loaded)
            remember(look.run, look.lease, group, self._kept.name, revision)
            kept = replace(kept, applied=revision)
        return replace(kept, digest=digest_of(load_kept(self._kept, self._tree)))

    @property
    def revision(self) -> Revision:
        """The revision that it is of."""
        return self._tree.revision

    def _end(self, ended: Told, applied: Revision | None) -> PassEnd:
        before = self._memory.end.conditions if self._memory.end else ()
        now = self._world.now()
        return PassEnd(
            self._kept.name,
            self._tree.revision,
            ended.beside(told.lease_held(self._lease)).stated(self._tree.revision, before, now),
            self._began,
            now,
            effect=ended.effect,
            writes=sum(run.writes for run in self._sent),
            reads=sum(run.reads for run in self._sent),
            is_pending=ended.is_pending,
            drift=ended.drift,
            problems=ended.problems,
            plan=ended.plan,
            applied=applied,
            contended=tuple(self._contended()),
            interval_s=self._kept.settings.interval,
            approvals=ended.approvals,
            working=ended.working,
        )

    def _contended(self) -> Iterator[Drift]:
        for address, path in sorted(self._memory.corrections.resting(self._began)):
            yield Drift(address, self._label(address, path), path=".".join(path))

    def _label(self, address: Address, path: Path) -> str:
        """Return the spec's word for a field, where the spec still has what it is of."""
        resource = self._loaded.resources.get(address) if self._loaded else None
        return label_of(path, HANDLERS[resource.kind].policy.rules) if resource else ".".join(path)


NO_LEASE = NoLease()
NO_BASE = "the applied spec could not be read, so every change counts as one of this revision"
BEGUN = (Status.DONE, Status.PENDING)


def _is_begun(outcome: Outcome) -> bool:
    """Whether something was sent for it: not where its roles are waited for first."""
    return outcome.status in BEGUN and not isinstance(outcome.reason, Interrupted)


def _has_work(plan: Plan) -> bool:
    """Whether anything that is not held is to be written, or compared."""
    free = (change for change in plan.changes if change.address not in plan.held)
    return any(not c.is_blocked and (c.action.is_change or _compares(c)) for c in free)


def _compares(change: Change) -> bool:
    handler = HANDLERS[change.resource.kind]
    return change.observed is not None and compares_secrets(handler, change.resource)


def _corrected(plan: Plan, begun: set[Address]) -> list[Field]:
    """Return the fields of drift that were put right."""
    by = plan.attribution.by if plan.attribution else {}
    return [
        (change.address, keys)
        for change in plan.changes
        if change.address in begun and by.get(change.address) is By.DRIFT
        for keys in ([item.keys for item in change.fields] or [()])
    ]
