"""The forms that rows may have, each with its rules, its spelling and its words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from reconciler.datasets import chat_format, text_format
from reconciler.datasets.chat_format import OTHER_FORMATS, Fault
from reconciler.datasets.fingerprint import FORMAT


@dataclass(frozen=True)
class RowFormat:
    """How rows are checked and written. `version` is raised when prepared bytes would change.

    `columns`: what is read of a Parquet file, the first of these that it has all of.
    `a_row`: how one is written; `sees`: what training reads of it.
    """

    name: str
    version: str
    columns: tuple[tuple[str, ...], ...]
    a_row: str
    sees: str
    fault_in: Callable[[Any], Fault | None]
    form_of: Callable[[Any], tuple[str, ...]]
    unseen_in: Callable[[Any], list[str]]
    encode: Callable[[Any], bytes]
    rewrite: Callable[[str], str]
    """How rows of another format, by its name, become rows of this one."""


def _as_chat(other: str) -> str:
    return next(f"write each row as {f.as_chat}" for f in OTHER_FORMATS if f.name == other)


CHAT = RowFormat(
    "chat",
    FORMAT,
    (("messages",),),
    'a row is {"messages": [{"role": "user", "content": "..."}, '
    '{"role": "assistant", "content": "..."}]}, one a line',
    "`role` and `content`",
    chat_format.fault_in,
    lambda _row: ("messages",),
    chat_format.unseen_in,
    chat_format.encode,
    _as_chat,
)
TEXT = RowFormat(
    "text",
    "text-1",
    (text_format.PAIR, text_format.TEXT),
    'a row is {"prompt": "...", "completion": "..."} or {"text": "..."}, one a line',
    "`prompt` and `completion`, or `text`",
    text_format.fault_in,
    text_format.form_of,
    text_format.unseen_in,
    text_format.encode,
    lambda _other: "give the dataset `format: chat`",
)
FORMATS = {one.name: one for one in (CHAT, TEXT)}
