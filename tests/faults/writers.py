"""Two runs of the same command at once, without a lock, in an order that the seed draws.

The sandbox lets the two take turns, one request each time, so that a seed is one interleaving:
from long stretches of one writer to a change at every request. A share of the seeds lets each
writer send several requests at once; there the operating system decides part of the order.
"""

import os
import random

from tests.faults.canonical import difference
from tests.faults.histories import HONEST

NAMES = ("writer-one", "writer-two")
SWITCHES = (0.03, 0.15, 0.5, 0.9)
AT_ONCE = (1, 1, 1, 4)
AGENT = "AZURE_HTTP_USER_AGENT"


def violation(arena, scene, seed):
    """Run a scene twice at once, then once more; return what is wrong, "" when nothing is."""
    for ended in both(arena, scene, seed):
        if ended.code not in HONEST or "Traceback" in ended.err:
            return f"{scene.name} seed {seed}: ended with {ended.code}\n{ended.err}"
    return _verdict(arena, scene, seed)


def both(arena, scene, seed):
    """Run a scene twice at once; return how the two ended."""
    arena.restore(scene.before)
    words = (*scene.words, "--parallelism", str(parallelism(seed)))
    running = {}
    for name in NAMES:
        os.environ[AGENT] = name
        running[arena.start(*words)] = name
    del os.environ[AGENT]
    switch = random.Random(seed).choice(SWITCHES)
    turns = {"callers": list(NAMES), "seed": seed, "switch": switch}
    arena.control("POST", "turns", turns)
    for run in running:
        run.go()
    ends = []
    for run in arena.as_they_end(running):
        arena.control("DELETE", f"turns?caller={running[run]}")
        ends.append(run.join())
    return ends


def parallelism(seed):
    """Return how many requests each writer of a seed sends at once."""
    return random.Random(f"parallelism {seed}").choice(AT_ONCE)


def _verdict(arena, scene, seed):
    last = arena.run(*scene.words)
    if last.code != 0:
        return f"{scene.name} seed {seed}: the run after ended with {last.code}\n{last.err}"
    found = arena.canonical()
    if found != scene.after:
        return f"{scene.name} seed {seed}: another state\n{difference(scene.after, found)}"
    made = created_jobs(arena.journal())
    return "" if made == sorted(scene.jobs) else f"{scene.name} seed {seed}: jobs {made}"


def created_jobs(entries):
    """Return the name of each job as often as one was created: a repeated PUT answers 200."""
    return sorted(
        entry["path"].rpartition("/")[2]
        for entry in entries
        if entry["method"] == "PUT" and "/jobs/" in entry["path"] and entry["status"] == 201
    )
