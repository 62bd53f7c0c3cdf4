"""Every world that a kill can leave behind: for specs whose runs are too long to repeat.

A run keeps nothing but what Azure holds, so a kill before or after any request leaves one of the
worlds that a clean run passes through. Here they are recorded between the requests of one run,
and from each of them the command is run once more. Worlds that are equal are tried once: before
and after a read, nearly always. That a real kill leaves the recorded world is tested by itself.
"""

import json
import os
import select
from pathlib import Path

from tests.faults.canonical import canonical
from tests.faults.crash import verdict
from tests.faults.writers import AGENT

RUN, OBSERVER = "recorded-run", "observer"


def record(arena, scene, folder):
    """Record the worlds of a scene below a folder; return their files, in order, equal ones once.

    Only for scenes without jobs and blobs, which a snapshot would have to carry.
    """
    assert not scene.jobs
    place = Path(folder) / f"worlds-{os.getpid()}-{scene.name.replace(' ', '-')}"
    place.mkdir(exist_ok=True)
    files, last = [], None
    for text in passed(arena, scene):
        world = canonical(json.loads(text))
        if world != last:
            file = place / f"{len(files)}.json"
            file.write_text(text, encoding="utf-8")
            files.append(str(file))
        last = world
    return files


def violation(arena, scene, file):
    """Run the scene in a recorded world; return what is wrong at its end, "" when nothing is."""
    arena.restore(json.loads(Path(file).read_text(encoding="utf-8")))
    return verdict(arena, scene, f"in the world {Path(file).stem}", arena.run(*scene.words))


def passed(arena, scene):
    """Yield the snapshot after each request of a clean run, which is held meanwhile."""
    arena.restore(scene.before)
    os.environ[AGENT] = RUN
    running = arena.start(*scene.words)
    del os.environ[AGENT]
    turns = {"callers": [RUN, OBSERVER], "switch": 1.0}
    arena.control("POST", "turns", turns)
    running.go()
    while not _observed(arena, running):
        yield arena.control("GET", "snapshot")
    arena.control("DELETE", "turns")
    assert running.join().code == 0


def _observed(arena, running):
    """Take the observer's turn: the run sends one request and is held. True when it has ended."""
    line = arena.line()
    try:
        line.request("GET", "/", headers={"User-Agent": OBSERVER})
        ready, _, _ = select.select([line.sock, running], [], [])
        if running in ready:
            return True
        line.getresponse().read()
    finally:
        line.close()
    return False
