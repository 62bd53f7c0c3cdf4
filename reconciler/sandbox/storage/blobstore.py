"""Containers and block blobs: what exists, and from which pieces it is made.

A blob is a list of immutable pieces, so committing a block list copies nothing. Rules of HTTP
(conditions, signatures, ranges) live in the routes; here only what must be atomic.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from reconciler.sandbox.storage import saved
from reconciler.sandbox.storage.blobrecords import Blob, Container, blob_of, container_of, dump
from reconciler.sandbox.storage.content import ContentFiles, Piece, PieceWriter
from reconciler.sandbox.storage.index import Index, after_prefix, dump_pieces, load_pieces
from reconciler.sandbox.storage.leases import NONE
from reconciler.sandbox.storage.leasestore import LEASES, LeaseStore

SCHEMA = """
CREATE TABLE IF NOT EXISTS container (
  account TEXT, name TEXT, etag TEXT, modified REAL, metadata TEXT,
  PRIMARY KEY (account, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS blob (
  account TEXT, container TEXT, name TEXT, pieces TEXT, size INTEGER, etag TEXT,
  created REAL, modified REAL, headers TEXT, metadata TEXT, blocks TEXT,
  PRIMARY KEY (account, container, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS staged (
  account TEXT, container TEXT, name TEXT, block TEXT, piece TEXT,
  PRIMARY KEY (account, container, name, block)) WITHOUT ROWID;
"""
SCAN_PAGE = 1000
TABLES = ("container", "blob", "staged", "lease")


Guard = Callable[[Blob | None], None]
"""Looks at what a write would replace and raises when a condition forbids it."""


class BlobStore:
    """Every blob of every storage account of the sandbox, under one directory; `leases` of them."""

    def __init__(
        self,
        root: Path,
        now: Callable[[], float] = time.time,
        waited: Callable[[], float] = time.monotonic,
    ) -> None:
        self._now = now
        self._index = Index(root / "blobs.db", SCHEMA + LEASES)
        self.leases = LeaseStore(self._index, waited)
        self._content = ContentFiles(root)
        self._content.sweep(self._named_files())

    # Containers

    def create_container(self, account: str, container: str) -> None:
        """Create a container where it is missing."""
        self.add_container(account, container)

    def add_container(
        self, account: str, container: str, metadata: Mapping[str, str] | None = None
    ) -> bool:
        """Create a container; False when it was there already."""
        with self._index.transaction() as sql:
            values = (account, container, self._index.new_etag(), self._now(), dump(metadata))
            done = sql.execute("INSERT OR IGNORE INTO container VALUES (?,?,?,?,?)", values)
            return done.rowcount == 1

    def container(self, account: str, container: str) -> Container | None:
        """The container, or None."""
        row = self._index.row(
            "SELECT * FROM container WHERE account=? AND name=?", account, container
        )
        return container_of(row) if row else None

    def containers(self, account: str) -> list[Container]:
        """The account's containers by name."""
        rows = self._index.rows("SELECT * FROM container WHERE account=? ORDER BY name", account)
        return [container_of(row) for row in rows]

    def set_container_metadata(
        self, account: str, container: str, metadata: Mapping[str, str]
    ) -> None:
        """Replace a container's metadata."""
        with self._index.transaction() as sql:
            sql.execute(
                "UPDATE container SET metadata=?, etag=?, modified=? WHERE account=? AND name=?",
                (dump(metadata), self._index.new_etag(), self._now(), account, container),
            )

    def delete_container(self, account: str, container: str) -> bool:
        """Delete a container with its blobs; False when there was none."""
        return self._delete(account, container)

    def delete_account(self, account: str) -> None:
        """Forget everything an account held."""
        self._delete(account, None)

    # Blobs, as the server's own parts use them

    def put(
        self,
        account: str,
        container: str,
        name: str,
        data: bytes,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        """Write a whole blob from memory, making its container where it is missing."""
        self.create_container(account, container)
        piece = self._content.write(data)
        headers = {"content-type": "application/octet-stream"}
        self.commit(account, container, name, [piece], headers=headers, metadata=metadata)

    def get(self, account: str, container: str, name: str) -> bytes | None:
        """A blob's bytes, or None when there is no such blob."""
        blob = self.blob(account, container, name)
        return None if blob is None else b"".join(self.read(blob))

    def list(self, account: str, container: str, prefix: str = "") -> list[str]:
        """The names that start with `prefix`, in order; empty for a missing container."""
        return [blob.name for blob in self.scan(account, container, prefix)]

    # Blobs, as the routes use them

    def blob(self, account: str, container: str, name: str) -> Blob | None:
        """The committed blob, or None."""
        row = self._index.row(
            "SELECT * FROM blob WHERE account=? AND container=? AND name=?",
            account, container, name,
        )  # fmt: skip
        return blob_of(row) if row else None

    def scan(
        self, account: str, container: str, prefix: str = "", start: str = ""
    ) -> Iterator[Blob]:
        """Blobs with `prefix` from name `start` on, in order, read page by page."""
        floor, ceiling = max(prefix, start), after_prefix(prefix)
        comparison = ">="
        while True:
            rows = self._index.rows(
                f"SELECT * FROM blob WHERE account=? AND container=? AND name{comparison}? "
                "AND name<? ORDER BY name LIMIT ?",
                account, container, floor, ceiling, SCAN_PAGE,
            )  # fmt: skip
            yield from map(blob_of, rows)
            if len(rows) < SCAN_PAGE:
                return
            floor, comparison = rows[-1]["name"], ">"

    def read(self, blob: Blob, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The blob's bytes from `start` up to but not including `end`."""
        return self._content.read(blob.pieces, start, end)

    def writer(self) -> PieceWriter:
        """A writer for bytes that `commit` or `stage` will name."""
        return self._content.writer()

    def commit(  # noqa: PLR0913 - the parts of one atomic write
        self,
        account: str,
        container: str,
        name: str,
        pieces: Iterable[Piece],
        *,
        headers: Mapping[str, str] | None = None,
        metadata: Mapping[str, str] | None = None,
        blocks: Iterable[str] = (),
        guard: Guard | None = None,
    ) -> Blob:
        """Make `pieces` the blob's content, and drop its staged blocks, in one step.

        Raises what `guard` raises, then nothing has changed and the new pieces are discarded.
        """
        new = tuple(pieces)
        try:
            with self._index.transaction() as sql:
                old = self.blob(account, container, name)
                if guard:
                    guard(old)
                now = self._now()
                size = sum(piece.size for piece in new)
                sql.execute(
                    "INSERT OR REPLACE INTO blob VALUES (?,?,?,?,?,?,?,?,?,?,?)",
                    (
                        account, container, name, dump_pieces(new), size,
                        self._index.new_etag(), old.created if old else now, now,
                        dump(headers), dump(metadata), json.dumps(list(blocks)),
                    ),
                )  # fmt: skip
                staged = self._drop_staged(sql, account, container, name)
        except BaseException:
            held = self.blob(account, container, name)
            kept = {*self._files_of(held), *self._staged_files(account, container, name)}
            self._content.discard(piece for piece in new if piece.file not in kept)
            raise
        kept = {piece.file for piece in new}
        dropped = [*(old.pieces if old else ()), *staged]
        self._content.discard(piece for piece in dropped if piece.file not in kept)
        written = self.blob(account, container, name)
        assert written is not None
        return written

    def amend(
        self,
        blob: Blob,
        *,
        headers: Mapping[str, str] | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> Blob:
        """Replace a blob's headers or metadata without touching its bytes."""
        with self._index.transaction() as sql:
            sql.execute(
                "UPDATE blob SET headers=?, metadata=?, etag=?, modified=? "
                "WHERE account=? AND container=? AND name=?",
                (
                    dump(blob.headers if headers is None else headers),
                    dump(blob.metadata if metadata is None else metadata),
                    self._index.new_etag(), self._now(), blob.account, blob.container, blob.name,
                ),
            )  # fmt: skip
        amended = self.blob(blob.account, blob.container, blob.name)
        assert amended is not None
        return amended

    def delete(self, account: str, container: str, name: str) -> None:
        """Delete a blob and its staged blocks; absent is fine."""
        with self._index.transaction() as sql:
            old = self.blob(account, container, name)
            staged = self._drop_staged(sql, account, container, name)
            key = (account, container, name)
            sql.execute("DELETE FROM blob WHERE account=? AND container=? AND name=?", key)
            self.leases.keep(key, NONE)
        self._content.discard([*(old.pieces if old else ()), *staged])

    def stage(self, account: str, container: str, name: str, block: str, piece: Piece) -> None:
        """Keep a block until a block list names it; the same id again replaces it."""
        with self._index.transaction() as sql:
            old = self.staged(account, container, name).get(block)
            sql.execute(
                "INSERT OR REPLACE INTO staged VALUES (?,?,?,?,?)",
                (account, container, name, block, dump_pieces([piece])),
            )
        if old:
            self._content.discard([old])

    def staged(self, account: str, container: str, name: str) -> dict[str, Piece]:
        """The uncommitted blocks of a blob by block id."""
        rows = self._index.rows(
            "SELECT block, piece FROM staged WHERE account=? AND container=? AND name=?",
            account, container, name,
        )  # fmt: skip
        return {row["block"]: load_pieces(row["piece"])[0] for row in rows}

    def export(self) -> dict[str, Any]:
        """Return everything as one JSON value."""
        return saved.export(self._index, self._content, TABLES)

    def replace(self, snapshot: dict[str, Any]) -> None:
        """Become what `export` returned."""
        saved.replace(self._index, self._content, snapshot)
        self.leases.fit()

    def close(self) -> None:
        """Close the index."""
        self._index.close()

    def _delete(self, account: str, container: str | None) -> bool:
        where = "account=?" if container is None else "account=? AND container=?"
        key = (account,) if container is None else (account, container)
        with self._index.transaction() as sql:
            dropped: list[Piece] = []
            for table, column in (("blob", "pieces"), ("staged", "piece")):
                for row in sql.execute(f"SELECT {column} FROM {table} WHERE {where}", key):
                    dropped.extend(load_pieces(row[0]))
                sql.execute(f"DELETE FROM {table} WHERE {where}", key)
            sql.execute(f"DELETE FROM lease WHERE {where}", key)
            of_container = where.replace("container=", "name=")
            done = sql.execute(f"DELETE FROM container WHERE {of_container}", key)
        self._content.discard(dropped)
        return done.rowcount > 0

    def _drop_staged(
        self, sql: sqlite3.Connection, account: str, container: str, name: str
    ) -> Sequence[Piece]:
        staged = list(self.staged(account, container, name).values())
        key = (account, container, name)
        sql.execute("DELETE FROM staged WHERE account=? AND container=? AND name=?", key)
        return staged

    def _staged_files(self, account: str, container: str, name: str) -> set[str]:
        return {piece.file for piece in self.staged(account, container, name).values()}

    @staticmethod
    def _files_of(blob: Blob | None) -> set[str]:
        return {piece.file for piece in blob.pieces} if blob else set()

    def _named_files(self) -> set[str]:
        named: set[str] = set()
        for row in self._index.rows("SELECT pieces FROM blob UNION ALL SELECT piece FROM staged"):
            named.update(piece.file for piece in load_pieces(row[0]))
        return named
