"""Durable state: ARM records and small JSON documents, in one SQLite file.

All rows live in memory and are written through, so a read is a dictionary look-up. A request is
one transaction: `commit` comes before the answer, `rollback` puts memory back as the file is.
The server's own base URL is stored as a token, so a state directory works on another port.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Json = dict[str, Any]
BASE_TOKEN = "sandbox://base"
VERSION = "1"

_SCHEMA = """
create table if not exists resources (key text primary key, record text not null);
create table if not exists documents (
    space text not null, key text not null, value text not null, primary key (space, key)
);
create table if not exists journal (
    seq integer primary key autoincrement, kind text not null, entry text not null
);
"""


class StateError(Exception):
    """The sandbox cannot serve; the message, and the hint if there is one, are for the user."""

    def __init__(self, message: str, hint: str = "") -> None:
        """Keep the message as the exception's text."""
        super().__init__(message)
        self.hint = hint


@dataclass
class Record:
    """One ARM resource: `body` is what was accepted, `hidden` what only the sandbox knows."""

    id: str
    type: str
    body: Json
    hidden: Json = field(default_factory=dict)
    created: float = 0.0

    @property
    def name(self) -> str:
        """The last segment of the id, in the case it was created with."""
        return self.id.rsplit("/", 1)[-1]


class Store:
    """Records by case-insensitive id, documents by (space, key)."""

    def __init__(self, file: Path, base_url: str) -> None:
        self._base_url = base_url
        self.db = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        self._records: dict[str, Record] = {}
        self._documents: dict[str, dict[str, Any]] = {}
        self._names: dict[tuple[str, str], str] = {}
        self._is_moving: Callable[[Record], bool] = lambda _: False
        self._moving: set[str] = set()
        self.in_transaction = False
        self._touched: dict[str, str | None] | None = None
        self._before: dict[str, str | None] = {}
        self._former: dict[tuple[str, str], Any] = {}
        try:
            self._open()
        except (sqlite3.DatabaseError, ValueError, TypeError) as error:
            hint = "delete the state directory: the sandbox begins empty then"
            raise StateError(f"the state in {file} is damaged: {error}", hint) from error
        self._check_version()

    def get(self, resource_id: str) -> Record | None:
        """Return the record with this id in any case."""
        return self._records.get(resource_id.lower())

    def put(self, record: Record) -> None:
        """Insert or replace a record; call again after changing `body` or `hidden` in place."""
        key = record.id.lower()
        self._touch(key)
        self._records[key] = record
        self._index(key, record)
        text = self._dump(
            {
                "id": record.id,
                "type": record.type,
                "body": record.body,
                "hidden": record.hidden,
                "created": record.created,
            }
        )
        self._write("insert or replace into resources values (?, ?)", (key, text))

    def delete(self, resource_id: str) -> None:
        """Forget one record (not what lies below it)."""
        key = resource_id.lower()
        self._touch(key)
        record = self._records.pop(key, None)
        if record is not None:
            self._names.pop((record.type.lower(), record.name.lower()), None)
            self._moving.discard(key)
            self._write("delete from resources where key = ?", (key,))

    def below(self, resource_id: str) -> list[Record]:
        """Return every record whose id continues this one, oldest first."""
        prefix = resource_id.lower().rstrip("/") + "/"
        return [record for key, record in list(self._records.items()) if key.startswith(prefix)]

    def of_type(self, type_: str, under: str = "") -> list[Record]:
        """Return the records of a type whose id starts with `under`, oldest first."""
        wanted, prefix = type_.lower(), under.lower().rstrip("/") + "/" if under else ""
        return [
            record
            for key, record in list(self._records.items())
            if record.type.lower() == wanted and key.startswith(prefix)
        ]

    def all(self) -> Iterator[Record]:
        """Iterate over all records, oldest first."""
        return iter(list(self._records.values()))

    def find_named(self, type_: str, name: str) -> Record | None:
        """Return a record of a type whose names are globally unique."""
        key = self._names.get((type_.lower(), name.lower()))
        return None if key is None else self._records.get(key)

    def watch_moving(self, is_moving: Callable[[Record], bool]) -> None:
        """Keep count from now on of the records that will change when their time comes."""
        self._is_moving = is_moving
        self._moving = {key for key, record in self._records.items() if is_moving(record)}

    def moving(self) -> list[Record]:
        """Return the records that will change when their time comes."""
        return [self._records[key] for key in self._moving]

    def document(self, space: str, key: str) -> Any:
        """Return a JSON document, or None."""
        return self._documents.get(space, {}).get(key)

    def documents(self, space: str) -> dict[str, Any]:
        """Return all documents of a space by key, in order of insertion (a copy)."""
        return dict(self._documents.get(space, {}))

    def former_documents(self, space: str) -> dict[str, Any]:
        """Return the documents of a space, each as before its latest noted write.

        A restarted server knows no past.
        """
        former = {key: value for (where, key), value in self._former.items() if where == space}
        shown = {**self.documents(space), **former}
        return {key: value for key, value in shown.items() if value is not None}

    def note_former(self, space: str, key: str) -> None:
        """Remember what the coming write of a document replaces, for stale reads."""
        self._former[(space, key)] = self.document(space, key)

    def put_document(self, space: str, key: str, value: Any) -> None:
        """Insert or replace a JSON document."""
        self._documents.setdefault(space, {})[key] = value
        self._write(
            "insert or replace into documents values (?, ?, ?)", (space, key, self._dump(value))
        )

    def delete_document(self, space: str, key: str) -> None:
        """Forget a JSON document; one that is not there counts as deleted."""
        if self._documents.get(space, {}).pop(key, None) is not None:
            self._write("delete from documents where space = ? and key = ?", (space, key))

    def write_journal(self, kind: str, text: str) -> None:
        """Append a journal entry in the running transaction."""
        self._write("insert into journal (kind, entry) values (?, ?)", (kind, text))

    def clear_journal(self) -> None:
        """Forget all journal entries in the running transaction."""
        self._write("delete from journal", ())

    def watch_write(self) -> None:
        """Remember, until the next commit or rollback, what the coming write replaces."""
        self._touched = {}

    def replaced(self) -> list[tuple[Record | None, Record | None]]:
        """Return each record that the watched write has touched so far: as it was, and as it is."""
        texts = (self._touched or {}).items()
        return [
            (None if text is None else Record(**self._parse(text)), self._records.get(key))
            for key, text in texts
        ]

    @contextmanager
    def past(self, path: str) -> Iterator[None]:
        """Show what a path names, and what is below it, as before the latest watched write of it.

        Nothing that happens in there is kept. A restarted server knows no past.
        """
        base = path.lower().rstrip("/").removesuffix("/resources")
        present, names = self._records, self._names
        self._records, self._names = dict(present), dict(names)
        for key, text in self._before.items():
            if key != path.lower() and not key.startswith(f"{base}/"):
                continue
            self._records.pop(key, None)
            if text is not None:
                self._records[key] = Record(**self._parse(text))
        try:
            yield
        finally:
            self._records, self._names = present, names
            self.rollback()

    def _index(self, key: str, record: Record) -> None:
        self._names[(record.type.lower(), record.name.lower())] = key
        if self._is_moving(record):
            self._moving.add(key)
        else:
            self._moving.discard(key)

    def _touch(self, key: str) -> None:
        if self._touched is None or key in self._touched:
            return
        row = self.db.execute("select record from resources where key = ?", (key,)).fetchone()
        self._touched[key] = row[0] if row else None

    def commit(self) -> None:
        """Make everything since the last commit durable."""
        if self._touched is not None:
            self._before |= self._touched
            self._touched = None
        if self.in_transaction:
            self.db.execute("commit")
            self.in_transaction = False

    def rollback(self) -> None:
        """Undo everything since the last commit."""
        self._touched = None
        if self.in_transaction:
            self.db.execute("rollback")
            self.in_transaction = False
            self._load()

    def clear(self, keep: tuple[str, ...] = ()) -> None:
        """Forget all records, and all documents outside the spaces in `keep`."""
        self._write("delete from resources", ())
        self._before.clear()
        self._former.clear()
        self._records.clear()
        self._names.clear()
        self._moving.clear()
        for space in [space for space in self._documents if space not in keep]:
            del self._documents[space]
            self._write("delete from documents where space = ?", (space,))

    def export(self, keep: tuple[str, ...] = ()) -> Json:
        """Return all records and documents (without the spaces in `keep`) as one JSON object."""
        records = self.db.execute("select key, record from resources order by rowid").fetchall()
        rows = self.db.execute("select space, key, value from documents order by rowid").fetchall()
        return {"resources": records, "documents": [row for row in rows if row[0] not in keep]}

    def import_(self, snapshot: Json, keep: tuple[str, ...] = ()) -> None:
        """Replace everything outside `keep` by a snapshot that `export` returned."""
        self.clear(keep)
        for key, text in snapshot["resources"]:
            self._write("insert into resources values (?, ?)", (key, text))
        for space, key, text in snapshot["documents"]:
            self._write("insert into documents values (?, ?, ?)", (space, key, text))
        self._load()

    def close(self) -> None:
        """Commit and close the file."""
        self.commit()
        self.db.close()

    def _write(self, sql: str, values: tuple[Any, ...]) -> None:
        if not self.in_transaction:
            self.db.execute("begin")
            self.in_transaction = True
        self.db.execute(sql, values)

    def _open(self) -> None:
        """Make the tables where there are none, and read all that is there."""
        self.db.execute("pragma journal_mode=wal")
        self.db.execute("pragma synchronous=normal")
        self.db.executescript(_SCHEMA)
        self._load()

    def _load(self) -> None:
        self._records, self._names, self._documents = {}, {}, {}
        self._moving = set()
        for key, text in self.db.execute("select key, record from resources order by rowid"):
            record = Record(**self._parse(text))
            self._records[key] = record
            self._index(key, record)
        rows = self.db.execute("select space, key, value from documents order by rowid")
        for space, key, text in rows:
            self._documents.setdefault(space, {})[key] = self._parse(text)

    def _dump(self, value: Any) -> str:
        return json.dumps(value, separators=(",", ":")).replace(self._base_url, BASE_TOKEN)

    def _parse(self, text: str) -> Any:
        return json.loads(text.replace(BASE_TOKEN, self._base_url))

    def _check_version(self) -> None:
        found = self.document("meta", "version")
        if found is None:
            self.put_document("meta", "version", VERSION)
            self.commit()
        elif found != VERSION:
            raise StateError(f"this state directory was written by format {found}, not {VERSION}")
