"""Only rows that a chat model can learn from pass, and they are written one way."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.datasets.chat_format import encode, fault_in

SAMPLE = "azure-ml-yaml/azureml-examples/cli/jobs/finetuning/standalone/model-as-a-platform"
USER, BOT = {"role": "user", "content": "hi"}, {"role": "assistant", "content": "yes"}
SYSTEM = {"role": "system", "content": "be brief"}


@pytest.mark.parametrize(
    "messages", [[USER, BOT], [SYSTEM, USER, BOT], [USER, BOT, USER, BOT], [BOT | USER, BOT]]
)
def test_turns_that_alternate_and_end_with_the_assistant_pass(messages):
    assert fault_in({"messages": messages, "prompt": 1}) is None


@pytest.mark.parametrize(
    ("row", "cause", "message"),
    [
        ([USER], "a row must be an object", None),
        ({}, "`messages` is missing", None),
        ({"messages": None}, "`messages` is null", None),
        ({"messages": []}, "`messages` is empty", None),
        ({"messages": ["hi"]}, "is text, not an object", 0),
        ({"messages": [USER]}, "must be from the assistant", 0),
        ({"messages": [BOT]}, "has the role assistant where user was expected", 0),
        ({"messages": [SYSTEM, BOT]}, "has the role assistant where user was expected", 1),
        ({"messages": [USER, USER]}, "has the role user where assistant was expected", 1),
        ({"messages": [USER, BOT, SYSTEM]}, "can only be the first", 2),
        ({"messages": [USER, {"role": "assistant"}]}, "has no `content`", 1),
        ({"messages": [{"content": "x"}]}, "has no `role`", 0),
        ({"messages": [USER, BOT | {"role": "bot"}]}, 'has the role "bot"', 1),
        ({"messages": [USER, BOT | {"role": ["user"]}]}, "has the role", 1),
        ({"messages": [USER, BOT | {"content": " \n"}]}, "has an empty `content`", 1),
        ({"messages": [USER, BOT | {"content": None}]}, "has null as `content`", 1),
        ({"messages": [SYSTEM]}, "must be from the assistant", 0),
    ],
)
def test_a_fault_names_its_cause_and_message(row, cause, message):
    fault = fault_in(row)
    assert fault is not None
    assert cause in fault.cause
    assert fault.message == message


def test_a_line_is_compact_unescaped_and_holds_role_and_content_only():
    row = {"messages": [USER | {"content": 'é "\n\u2028'}, BOT | {"weight": 1}], "id": 7}
    expected = (
        '{"messages":[{"role":"user","content":"é \\"\\n\u2028"},'
        '{"role":"assistant","content":"yes"}]}\n'
    )
    assert encode(row) == expected.encode()


def test_half_a_surrogate_pair_cannot_be_written():
    with pytest.raises(UnicodeEncodeError):
        encode({"messages": [USER | {"content": "\ud800"}, BOT]})


text = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=30)


@given(st.lists(text.filter(str.strip), min_size=2, max_size=6).filter(lambda t: len(t) % 2 == 0))
def test_what_is_written_reads_back_as_the_same_row(contents):
    roles = ("user", "assistant")
    messages = [{"role": roles[i % 2], "content": c} for i, c in enumerate(contents)]
    line = encode({"messages": messages})
    assert line.count(b"\n") == 1
    assert json.loads(line) == {"messages": messages}
    same = json.dumps({"messages": messages}, ensure_ascii=False, separators=(",", ":")) + "\n"
    assert line == same.encode()


def test_the_published_sample_of_azure_passes():
    folder = Path(__file__).parents[3] / "shared" / SAMPLE / "chat-completion"
    if not folder.is_dir():
        pytest.skip("needs the published samples beside the project")
    lines = [line for f in folder.glob("*.jsonl") for line in f.read_text().splitlines()]
    assert lines
    assert [f for f in map(fault_in, map(json.loads, lines)) if f] == []
