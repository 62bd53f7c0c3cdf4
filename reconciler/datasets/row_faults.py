"""Faults of rows, those that are alike as one: the first with its place, the others counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from reconciler.diagnostics import Diagnostic

MAX_PROBLEMS = 20
MAX_ROWS = 1000
"""Rows at fault after which no more are read."""
_NAMED = 5


@dataclass
class _Alike:
    first: Diagnostic
    others: list[int] = field(default_factory=list)
    count: int = 0

    def told(self) -> Diagnostic:
        if not self.count:
            return self.first
        rest = self.count - len(self.others)
        rows = "row" if self.count == 1 else "rows"
        named = ", ".join(map(str, self.others)) + (f" and {rest:,} more" if rest else "")
        return replace(self.first, detail=f"the same in {self.count:,} other {rows}: {named}")


@dataclass
class RowFaults:
    """The faults of the rows of one dataset, in the order in which they were found."""

    found: dict[tuple[str, str], _Alike] = field(default_factory=dict)
    rows: int = 0

    def add(self, file: str, number: int, fault: Diagnostic, alike: str) -> None:
        """Take a fault of a row. `alike` is equal for the rows of a file to be told as one."""
        self.rows += 1
        known = self.found.get((file, alike))
        if known is None:
            self.found[file, alike] = _Alike(fault)
            return
        known.count += 1
        if len(known.others) < _NAMED:
            known.others.append(number)

    @property
    def is_full(self) -> bool:
        """Whether enough was found for reading to stop."""
        return len(self.found) >= MAX_PROBLEMS or self.rows >= MAX_ROWS

    def told(self) -> list[Diagnostic]:
        """Return one problem for all rows that are alike, and a word where reading stopped."""
        problems = [alike.told() for alike in self.found.values()]
        if len(problems) >= MAX_PROBLEMS:
            return limited(problems)
        if self.rows >= MAX_ROWS:
            stopped = f"reading stopped after {MAX_ROWS:,} wrong rows; fix these first"
            problems.append(Diagnostic(stopped))
        return problems


def limited(problems: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Return the first problems, and a word that there may be more."""
    what = f"only the first {MAX_PROBLEMS} problems are shown; fix these first"
    return [*islice(problems, MAX_PROBLEMS), Diagnostic(what)]
