"""Measure and print the figures of reliability: `python -m tests.faults --help`.

Every figure says how many cases ran, of how many, and from which seed. What is wrong is
printed in full as it happens, and the exit code is 1 then.
"""

import argparse
import datetime
import platform
import random
import sys
import tempfile
import time
from pathlib import Path

from reconciler.sandbox.launch import launch
from tests.faults import cells, histories, signals, stale, steadiness, writers
from tests.faults.arena import Arena
from tests.faults.crash import points, survives
from tests.faults.scenes import COMMANDS, SPECS, scene

FAILING_RUNS = 10


class Figures:
    """The rows of the table, and whether any case went wrong."""

    def __init__(self):
        self.rows = []
        self.wrong = 0

    def add(self, name, cases, possible, check):
        """Run every case, print what is wrong, keep a row."""
        began = time.monotonic()
        bad = 0
        for case in cases:
            text = check(case)
            if text:
                bad += 1
                print(text, file=sys.stderr, flush=True)
        self.wrong += bad
        self.row(name, f"{len(cases)} of {possible}", f"{bad} violations", began)

    def row(self, name, ran, result, began):
        """Keep a row and show it at once."""
        row = f"| {name} | {ran} | {result} | {time.monotonic() - began:.0f} s |"
        self.rows.append(row)
        print(row, flush=True)


def measure(arena, folder, options):
    """Run everything that the options ask for."""
    figures, chance = Figures(), random.Random(options.seed)
    for spec in options.specs if options.points else ():
        for command in options.commands:
            _points(figures, arena, scene(arena, folder, command, spec), chance, options)
    seeds = range(options.seed, options.seed + 10**6)
    if options.histories or options.writers or options.stale:
        for spec in ("small", "full"):
            played = scene(arena, folder, "apply", spec)
            _chances(figures, arena, played, seeds, options)
            _stale(figures, arena, played, chance, options)
    if options.signals:
        _signals(figures, arena, scene(arena, folder, "apply", "small"), chance, options)
    for spec in {"small", "full"} & set(options.specs) if options.cells else ():
        _cells(figures, arena, scene(arena, folder, "apply", spec), chance, options)
    if options.plans:
        _steadiness(figures, arena, scene(arena, folder, "apply", "full"), options)
    return figures


def _points(figures, arena, played, chance, options):
    places = points(played)
    chosen = _sample(chance, places, options.points)
    name = f"kill -9, {played.name} ({len(played.requests)} requests)"
    figures.add(name, chosen, len(places), lambda place: survives(arena, played, place))
    if options.pairs:
        pairs = [tuple(chance.sample(places, 2)) for _ in range(options.pairs)]
        figures.add(
            f"two kills, {played.name}",
            pairs,
            len(places) ** 2,
            lambda pair: survives(arena, played, *pair),
        )


def _signals(figures, arena, played, chance, options):
    count = len(played.requests)
    chosen = _sample(chance, range(1, count + 1), options.signals)
    name = f"SIGTERM during a request, {played.name}"
    figures.add(name, chosen, count, lambda nth: signals.stopped(arena, played, nth))


def _cells(figures, arena, played, chance, options):
    every = cells.cells(played)
    chosen = _sample(chance, every, options.cells)
    name = f"one fault on one write, {played.name}"
    figures.add(name, chosen, len(every), lambda cell: cells.violation(arena, played, cell))


def _chances(figures, arena, played, seeds, options):
    for what, count, module in (
        ("up to three faults", options.histories, histories),
        ("two writers, no lock", options.writers, writers),
    ):
        if count:
            share = max(1, count * 9 // 10 if played.name.endswith("small") else count // 10)
            figures.add(
                f"{what}, {played.name}",
                seeds[:share],
                "any number",
                lambda seed, module=module: module.violation(arena, played, seed),
            )


def _stale(figures, arena, played, chance, options):
    share = options.stale * 9 // 10 if played.name.endswith("small") else options.stale // 10
    if options.stale:
        every = stale.cases(played), stale.cases_again(arena, played)
        for what, cases in zip(("a run", "a run of nothing to do"), every, strict=True):
            figures.add(
                f"{what} with reads behind, {played.name}",
                _sample(chance, cases, max(1, share)),
                len(cases),
                lambda case: stale.violation(arena, played, case),
            )


def _steadiness(figures, arena, played, options):
    began = time.monotonic()
    seeds = range(options.seed, options.seed + FAILING_RUNS)
    factors = [steadiness.amplification(arena, played, seed) for seed in seeds]
    mean, most = sum(factors) / len(factors), max(factors)
    result = f"{mean:.2f} times the requests on average, {most:.2f} at most"
    figures.row("1 answer in 10 fails, apply of full", f"{FAILING_RUNS} runs", result, began)
    spec = played.words[1]
    for command, words, times in (
        ("plan", ("plan", spec), options.plans),
        ("apply", ("apply", spec, "--yes"), max(1, options.plans // 10)),
    ):
        began = time.monotonic()
        sent = steadiness.writes_of(arena, words, times)
        figures.wrong += len(sent)
        figures.row(f"no change, {command} of full", f"{times} runs", f"{len(sent)} writes", began)


def _sample(chance, cases, count):
    cases = list(cases)
    return cases if count >= len(cases) else chance.sample(cases, count)


def options_of(words):
    """Return the options of a command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seed", type=int, default=20261123)
    parser.add_argument("--points", type=int, default=20, help="kills per spec and command")
    parser.add_argument("--pairs", type=int, default=0, help="pairs of kills, the same")
    parser.add_argument("--histories", type=int, default=50)
    parser.add_argument("--writers", type=int, default=10)
    parser.add_argument("--stale", type=int, default=20)
    parser.add_argument("--signals", type=int, default=20)
    parser.add_argument("--cells", type=int, default=20, help="one fault on one write, per spec")
    parser.add_argument("--plans", type=int, default=50, help="and a tenth of it applies")
    parser.add_argument("--specs", nargs="*", choices=SPECS, default=SPECS)
    parser.add_argument("--commands", nargs="*", choices=COMMANDS, default=COMMANDS)
    parser.add_argument("--all", action="store_true", help="every point, the full numbers")
    options = parser.parse_args(words)
    if options.all:
        options.points = options.signals = options.cells = 10**6
        options.pairs, options.histories, options.writers = 500, 10_000, 1_000
        options.stale, options.plans = 10_000, 1_000
    return options


def main(words):
    """Print the table; return the exit code."""
    options = options_of(words)
    today = datetime.datetime.now(datetime.UTC).date()
    print(f"{today}, seed {options.seed}, Python {platform.python_version()}\n")
    print("| what | cases | result | time |\n| --- | --- | --- | --- |", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state"
        with launch(state, clock="instant") as server:
            figures = measure(Arena(server, state), Path(folder), options)
    return 1 if figures.wrong else 0
