"""Rows to Parquet with the columns of ultrachat_200k, the same bytes on each machine.

One thread, one row group, fixed compression: DuckDB then writes the same bytes for the same
rows, as long as its version is the same (it stands in the footer).
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

COLUMNS = (
    "{prompt: 'VARCHAR', prompt_id: 'VARCHAR', "
    "messages: 'STRUCT(content VARCHAR, \"role\" VARCHAR)[]'}"
)


def to_parquet(rows: list[dict[str, Any]]) -> bytes:
    """The Parquet file of these rows."""
    import duckdb  # costs 0.1 s, and most runs of the server never come here

    with tempfile.TemporaryDirectory() as folder:
        source, result = Path(folder, "rows.jsonl"), Path(folder, "rows.parquet")
        lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        source.write_text("".join(lines), encoding="utf-8")
        with duckdb.connect() as connection:
            connection.execute("SET threads = 1")
            connection.execute("SET preserve_insertion_order = true")
            connection.execute(
                f"COPY (SELECT prompt, prompt_id, messages FROM read_json('{source}', "
                f"format = 'newline_delimited', columns = {COLUMNS}, maximum_object_size = "
                f"67108864)) TO '{result}' (FORMAT parquet, COMPRESSION zstd)"
            )
        return result.read_bytes()
