"""The rules of a text row, and how one is written: the format `text-1` of the fingerprint.

A row is `{"prompt", "completion"}`, or `{"text"}` alone; all rows of a file have one form. The
prompt may be empty, what is learned may not.
Source: learn.microsoft.com/azure/machine-learning/how-to-fine-tune (text completion).
"""

from __future__ import annotations

import json
from typing import Any

from reconciler.datasets.chat_format import NOT_FOR_CHAT, Fault, kind_of

PAIR = ("prompt", "completion")
TEXT = ("text",)
_ENCODER = json.JSONEncoder(ensure_ascii=False)


def form_of(row: Any) -> tuple[str, ...]:
    """Return the keys that training reads of a good row."""
    return PAIR if PAIR[1] in row else TEXT


def fault_in(row: Any) -> Fault | None:
    """Return the first fault of a row, None for a good one. Other columns do not matter."""
    if not isinstance(row, dict):
        return Fault(f"a row must be an object with `prompt` and `completion`, got {kind_of(row)}")
    if "messages" in row and not {*PAIR, *TEXT} & row.keys():
        return Fault("the rows are in the chat format, not in the text format", other_format="chat")
    if "text" in row and {*PAIR} & row.keys():
        return Fault("the row has both `text` and `prompt` or `completion`")
    if missing := [name for name in form_of(row) if name not in row]:
        other = "" if {*PAIR} & row.keys() else ", and `prompt` and `completion` as well"
        return Fault(f"`{missing[0]}` is missing{other}")
    return _fault_of_texts(row)


def _fault_of_texts(row: Any) -> Fault | None:
    form = form_of(row)
    for name in form:
        if not isinstance(row[name], str):
            return Fault(f"`{name}` is {kind_of(row[name])}, not text")
    return None if row[form[-1]].strip() else Fault(f"`{form[-1]}` is empty")


def unseen_in(row: Any) -> list[str]:
    """Return the keys of a good row that training would not see although they mean something."""
    return [key for key in row if key in {*NOT_FOR_CHAT, "messages"} and row[key] is not None]


def encode(row: Any) -> bytes:
    """Return a good row as one line: what training reads, compact, UTF-8 unescaped, LF.

    Raises `UnicodeEncodeError` for a lone surrogate, which UTF-8 cannot hold.
    """
    parts = (f'"{name}":{_ENCODER.encode(row[name])}' for name in form_of(row))
    return f"{{{','.join(parts)}}}\n".encode()
