"""What is run and disturbed: a spec, the command, and the world that it starts in."""

import importlib
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copytree

from tests.faults.arena import submissions, warm
from tests.faults.generated import edited, shrunk, two_hundred

ROOT = Path(__file__).resolve().parents[2]
SMALL = ROOT / "examples/smallest.yaml"
FULL = ROOT / "specs/phi3-ultrachat.yaml"
OUTAGE = ("--allow-outage", "endpoints.phi3-ultrachat-ep")
"""What the whole scenario loses when it is replaced or pruned, and no other spec has."""
COMMANDS = ("apply", "destroy", "prune", "replace")
SPECS = ("small", "full", "two-hundred")

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
    right: dict = field(default_factory=dict)
    """The world after, as a snapshot with its blobs, once somebody needed it."""


def scene(arena, folder, command, spec):
    """Rehearse a command on a spec: twice undisturbed, the first run only to warm up."""
    name = f"{command} of {spec}"
    file = spec_file(folder, spec)
    if spec == "full":
        importlib.import_module("azure.ai.ml")  # once here, and not in the first run, too
    arena.reset()
    if command == "apply":
        return rehearsed(arena, Scene(name, _words("apply", file), arena.snapshot()))
    ended = arena.run(*_words("apply", file))
    assert ended.code == 0, ended
    before = arena.snapshot()
    if command == "destroy":
        words = ("destroy", "--max-deletions", "300", *_words("destroy", file)[1:])
        return rehearsed(arena, Scene(name, words, before))
    text = file.read_text(encoding="utf-8")
    if command == "replace":
        before = arena.whole()
        words = _words("apply", _beside_its_files(folder, spec, edited(text, spec)))
        return rehearsed(arena, Scene(name, (*words, *OUTAGE), before))
    words = _words("apply", _beside_its_files(folder, spec, shrunk(text, spec)))
    return rehearsed(arena, Scene(name, (*words, "--prune", *OUTAGE), before))


def _beside_its_files(folder, spec, text):
    """Write an edited spec where it finds the flow that it names, as in the repository."""
    place = folder / "edited" / "specs"
    if not place.exists():
        place.mkdir(parents=True)
        copytree(ROOT / "examples/flows", folder / "edited/examples/flows")
    file = place / f"{spec}-{len(list(place.iterdir()))}.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def spec_file(folder, spec):
    """Return the file of a spec by its name."""
    if spec != "two-hundred":
        return {"small": SMALL, "full": FULL}[spec]
    file = folder / "two-hundred.yaml"
    file.write_text(two_hundred(), encoding="utf-8")
    return file


def _words(command, file):
    return (command, str(file), "--yes", "-o", "json", *ONE_BY_ONE)


def rehearsed(arena, scene):
    """Run a scene twice undisturbed and keep what the second run came to."""
    for _ in range(2):
        arena.restore(scene.before)
        ended = arena.run(*scene.words)
        assert ended.code == 0, ended
        warm(ended)
        scene.after = arena.canonical()
        scene.requests = arena.journal()
        scene.jobs = submissions(scene.requests)
    return scene
