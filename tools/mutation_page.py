"""Tell what `mutmut run` found: `python -m tools.mutation_page [--write]`.

Prints a table of the mutated files and every change that no test noticed, as the lines that differ.
`--write` keeps both in `docs/mutation.md`. Exit code 1 where fewer than 85 % were noticed.
"""

from __future__ import annotations

import argparse
import ast
import datetime
import difflib
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MUTANTS = ROOT / "mutants"
PAGE = ROOT / "docs/mutation.md"
BEGIN, END = "<!-- measured -->\n", "<!-- end -->"
WANTED = 0.85
KILLED, SURVIVED, UNTESTED, TIMED_OUT = "killed", "survived", "no tests", "timed out"
STATUS = {0: SURVIVED, 1: KILLED, 3: KILLED, 5: UNTESTED, 33: UNTESTED, 36: TIMED_OUT}
"""What an exit code of mutmut 3.8 says (`mutmut/stats.py`); a signal ended what took too long."""
COLUMNS = (KILLED, TIMED_OUT, SURVIVED, UNTESTED)
ORIGINAL = "orig"


@dataclass(frozen=True)
class File:
    """One mutated file: what became of each mutant, and how the living ones differ."""

    path: str
    outcomes: dict[str, str]
    changes: dict[str, str]

    @property
    def counts(self) -> Counter[str]:
        """How many mutants there are of each outcome."""
        return Counter(self.outcomes.values())


def files(mutants: Path) -> list[File]:
    """Return what mutmut left in its folder, by path."""
    found = []
    for meta in sorted(mutants.rglob("*.py.meta")):
        codes = json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"]
        outcomes = {
            key.rpartition(".")[2]: STATUS.get(code, TIMED_OUT)
            for key, code in codes.items()
            if code is not None
        }
        source = meta.with_suffix("").read_text(encoding="utf-8")
        living = {name for name, outcome in outcomes.items() if outcome == SURVIVED}
        path = meta.relative_to(mutants).with_suffix("").as_posix()
        found.append(File(path, outcomes, dict(_changes(source, living))))
    return found


def _changes(source: str, names: set[str]) -> Iterator[tuple[str, str]]:
    """Yield each named mutant with the lines in which it differs from the original."""
    texts = {
        node.name: ast.unparse(node).splitlines()[1:]
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    for name in sorted(names, key=_order):
        function, _, _ = name.rpartition("_")
        lines = difflib.ndiff(texts[f"{function}_{ORIGINAL}"], texts[name])
        changed = {mark: [] for mark in "-+"}  # type: dict[str, list[str]]
        for line in lines:
            if line[0] in changed:
                changed[line[0]].append(line[2:].strip())
        yield name, f"{_code(changed['-'])} became {_code(changed['+'])}"


def _order(name: str) -> tuple[str, int]:
    function, _, number = name.rpartition("_")
    return function, int(number)


def _code(lines: list[str]) -> str:
    text = " ".join(lines)
    ticks = "``" if "`" in text else "`"
    return f"{ticks}{text}{ticks}" if text else "nothing"


def function_of(name: str) -> str:
    """Return the function or method that a mutant is one of, as it is called in its file."""
    function = name.partition("__mutmut_")[0]
    return ".".join(function.split("ǁ")[1:]) if "ǁ" in function else function.removeprefix("x_")


def share(counts: Counter[str]) -> float:
    """Return how many of the mutants were noticed; what has no test was not."""
    return (counts[KILLED] + counts[TIMED_OUT]) / max(1, counts.total())


def table(found: list[File]) -> list[str]:
    """Return the table of files as the lines of a page."""
    head = " | ".join(["File", "Mutants", *(column.capitalize() for column in COLUMNS), "Noticed"])
    lines = [f"| {head} |", "|---|" + "--:|" * (len(COLUMNS) + 2)]
    total: Counter[str] = Counter()
    for file in found:
        total += file.counts
        lines.append(_row(f"`{file.path}`", file.counts))
    return [*lines, _row("**all**", total)]


def _row(name: str, counts: Counter[str]) -> str:
    cells = [name, str(counts.total()), *(str(counts[column]) for column in COLUMNS)]
    return f"| {' | '.join(cells)} | {share(counts):.1%} |"


def survivors(found: list[File]) -> list[str]:
    """Return every change that no test noticed, and what no test reaches, as lines of a page."""
    lines = []
    for file in found:
        untested = Counter(
            function_of(name) for name, outcome in file.outcomes.items() if outcome == UNTESTED
        )
        if not file.changes and not untested:
            continue
        lines += ["", f"`{file.path}`", ""]
        lines += [f"- `{function_of(name)}`: {change}" for name, change in file.changes.items()]
        lines += [f"- `{name}`: no test reaches it ({count})" for name, count in untested.items()]
    return lines


def main(words: list[str]) -> int:
    """Print and keep what was found; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.mutation_page", description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"keep it in {PAGE.name}")
    options = parser.parse_args(words)
    found = files(MUTANTS)
    total = sum((file.counts for file in found), Counter[str]())
    day = datetime.datetime.now(datetime.UTC).date()
    measured = f"Measured on {day} at commit `{_commit()}`."
    lines = [measured, "", *table(found), "", "## Survivors", *survivors(found), ""]
    print("\n".join(lines))
    if options.write:
        PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), lines), encoding="utf-8")
    return 0 if share(total) >= WANTED else 1


def written(page: str, lines: list[str]) -> str:
    """Return a page with these lines in place of those that were measured before."""
    head, _, rest = page.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}" + "\n".join(lines) + f"{END}{tail}"


def _commit() -> str:
    command = ["git", "-C", str(ROOT), "rev-parse", "--short=7", "HEAD"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "?"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
