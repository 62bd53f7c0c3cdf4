"""File shares: directories, and files that are written range by range.

Directories are explicit, as in Azure: a file needs its parent. Content files are immutable, so
a range write copies the file; flow folders hold small files.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.sandbox.storage import saved
from reconciler.sandbox.storage.content import ContentFiles, Piece
from reconciler.sandbox.storage.index import Index, after_prefix, dump_pieces, load_pieces

SCHEMA = """
CREATE TABLE IF NOT EXISTS share (
  account TEXT, name TEXT, etag TEXT, modified REAL, metadata TEXT,
  PRIMARY KEY (account, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS entry (
  account TEXT, share TEXT, key TEXT, path TEXT, parent TEXT, is_directory INTEGER,
  pieces TEXT, size INTEGER, etag TEXT, created REAL, modified REAL, headers TEXT, metadata TEXT,
  PRIMARY KEY (account, share, key)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS entry_parent ON entry (account, share, parent);
"""
TABLES = ("share", "entry")


@dataclass(frozen=True, slots=True)
class Share:
    """A share; `modified` is in seconds since 1970."""

    account: str
    name: str
    etag: str
    modified: float
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """A directory or a file; `path` has no leading slash. Times in seconds since 1970."""

    account: str
    share: str
    path: str
    is_directory: bool
    pieces: tuple[Piece, ...]
    size: int
    etag: str
    created: float
    modified: float
    headers: Mapping[str, str]
    metadata: Mapping[str, str]

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]


class FileStore:
    """Every file share of the sandbox. Names keep their case and compare without it (SMB)."""

    def __init__(self, root: Path, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._index = Index(root / "files.db", SCHEMA)
        self._content = ContentFiles(root)
        rows = self._index.rows("SELECT pieces FROM entry")
        self._content.sweep({piece.file for row in rows for piece in load_pieces(row[0])})

    # Shares

    def create_share(self, account: str, share: str) -> None:
        """Create a share where it is missing."""
        self.add_share(account, share)

    def add_share(
        self, account: str, share: str, metadata: Mapping[str, str] | None = None
    ) -> bool:
        """Create a share; False when it was there already."""
        values = (account, share, self._index.new_etag(), self._now(), _dump(metadata))
        with self._index.transaction() as sql:
            return (
                sql.execute("INSERT OR IGNORE INTO share VALUES (?,?,?,?,?)", values).rowcount > 0
            )

    def share(self, account: str, share: str) -> Share | None:
        """The share, or None."""
        row = self._index.row("SELECT * FROM share WHERE account=? AND name=?", account, share)
        return _share(row) if row else None

    def shares(self, account: str) -> list[Share]:
        """The account's shares by name."""
        rows = self._index.rows("SELECT * FROM share WHERE account=? ORDER BY name", account)
        return [_share(row) for row in rows]

    def delete_share(self, account: str, share: str) -> None:
        """Delete a share with all it holds."""
        self._delete("account=? AND share=?", (account, share))

    def delete_account(self, account: str) -> None:
        """Forget everything an account held."""
        self._delete("account=?", (account,))

    # Files, as the server's own parts use them

    def put(self, account: str, share: str, path: str, data: bytes) -> None:
        """Write a whole file, making the share and the directories above it."""
        self.add_share(account, share)
        parent = ""
        for part in path.split("/")[:-1]:
            parent = f"{parent}/{part}" if parent else part
            if self.entry(account, share, parent) is None:
                self.add_directory(account, share, parent)
        self.write(account, share, path, data)

    def get(self, account: str, share: str, path: str) -> bytes | None:
        """A file's bytes, or None when there is no such file."""
        entry = self.entry(account, share, path)
        return None if entry is None or entry.is_directory else b"".join(self.read(entry))

    def list(self, account: str, share: str, prefix: str = "") -> list[str]:
        """Paths of the files (not directories) that start with `prefix`, in order."""
        rows = self._index.rows(
            "SELECT path FROM entry WHERE account=? AND share=? AND key>=? AND key<? "
            "AND is_directory=0 ORDER BY key",
            account, share, prefix.lower(), after_prefix(prefix.lower()),
        )  # fmt: skip
        return [row["path"] for row in rows]

    # Entries, as the routes use them

    def entry(self, account: str, share: str, path: str) -> Entry | None:
        """The directory or file at `path`, or None."""
        row = self._index.row(
            "SELECT * FROM entry WHERE account=? AND share=? AND key=?",
            account, share, path.lower(),
        )  # fmt: skip
        return _entry(row) if row else None

    def children(self, account: str, share: str, parent: str) -> Iterator[Entry]:
        """What lies directly in a directory ("" is the share's root), by name."""
        rows = self._index.rows(
            "SELECT * FROM entry WHERE account=? AND share=? AND parent=? ORDER BY key",
            account, share, parent.lower(),
        )  # fmt: skip
        return map(_entry, rows)

    def add_directory(
        self, account: str, share: str, path: str, metadata: Mapping[str, str] | None = None
    ) -> Entry:
        """Create a directory. The caller has checked that the parent exists and the path is free."""
        return self._save(account, share, path, None, headers={}, metadata=metadata or {})

    def write(
        self,
        account: str,
        share: str,
        path: str,
        data: bytes,
        *,
        headers: Mapping[str, str] | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> Entry:
        """Write a whole file; the caller has checked that the parent exists."""
        piece = self._content.write(data)
        return self._save(
            account, share, path, piece, headers=headers or {}, metadata=metadata or {}
        )

    def write_range(self, entry: Entry, start: int, data: bytes) -> Entry:
        """Replace `len(data)` bytes from `start`; the range lies within the file."""
        before, after = self.read(entry, 0, start), self.read(entry, start + len(data))
        writer = self._content.writer()
        for part in (before, iter([data]), after):
            for chunk in part:
                writer.write(chunk)
        return self._save(
            entry.account, entry.share, entry.path, writer.finish(),
            headers=entry.headers, metadata=entry.metadata,
        )  # fmt: skip

    def resize(self, entry: Entry, size: int) -> Entry:
        """Cut the file or fill it up with zero bytes."""
        content = b"".join(self.read(entry, 0, size)).ljust(size, b"\0")
        return self.write(
            entry.account, entry.share, entry.path, content,
            headers=entry.headers, metadata=entry.metadata,
        )  # fmt: skip

    def amend(
        self,
        entry: Entry,
        *,
        headers: Mapping[str, str] | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> Entry:
        """Replace headers or metadata."""
        with self._index.transaction() as sql:
            sql.execute(
                "UPDATE entry SET headers=?, metadata=?, etag=?, modified=? "
                "WHERE account=? AND share=? AND key=?",
                (
                    _dump(entry.headers if headers is None else headers),
                    _dump(entry.metadata if metadata is None else metadata),
                    self._index.new_etag(), self._now(),
                    entry.account, entry.share, entry.path.lower(),
                ),
            )  # fmt: skip
        return self._existing(entry.account, entry.share, entry.path)

    def read(self, entry: Entry, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The file's bytes from `start` up to but not including `end`."""
        return self._content.read(entry.pieces, start, end)

    def remove(self, entry: Entry) -> None:
        """Delete one entry; the caller has checked that a directory is empty."""
        with self._index.transaction() as sql:
            key = (entry.account, entry.share, entry.path.lower())
            sql.execute("DELETE FROM entry WHERE account=? AND share=? AND key=?", key)
        self._content.discard(entry.pieces)

    def export(self) -> dict[str, Any]:
        """Return everything as one JSON value."""
        return saved.export(self._index, self._content, TABLES)

    def replace(self, snapshot: dict[str, Any]) -> None:
        """Become what `export` returned."""
        saved.replace(self._index, self._content, snapshot)

    def close(self) -> None:
        """Close the index."""
        self._index.close()

    def _existing(self, account: str, share: str, path: str) -> Entry:
        entry = self.entry(account, share, path)
        if entry is None:
            raise KeyError(path)
        return entry

    def _save(
        self,
        account: str,
        share: str,
        path: str,
        piece: Piece | None,
        *,
        headers: Mapping[str, str],
        metadata: Mapping[str, str],
    ) -> Entry:
        key, now = path.lower(), self._now()
        pieces = [piece] if piece else []
        with self._index.transaction() as sql:
            old = self.entry(account, share, path)
            sql.execute(
                "INSERT OR REPLACE INTO entry VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
                (
                    account, share, key, path, key.rpartition("/")[0], int(piece is None),
                    dump_pieces(pieces), piece.size if piece else 0, self._index.new_etag(),
                    old.created if old else now, now, _dump(headers), _dump(metadata),
                ),
            )  # fmt: skip
        if old:
            self._content.discard(old.pieces)
        return self._existing(account, share, path)

    def _delete(self, where: str, key: tuple[str, ...]) -> None:
        with self._index.transaction() as sql:
            rows = sql.execute(f"SELECT pieces FROM entry WHERE {where}", key).fetchall()
            sql.execute(f"DELETE FROM entry WHERE {where}", key)
            of_share = where.replace("share=", "name=")
            sql.execute(f"DELETE FROM share WHERE {of_share}", key)
        self._content.discard(piece for row in rows for piece in load_pieces(row["pieces"]))


def _dump(values: Mapping[str, str] | None) -> str:
    return json.dumps(dict(values or {}), ensure_ascii=False)


def _share(row: sqlite3.Row) -> Share:
    return Share(
        row["account"], row["name"], row["etag"], row["modified"], json.loads(row["metadata"])
    )


def _entry(row: sqlite3.Row) -> Entry:
    return Entry(
        account=row["account"],
        share=row["share"],
        path=row["path"],
        is_directory=bool(row["is_directory"]),
        pieces=load_pieces(row["pieces"]),
        size=row["size"],
        etag=row["etag"],
        created=row["created"],
        modified=row["modified"],
        headers=json.loads(row["headers"]),
        metadata=json.loads(row["metadata"]),
    )
