"""The rules of a chat row, and how one is written: the format `chat-1` of the fingerprint.

A row is `{"messages": [{"role", "content"}, ...]}`: an optional system message first, then
user and assistant in turn, the assistant last, so that every row has something to learn.
Source: learn.microsoft.com/azure/machine-learning/how-to-fine-tune (conversation format).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from reconciler.secrets import shortened

ROLES = ("system", "user", "assistant")
_SHOWN = 40
_ENCODER = json.JSONEncoder(ensure_ascii=False)
"""Quotes one text; half as much work a row as dumping the row as a whole."""


@dataclass(frozen=True)
class Fault:
    """What is wrong with a row. `message` is the index of the message at fault, if any."""

    cause: str
    message: int | None = None
    other_format: str = ""

    @property
    def alike(self) -> str:
        """The cause without the number of the message: equal for rows with the same fault."""
        return self.cause.replace(f"[{self.message}]", "[]", 1)


@dataclass(frozen=True)
class OtherFormat:
    """Another way to write training rows: the keys that tell it, and how to make chat of it."""

    name: str
    keys: frozenset[str]
    as_chat: str


_PAIR = (
    '{{"messages": [{{"role": "user", "content": {}}}, {{"role": "assistant", "content": {}}}]}}'
)
OTHER_FORMATS = (
    OtherFormat(
        "old prompt/completion",
        frozenset({"prompt", "completion"}),
        _PAIR.format("PROMPT", "COMPLETION"),
    ),
    OtherFormat(
        "instruction/output (Alpaca)",
        frozenset({"instruction", "output"}),
        _PAIR.format("INSTRUCTION", "OUTPUT"),
    ),
    OtherFormat(
        "question/answer", frozenset({"question", "answer"}), _PAIR.format("QUESTION", "ANSWER")
    ),
    OtherFormat(
        "chosen/rejected (preference)",
        frozenset({"chosen", "rejected"}),
        _PAIR.format("PROMPT", "CHOSEN"),
    ),
    OtherFormat("plain text", frozenset({"text"}), _PAIR.format("QUESTION", "ANSWER")),
    OtherFormat(
        "conversations (ShareGPT)",
        frozenset({"conversations"}),
        '{"messages": [{"role": "user", "content": VALUE}, ...]}: '
        "`from: human` is `role: user`, `from: gpt` is `role: assistant`",
    ),
)
SEEN = frozenset({"role", "content"})
NOT_FOR_CHAT = frozenset(
    {
        *("tools", "tool_choice", "functions", "function_call", "parallel_tool_calls"),
        *("weight", "weights", "system", "response_format"),
    }
)
"""Columns of a row that mean something to other trainers; an `id` means nothing to any."""


def unseen_in(row: Any) -> list[str]:
    """Return the keys of a good row that training would not see although they mean something."""
    found = [key for key in row if key in NOT_FOR_CHAT and row[key] is not None]
    for message in row["messages"]:
        if len(message) > len(SEEN):
            extra = (k for k, v in message.items() if k not in SEEN and v is not None)
            found.extend(f"messages[].{key}" for key in extra)
    return list(dict.fromkeys(found))


def fault_in(row: Any) -> Fault | None:
    """Return the first fault of a row, None for a good one. Other columns do not matter."""
    if not isinstance(row, dict):
        return Fault(f"a row must be an object with `messages`, got {kind_of(row)}")
    if "messages" not in row:
        return _other_format(row) or Fault("`messages` is missing")
    messages = row["messages"]
    if not isinstance(messages, list):
        return Fault(f"`messages` is {kind_of(messages)}, not a list")
    if not messages:
        return Fault("`messages` is empty")
    for index, message in enumerate(messages):
        cause = _fault_of(message, index, messages)
        if cause:
            return Fault(f"`messages[{index}]` {cause}", index)
    if messages[-1]["role"] != "assistant":
        last = len(messages) - 1
        return Fault(f"`messages[{last}]` is the last one: it must be from the assistant", last)
    return None


def _other_format(row: Any) -> Fault | None:
    for known in OTHER_FORMATS:
        if known.keys <= row.keys():
            cause = f"the rows are in the {known.name} format, not in the chat format"
            return Fault(cause, other_format=known.name)
    return None


def _fault_of(message: Any, index: int, messages: list[Any]) -> str:
    if not isinstance(message, dict):
        return f"is {kind_of(message)}, not an object with `role` and `content`"
    for name in ("role", "content"):
        if name not in message:
            return f"has no `{name}`"
    role, content = message["role"], message["content"]
    if role not in ROLES:
        return f"has the role {_shown(role)}: expected one of {', '.join(ROLES)}"
    if not isinstance(content, str):
        return f"has {kind_of(content)} as `content`, not text"
    if not content.strip():
        return "has an empty `content`"
    return _out_of_turn(role, index, messages)


def _out_of_turn(role: str, index: int, messages: list[Any]) -> str:
    if role == "system":
        return "is a system message: it can only be the first" if index else ""
    first = 1 if messages[0]["role"] == "system" else 0
    expected = ROLES[1 + (index - first) % 2]
    return "" if role == expected else f"has the role {role} where {expected} was expected"


def encode(row: Any) -> bytes:
    """Return a good row as one line: role and content only, compact, UTF-8 unescaped, LF.

    Raises `UnicodeEncodeError` for a lone surrogate, which UTF-8 cannot hold.
    """
    parts = (
        f'{{"role":"{m["role"]}","content":{_ENCODER.encode(m["content"])}}}'
        for m in row["messages"]
    )
    return f'{{"messages":[{",".join(parts)}]}}\n'.encode()


def kind_of(value: Any) -> str:
    """Return what a value of JSON is, as people say it."""
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false"}
    return "null" if value is None else names.get(type(value), "a number")


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return shortened(text, _SHOWN)
