"""Turn source rows into `train.jsonl` and `test.jsonl`, as a stream, or say what is wrong.

Two passes over disk, never over memory: the first checks and writes every row once, the
second deals the lines out. Held in memory are nine bytes a row.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from reconciler.datasets.row_faults import RowFaults
from reconciler.datasets.rows import Row, RowFile
from reconciler.datasets.split import MORE_ROWS, row_key, test_count, test_mask, undivided
from reconciler.datasets.survey import written
from reconciler.diagnostics import Diagnostic, LocalError

TELL_EVERY_ROWS = 5000


@dataclass(frozen=True)
class Shares:
    """The part of the rows for testing, and the seed that chooses them."""

    test: float
    seed: int


@dataclass(frozen=True)
class Part:
    """One prepared file. `sha256` is hex over its bytes."""

    path: Path
    rows: int
    size: int
    sha256: str


@dataclass(frozen=True)
class Piece:
    """Rows of one file, from `first` to before `last`."""

    file: RowFile
    first: int = 0
    last: int | None = None

    def rows(self) -> Iterator[Row]:
        """Yield the rows of the piece."""
        return self.file.rows(self.first, self.last)


def prepare(
    pieces: Iterable[Piece],
    shares: Shares,
    folder: Path,
    tell: Callable[[int], None] = lambda rows: None,
) -> dict[str, Part]:
    """Write both files into `folder` and return them as `train` and `test`.

    `tell` is called with the number of rows read so far, now and then. Raises `LocalError`
    with every problem found (at most `MAX_PROBLEMS`), or when a part would be empty.
    """
    whole = folder / "all.jsonl"
    keys = _write_all(pieces, shares.seed, whole, tell)
    count = test_count(len(keys), shares.test)
    if said := undivided(len(keys), shares.test):
        raise LocalError.because(said, hint=MORE_ROWS)
    parts = _deal(whole, test_mask(keys, count), folder)
    whole.unlink()
    return parts


def prepare_given(
    pieces: Mapping[str, Iterable[Piece]],
    folder: Path,
    tell: Callable[[int], None] = lambda rows: None,
) -> dict[str, Part]:
    """Write the rows of each part into `folder` as they come; otherwise as `prepare`."""
    faults = RowFaults()
    parts: dict[str, Part] = {}
    for name, found in pieces.items():
        digest, rows, before = hashlib.sha256(), 0, sum(part.rows for part in parts.values())
        path = folder / f"{name}.jsonl"
        with path.open("wb", buffering=1 << 20) as out:
            for rows, line in enumerate(_lines(found, faults), 1):
                digest.update(line)
                out.write(line)
                if rows % TELL_EVERY_ROWS == 0:
                    tell(before + rows)
        parts[name] = Part(path, rows, path.stat().st_size, digest.hexdigest())
    if faults.rows:
        raise LocalError(*faults.told())
    if empty := [name for name, part in parts.items() if not part.rows]:
        raise LocalError.because(f"there are no rows for {' and '.join(empty)}")
    return parts


def _write_all(
    pieces: Iterable[Piece], seed: int, whole: Path, tell: Callable[[int], None]
) -> array[int]:
    keys = array("Q")
    faults = RowFaults()
    with whole.open("wb", buffering=1 << 20) as out:
        for line in _lines(pieces, faults):
            keys.append(row_key(seed, len(keys), line))
            out.write(line)
            if len(keys) % TELL_EVERY_ROWS == 0:
                tell(len(keys))
    if faults.rows:
        raise LocalError(*faults.told())
    return keys


def _lines(pieces: Iterable[Piece], faults: RowFaults) -> Iterator[bytes]:
    """Yield good rows as they are written, and note the others."""
    for piece in pieces:
        for row in piece.rows():
            line = written(row, piece.file)
            if not isinstance(line, Diagnostic):
                yield line
                continue
            faults.add(piece.file.name, row.number, line, row.alike)
            if faults.is_full:
                raise LocalError(*faults.told())


def _deal(whole: Path, mask: bytearray, folder: Path) -> dict[str, Part]:
    paths = {name: folder / f"{name}.jsonl" for name in ("train", "test")}
    with (
        whole.open("rb", buffering=1 << 20) as lines,
        paths["train"].open("wb", buffering=1 << 20) as train,
        paths["test"].open("wb", buffering=1 << 20) as test,
    ):
        digests = (hashlib.sha256(), hashlib.sha256())
        files = (train, test)
        for line, is_test in zip(lines, mask, strict=True):
            files[is_test].write(line)
            digests[is_test].update(line)
    tests = sum(mask)
    rows = {"train": len(mask) - tests, "test": tests}
    return {
        name: Part(path, rows[name], path.stat().st_size, digest.hexdigest())
        for (name, path), digest in zip(paths.items(), digests, strict=True)
    }
