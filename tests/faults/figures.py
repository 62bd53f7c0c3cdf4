"""Measure and print the figures of reliability: `python -m tests.faults --help`.

Every figure says how many cases ran, of how many, and from which seed and commit. What is wrong is
printed in full as it happens, and the exit code is 1 then. `--write` keeps the figures in
`docs/reliability.md`, each in the place of the older one of its name.
"""

import argparse
import datetime
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.faults import document, rows
from tests.faults.lanes import Lanes
from tests.faults.scenes import COMMANDS, ROOT, SPECS

EVERY = 10**6


@dataclass(frozen=True)
class Measured:
    """One line of the table."""

    what: str
    cases: str
    result: str
    seconds: float
    source: str

    def line(self):
        return (
            f"| {self.what} | {self.cases} | {self.result} | {self.seconds:.0f} s | {self.source} |"
        )


def measure(lanes, options):
    """Yield each line as it is measured, and how many of its cases went wrong."""
    source = f"{_today()}, seed {options.seed}, `{_commit()}`"
    for row in rows.of(lanes, options):
        began = time.monotonic()
        found = list(_progress(row, lanes.each(row.place, row.check, row.cases)))
        wrong = [text for text in found if row.is_wrong(text)]
        for text in wrong:
            print(f"{row.what}: {text}", file=sys.stderr, flush=True)
        cases = f"{row.counted or len(row.cases)} of {row.possible}"
        seconds = time.monotonic() - began
        measured = Measured(row.what, cases, row.result(found, wrong), seconds, source)
        yield measured, len(wrong) + row.is_wrong_in_all(found)
    for what, cases, result, wrong, seconds in rows.alone(options):
        yield Measured(what, cases, result, seconds, source), wrong


def _progress(row, found):
    """Pass on what comes, and say on a terminal how far it is."""
    for number, result in enumerate(found, 1):
        if sys.stderr.isatty():
            print(f"\r{row.what}: {number} of {len(row.cases)}  ", end="", file=sys.stderr)
        yield result
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr, flush=True)


def _today():
    return datetime.datetime.now(datetime.UTC).date()


def _commit():
    """Return the commit that is measured, with a + where product or harness differ from it."""
    changed = _git("status", "--porcelain", "--", "reconciler", "tests")
    return (_git("rev-parse", "--short=7", "HEAD") or "?") + ("+" if changed else "")


def _git(*words):
    command = ["git", "-C", str(ROOT), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def options_of(words):
    """Return the options of a command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seed", type=int, default=20261127)
    parser.add_argument("--lanes", type=int, default=os.cpu_count(), help="cases at a time")
    parser.add_argument("--points", type=int, default=20, help="kills per spec and command")
    parser.add_argument("--worlds", type=int, default=5, help="worlds of the 200 resources")
    parser.add_argument("--pairs", type=int, default=10, help="pairs of kills at writes")
    parser.add_argument("--histories", type=int, default=100)
    parser.add_argument("--writers", type=int, default=20)
    parser.add_argument("--stale", type=int, default=20, help="stale reads per spec and command")
    parser.add_argument("--signals", type=int, default=10, help="per signal and command")
    parser.add_argument("--cells", type=int, default=20, help="one fault on one write, per spec")
    parser.add_argument("--plans", type=int, default=50, help="and a tenth of it applies")
    parser.add_argument("--rates", type=int, default=4, help="runs with 1 answer in 10 failing")
    parser.add_argument("--inputs", type=int, default=1, help="0: no secrets and bad input")
    parser.add_argument("--specs", nargs="*", choices=SPECS, default=SPECS)
    parser.add_argument("--commands", nargs="*", choices=COMMANDS, default=COMMANDS)
    parser.add_argument("--all", action="store_true", help="every point, the full numbers")
    parser.add_argument("--only", nargs="*", help="of the counts, only these; the others are 0")
    parser.add_argument("--write", action="store_true", help="keep them in docs/reliability.md")
    options = parser.parse_args(words)
    if options.all:
        options.points = options.worlds = options.stale = options.signals = EVERY
        options.cells, options.pairs, options.rates = EVERY, EVERY, 20
        options.histories, options.writers, options.plans = 10_000, 1_000, 1_000
    for name in COUNTS:
        if options.only is not None and name not in options.only:
            setattr(options, name, 0)
    return options


COUNTS = (
    "points", "worlds", "pairs", "histories", "writers", "stale", "signals", "cells", "plans",
    "rates", "inputs",
)  # fmt: skip


def main(words):
    """Print the table; return the exit code."""
    options = options_of(words)
    print(f"{_today()}, seed {options.seed}, Python {platform.python_version()}\n")
    print("\n".join(document.HEAD), flush=True)
    wrong = 0
    with tempfile.TemporaryDirectory() as folder, Lanes(options.lanes, Path(folder)) as lanes:
        for measured, bad in measure(lanes, options):
            wrong += bad
            print(measured.line(), flush=True)
            if options.write:
                document.keep(measured.line())
    return 1 if wrong else 0
