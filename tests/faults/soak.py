"""One sandbox and one process for hours: does anything grow?

    make soak HOURS=1            python -m tests.faults.soak --hours 1 --seed 7

Plans, applies, edits of others, faults, kills and destroys follow each other as the seed draws them.
The sandbox is the same all the while, and so is a process that plans through the library, as a
service would. Memory, open files, threads and the requests of a plan without a change are taken at
the start and at the end; between them only chance may lie.
"""

import argparse
import multiprocessing
import os
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from reconciler.cloud.endpoints import Cloud, SandboxAccess
from reconciler.library import Azure, load, plan
from reconciler.sandbox.launch import launch
from tests.faults.arena import Arena
from tests.faults.crash import Point, run_killed
from tests.faults.histories import HONEST, history
from tests.faults.scenes import ONE_BY_ONE, SMALL, Scene, rehearsed

STEPS = {"plan": 6, "apply": 6, "edit": 4, "faults": 3, "kill": 3, "destroy": 1}
"""What is done, and how often among each other."""
ROUND = 20
"""After so many steps the world must be right again, and is measured."""
WARM = 3
"""Rounds before the first figures: what is imported, cached and pooled once."""
MEMORY_SHARE, MEMORY_MIB, OTHERS = 1.1, 8, 3
"""How much more the end may have than the start: a share and some, files and threads."""
RECOVERING = ("name: smallest-ws-kv", "name: smallest-ws-kv, recover: true")
"""A vault that was destroyed before is soft-deleted, and is recovered."""
HOUR_S = 3600
BIN_S = 15 * 86400
"""After so long Azure has forgotten a deleted workspace, whose name is free again."""
EDITED = {"somebody": "else"}


@dataclass(frozen=True)
class Use:
    """What a process takes."""

    memory_mib: float
    files: int
    threads: int


def use_of(pid):
    """Return what a process takes now."""
    place = Path(f"/proc/{pid}")
    rows = (line.split(":", 1) for line in (place / "status").read_text().splitlines())
    status = {name: value.split() for name, value in rows}
    memory = int(status["VmRSS"][0]) / 1024
    return Use(round(memory, 1), len(list((place / "fd").iterdir())), int(status["Threads"][0]))


@dataclass(frozen=True)
class Figures:
    """What everything takes at one time: the sandbox, the library, requests of an empty plan."""

    sandbox: Use
    library: Use
    requests: int


class Planner:
    """A process that plans through the library whenever it is asked, with one `Azure`."""

    def __init__(self, server, spec):
        context = multiprocessing.get_context("spawn")
        self._line, theirs = context.Pipe()
        access = SandboxAccess(
            server.url,
            server.ca_file,
            server.tenant_id,
            server.client_id,
            server.client_secret,
        )
        self._process = context.Process(target=_plan_for_ever, args=(theirs, access, str(spec)))
        self._process.start()

    def plan(self):
        """Plan once; return what stands against it, "" where nothing does, and what it takes."""
        self._line.send("plan")
        problem = self._line.recv()
        return problem, use_of(self._process.pid)

    def close(self):
        self._line.send("end")
        self._process.join()


def _plan_for_ever(line, access, spec):
    with Azure(Cloud.of_sandbox(access)) as azure:
        while line.recv() == "plan":
            made = plan(load(spec), azure)
            line.send("" if made.is_empty else f"the library's plan is not empty: {made.changes}")


class Soak:
    """The world, and what is done in it."""

    def __init__(self, arena, played, planner, seed):
        self._arena, self._planner = arena, planner
        self._words, self._count = played.words, len(played.requests)
        self._spec = played.words[1]
        self._chance = random.Random(seed)
        self.done = Counter()

    def step(self):
        """Do one thing; return what is wrong, "" when nothing is."""
        name = self._chance.choices(list(STEPS), list(STEPS.values()))[0]
        self.done[name] += 1
        ended = getattr(self, f"_{name}")()
        self._arena.disarm()
        if ended.code not in HONEST or "Traceback" in ended.err:
            return f"{name} ended with {ended.code}\n{ended.err}"
        return ""

    def right(self):
        """Make the world right and measure; return the figures, or what is wrong."""
        for _ in range(2):  # the second settles what the first had to leave
            ended = self._apply()
        if ended.code != 0:
            return (
                f"after a round the apply ended with {ended.code}\n{ended.out[-2000:]}{ended.err}"
            )
        self._arena.control("DELETE", "journal")
        ended = self._plan()
        if ended.code != 0:
            return f"after a round the plan ended with {ended.code}\n{ended.err}"
        requests = len(self._arena.journal())
        problem, library = self._planner.plan()
        return problem or Figures(use_of(self._arena.server.pid), library, requests)

    def _plan(self):
        return self._arena.run("plan", self._spec, *ONE_BY_ONE)

    def _apply(self):
        return self._arena.run(*self._words)

    def _destroy(self):
        ended = self._arena.run("destroy", self._spec, "--yes", *ONE_BY_ONE)
        for seconds in (HOUR_S, BIN_S):
            self._arena.control("POST", "clock", {"advance": seconds})
            self._plan()  # what is due by now is done when somebody looks
        return ended

    def _edit(self):
        ids = [row[0] for row in self._arena.snapshot()["resources"]]
        for found in [i for i in ids if i.split("/")[-2] == "storageaccounts"]:
            self._arena.control("POST", "drift", {"op": "tag", "id": found, "body": EDITED})
        return self._plan()

    def _faults(self):
        running = self._arena.start(*self._words)
        for fault in history(self._chance.random(), self._count):
            self._arena.arm(*fault.rules(running.pid))
        running.go()
        return running.join()

    def _kill(self):
        nth = self._chance.randint(1, self._count)
        return run_killed(self._arena, self._words, Point(nth, "after"))


def grown(start, end):
    """Return what grew, in words."""
    found = []
    for name in ("sandbox", "library"):
        before, after = getattr(start, name), getattr(end, name)
        if after.memory_mib > before.memory_mib * MEMORY_SHARE + MEMORY_MIB:
            found.append(f"memory of the {name}: {before.memory_mib} to {after.memory_mib} MiB")
        if after.files > before.files + OTHERS:
            found.append(f"open files of the {name}: {before.files} to {after.files}")
        if after.threads > before.threads + OTHERS:
            found.append(f"threads of the {name}: {before.threads} to {after.threads}")
    if end.requests > start.requests:
        found.append(f"requests of an empty plan: {start.requests} to {end.requests}")
    return found


def soak(folder, seed, goes_on):
    """Run rounds while `goes_on(steps)`; return the figures of each, what was done, what is wrong."""
    state = Path(folder) / "state"
    with launch(state, clock="instant") as server:
        arena = Arena(server, state)
        spec = Path(folder) / "spec.yaml"
        spec.write_text(SMALL.read_text(encoding="utf-8").replace(*RECOVERING), encoding="utf-8")
        arena.reset()
        words = ("apply", str(spec), "--yes", *ONE_BY_ONE)
        played = rehearsed(arena, Scene("apply", words, arena.snapshot()))
        planner = Planner(server, spec)
        world = Soak(arena, played, planner, seed)
        try:
            return _rounds(world, goes_on)
        finally:
            planner.close()


def _rounds(world, goes_on):
    figures = []
    while goes_on(sum(world.done.values())):
        wrong = next(filter(None, (world.step() for _ in range(ROUND))), "")
        found = wrong or world.right()
        if isinstance(found, str):
            return figures, world.done, [found]
        figures.append(found)
    first = figures[min(WARM, len(figures) - 1)]
    return figures, world.done, grown(first, figures[-1])


def main(words):
    parser = argparse.ArgumentParser(prog="python -m tests.faults.soak", description=__doc__)
    parser.add_argument("--hours", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=20261128)
    options = parser.parse_args(words)
    end = time.monotonic() + options.hours * 3600
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        figures, done, wrong = soak(folder, options.seed, lambda _: time.monotonic() < end)
    sys.stdout.write("".join(f"{line}\n" for line in report(figures, done, wrong)))
    return bool(wrong)


def report(figures, done, wrong):
    """Yield the lines that are told: figures at start and end, what was done, what is wrong."""
    yield "| when | process | memory MiB | open files | threads | requests of an empty plan |"
    yield "| --- | --- | --- | --- | --- | --- |"
    first = min(WARM, len(figures) - 1)
    for when, number in (("start", first), ("end", len(figures) - 1)) if figures else ():
        row = figures[number]
        for process, use in (("sandbox", row.sandbox), ("library", row.library)):
            shown = f"{use.memory_mib} | {use.files} | {use.threads} | {row.requests}"
            yield f"| {when}, round {number + 1} | {process} | {shown} |"
    yield f"{sum(done.values())} steps: " + ", ".join(f"{n} {what}" for what, n in done.items())
    yield from wrong or ("nothing grew, and the world was right after each round",)


if __name__ == "__main__":
    os.environ.setdefault("PYTHONHASHSEED", "0")
    sys.exit(main(sys.argv[1:]))
