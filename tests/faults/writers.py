"""Two runs of the same command at once, without a lock, in an order that the seed draws.

The sandbox lets the two take turns, one request each time, so that a seed is one interleaving:
from long stretches of one writer to a change at every request. A share of the seeds lets each
writer send several requests at once; there the operating system decides part of the order.
"""

import os
import random

from tests.faults.arena import creations
from tests.faults.crash import verdict
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
    last = arena.run(*scene.words)
    return verdict(arena, scene, f"seed {seed}", last, creations)


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
