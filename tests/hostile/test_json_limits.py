"""JSON of others is counted before it is read: values, depth and bytes, just under and just over."""

import json
import subprocess
import sys

import pytest

from reconciler.bounded_json import TooLargeError, loads
from reconciler.datasets.rows import RowFile
from reconciler.datasets.survey import check_files, survey
from reconciler.limits import JSON_DEPTH, JSON_VALUES, ROW_BYTES, ROW_VALUES

USER = '{"role":"user","content":%s}'
ASSISTANT = '{"role":"assistant","content":"b"}'


@pytest.mark.parametrize(("count", "fits"), [(JSON_VALUES, True), (JSON_VALUES + 1, False)])
def test_values_are_counted(count, fits):
    content = f"[{','.join(['1'] * count)}]"
    if fits:
        assert len(loads(content)) == count
    else:
        with pytest.raises(TooLargeError, match="more than 250,000 values"):
            loads(content)


@pytest.mark.parametrize(("depth", "fits"), [(JSON_DEPTH, True), (JSON_DEPTH + 1, False)])
@pytest.mark.parametrize("brackets", ["[]", '{"a":}'])
def test_depth_is_counted(depth, fits, brackets):
    content = brackets[:-1] * depth + "1" + brackets[-1] * depth
    if fits:
        loads(content)
    else:
        with pytest.raises(TooLargeError, match="nested deeper than 100 levels"):
            loads(content.encode())


def test_what_stands_within_a_text_is_not_counted():
    text = '[{,"\\' * JSON_VALUES
    assert loads(json.dumps([text])) == [text]
    assert loads(json.dumps([text]).encode("utf-8")) == [text]


@pytest.mark.parametrize(
    "content", [b"", b"[", b'"', b'"\\', b"{]", b"nul", b"\xff\xfe", b"[" * 99]
)
def test_what_is_not_json_is_a_value_error(content):
    with pytest.raises(ValueError, match=r".+"):
        loads(content)


MEASURE = """
from pathlib import Path
from reconciler.bounded_json import loads
from reconciler.limits import ANSWER_BYTES
for pump in (b"[],", b"{},", b'{"a":1},', b'"a",', b'"\\\\u00e9",', b"1.5,", b"[[[[", b'{"a":{"b":'):
    try:
        loads(b"[" + (pump * (ANSWER_BYTES // len(pump)))[:ANSWER_BYTES - 2] + b"]")
    except ValueError:
        pass
text = ('"' + "\\U0001f600" + "a" * (ANSWER_BYTES - 100) + '"').encode()
loads(text)
loads(b"[" + b",".join([b'{"a":1}'] * 124_000) + b"]")
print(int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) >> 10)
"""


def test_an_answer_of_any_form_takes_less_than_256_mib():
    done = subprocess.run(
        [sys.executable, "-c", MEASURE], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 256


def rows(tmp_path, line):
    file = tmp_path / "chats.jsonl"
    file.write_text(f"{line}\n", encoding="utf-8")
    return RowFile(file, "data/chats.jsonl")


@pytest.mark.parametrize(("over", "told"), [(0, []), (1, ["the line is longer than 4 MiB"])])
def test_a_row_has_so_many_bytes(tmp_path, over, told):
    frame = f'{{"messages":[{USER % json.dumps("")},{ASSISTANT}]}}'
    text = "a" * (ROW_BYTES - len(frame) - 1 + over)
    line = f'{{"messages":[{USER % json.dumps(text)},{ASSISTANT}]}}'
    assert [d.summary for d in check_files([rows(tmp_path, line)])] == told


@pytest.mark.parametrize(("over", "told"), [(0, 0), (2, 1)])
def test_a_row_has_so_many_values(tmp_path, over, told):
    known = 1 + 1 + 2 + 1 + 2 + 1 + 1  # brackets and commas of two messages, of the other column
    numbers = ",".join(["1"] * (ROW_VALUES - known + over))
    line = f'{{"messages":[{USER % 1},{ASSISTANT}],"ids":[{numbers}]}}'.replace(":1}", ':"1"}')
    problems = survey(rows(tmp_path, line)).problems
    assert [p.summary for p in problems] == ["not usable JSON: more than 20,000 values"][:told]


@pytest.mark.parametrize("content", ["[" * 200, "[],"])
def test_a_row_that_explodes_is_told_with_its_place(tmp_path, content):
    line = '{"messages": ' + (content * ROW_BYTES)[: ROW_BYTES - 100] + "}"
    (told,) = check_files([rows(tmp_path, line)])
    assert str(told.position) == "data/chats.jsonl:1:1"
    assert told.summary.startswith("not usable JSON: ")
