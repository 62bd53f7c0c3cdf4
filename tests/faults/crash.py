"""Kill a run at a request, run the same command once more, and look at what is there."""

from dataclasses import dataclass

from tests.faults.arena import submissions
from tests.faults.canonical import difference

TRIES = 5
LAST = 0.95
"""From which part of a clean run's requests on another run may have ended already."""


@dataclass(frozen=True)
class Point:
    """Before or after the commit of the nth request of a run."""

    nth: int
    when: str


def points(scene):
    """Every point of a scene: each request of its clean run, before and after."""
    count = len(scene.requests)
    return [Point(n, when) for n in range(1, count + 1) for when in ("before", "after")]


def kill(pid, point):
    """Return the faults that kill a process at a point; before means that nothing is done."""
    rule = {"nth": point.nth, "when": point.when}
    faults = [{**rule, "action": {"kill": pid}}]
    return faults if point.when == "after" else [*faults, {**rule, "action": {"drop": True}}]


def run_killed(arena, words, point):
    """Run a command that dies at a point; return how it ended."""
    running = arena.start(*words)
    arena.arm(*kill(running.pid, point))
    running.go()
    ended = running.join()
    arena.disarm()
    return ended


def survives(arena, scene, *deaths):
    """Kill the scene at each point in turn, run once more; return what is wrong, "" if nothing.

    How often a run polls is not always the same: one that ended well before the last points is
    played again, a few times, until it dies. One that never comes to a point among the last
    twentieth has to be right without dying.
    """
    for _ in range(TRIES):
        arena.restore(scene.before)
        ends = [run_killed(arena, scene.words, point) for point in deaths]
        if ends[0].killed or ends[0].code != 0:
            break
    if len(deaths) == 1 and not ends[0].killed:
        if ends[0].code == 0 and deaths[0].nth > LAST * len(scene.requests):
            return verdict(arena, scene, deaths, ends[0])
        return f"{scene.name} {deaths}: it was not killed but ended with {ends[0].code}"
    ended = arena.run(*scene.words)
    return verdict(arena, scene, deaths, ended)


def verdict(arena, scene, cause, ended, count=submissions, jobs=None):
    """Return what is wrong with the world after the last run; "" when nothing is.

    `count` says how often each training job was submitted, or only how often it was made;
    `jobs` how often it should have been, where that is not as in a clean run.
    """
    if ended.code != 0:
        return f"{scene.name} {cause}: the run after it ended with {ended.code}\n{ended.err}"
    found = arena.canonical()
    if found != scene.after:
        return f"{scene.name} {cause}: another state\n{difference(scene.after, found)}"
    expected = scene.jobs if jobs is None else jobs
    found = count(arena.journal())
    if found != expected:
        return f"{scene.name} {cause}: jobs submitted {found}, expected {expected}"
    return ""
