"""Stop a run by a signal while the nth request is under way, and look at what comes after."""

import signal

from tests.faults.arena import is_write
from tests.faults.crash import verdict

LOOKS = 2000
"""How often the sandbox is asked for what it let go; it does that between two answers."""


def stopped(arena, scene, nth, number=signal.SIGTERM):
    """Return what is wrong with how a run ends that gets a signal in its nth request.

    The request is held before anything is done. A run that only plans leaves at once; one that
    writes waits for what is under way, which is let go when the signal was taken. Either way
    the sandbox carries the request out: that one write was under way.
    """
    arena.restore(scene.before)
    running = arena.start(*scene.words)
    arena.arm({"nth": nth, "when": "before", "action": {"hold": True}})
    running.go()
    if not _reached(arena, running, nth):
        return f"{scene.name}: request {nth} never came\n{running.join().err}"
    writes = sum(map(is_write, arena.journal()))
    running.send(number)
    arena.disarm()
    ended = running.join()
    if ended.code != 128 + number:
        return f"{scene.name} request {nth}: ended with {ended.code}\n{ended.err}"
    entries = _settled(arena, nth)
    if len(entries) < nth:
        return f"{scene.name} request {nth}: only {len(entries)} were answered\n{ended.err}"
    after = [e for e in entries if is_write(e) and e["kind"] != "token"]
    new = len(after) - writes
    if new > 1:
        return f"{scene.name} request {nth}: {new} writes after the signal"
    return verdict(arena, scene, f"signal {number} in request {nth}", arena.run(*scene.words))


def _reached(arena, running, nth):
    """Wait until the nth request is held; False when the run has ended without one."""
    while not running.is_over():
        (fault,) = arena.faults()
        if fault["seen"] >= nth:
            return True
    return False


def _settled(arena, count):
    """Return the journal once it has so many requests, or what it has when none comes any more."""
    for _ in range(LOOKS):
        entries = arena.journal()
        if len(entries) >= count:
            break
    return entries
