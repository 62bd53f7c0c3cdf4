"""An upload of many files that is killed goes on with those that are not there: none goes twice."""

import json

from tests.faults.samples import options_of
from tests.faults.volumes import (
    FOLDER,
    SPEC,
    Measured,
    killed_and_resumed,
    uploads,
    write_files,
    write_rows,
)

FILES = 24


def test_a_killed_upload_sends_what_is_missing_and_nothing_twice(arena, tmp_path):
    arena.reset()
    write_files(tmp_path / "many", FILES)
    spec = tmp_path / "spec.yaml"
    spec.write_text(SPEC.format(dataset=FOLDER))
    assert killed_and_resumed(arena, spec, FILES // 2) == []
    assert len(uploads(arena)) == FILES
    assert set(uploads(arena).values()) == {1}


def test_what_is_written_is_as_much_as_was_asked_for(tmp_path):
    rows = write_rows(tmp_path / "rows.jsonl", 1)
    lines = (tmp_path / "rows.jsonl").read_text().splitlines()
    assert (tmp_path / "rows.jsonl").stat().st_size >= 1_000_000
    assert len(lines) == rows
    assert [m["role"] for m in json.loads(lines[-1])["messages"]] == ["user", "assistant"]


def test_too_much_memory_and_a_file_sent_twice_count_as_wrong():
    assert Measured(5_000, 1, 0, 0, 299, ()).violations == 0
    assert Measured(5_000, 1, 2, 0, 301, ("torn",)).violations == 4
    assert options_of(["--only", "volumes"]).volumes == 100
