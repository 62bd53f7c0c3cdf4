"""What runs cost when nothing changed, and how much more is sent when answers fail."""

import random

from tests.faults.arena import is_write
from tests.faults.histories import CODES, SOON

PASSING = (429, 500, 503)
RATE = 0.1


def writes_of(arena, words, times):
    """Run a command so often on the world as it is; return the writes that were sent."""
    arena.control("DELETE", "journal")
    for _ in range(times):
        ended = arena.run(*words)
        assert ended.code == 0, ended
    # A token is asked for with a POST, which changes nothing.
    entries = [e for e in arena.journal() if e["kind"] != "token"]
    return [f"{e['method']} {e['path']}" for e in entries if is_write(e)]


def amplification(arena, scene, seed):
    """Return how many times the requests of a clean run are sent when one in ten fails.

    Counts every run until one ends well: a write that may not be sent twice fails its run.
    """
    chance = random.Random(seed)
    arena.restore(scene.before)
    for nth in range(1, 3 * len(scene.requests)):
        if chance.random() < RATE:
            arena.arm(_failing(nth, chance.choice(PASSING)))
    for _ in range(4):
        if arena.run(*scene.words).code == 0:
            break
    else:
        raise AssertionError("four runs were not enough")
    sent = len(arena.journal())
    arena.disarm()
    return sent / len(scene.requests)


def _failing(nth, status):
    error = {"error": {"code": CODES[status], "message": "injected"}}
    action = {"status": status, "headers": SOON, "body": error}
    return {"nth": nth, "when": "before", "action": action}
