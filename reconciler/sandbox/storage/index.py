"""The SQLite file that names the pieces of a store: WAL, one connection, one lock.

WAL with `synchronous=NORMAL` keeps every committed transaction when the process is killed;
only a power failure could lose the last ones, which a sandbox may.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from reconciler.sandbox.storage.content import Piece


class Index:
    """A SQLite database made by `schema`, safe to call from several threads."""

    def __init__(self, path: Path, schema: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.executescript(schema)
        self._last_version = 0

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing; nested use joins the outer transaction."""
        with self._lock:
            if self._connection.in_transaction:
                yield self._connection
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def rows(self, sql: str, *values: str | int | float) -> list[sqlite3.Row]:
        """Every row that `sql` answers."""
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    def row(self, sql: str, *values: str | int | float) -> sqlite3.Row | None:
        """The first row, or None."""
        found = self.rows(sql, *values)
        return found[0] if found else None

    def new_etag(self) -> str:
        """An entity tag that this store never gave before, quoted as Azure quotes it."""
        with self._lock:
            self._last_version = max(self._last_version + 1, time.time_ns())
            return f'"0x{self._last_version:X}"'

    def close(self) -> None:
        """Close the database; what was committed stays."""
        with self._lock:
            self._connection.close()


def dump_pieces(pieces: Iterable[Piece]) -> str:
    """Pieces as the JSON text the index keeps."""
    return json.dumps([[piece.file, piece.size, piece.md5] for piece in pieces])


def load_pieces(text: str) -> tuple[Piece, ...]:
    """The opposite of `dump_pieces`."""
    return tuple(Piece(file, size, md5) for file, size, md5 in json.loads(text))


def after_prefix(prefix: str) -> str:
    """The smallest text above every text that starts with `prefix`."""
    return prefix + "\U0010ffff"
