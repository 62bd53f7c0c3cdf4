"""Replicas of the loop over one spec, one of which is stopped for minutes as it is about to write.

What a replica asks before each write, and before each piece of one that it sends, is where it is
stopped: whatever it does in between, it does nothing to Azure. Meanwhile the others wait for the
lease as they do, one takes it, and goes on. Time is that of the case.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

from reconciler.gitops.due import DEPENDENCY_S
from reconciler.gitops.kept import Kept
from reconciler.gitops.lease import RENEW_S, BlobLease
from reconciler.gitops.pass_ import SpecPass, World
from reconciler.gitops.records import ConditionReason, PassEnd
from reconciler.sandbox.launch import Server
from tests.support.azure import Azure
from tests.support.leased import Leased
from tests.support.one_spec import FILE, MOST_PASSES, NAME, SUBSCRIPTION, OneSpec, reason

LATEST_TAKEOVER_S = 90
LONGEST_STOP_S = 600
MOST_LOOKS = 32
"""A replica that is not disturbed asks about so often whether it may write."""
WAITS = (ConditionReason.PROGRESSING, ConditionReason.SUPERSEDED, ConditionReason.FAILED)


class Replica(OneSpec):
    """One of them: a process of its own, whose requests go one after the other."""

    def __init__(self, server: Server, folder: Path, fleet: Fleet) -> None:
        super().__init__(Azure(server), folder)
        self.fleet = fleet
        self.leases = fleet.leased.leases()
        found = self.leases.of(SUBSCRIPTION)
        assert isinstance(found, BlobLease)
        self.lease = found
        self.is_stopped = False
        self.woken_at: int | None = None

    def begun(self) -> SpecPass:
        world = World(
            self.azure.process, self.source, lambda: self.time, None, self.leases.of, parallelism=1
        )
        kept = Kept(NAME, FILE, self.settings, FILE, entry=NAME)
        return SpecPass(kept, self.source.latest(), world, self.memory)

    def passes(self, seconds: int) -> None:
        self.fleet.passes(seconds)

    def stops_at(self, nth: int, happens: Callable[[], None]) -> None:
        """Let something happen when it asks for the nth time whether it may write."""
        fence, asked = self.lease.fence, 0

        def watched() -> Callable[[], None]:
            check = fence()

            def asks() -> None:
                nonlocal asked
                asked += 1
                if asked == nth:
                    happens()
                check()

            return asks

        self.lease.fence = watched  # type: ignore[method-assign]


class Fleet:
    """So many replicas in an empty subscription; `wrong` is what went wrong."""

    def __init__(self, server: Server, folder: Path, count: int, seed: int) -> None:
        self.leased = Leased(server)
        self.leased.begin()
        self.chance = random.Random(seed)
        self.wrong: list[str] = []
        self.stops = 0
        self.replicas = [self._made(server, folder / str(number)) for number in range(count)]

    def _made(self, server: Server, folder: Path) -> Replica:
        folder.mkdir(parents=True)
        return Replica(server, folder, self)

    def end(self) -> None:
        """Give all leases back."""
        self.leased.end()

    def passes(self, seconds: float) -> None:
        """Let time go by; whoever has the lease and is not stopped renews it."""
        left = seconds
        while left > 0:
            step = min(left, RENEW_S)
            left -= step
            self.leased.passes(step)
            for replica in self.replicas:
                replica.time += timedelta(seconds=step)
                if replica.lease.valid_until() and not replica.is_stopped:
                    replica.lease.renew()

    def run(self, nth: int) -> None:
        """Bring the spec up; the first replica stops as it asks for the nth time."""
        first = self.chance.choice(self.replicas)
        first.stops_at(nth, lambda: self._stopped(first))
        self._until_ready(first)
        last = self._holder() or self.replicas[0]
        self._takes_over(last)
        self._until_ready(last)
        end = self._until_ready(last, 1)
        if reason(end) is not ConditionReason.SUCCEEDED or end.writes:
            self.wrong.append(f"it does not come to rest: {reason(end)}, {end.writes} writes")
        self._once_each()

    def _stopped(self, replica: Replica) -> None:
        """Stop a replica for a while; another one takes over, and may be stopped itself."""
        self.stops += 1
        replica.is_stopped = True
        others = list(self._awake())
        if others:
            other = self.chance.choice(others)
            self._takes_over(other)
            if len(others) > 1 and self.chance.random() < 0.5:
                other.stops_at(self.chance.randint(1, 20), lambda: self._stopped(other))
            self._until_ready(other, self.chance.randint(1, MOST_PASSES))
        else:
            self.passes(self.chance.uniform(60, LONGEST_STOP_S))
        replica.is_stopped = False
        replica.woken_at = len(self._writes())

    def _takes_over(self, replica: Replica) -> None:
        """Let a replica ask for the lease as often as one that waits does, until it has it."""
        waited = self.chance.uniform(0, DEPENDENCY_S)
        self.passes(waited)
        while not replica.lease.acquire():
            self.passes(DEPENDENCY_S)
            waited += DEPENDENCY_S
            if waited > LATEST_TAKEOVER_S + DEPENDENCY_S:
                break
        if waited > LATEST_TAKEOVER_S:
            self.wrong.append(f"taken over after {waited:.0f} s")

    def _until_ready(self, replica: Replica, most: int = MOST_PASSES) -> PassEnd:
        for _ in range(most):
            end, replica.memory = replica.begun().run()
            self._sent(replica)
            if reason(end) not in WAITS:
                break
            self.passes(60)
        return end

    def _sent(self, replica: Replica) -> None:
        """Note what a replica wrote between its waking and the end of the pass it was in."""
        if replica.woken_at is not None and (late := self._writes()[replica.woken_at :]):
            self.wrong.append(f"written after the lease's end: {late}")
        replica.woken_at = None

    def _holder(self) -> Replica | None:
        return next((r for r in self.replicas if self.leased.now_s < r.lease.valid_until()), None)

    def _awake(self) -> Iterator[Replica]:
        return (replica for replica in self.replicas if not replica.is_stopped)

    def _writes(self) -> list[str]:
        """Return all writes of resources that Azure carried out."""
        return [
            f"{one['method']} {one['path']}"
            for one in self.leased.entries(kind="arm")
            if one["method"] in ("PUT", "PATCH", "DELETE") and one["committed"]
        ]

    def _once_each(self) -> None:
        puts = Counter(line for line in self._writes() if line.startswith("PUT"))
        twice = [f"{line} {count} times" for line, count in puts.items() if count > 1]
        if twice:
            self.wrong.append(f"done more than once: {twice}")


def played(server: Server, folder: Path, count: int, seed: int) -> Fleet:
    """Return a case that was played: so many replicas, and all else by the seed."""
    fleet = Fleet(server, folder, count, seed)
    try:
        fleet.run(fleet.chance.randint(1, MOST_LOOKS))
    finally:
        fleet.end()
    return fleet
