"""Measure and print the figures of reliability: `python -m tests.faults --help`.

Every figure says how many cases ran, of how many, and from which seed and commit. What is wrong is
printed in full as it happens, and the exit code is 1 then. `--write` keeps each figure in
`docs/reliability.md` as soon as it is measured, in the place of the older one of its name, so that
a run that was stopped goes on with `--resume`.
"""

import datetime
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.faults import document, rows
from tests.faults.lanes import Lanes
from tests.faults.samples import options_of
from tests.faults.scenes import ROOT

SHOWN_EVERY_S = 30.0
"""How often a row that takes long says how far it is."""


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


class Progress:
    """Says on standard error what is measured, how far it is, and after how long."""

    def __init__(self):
        self._began = self._said = time.monotonic()

    def say(self, text):
        self._said = time.monotonic()
        minutes, seconds = divmod(int(self._said - self._began), 60)
        print(f"[{minutes:3}:{seconds:02}] {text}", file=sys.stderr, flush=True)

    def watch(self, row, found):
        """Pass on what comes of a row."""
        self.say(f"{row.what}: {len(row.cases)} cases")
        for number, result in enumerate(found, 1):
            if time.monotonic() - self._said > SHOWN_EVERY_S:
                self.say(f"{row.what}: {number} of {len(row.cases)}")
            yield result


def measure(lanes, options, progress):
    """Yield each line as it is measured, and how many of its cases went wrong."""
    commit = f"seed {options.seed}, `{_commit()}`"
    for row in rows.of(lanes, options):
        cases = f"{row.counted or len(row.cases)} of {row.possible}"
        if options.resume and document.holds(row.what, cases, commit):
            progress.say(f"{row.what}: kept already")
            continue
        began = time.monotonic()
        found = list(progress.watch(row, row.found(lanes)))
        wrong = [text for text in found if row.is_wrong(text)]
        for text in wrong:
            print(f"{row.what}: {text}", file=sys.stderr, flush=True)
        seconds, source = time.monotonic() - began, f"{_today()}, {commit}"
        measured = Measured(row.what, cases, row.result(found, wrong), seconds, source)
        yield measured, len(wrong) + row.is_wrong_in_all(found)
    for measure_one in rows.alone(options):
        began = time.monotonic()
        what, cases, result, wrong = measure_one()
        seconds, source = time.monotonic() - began, f"{_today()}, {commit}"
        yield Measured(what, cases, result, seconds, source), wrong


def _today():
    return datetime.datetime.now(datetime.UTC).date()


def _commit():
    """Return the commit that is measured, with a + where product or harness differ from it."""
    changed = _git("status", "--porcelain", "--", "reconciler", "tests")
    return (_git("rev-parse", "--short=7", "HEAD") or "?") + ("+" if changed else "")


def _git(*words):
    command = ["git", "-C", str(ROOT), *words]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def main(words):
    """Print the table; return the exit code."""
    options = options_of(words)
    print(f"{_today()}, seed {options.seed}, Python {platform.python_version()}\n")
    print("\n".join(document.HEAD), flush=True)
    wrong, progress = 0, Progress()
    # The lanes' sandboxes end when they notice that the lanes have: they may still write.
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        Lanes(options.lanes, Path(folder)) as lanes,
    ):
        for measured, bad in measure(lanes, options, progress):
            wrong += bad
            print(measured.line(), flush=True)
            if options.write:
                document.keep(measured.line())
    progress.say(f"{wrong} violations" if wrong else "no violation")
    return 1 if wrong else 0
