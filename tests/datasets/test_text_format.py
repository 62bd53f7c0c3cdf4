"""Rows of text completion are held to their own rules as strictly as those of a chat."""

import json

import duckdb
import pytest

from reconciler.datasets.prepare import Piece, prepare_given
from reconciler.datasets.row_format import TEXT
from reconciler.datasets.rows import RowFile
from reconciler.datasets.survey import check_files, survey
from reconciler.datasets.text_format import encode, fault_in
from reconciler.diagnostics import LocalError

PAIR = {"prompt": "Once", "completion": " upon a time"}


@pytest.mark.parametrize("row", [PAIR, PAIR | {"prompt": "", "id": 3}, {"text": "all of it"}])
def test_a_pair_and_a_text_pass(row):
    assert fault_in(row) is None


@pytest.mark.parametrize(
    ("row", "cause"),
    [
        (["x"], "a row must be an object with `prompt` and `completion`, got a list"),
        ({}, "`text` is missing, and `prompt` and `completion` as well"),
        ({"completion": "x"}, "`prompt` is missing"),
        ({"prompt": "x"}, "`text` is missing"),
        (PAIR | {"completion": " \n"}, "`completion` is empty"),
        (PAIR | {"prompt": 7}, "`prompt` is a number, not text"),
        ({"text": None}, "`text` is null, not text"),
        ({"text": ""}, "`text` is empty"),
        (PAIR | {"text": "x"}, "the row has both `text` and `prompt` or `completion`"),
        ({"messages": []}, "the rows are in the chat format, not in the text format"),
    ],
)
def test_a_fault_names_its_cause(row, cause):
    assert fault_in(row).cause == cause


def test_a_line_is_compact_and_holds_what_is_learned_only():
    row = {"id": 1, "completion": 'é "\n', "prompt": "p"}
    assert encode(row) == '{"prompt":"p","completion":"é \\"\\n"}\n'.encode()
    assert encode({"text": "t", "id": 1}) == b'{"text":"t"}\n'


def lines(tmp_path, *rows):
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return RowFile(file, "rows.jsonl", format=TEXT)


def test_rows_of_two_forms_in_a_file_are_told_with_their_place(tmp_path):
    (told,) = check_files([lines(tmp_path, PAIR, {"text": "x"})])
    assert told.headline == (
        "rows.jsonl:2:1: error: the row has `text`, the first one `prompt` and `completion`"
    )


def test_chat_rows_are_told_with_what_to_write(tmp_path):
    (told,) = check_files([lines(tmp_path, {"messages": []})])
    assert told.hint == "give the dataset `format: chat`"


def test_the_same_file_is_judged_by_each_format_on_its_own(tmp_path):
    file = lines(tmp_path, PAIR)
    assert not survey(file).problems
    assert survey(RowFile(file.path, "rows.jsonl")).problems
    assert not survey(file).problems


def test_what_training_would_not_see_is_told(tmp_path):
    found = survey(lines(tmp_path, PAIR | {"system": "be brief"}))
    (told,) = found.warnings("rows.jsonl")
    assert "which reads `prompt` and `completion`, or `text` only" in told.summary


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT 'p' AS prompt, 'c' AS completion, 1 AS id", b'{"prompt":"p","completion":"c"}\n'),
        ("SELECT 't' AS text, 1 AS id", b'{"text":"t"}\n'),
    ],
)
def test_parquet_has_the_columns_of_one_of_the_forms(tmp_path, query, expected):
    path = tmp_path / "rows.parquet"
    duckdb.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")
    parts = prepare_given({"train": [Piece(RowFile(path, "x", format=TEXT))]}, tmp_path)
    assert parts["train"].path.read_bytes() == expected


def test_parquet_without_these_columns_is_told(tmp_path):
    path = tmp_path / "rows.parquet"
    duckdb.execute(f"COPY (SELECT 1 AS id) TO '{path}' (FORMAT parquet)")
    with pytest.raises(LocalError, match="with `prompt` and `completion` or `text` as its columns"):
        list(RowFile(path, "rows.parquet", format=TEXT).rows())
