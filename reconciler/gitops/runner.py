"""The loop: many specs, a few workers, and never a thread that waits for Azure.

One thread decides what is due, workers make the passes. What a pass waits for is in Azure, so a
spec between two passes is a few numbers in memory.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from queue import SimpleQueue

from reconciler.gitops import due, told
from reconciler.gitops.clock import Clock, WallClock
from reconciler.gitops.config import LoopConfig
from reconciler.gitops.due import Schedule
from reconciler.gitops.feed_watch import ASK_EACH, FeedWatch
from reconciler.gitops.kept import Kept, kept_of
from reconciler.gitops.memory import Memory
from reconciler.gitops.pass_ import SpecPass, World
from reconciler.gitops.ports import Reports
from reconciler.gitops.records import (
    Condition,
    ConditionReason,
    ConditionStatus,
    ConditionType,
    PassEnd,
    Tree,
    transitions,
)
from reconciler.gitops.source_watch import SourceWatch
from reconciler.gitops.vitals import Vitals

LONGEST_IDLE_S = 60.0
MANY_SPECS = 100
"""From so many on, the first looks are spread over a whole interval."""
EVERY_SPEC = ""


@dataclass
class SpecState:
    """What the runner knows of one spec."""

    kept: Kept
    schedule: Schedule
    memory: Memory = field(default_factory=Memory)
    running: SpecPass | None = None

    def is_ready_at(self, commit: str) -> bool:
        """Whether it is Ready at a revision."""
        ready = self.memory.end and self.memory.end.condition(ConditionType.READY)
        if not ready or ready.status is not ConditionStatus.TRUE or ready.revision is None:
            return False
        return ready.revision.commit == commit


@dataclass(frozen=True)
class RunnerOptions:
    """The clock and the chance of a runner, what it says of itself, and the specs to keep.

    Without names in `only` it keeps all.
    """

    clock: Clock = field(default_factory=WallClock)
    chance: due.Chance = random.random
    vitals: Vitals = field(default_factory=Vitals)
    only: Sequence[str] = ()


class Runner:
    """Keeps every spec of a configuration until it is told to stop."""

    def __init__(
        self,
        config: LoopConfig,
        world: World,
        reports: Reports,
        workers: Executor,
        options: RunnerOptions | None = None,
    ) -> None:
        """Look at nothing yet."""
        options = options or RunnerOptions()
        self._config = config
        self._world = world
        self._reports = reports
        self._workers = workers
        self._clock, self._chance, self._only = options.clock, options.chance, options.only
        self._watch = SourceWatch(world.source, reports)
        self._specs: dict[str, SpecState] = {}
        self._poll_at = self._clock.now()
        self._polls = False
        self._hear_at, self._hears = self._clock.now(), False
        self._asked: SimpleQueue[str] = SimpleQueue()
        self._lock = threading.RLock()
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self.vitals = options.vitals
        self.vitals.has_config = True

    def run(self) -> None:
        """Keep the specs until `stop`. A pass that is under way then ends by itself, soon."""
        while not self._stopping.is_set():
            idle_s = self.turn()
            self.vitals.moved(idle_s)
            self._clock.wait(self._wake, idle_s)
            self._wake.clear()

    def turn(self) -> float:
        """Begin everything that is due, and return for how many seconds there is nothing to do."""
        with self._lock:
            now = self._clock.now()
            self._take_requests(now)
            if now >= self._poll_at and not self._polls:
                self._polls = True
                self._workers.submit(self._poll)
            if self._world.feed is not None and now >= self._hear_at and not self._hears:
                self._hears = True
                self._workers.submit(self._hear, self._world.feed)
            self._begin_due(now)
            return self._idle_s(now)

    def stop(self) -> None:
        """Begin nothing more, and let no pass write anything more."""
        self._stopping.set()
        for state in list(self._specs.values()):
            if state.running is not None:
                state.running.stop.set()
        self._wake.set()

    def look(self, name: str = EVERY_SPEC) -> None:
        """Ask for a look at a spec, or at all, and at the source. Safe to call from any thread."""
        self._asked.put(name)
        self._wake.set()

    def look_at_source(self) -> None:
        """Ask for a look at the source: somebody says that it has something new."""
        self._poll_at = self._clock.now()
        self._wake.set()

    @property
    def names(self) -> list[str]:
        """The names of all specs that are kept."""
        with self._lock:
            return sorted(self._specs)

    @property
    def is_idle(self) -> bool:
        """Whether no pass is under way."""
        return not any(state.running for state in list(self._specs.values()))

    def _take_requests(self, now: datetime) -> None:
        while not self._asked.empty():
            name = self._asked.get()
            self._poll_at = now
            for state in self._specs.values():
                if name in (EVERY_SPEC, state.kept.name):
                    state.schedule = state.schedule.request()

    def _poll(self) -> None:
        """Look at the source, and let a newer revision end the passes of older ones."""
        is_new = self._watch.look(self._clock.now())
        with self._lock:
            self._polls = False
            self._poll_at = self._clock.now() + timedelta(seconds=self._config.source.poll)
            tree = self._watch.tree
            if is_new and tree is not None:
                self.vitals.has_fetched = True
                self._take(tree)
        self._wake.set()

    def _hear(self, feed: FeedWatch) -> None:
        """Ask who changed what, and look sooner at the specs that it concerns."""
        subscriptions = {s.memory.subscription for s in list(self._specs.values())} - {""}
        now = self._clock.now()
        new = feed.look(now, subscriptions, self._reports) if subscriptions else []
        groups = {change.group for change in new}
        with self._lock:
            self._hears, self._hear_at = False, now + ASK_EACH
            for state in self._specs.values():
                if state.memory.group.casefold() in groups:
                    state.schedule = replace(state.schedule, failures=0).no_later(now)
            if new:
                self.vitals.feed_lag_s = (now - max(one.time for one in new)).total_seconds()
        self._wake.set()

    def _take(self, tree: Tree) -> None:
        now, found = self._clock.now(), kept_of(self._config, tree)
        wanted = [kept for kept in found if not self._only or kept.name in self._only]
        share = min(1.0, len(wanted) / MANY_SPECS)
        for kept in wanted:
            state = self._specs.get(kept.name)
            if state is None:
                schedule = due.first(now, kept.settings, lambda: share * self._chance())
                schedule = replace(schedule, commit=tree.revision.commit)
                self._specs[kept.name] = SpecState(kept, schedule)
                continue
            state.kept = kept
            if state.running is not None:
                state.running.stop.set()
        for name in self._specs.keys() - {kept.name for kept in wanted}:
            # It is not deleted: what it made stays, and a person is told.
            self._specs[name].kept = replace(self._specs[name].kept, path="")
        self.vitals.specs = len(self._specs)
        self._world.source.forget(self._needed(tree))

    def _needed(self, tree: Tree) -> Iterator[str]:
        """Yield the revisions whose files are still wanted."""
        yield tree.revision.commit
        for state in self._specs.values():
            if state.memory.applied is not None:
                yield state.memory.applied.commit
            if state.running is not None:
                yield state.running.revision.commit

    def _begin_due(self, now: datetime) -> None:
        tree = self._watch.tree
        if tree is None or self._stopping.is_set():
            return
        commit = tree.revision.commit
        waiting = [
            s for s in self._specs.values() if not s.running and s.schedule.is_due(now, commit)
        ]
        ready = [s for s in waiting if self._may_begin(s, tree, now)]
        running = sum(1 for state in self._specs.values() if state.running)
        free = max(0, self._config.limits.workers - running)
        for state in sorted(ready, key=lambda s: s.schedule.at)[:free]:
            state.running = self._made(state, tree, now)
            self._workers.submit(self._pass, state, state.running, tree)
        self.vitals.specs_due = max(0, len(ready) - free)

    def _may_begin(self, state: SpecState, tree: Tree, now: datetime) -> bool:
        """Whether all that a spec depends on is ready at this revision; tell it where not."""
        late = [name for name in state.kept.settings.depends_on if not self._is_ready(name, tree)]
        if not late:
            return True
        ended = told.waits_for(late)
        conditions = ended.stated(tree.revision, self._before(state), now)
        end = PassEnd(state.kept.name, tree.revision, conditions, now, now)
        self._ended(state, end, tree)
        return False

    def _is_ready(self, entry: str, tree: Tree) -> bool:
        own = [s for s in self._specs.values() if s.kept.entry == entry]
        return bool(own) and all(state.is_ready_at(tree.revision.commit) for state in own)

    @staticmethod
    def _before(state: SpecState) -> tuple[Condition, ...]:
        return state.memory.end.conditions if state.memory.end else ()

    def _made(self, state: SpecState, tree: Tree, now: datetime) -> SpecPass:
        closed, settings = None, state.kept.settings
        if self._watch.trouble is not None and self._watch.trouble.closes:
            closed = ConditionReason.STALLED
        elif due.is_closed(settings.windows, now, requested=state.schedule.requested):
            closed = ConditionReason.OUTSIDE_WINDOW
        return SpecPass(state.kept, tree, self._world, state.memory, closed=closed)

    def _pass(self, state: SpecState, made: SpecPass, tree: Tree) -> None:
        """Make a pass, in a worker."""
        if self._stopping.is_set():
            state.running = None
            return
        end, memory = made.run()
        end = replace(end, conditions=(*end.conditions, *self._of_source(end)))
        with self._lock:
            state.memory = replace(memory, end=end)
            state.running = None
            self.vitals.has_signed_in = self.vitals.has_signed_in or end.reads > 0
            self._ended(state, end, tree)
        self._wake.set()

    def _of_source(self, end: PassEnd) -> Iterator[Condition]:
        stated = {condition.type for condition in end.conditions}
        own = (c for c in self._watch.conditions() if c.type not in stated)
        yield from transitions(end.conditions, own, end.ended)

    def _ended(self, state: SpecState, end: PassEnd, tree: Tree) -> None:
        """Say how a pass ended, and when the next one is due."""
        now, settings = self._clock.now(), state.kept.settings
        commit = tree.revision.commit
        result = due.result_of(end)
        state.schedule = due.after(state.schedule, result, commit, now, settings, self._chance)
        edge = due.changes_at(settings.windows, now) if settings.windows else None
        if edge is not None:
            state.schedule = state.schedule.no_later(edge)
        state.memory = replace(state.memory, end=end)
        self._reports.passed(end)

    def _idle_s(self, now: datetime) -> float:
        """Return how long nothing is due. A worker that becomes free wakes us."""
        times = [s.schedule.at for s in self._specs.values() if not s.running]
        if not self._polls:
            times.append(self._poll_at)
        if self._world.feed is not None and not self._hears:
            times.append(self._hear_at)
        first = min(times, default=now + timedelta(seconds=LONGEST_IDLE_S))
        is_full = self.vitals.specs_due > 0
        idle_s = LONGEST_IDLE_S if is_full else (first - now).total_seconds()
        return min(max(idle_s, 0.0), LONGEST_IDLE_S)
