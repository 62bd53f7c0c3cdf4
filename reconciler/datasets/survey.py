"""What local files hold: how many rows, what is wrong with them, and what they mean.

The digest of a JSON Lines file is over its rows as they are written for training, so that
line ends, a byte order mark, blanks, escapes, the order of keys and columns that training
never sees do not make it another file. A file that is written so already has the digest of
its bytes. Parquet has no such spellings: its digest is over its bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from reconciler.datasets.local import is_parquet
from reconciler.datasets.row_faults import MAX_PROBLEMS, RowFaults, limited
from reconciler.datasets.row_format import CHAT
from reconciler.datasets.rows import Row, RowFile
from reconciler.datasets.validation_cache import Unseen, Verdict, remember_good, verdict_on
from reconciler.diagnostics import Diagnostic, LocalError, Position, Severity


@dataclass(frozen=True)
class Survey:
    """What one file holds. `digest`: SHA-256 in hex, over its bytes where rows are wrong."""

    digest: str
    rows: int
    problems: tuple[Diagnostic, ...] = ()
    unseen: tuple[Unseen, ...] = ()
    sees: str = CHAT.sees

    def warnings(self, name: str, address: str = "") -> Iterator[Diagnostic]:
        """Yield what training would not see of the file, each key once.

        `name` is the file's, `address` that of the data which is made of it.
        """
        for item in self.unseen:
            rest = item.count - len(item.first)
            where = ", ".join(map(str, item.first)) + (f" and {rest} more" if rest else "")
            yield Diagnostic(
                f"`{item.key}` is not seen by training, which reads {self.sees} only",
                Position(name, item.first[0], 1),
                detail=f"rows that have it, by line: {where}",
                hint="remove it, or the rows that make sense only with it",
                severity=Severity.WARNING,
                id="unseen-key",
                address=address,
            )


def survey(file: RowFile) -> Survey:
    """Read a file, unless the same bytes were found good before. Raises `OSError`."""
    if fault := file.fault_at_once():
        return Survey("", 1, (fault,))
    raw = file.digest()
    rules = file.format.version
    known = verdict_on(file.path, raw, rules)
    if known is not None:
        return Survey(known.digest, known.rows, unseen=known.unseen, sees=file.format.sees)
    found = _read(file, raw)
    if not found.problems:
        remember_good(file.path, raw, rules, Verdict(found.digest, found.rows, found.unseen))
    return found


def check_files(files: Iterable[RowFile]) -> list[Diagnostic]:
    """Return what is wrong with local files, `MAX_PROBLEMS` at most, by line and column."""
    problems: list[Diagnostic] = []
    for file in files:
        try:
            problems.extend(survey(file).problems)
        except OSError as error:
            problems.append(Diagnostic(f"{file.name} cannot be read: {error.strerror}"))
        if len(problems) >= MAX_PROBLEMS:
            return limited(problems)
    return problems


def row_count(files: Iterable[RowFile]) -> int:
    """Return how many rows good files have. Raises `OSError`."""
    return sum(survey(file).rows for file in files)


def written(row: Row, file: RowFile) -> bytes | Diagnostic:
    """Return a row as it is written, or what is wrong with it."""
    if row.fault:
        return row.fault
    try:
        return file.format.encode(row.value)
    except UnicodeEncodeError:
        cause = f"{_a_text(file)} holds half of a surrogate pair, which is not text"
        return Diagnostic(cause, Position(file.name, row.number, 1), hint=file.format.a_row)


def _a_text(file: RowFile) -> str:
    return "a `content`" if file.format is CHAT else "a text"


def _read(file: RowFile, raw: str) -> Survey:
    digest, rows = hashlib.sha256(), 0
    faults = RowFaults()
    unseen: dict[str, Unseen] = {}
    try:
        for row in file.rows():
            rows += 1
            line = written(row, file)
            if isinstance(line, Diagnostic):
                faults.add(file.name, row.number, line, row.alike)
            else:
                digest.update(line)
                for key in file.format.unseen_in(row.value):
                    unseen[key] = unseen.get(key, Unseen(key)).also_in(row.number)
            if faults.is_full:
                break
        problems = faults.told()
    except LocalError as error:
        problems = [*faults.told(), *error.diagnostics]
    if not rows and not problems:
        place = Position(file.name, 1, 1)
        problems.append(Diagnostic("the file has no rows", place, hint=file.format.a_row))
    by_bytes = problems or is_parquet(file.path)
    return Survey(
        raw if by_bytes else digest.hexdigest(),
        rows,
        tuple(problems),
        tuple(unseen.values()),
        file.format.sees,
    )
