"""What runs cost when nothing changed, and how much more is sent when answers fail."""

import random

from tests.faults.arena import is_write, submissions
from tests.faults.histories import CODES, SOON, WHENS

THROTTLED = 429
PASSING = (THROTTLED, 500, 503)
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


def violation(arena, scene, command, times):
    """Run a command so often where nothing is to be done; return the writes that were sent."""
    if arena.steady != scene.name:
        arena.restore(scene.before)
        assert arena.run(*scene.words).code == 0
        arena.steady = scene.name
    words = (command, scene.words[1], *(("--yes",) if command == "apply" else ()))
    return writes_of(arena, words, times)


def amplification(arena, scene, seed):
    """Return how many times the requests of a clean run are sent when one in ten fails.

    Everything that is sent until a run ends well is counted: reads, polls, tokens, uploads, and
    whole further runs, should one not be enough. Half of the 500 and 503 come after the
    request was carried out: nobody can know, so what is not idempotent must be looked for. The
    state must then be that of a clean run, with each training job submitted once.
    """
    chance = random.Random(seed)
    arena.restore(scene.before)
    for nth in range(1, 3 * len(scene.requests)):
        if chance.random() < RATE:
            arena.arm(_failing(nth, chance.choice(PASSING), chance.choice(WHENS)))
    for _ in range(4):
        if arena.run(*scene.words).code == 0:
            break
    else:
        raise AssertionError("four runs were not enough")
    sent = arena.journal()
    arena.disarm()
    assert arena.canonical() == scene.after
    assert submissions(sent) == scene.jobs
    return len(sent) / len(scene.requests)


def _failing(nth, status, when):
    """A 429 always comes before: it says that the request was not looked at."""
    error = {"error": {"code": CODES[status], "message": "injected"}}
    action = {"status": status, "headers": SOON, "body": error}
    return {"nth": nth, "when": "before" if status == THROTTLED else when, "action": action}
