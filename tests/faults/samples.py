"""How many cases are measured: named samples, and every number for itself.

A count of `kills` is shared out among the commands of a spec, by how many points they have; all
others are for one command on one spec.
"""

import argparse
import os

from tests.faults.scenes import COMMANDS, SPECS
from tests.faults.seed import SEED

EVERY = 10**6

COUNTS = {
    "kills": "kills of the smallest spec",
    "kills_full": "kills of the whole scenario",
    "histories": "histories of up to three faults",
    "writers": "orders of two writers",
    "signals": "requests struck by SIGTERM, and by SIGINT",
    "stale": "reads that are behind, of the smallest spec",
    "stale_full": "reads that are behind, of the whole scenario",
    "inputs": "1: secrets and bad input; 0: without",
    "volumes": "megabytes of rows, beside a folder of 5,000 files; 0: without",
    "loop": "requests of the loop's passes, each struck by a kill, a stop and a newer revision",
    "loop_passes": "passes of the loop of what did not change",
    "replicas": "seeds of two replicas, and of five",
    "pairs": "pairs of kills at writes",
    "cells": "one fault on one write, of the smallest spec",
    "cells_full": "one fault on one write, of the whole scenario",
    "plans": "plans of what did not change; a tenth of it applies",
    "rates": "runs with 1 answer in 10 failing",
    "worlds": "worlds of the 200 resources",
    "kills_many": "kills of the 200 resources",
}
"""Every count and what it counts, in the order in which they are measured."""

_COLUMNS = ("default", "ci", "release", "all")
_TABLE = {
    "kills": (40, 20, EVERY, EVERY),
    "kills_full": (12, 4, 150, EVERY),
    "histories": (100, 60, 2_000, 10_000),
    "writers": (20, 10, 300, 1_000),
    "signals": (8, 3, EVERY, EVERY),
    "stale": (16, 6, EVERY, EVERY),
    "stale_full": (4, 2, 20, 150),
    "inputs": (1, 0, 1, 1),
    "volumes": (100, 0, 1_000, 10_000),
    "loop": (6, 0, EVERY, EVERY),
    "loop_passes": (100, 0, 2_000, 10_000),
    "replicas": (6, 0, 100, 1_000),
    "pairs": (10, 4, 60, EVERY),
    "cells": (20, 9, EVERY, EVERY),
    "cells_full": (0, 0, 20, 200),
    "plans": (40, 0, 100, 1_000),
    "rates": (4, 0, 6, 20),
    "worlds": (0, 0, 10, EVERY),
    "kills_many": (0, 0, 12, 120),
}
SAMPLES = {
    column: {name: counts[n] for name, counts in _TABLE.items()}
    for n, column in enumerate(_COLUMNS)
}
PARTS = sorted({name.partition("_")[0] for name in COUNTS})


def options_of(words):
    """Return the options of a command line, every count as it will be taken."""
    options = _parser().parse_args(words)
    for name, count in SAMPLES[options.sample].items():
        if getattr(options, name) is None:
            setattr(options, name, count)
        if options.only and name.partition("_")[0] not in options.only:
            setattr(options, name, 0)
    return options


def _parser():
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    samples = parser.add_mutually_exclusive_group()
    for name in _COLUMNS[1:]:
        samples.add_argument(f"--{name}", dest="sample", action="store_const", const=name)
    parser.set_defaults(sample="default")
    for name, what in COUNTS.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, metavar="N", help=what)
    parser.add_argument("--only", nargs="+", choices=PARTS, help="measure only these")
    parser.add_argument("--specs", nargs="+", choices=SPECS, default=SPECS)
    parser.add_argument("--commands", nargs="+", choices=COMMANDS, default=COMMANDS)
    parser.add_argument("--seed", type=int, default=SEED, help="default: that of the commit")
    parser.add_argument("--lanes", type=int, default=os.cpu_count(), help="cases at a time")
    parser.add_argument("--write", action="store_true", help="keep them in docs/reliability.md")
    parser.add_argument(
        "--resume", action="store_true", help="leave out what is kept there of this commit and seed"
    )
    return parser
