"""A store of bytes as one JSON value, and back: the rows of its index and the pieces they name."""

from __future__ import annotations

import base64
from typing import Any

from reconciler.sandbox.storage.content import ContentFiles
from reconciler.sandbox.storage.index import Index

Json = dict[str, Any]


def export(index: Index, content: ContentFiles, tables: tuple[str, ...]) -> Json:
    """Return all rows by table, and all content files in base64 by name."""
    rows = {table: [list(row) for row in index.rows(f"SELECT * FROM {table}")] for table in tables}
    pieces = {name: base64.b64encode(raw).decode() for name, raw in content.all()}
    return {"rows": rows, "pieces": pieces}


def replace(index: Index, content: ContentFiles, saved: Json) -> None:
    """Make a store what `export` returned of it (or of another)."""
    for name, text in saved["pieces"].items():
        content.keep(name, base64.b64decode(text))
    with index.transaction() as sql:
        for table, rows in saved["rows"].items():
            sql.execute(f"DELETE FROM {table}")
            for row in rows:
                marks = ",".join("?" * len(row))
                sql.execute(f"INSERT INTO {table} VALUES ({marks})", row)
    content.sweep(set(saved["pieces"]))
