"""Rows out of Parquet through duckdb, with the memory that the file's own size asks for.

A few bytes of Parquet can stand for a text of gigabytes or a million messages: each row is
measured by duckdb, which is held by its limit, before any of it is made of Python's objects.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
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
  WHERE path_in_schema LIKE 'messages%' GROUP BY row_group_id)
"""
_ROWS = f"""
SELECT CASE WHEN size <= {ROW_BYTES} THEN messages END, size <= {ROW_BYTES} FROM (
  SELECT messages, coalesce(strlen(messages::VARCHAR), 0) AS size
  FROM read_parquet(?, file_row_number=true) WHERE file_row_number >= ? AND file_row_number < ?)
"""


def parquet_rows(path: Path, name: str) -> int:
    """Return the number of rows out of a Parquet file's footer. Raises `LocalError`."""
    import duckdb

    try:
        with _duckdb(LEAST_MEMORY_MIB) as connection:
            query = "SELECT num_rows FROM parquet_file_metadata(?)"
            return int(connection.execute(query, [_literal(path)]).fetchone()[0])
    except duckdb.Error as error:
        raise unreadable(name, error) from error


def messages_of(path: Path, name: str, first: int, last: int | None) -> Iterator[tuple[int, Any]]:
    """Yield the `messages` of the rows from `first` to before `last`, each with its index.

    Raises `LocalError` if it is not a Parquet file with that column, or is too large.
    """
    import duckdb

    end = min(1 << 62 if last is None else last, parquet_rows(path, name))
    if end - first > PARQUET_ROWS:
        raise unreadable(name, ValueError(f"more than {PARQUET_ROWS:,} rows are taken of it"))
    try:
        with _duckdb(_memory_for(path)) as connection:
            result = connection.execute(_ROWS, [_literal(path), first, end])
            index = first
            while row := result.fetchone():
                if not row[1]:
                    what = f"row {index + 1} is larger than {ROW_BYTES >> 20} MiB"
                    raise unreadable(name, ValueError(what))
                yield index, row[0]
                index += 1
    except duckdb.Error as error:
        raise unreadable(name, error) from error


def _memory_for(path: Path) -> int:
    """Return how many MiB duckdb may use: it needs one row group at a time, as it is unpacked."""
    with _duckdb(LEAST_MEMORY_MIB) as connection:
        (stated,) = connection.execute(_SIZE, [_literal(path)]).fetchone() or (0,)
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


def unreadable(name: str, error: Exception) -> LocalError:
    """Return our error for a file that is not Parquet as it should be."""
    reason = shortened(str(error).strip().splitlines()[0], 200)
    return LocalError(
        Diagnostic(
            f"{name} cannot be read as Parquet with a `messages` column",
            detail=reason,
            hint="a chat dataset has one column `messages`, a list of role and content",
        )
    )
