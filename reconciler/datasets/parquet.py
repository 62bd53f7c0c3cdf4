"""Rows out of Parquet through duckdb, with the memory that the file's own size asks for.

A few bytes of Parquet can stand for a text of gigabytes or a million messages: each row is
measured by duckdb, which is held by its limit, before any of it is made of Python's objects.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from reconciler.diagnostics import Diagnostic, LocalError
from reconciler.limits import MIB, PARQUET_MEMORY_MIB, PARQUET_ROWS, ROW_BYTES
from reconciler.secrets import shortened

PARQUET_MARK = b"PAR1"
"""Source: parquet.apache.org/docs/file-format."""
LEAST_MEMORY_MIB, MOST_MEMORY_MIB = PARQUET_MEMORY_MIB
MEMORY_BY_SIZE = 6
"""How often a row group, unpacked, fits into what duckdb may use for it."""
MOST_PACKED = 100
"""How many bytes a byte of a file of texts may stand for, as far as its footer is believed."""
_SIZE = """
SELECT max(size) FROM (
  SELECT sum(total_uncompressed_size) AS size FROM parquet_metadata(?)
  WHERE split_part(path_in_schema, ',', 1) IN ({names}) GROUP BY row_group_id)
"""
_ROWS = f"""
SELECT CASE WHEN size <= {ROW_BYTES} THEN value END, size <= {ROW_BYTES} FROM (
  SELECT {{value}} AS value, {{size}} AS size
  FROM read_parquet(?, file_row_number=true) WHERE file_row_number >= ? AND file_row_number < ?)
"""
Columns = Sequence[Sequence[str]]


def parquet_rows(path: Path, name: str) -> int:
    """Return the number of rows out of a Parquet file's footer. Raises `LocalError`."""
    import duckdb

    try:
        with _duckdb(LEAST_MEMORY_MIB) as connection:
            query = "SELECT num_rows FROM parquet_file_metadata(?)"
            return int(connection.execute(query, [_literal(path)]).fetchone()[0])
    except duckdb.Error as error:
        raise unreadable(name, error) from error


def values_of(
    path: Path, name: str, first: int, last: int | None, columns: Columns
) -> Iterator[tuple[int, Any]]:
    """Yield the rows from `first` to before `last` as far as the columns go, each with its index.

    Of several sets of columns the first that the file has counts. Raises `LocalError` if it is not
    a Parquet file with one of them, or is too large.
    """
    import duckdb

    end = min(1 << 62 if last is None else last, parquet_rows(path, name))
    if end - first > PARQUET_ROWS:
        raise unreadable(
            name, ValueError(f"more than {PARQUET_ROWS:,} rows are taken of it"), columns
        )
    try:
        names = _columns(path, columns)
        with _duckdb(_memory_for(path, names)) as connection:
            packed = ", ".join(f"{name} := {name}" for name in names)
            size = " + ".join(f"coalesce(strlen({name}::VARCHAR), 0)" for name in names)
            rows = _ROWS.format(value=f"struct_pack({packed})", size=size)
            result = connection.execute(rows, [_literal(path), first, end])
            index = first
            while row := result.fetchone():
                if not row[1]:
                    what = f"row {index + 1} is larger than {ROW_BYTES >> 20} MiB"
                    raise unreadable(name, ValueError(what), columns)
                yield index, row[0]
                index += 1
    except duckdb.Error as error:
        raise unreadable(name, error, columns) from error


def _columns(path: Path, columns: Columns) -> Sequence[str]:
    """Return the first set of columns that a file has all of, else the first of them."""
    if len(columns) == 1:
        return columns[0]
    with _duckdb(LEAST_MEMORY_MIB) as connection:
        query = "SELECT name FROM parquet_schema(?)"
        found = {str(row[0]) for row in connection.execute(query, [_literal(path)]).fetchall()}
    return next((names for names in columns if found.issuperset(names)), columns[0])


def _memory_for(path: Path, names: Sequence[str]) -> int:
    """Return how many MiB duckdb may use: it needs one row group at a time, as it is unpacked."""
    with _duckdb(LEAST_MEMORY_MIB) as connection:
        size = _SIZE.format(names=", ".join(f"'{name}'" for name in names))
        (stated,) = connection.execute(size, [_literal(path)]).fetchone() or (0,)
    unpacked = min(int(stated or 0), path.stat().st_size * MOST_PACKED)
    return min(LEAST_MEMORY_MIB + MEMORY_BY_SIZE * unpacked // MIB, MOST_MEMORY_MIB)


def _duckdb(memory_mib: int) -> Any:
    """Return a connection with bounded memory that never looks for extensions."""
    import duckdb

    made = duckdb.connect(
        config={
            "memory_limit": f"{memory_mib}MiB",
            "threads": 1,
            "temp_directory": tempfile.gettempdir(),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
    )
    made.execute("SET enable_progress_bar = false")  # a notebook would get one
    return made


def _literal(path: Path) -> str:
    """Return a path that duckdb takes for one file, whatever its name contains."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in str(path))


def unreadable(name: str, error: Exception, columns: Columns = (("messages",),)) -> LocalError:
    """Return our error for a file that is not Parquet as it should be."""
    reason = shortened(str(error).strip().splitlines()[0], 200)
    listed = " or ".join(" and ".join(f"`{one}`" for one in names) for names in columns)
    hint = "a chat dataset has one column `messages`, a list of role and content"
    what = f"{name} cannot be read as Parquet with {listed} as its columns"
    if columns[0] == ("messages",):
        what = f"{name} cannot be read as Parquet with a `messages` column"
    else:
        hint = "a text dataset has these columns of text, and nothing else of it is read"
    return LocalError(Diagnostic(what, detail=reason, hint=hint))
