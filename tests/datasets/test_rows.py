"""Rows are read as a stream and every wrong one is told with its place."""

import json
import time

import duckdb
import pytest

from reconciler.datasets.parquet import parquet_rows
from reconciler.datasets.row_faults import MAX_PROBLEMS, MAX_ROWS
from reconciler.datasets.rows import RowFile
from reconciler.datasets.survey import check_files, survey
from reconciler.datasets.validation_cache import WORTH_REMEMBERING_BYTES
from reconciler.diagnostics import LocalError
from reconciler.limits import DATA_FILE_BYTES

GOOD = '{"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"yes"}]}'


def check(tmp_path, content):
    file = tmp_path / "chats.jsonl"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return [d.headline for d in check_files([RowFile(file, "data/chats.jsonl")])]


def test_good_rows_blank_lines_and_a_byte_order_mark_are_fine(tmp_path):
    assert check(tmp_path, b"\xef\xbb\xbf" + f"{GOOD}\r\n\n  \n{GOOD}".encode()) == []


def test_broken_json_is_told_by_line_and_column(tmp_path):
    (told,) = check(tmp_path, f'{GOOD}\n{{"messages": [,]}}\n')
    assert told.startswith("data/chats.jsonl:2:15: error: not JSON")


def test_the_column_is_that_of_the_message_at_fault(tmp_path):
    first = '  {"id": {"messages": [1, "]"]}, "messages" : [ {"role":"user","content":"é]"}, '
    (told,) = check(tmp_path, first + '{"role":"bot","content":"x"}]}\n')
    assert told.startswith(f"data/chats.jsonl:1:{len(first) + 1}: error: `messages[1]` has the")


def test_bytes_that_are_no_utf8_are_told_by_column(tmp_path):
    (told,) = check(tmp_path, GOOD.encode() + b'\n{"a": "\xff"}\n')
    assert told == "data/chats.jsonl:2:8: error: the line is not UTF-8"


def test_a_lone_surrogate_is_told(tmp_path):
    (told,) = check(tmp_path, GOOD.replace("yes", "\\ud800"))
    assert "surrogate" in told


def test_deep_nesting_is_told_and_does_not_end_the_program(tmp_path):
    (told,) = check(tmp_path, '{"messages":' + "[" * 200_000 + "\n")
    assert told.startswith("data/chats.jsonl:1:")


def test_only_the_first_problems_are_told_and_that_there_are_more(tmp_path):
    rows = [GOOD.replace("assistant", f"bot{n}") for n in range(MAX_PROBLEMS + 5)]
    told = check(tmp_path, "\n".join(rows))
    assert len(told) == MAX_PROBLEMS + 1
    assert f"only the first {MAX_PROBLEMS}" in told[-1]


ALIKE = {
    "a key is missing": '{"id": %d}',
    "another message": '{"messages": [%s{"role": "user", "content": ""}]}',
    "not JSON": '{"messages": %d',
}


@pytest.mark.parametrize("row", ALIKE.values(), ids=ALIKE)
@pytest.mark.parametrize("count", [2, 30])
def test_rows_with_the_same_fault_are_one_problem_with_their_lines(tmp_path, row, count):
    turns = '{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}, '
    wrong = [row % (turns * (n % 3) if "%s" in row else n) for n in range(count)]
    file = tmp_path / "chats.jsonl"
    file.write_text("\n".join([GOOD, *wrong, GOOD]))
    (told,) = check_files([RowFile(file, "chats.jsonl")])
    assert told.position.line == 2
    rest = "row: 3" if count == 2 else "rows: 3, 4, 5, 6, 7 and 24 more"
    assert told.detail == f"the same in {count - 1} other {rest}"


def test_reading_stops_after_many_wrong_rows_and_that_is_told(tmp_path):
    told = check(tmp_path, "{}\n" * (MAX_ROWS + 500) + "nonsense\n")
    assert len(told) == 2
    assert "reading stopped after 1,000 wrong rows" in told[1]


def test_an_empty_file_is_told(tmp_path):
    assert check(tmp_path, "\n") == ["data/chats.jsonl:1:1: error: the file has no rows"]


@pytest.fixture
def parquet(tmp_path):
    path = tmp_path / "odd [name]*.parquet"
    rows = ", ".join(
        f"('p{i}', [{{'content': 'q{i}', 'role': 'user'}}, {{'content': 'a{i}', 'role': 'assistant'}}])"
        for i in range(10)
    )
    source = tmp_path / "plain.parquet"
    duckdb.execute(
        f"COPY (SELECT * FROM (VALUES {rows}) t(prompt, messages)) TO '{source}' (FORMAT parquet)"
    )
    source.rename(path)
    return path


def test_parquet_rows_come_in_order_and_by_range(parquet):
    rows = [row.value["messages"][0]["content"] for row in RowFile(parquet, "x").rows(3, 6)]
    assert rows == ["q3", "q4", "q5"]
    assert parquet_rows(parquet, "x") == 10


def test_a_wrong_parquet_row_is_told_by_its_number(tmp_path):
    path = tmp_path / "bad.parquet"
    duckdb.execute(
        f"COPY (SELECT [{{'content': 'q', 'role': 'user'}}] AS messages) TO '{path}' (FORMAT parquet)"
    )
    (told,) = check_files([RowFile(path, "bad.parquet")])
    assert "bad.parquet row 1" in told.summary


def test_a_parquet_file_without_messages_or_that_is_none_is_told(tmp_path):
    path, other = tmp_path / "a.parquet", tmp_path / "b.parquet"
    duckdb.execute(f"COPY (SELECT 1 AS prompt) TO '{path}' (FORMAT parquet)")
    other.write_text(json.dumps({}))
    told = check_files([RowFile(path, "a.parquet"), RowFile(other, "b.parquet")])
    assert ["messages" in d.summary for d in told] == [True, True]
    with pytest.raises(LocalError):
        parquet_rows(other, "b.parquet")


def test_a_large_good_file_is_parsed_once_and_a_bad_one_every_time(tmp_path, monkeypatch):
    good = GOOD.replace("yes", "yes " * 1000)
    many = WORTH_REMEMBERING_BYTES // len(good) + 1
    monkeypatch.setenv("RECONCILE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("reconciler.datasets.validation_cache._here", {})
    file = RowFile(tmp_path / "large.jsonl", "large.jsonl")
    file.path.write_text(f"{good}\n" * many)
    assert survey(file).rows == many
    (kept,) = (tmp_path / "cache" / "checked").iterdir()
    monkeypatch.setattr("reconciler.datasets.validation_cache._here", {})
    kept.write_text('{"digest": "remembered", "rows": 3, "unseen": []}')
    assert (survey(file).digest, survey(file).rows) == ("remembered", 3)
    kept.write_text("half writ")
    assert survey(file).rows == many
    file.path.write_text(f"{good}\n" * many + "{}\n")
    for _ in range(2):
        (told,) = check_files([file])
        assert told.position.line == many + 1


def test_a_key_that_training_would_not_see_is_told_once_with_its_lines(tmp_path):
    file = RowFile(tmp_path / "chats.jsonl", "chats.jsonl")
    weighted = GOOD.replace('"content":"yes"', '"content":"yes","weight":0')
    tools = GOOD.replace("{", '{"tools":[],"id":1,"name":"n",', 1)
    file.path.write_text(f"{GOOD}\n" + f"{weighted}\n" * 7 + f"{tools}\n")
    weight, tool = survey(file).warnings("data/chats.jsonl")
    assert "`messages[].weight` is not seen by training" in weight.summary
    assert str(weight.position) == "data/chats.jsonl:2:1"
    assert weight.detail.endswith("2, 3, 4, 5, 6 and 2 more")
    assert "`tools`" in tool.summary
    assert tool.detail.endswith("by line: 9")


@pytest.mark.parametrize(
    "key", ["tool_calls", "name", "function_call", "tool_call_id", "any_other"]
)
def test_any_other_key_of_a_message_is_told(tmp_path, key):
    file = RowFile(tmp_path / "chats.jsonl", "chats.jsonl")
    file.path.write_text(GOOD.replace('"content":"yes"', f'"content":"yes","{key}":["x"]') + "\n")
    (told,) = survey(file).warnings("chats.jsonl")
    assert f"messages[].{key}" in told.summary


def test_columns_that_mean_nothing_to_training_are_not_told(tmp_path):
    file = RowFile(tmp_path / "chats.jsonl", "chats.jsonl")
    file.path.write_text(GOOD.replace("{", '{"id":1,"prompt":"hi","tools":null,', 1) + "\n")
    assert list(survey(file).warnings("chats.jsonl")) == []


@pytest.mark.parametrize(
    ("row", "name"),
    [
        ('{"prompt": "a", "completion": "b"}', "old prompt/completion"),
        ('{"instruction": "a", "input": "", "output": "b"}', "Alpaca"),
        ('{"conversations": [{"from": "human", "value": "a"}]}', "ShareGPT"),
        ('{"question": "a", "answer": "b"}', "question/answer"),
        ('{"prompt": "a", "chosen": "b", "rejected": "c"}', "preference"),
        ('{"id": 1, "text": "a"}', "plain text"),
    ],
)
def test_a_file_in_another_known_format_is_told_once_with_how_to_write_it(tmp_path, row, name):
    file = RowFile(tmp_path / "chats.jsonl", "chats.jsonl")
    file.path.write_text(f"{row}\n" * 300)
    (told,) = check_files([file])
    assert name in told.summary
    assert "role" in told.hint
    assert told.position.line == 1


@pytest.mark.parametrize(
    ("name", "begin", "size", "told"),
    [
        ("chats.jsonl", b"", DATA_FILE_BYTES, "longer than 4 MiB"),
        ("chats.parquet", b"", DATA_FILE_BYTES, "cannot be read as Parquet"),
        ("chats.jsonl", GOOD.encode() + b"\n", DATA_FILE_BYTES + 1, "larger than 16 GiB"),
        ("chats.parquet", b"PAR1", DATA_FILE_BYTES + 1, "larger than 16 GiB"),
    ],
)
def test_a_sparse_file_is_refused_before_it_is_read(tmp_path, name, begin, size, told):
    file = tmp_path / name
    with file.open("wb") as sparse:
        sparse.write(begin)
        sparse.truncate(size)
    began = time.process_time()
    (found,) = check_files([RowFile(file, f"data/{name}")])
    assert time.process_time() - began < 1
    assert told in found.summary
