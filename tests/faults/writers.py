"""Two runs of the same command at once, without a lock, each answer held up by chance.

The seed fixes which answers are held up and for how long. The rest of the interleaving is the
operating system's, so a seed narrows a failure down but does not replay it exactly.
"""

import random

from tests.faults.canonical import difference
from tests.faults.histories import HONEST

HELD = 25
LONGEST_S = 0.08


def violation(arena, scene, seed):
    """Run a scene twice at once, then once more; return what is wrong, "" when nothing is."""
    chance = random.Random(seed)
    arena.restore(scene.before)
    words = (*scene.words[:-1], str(chance.choice((1, 2, 8))))
    both = [arena.start(*words) for _ in range(2)]
    for _ in range(HELD):
        rule = {"nth": chance.randint(1, 2 * len(scene.requests)), "when": chance.choice(WHENS)}
        arena.arm({**rule, "action": {"delay_s": chance.random() * LONGEST_S}})
    for running in both:
        running.go()
    ends = [running.join() for running in both]
    arena.disarm()
    for ended in ends:
        if ended.code not in HONEST or "Traceback" in ended.err:
            return f"{scene.name} seed {seed}: ended with {ended.code}\n{ended.err}"
    return _verdict(arena, scene, seed)


def _verdict(arena, scene, seed):
    last = arena.run(*scene.words)
    if last.code != 0:
        return f"{scene.name} seed {seed}: the run after ended with {last.code}\n{last.err}"
    found = arena.canonical()
    if found != scene.after:
        return f"{scene.name} seed {seed}: another state\n{difference(scene.after, found)}"
    made = created_jobs(arena.journal())
    return "" if made == sorted(scene.jobs) else f"{scene.name} seed {seed}: jobs {made}"


WHENS = ("before", "after")


def created_jobs(entries):
    """Return the name of each job as often as one was created: a repeated PUT answers 200."""
    return sorted(
        entry["path"].rpartition("/")[2]
        for entry in entries
        if entry["method"] == "PUT" and "/jobs/" in entry["path"] and entry["status"] == 201
    )
