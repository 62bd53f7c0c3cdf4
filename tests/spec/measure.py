"""The figures of the bad files: `measured()`, in a process of its own so that memory is theirs."""

import json
import resource
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.spec import bad_yaml, corpus, wrong
from tests.spec.corpus import ROOT
from tests.spec.judging import planted, validated


@dataclass(frozen=True)
class Measured:
    """How many bad files there are, how many were told whole, and what the worst one cost.

    `memory_mib` is the largest resident size of one process that reads all of them, one
    after the other: no file alone took more.
    """

    specs: int
    yaml_files: int
    whole: int
    crashes: int
    slowest_s: float
    slowest: str
    memory_mib: float


def measured():
    """Return the figures; reads every file of the corpus, which takes some ten seconds."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.spec.measure"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return Measured(**json.loads(done.stdout))


def every_file():
    """Return every bad spec and the bytes of every bad YAML file, by their names."""
    return {**dict(corpus.generated()), **wrong.specs()}, bad_yaml.files()


def content_of(spec):
    """Return the bytes of a bad spec: dumping all of them takes seconds."""
    return (spec if isinstance(spec, str) else corpus.text_of(spec)).encode()


def _measure(top):
    specs, files = every_file()
    whole, crashes, slowest = 0, 0, (0.0, "")
    contents = {**{name: content_of(spec) for name, spec in specs.items()}, **files}
    for name, content in contents.items():
        told = validated(top, content)
        whole += told.is_whole(top)
        crashes += told.crashed
        slowest = max(slowest, (told.seconds, name))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    seconds, name = slowest
    return Measured(
        len(specs), len(files), whole, crashes, round(seconds, 3), name, round(memory, 1)
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        json.dump(asdict(_measure(planted(Path(folder).resolve()))), sys.stdout)
