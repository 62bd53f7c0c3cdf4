"""Reads that show the world as it was: a replica that is behind, or two that answer in turns.

What was made is not there yet, what was deleted still is, a changed body is the old one. The
run waits it out: it makes nothing twice, and writes nothing more than once to put right what it
only thought wrong. The next one, undisturbed, ends well and the one after it has nothing to do.
"""

from collections import Counter
from dataclasses import dataclass

from tests.faults.arena import creations, is_write
from tests.faults.crash import verdict
from tests.faults.histories import HONEST

BEHIND = (1, 3, 10)
# Blobs cannot be behind: Azure's are strongly consistent.
READS = r"^/(subscriptions|providers|_aml/flow)/"
TURNS = {"stale": 6, "every": 2}
NOTHING_THERE = 204


@dataclass(frozen=True)
class Case:
    """From the nth read of a run on some reads are behind: so many, all or every second one.

    `again`: of a run over the world that the same run has just made, so that the plan already
    is misled. Otherwise only reads after a write of the run itself can be behind.
    """

    nth: int
    behind: int
    every: int = 1
    again: bool = False

    def fault(self):
        """Return it as the sandbox takes it."""
        action = {"stale": self.behind, "every": self.every}
        return {"method": "GET", "path": READS, "nth": self.nth, "action": action}


def cases(scene):
    """Every read of a clean run x 1, 3 and 10 reads that are behind."""
    return [Case(nth, behind) for nth in range(1, _reads(scene.requests) + 1) for behind in BEHIND]


def cases_again(arena, scene):
    """The same for a second run, and with two replicas in turns."""
    arena.restore(right(arena, scene))
    _undisturbed(arena, scene)
    reads = range(1, _reads(arena.journal()) + 1)
    behind = [(count, 1) for count in BEHIND]
    turns = (TURNS["stale"], TURNS["every"])
    return [Case(nth, *how, again=True) for nth in reads for how in (*behind, turns)]


def violation(arena, scene, case):
    """Let reads be behind as the case says; return what is wrong, "" when nothing is."""
    arena.restore(right(arena, scene) if case.again else scene.before)
    running = arena.start(*scene.words)
    arena.arm(case.fault())
    running.go()
    ended = running.join()
    arena.disarm()
    entries = arena.journal()
    text = _of_the_run(scene, case, ended, _written(entries))
    if text:
        return f"{scene.name} {case}: {text}"
    return _of_the_next(arena, scene, case, len(entries))


def right(arena, scene):
    """Return the world in which a scene has nothing left to do, as a snapshot."""
    if not scene.right:
        arena.restore(scene.before)
        _undisturbed(arena, scene)
        scene.right = arena.whole()
    return scene.right


def _reads(entries):
    flows = "/_aml/flow/"
    return sum(
        e["method"] == "GET" and (e["kind"] == "arm" or e["path"].startswith(flows))
        for e in entries
    )


def _undisturbed(arena, scene):
    ended = arena.run(*scene.words)
    assert ended.code == 0, ended


def _written(entries):
    """Return every write that changed something, with how often it did.

    A delete that is answered 204 met nothing: its resource was gone, and only seemed there.
    """
    taken = (e for e in entries if is_write(e) and e["kind"] == "arm" and e["status"] < 400)
    return Counter(
        f"{e['method']} {e['path']}"
        for e in taken
        if (e["method"], e["status"]) != ("DELETE", NOTHING_THERE)
    )


def _of_the_run(scene, case, ended, written):
    """Say what is wrong with how a disturbed run ended and with what it wrote.

    Only a plan that is misled by more than one read may be refused (a name is taken by itself),
    and a destroy of what is gone: one read says that it is there, the next that it is not, and
    nothing is deleted on two words.
    """
    may_be_refused = case.again and (case.behind > 1 or scene.name.startswith("destroy"))
    allowed = HONEST if may_be_refused else {0}
    if ended.code not in allowed or "Traceback" in ended.err:
        return f"ended with {ended.code}\n{ended.err}\n{ended.out}"
    if not case.again:
        return ""
    lost = [what for what in written if what.startswith("DELETE")]
    often = [what for what, times in written.items() if times > 1]
    return f"it was right before, and the run wrote {lost or often}" if lost or often else ""


def _of_the_next(arena, scene, case, before):
    """Say what is wrong with the world after one more run, which has nothing left to do."""
    ended = arena.run(*scene.words)
    jobs = {} if case.again else None
    text = verdict(arena, scene, case, ended, creations, jobs)
    swings = list(_written(arena.journal()[before:]))
    return text or (f"{scene.name} {case}: the run after it wrote {swings}" if swings else "")
