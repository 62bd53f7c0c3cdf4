"""Reads that show the world as it was: a cache that is behind for 1, 3 or 10 reads.

What was made is not there yet, what was deleted still is, a changed body is the old one. The
run may fail; it may not make anything twice, and the next one, undisturbed, ends well.
"""

import random

from tests.faults.crash import verdict
from tests.faults.histories import HONEST

BEHIND = (1, 3, 10)


def violation(arena, scene, seed):
    """Let reads be stale from a random one on; return what is wrong, "" when nothing is."""
    chance = random.Random(seed)
    reads = sum(e["method"] == "GET" and e["kind"] == "arm" for e in scene.requests)
    fault = {
        "method": "GET",
        "nth": chance.randint(1, reads),
        "action": {"stale": chance.choice(BEHIND)},
    }
    arena.restore(scene.before)
    running = arena.start(*scene.words)
    arena.arm(fault)
    running.go()
    ended = running.join()
    arena.disarm()
    if ended.code not in HONEST or "Traceback" in ended.err:
        return f"seed {seed} {fault}: ended with {ended.code}\n{ended.err}"
    return verdict(arena, scene, f"seed {seed} {fault}", arena.run(*scene.words))
