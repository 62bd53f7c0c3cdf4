"""What is run and killed: a spec, the command, and the world that it starts in."""

from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.arena import submissions, warm

ROOT = Path(__file__).resolve().parents[2]
SMALL = ROOT / "examples/smallest.yaml"
FULL = ROOT / "specs/phi3-ultrachat.yaml"

# One request at a time: the nth request of a run is the same request in every run.
ONE_BY_ONE = ("--parallelism", "1")


@dataclass
class Scene:
    """A command on a spec, and the worlds before and after a clean run of it."""

    name: str
    words: tuple[str, ...]
    before: dict
    after: list = field(default_factory=list)
    requests: list = field(default_factory=list)
    jobs: dict = field(default_factory=dict)


def applying(arena, name, spec):
    """The spec is applied to an empty world."""
    arena.reset()
    words = ("apply", str(spec), "--yes", "-o", "json", *ONE_BY_ONE)
    return _rehearsed(arena, Scene(name, words, arena.snapshot()))


def _rehearsed(arena, scene):
    """Run the scene twice undisturbed: the second run is the measure, the first warms up."""
    for _ in range(2):
        arena.restore(scene.before)
        ended = arena.run(*scene.words)
        assert ended.code == 0, ended
        warm(ended)
        scene.after = arena.canonical()
        scene.requests = arena.journal()
        scene.jobs = submissions(scene.requests)
    return scene
