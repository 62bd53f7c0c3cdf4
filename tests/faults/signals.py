"""Stop a run by a signal while the nth request is under way, and look at what comes after."""

import os
import signal
import time

from tests.faults.arena import is_write
from tests.faults.crash import verdict

PATIENCE_S = 20.0
AT_MOST_S = 5.0


def stopped(arena, scene, nth, number=signal.SIGTERM):
    """Return what is wrong with how a run ends that gets a signal in its nth request.

    The request is held before anything is done; when the process is gone, the connection is
    too, and the sandbox carries the request out: that one write was under way.
    """
    arena.restore(scene.before)
    running = arena.start(*scene.words)
    arena.arm({"nth": nth, "when": "before", "action": {"delay_s": 0.7}})
    running.go()
    if not _reached(arena, nth):
        running.join()
        return f"{scene.name}: request {nth} never came"
    writes = sum(map(is_write, arena.journal()))
    began = time.monotonic()
    os.kill(running.pid, number)
    ended = running.join()
    elapsed = time.monotonic() - began
    arena.disarm()
    if ended.code != 128 + number:
        return f"{scene.name} request {nth}: ended with {ended.code}\n{ended.err}"
    if elapsed > AT_MOST_S:
        return f"{scene.name} request {nth}: gone after {elapsed:.1f} s"
    after = [e for e in arena.journal() if is_write(e) and e["kind"] != "token"]
    new = len(after) - writes
    if new > 1:
        return f"{scene.name} request {nth}: {new} writes after the signal"
    return verdict(arena, scene, f"signal {number} in request {nth}", arena.run(*scene.words))


def _reached(arena, nth):
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        (fault,) = arena.faults()
        if fault["seen"] >= nth:
            return True
        time.sleep(0.01)
    return False
