"""Read rows out of files as a stream: JSON lines with their places, Parquet through duckdb."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any

from reconciler.bounded_json import loads
from reconciler.datasets.chat_format import Fault
from reconciler.datasets.fingerprint import file_digest
from reconciler.datasets.local import inside, is_parquet
from reconciler.datasets.parquet import PARQUET_MARK, parquet_rows, unreadable, values_of
from reconciler.datasets.row_format import CHAT, RowFormat
from reconciler.diagnostics import Diagnostic, LocalError, Position
from reconciler.limits import DATA_FILE_BYTES, GIB, ROW_BYTES, ROW_VALUES
from reconciler.safe_open import open_file, real_path

LESS_DATA = "name a file with fewer rows: fine-tuning takes thousands, not millions"
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Row:
    """One row: its number from 1 (line or row), and its value, or what is wrong with it."""

    number: int
    value: Any
    fault: Diagnostic | None = None
    alike: str = ""
    """Equal for rows that have the same thing wrong with them."""


@dataclass(frozen=True)
class RowFile:
    """A file of rows, by path, and by the name that messages use.

    With `top` it is opened below that folder and nowhere else, whatever the path leads to
    by then.
    """

    path: Path
    name: str
    top: Path | None = None
    format: RowFormat = CHAT

    def open(self) -> BufferedReader:
        """Return the file, open for reading. Raises `OSError`."""
        return self.path.open("rb") if self.top is None else open_file(self.top, self.path)

    def fault_at_once(self) -> Diagnostic | None:
        """Return what is wrong already with the start of the file; nothing more of it is read.

        So a file of gigabytes that does not contain rows is refused without reading all of it.
        """
        with self.open() as file:
            if os.fstat(file.fileno()).st_size > DATA_FILE_BYTES:
                what = f"the file is larger than {DATA_FILE_BYTES // GIB} GiB"
                return Diagnostic(what, Position(self.name, 1, 1), hint=LESS_DATA)
            if is_parquet(self.path):
                begins = file.read(len(PARQUET_MARK)) == PARQUET_MARK
                why = ValueError("it does not begin as a Parquet file does")
                return (
                    None
                    if begins
                    else unreadable(self.name, why, self.format.columns).diagnostics[0]
                )
            line = file.readline(ROW_BYTES + 1)
        return self._line(1, line).fault if len(line) > ROW_BYTES else None

    def digest(self) -> str:
        """Return the SHA-256 of its bytes, in hex. Raises `OSError`."""
        with self.open() as file:
            return file_digest(file)

    def rows(self, first: int = 0, last: int | None = None) -> Iterator[Row]:
        """Yield the rows from `first` to before `last`, each checked.

        Raises `LocalError` when the file cannot be read at all.
        """
        found = self._parquet(first, last) if is_parquet(self.path) else self._lines(first, last)
        form: tuple[str, ...] = ()
        try:
            for row in found:
                stated = () if row.fault else self.format.form_of(row.value)
                form = form or stated
                yield (
                    row if stated in ((), form) else self._of_another_form(row.number, stated, form)
                )
        except OSError as error:
            raise LocalError.because(f"{self.name} cannot be read: {error.strerror}") from error

    def count(self) -> int:
        """Return the number of rows; for Parquet only the footer is read."""
        if is_parquet(self.path):
            with self.open() as file:
                return parquet_rows(_opened(file), self.name)
        with self.open() as file:
            return sum(1 for line in file if line.strip())

    def _lines(self, first: int, last: int | None) -> Iterator[Row]:
        index = -1
        with self.open() as file:
            number = 0
            while line := file.readline(ROW_BYTES + 1):
                number += 1
                if number == 1:
                    line = line.removeprefix(_BOM)
                if not line.strip():
                    continue
                index += 1
                if last is not None and index >= last:
                    return
                if index >= first:
                    yield self._line(number, line)
                if len(line) > ROW_BYTES:
                    return

    def _line(self, number: int, line: bytes) -> Row:
        if len(line) > ROW_BYTES:
            return self._wrong(number, 1, f"the line is longer than {ROW_BYTES >> 20} MiB")
        try:
            text = line.decode()
        except UnicodeDecodeError as error:
            return self._wrong(number, error.start + 1, "the line is not UTF-8")
        try:
            value = loads(text, ROW_VALUES)
        except json.JSONDecodeError as error:
            return self._wrong(number, error.colno, f"not JSON: {error.msg}")
        except ValueError as error:
            return self._wrong(number, 1, f"not usable JSON: {error}")
        fault = self.format.fault_in(value)
        if fault is None:
            return Row(number, value)
        column = _column(text, fault)
        if fault.other_format:
            place = Position(self.name, number, column)
            told = Diagnostic(fault.cause, place, hint=self.format.rewrite(fault.other_format))
            return Row(number, None, told, fault.alike)
        return self._wrong(number, column, fault.cause, fault.alike)

    def _wrong(self, number: int, column: int, cause: str, alike: str = "") -> Row:
        place = Position(self.name, number, column)
        return Row(number, None, Diagnostic(cause, place, hint=self.format.a_row), alike or cause)

    def _of_another_form(self, number: int, stated: tuple[str, ...], form: tuple[str, ...]) -> Row:
        has, first = (" and ".join(f"`{key}`" for key in keys) for keys in (stated, form))
        return self._wrong(number, 1, f"the row has {has}, the first one {first}")

    def _parquet(self, first: int, last: int | None) -> Iterator[Row]:
        with self.open() as file:
            columns = self.format.columns
            for index, value in values_of(_opened(file), self.name, first, last, columns):
                fault = self.format.fault_in(value)
                told = None
                if fault:
                    what = f"{self.name} row {index + 1}: {fault.cause}"
                    told = Diagnostic(what, hint=self.format.a_row)
                yield Row(index + 1, value, told, fault.alike if fault else "")


def local_file(folder: Path, text: str, name: str, format_: RowFormat = CHAT) -> RowFile:
    """Return the file that a path in a spec means, by the name that messages use.

    Raises `ValueError` with a sentence for what may not be read.
    """
    return RowFile(inside(folder, text), name, real_path(folder), format_)


def _opened(file: BufferedReader) -> Path:
    """Return the path of an open file: duckdb opens by itself, and must open the same."""
    return Path(f"/dev/fd/{file.fileno()}")


def _column(text: str, fault: Fault) -> int:
    """Return the column of the message at fault, or of the row's start."""
    if fault.message is None:
        return len(text) - len(text.lstrip()) + 1
    decoder, at = json.JSONDecoder(), text.index("{") + 1
    while True:
        key, at = decoder.raw_decode(text, _skip(text, at))
        at = _skip(text, _skip(text, at) + 1)
        if key == "messages":
            break
        at = _skip(text, decoder.raw_decode(text, at)[1]) + 1
    at += 1
    for _ in range(fault.message):
        at = _skip(text, decoder.raw_decode(text, _skip(text, at))[1]) + 1
    return _skip(text, at) + 1


def _skip(text: str, at: int) -> int:
    while text[at] in " \t\r\n":
        at += 1
    return at
