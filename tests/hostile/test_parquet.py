"""A few bytes of Parquet stand for gigabytes: they are refused before they are any."""

import subprocess
import sys

import duckdb
import pytest

from reconciler.datasets import parquet
from reconciler.datasets.rows import RowFile
from reconciler.datasets.survey import survey
from reconciler.diagnostics import LocalError
from reconciler.limits import ROW_BYTES

ROW = "[{'role': 'user', 'content': %s}, {'role': 'assistant', 'content': 'a'}]"
TURNS = "[{'role': CASE WHEN i % 2 = 0 THEN 'user' ELSE 'assistant' END, 'content': 'q'} "
BOMBS = {
    "messages": f"SELECT {TURNS} for i in range(300000)] AS messages",
    "text": "SELECT " + ROW % "repeat('x', 8000000)" + " AS messages",
    "texts": "SELECT " + ROW % "repeat('x', 3000000)" + " AS messages FROM range(40)",
    "lists": "SELECT [[range(100000)] for i in range(10)] AS messages",
    "columns": "SELECT " + ROW % "'q'" + " AS messages, repeat('x', 8000000) AS other",
}
MEASURE = """
import sys
from pathlib import Path
from reconciler.datasets.rows import RowFile
from reconciler.datasets.survey import survey
survey(RowFile(Path(sys.argv[1]), "x.parquet"))
Path("/proc/self/clear_refs").write_text("5")
began = int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
for name in sys.argv[2:]:
    survey(RowFile(Path(name), "x.parquet"))
print((int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) - began) >> 10)
"""


def written(folder, name, query):
    file = folder / f"{name}.parquet"
    duckdb.execute(f"COPY ({query}) TO '{file}' (FORMAT parquet, COMPRESSION zstd)")
    return file


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("parquet")
    duckdb.execute("SET enable_progress_bar = false")
    found = {name: written(folder, name, query) for name, query in BOMBS.items()}
    assert all(file.stat().st_size < 300_000 for file in found.values())
    found["good"] = written(
        folder, "good", "SELECT " + ROW % "'q'" + " AS messages FROM range(100)"
    )
    return found


@pytest.mark.parametrize("name", [name for name in BOMBS if name != "columns"])
def test_what_unpacks_to_more_than_a_row_may_have_is_refused(files, name):
    (told,) = survey(RowFile(files[name], "x.parquet")).problems[:1]
    assert told.summary.startswith("x.parquet cannot be read as Parquet")
    assert "Out of Memory" in told.detail or "larger than 4 MiB" in told.detail


def test_another_column_costs_nothing(files):
    assert survey(RowFile(files["columns"], "x.parquet")).problems == ()


def test_all_of_it_fits_into_256_mib(files):
    words = [str(files[name]) for name in ("good", *BOMBS)]
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, *words], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 170  # with the 86 MiB that a process takes without it


@pytest.mark.parametrize(("over", "fits"), [(0, True), (1, False)])
def test_a_row_of_parquet_has_so_many_bytes(tmp_path, over, fits):
    shown = len("[{'role': user, 'content': }, {'role': assistant, 'content': a}]")
    text = f"repeat('x', {ROW_BYTES - shown + over})"
    file = written(tmp_path, "row", f"SELECT {ROW % text} AS messages")
    told = survey(RowFile(file, "x.parquet")).problems
    assert [d.detail for d in told] == ([] if fits else ["row 1 is larger than 4 MiB"])


@pytest.mark.parametrize(("limit", "fits"), [(100, True), (99, False)])
def test_so_many_rows_are_taken_of_a_file(files, monkeypatch, limit, fits):
    monkeypatch.setattr(parquet, "PARQUET_ROWS", limit)
    rows = RowFile(files["good"], "x.parquet")
    assert len(list(rows.rows(0, 50))) == 50
    if fits:
        assert len(list(rows.rows())) == 100
    else:
        with pytest.raises(LocalError, match="cannot be read as Parquet"):
            list(rows.rows())
