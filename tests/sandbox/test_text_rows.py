"""What the sandbox's training reads by its task: turns of a chat, or texts to be completed."""

import pytest

from reconciler.sandbox.arm.training_data import DataError, conversations

PAIR = b'{"prompt": "Once", "completion": " upon a time"}\n'
CHAT = b'{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}\n'


def test_text_completion_reads_pairs_texts_and_chats():
    rows = conversations([("a.jsonl", PAIR + b'{"text": "one two"}\n' + CHAT)], "TextCompletion")
    assert [[m["content"] for m in row["messages"]] for row in rows] == [
        ["Once", " upon a time"],
        ["one", "two"],
        ["q", "a"],
    ]


@pytest.mark.parametrize("task", ["ChatCompletion", ""])
def test_a_chat_does_not_learn_from_texts(task):
    with pytest.raises(DataError, match=r"Line 1 of 'a.jsonl' is not usable"):
        conversations([("a.jsonl", PAIR)], task)


@pytest.mark.parametrize("row", [b"[]", b"{}", b'{"prompt": "x", "completion": " "}'])
def test_a_text_row_needs_something_to_learn(row):
    with pytest.raises(DataError, match="Line 2"):
        conversations([("a.jsonl", PAIR + row)], "textCompletion")
