"""A conversation of the corpus and its row in the schema of ultrachat_200k."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Conversation:
    """Turns alternate user, assistant, user, ...; the first is the question."""

    turns: tuple[str, ...]

    @property
    def question(self) -> str:
        """The first turn."""
        return self.turns[0]

    def row(self) -> dict[str, Any]:
        """prompt, prompt_id and messages."""
        return row_of(
            [
                {"content": text, "role": "assistant" if number % 2 else "user"}
                for number, text in enumerate(self.turns)
            ]
        )


def row_of(messages: list[dict[str, str]]) -> dict[str, Any]:
    """A row whose prompt is the first message that is not the system's."""
    prompt = next((m["content"] for m in messages if m["role"] != "system"), "")
    prompt_id = hashlib.sha256(prompt.encode()).hexdigest()
    return {"prompt": prompt, "prompt_id": prompt_id, "messages": messages}


def checked_rows(rows: Iterable[Any]) -> list[dict[str, Any]]:
    """Rows given by a user, completed. Raises ValueError that names the line."""
    checked = []
    for number, row in enumerate(rows, start=1):
        messages = row.get("messages") if isinstance(row, dict) else None
        if not isinstance(messages, list) or not messages:
            raise ValueError(f"line {number}: `messages` must be a list that is not empty")
        for message in messages:
            if not isinstance(message, dict) or not all(
                isinstance(message.get(name), str) for name in ("role", "content")
            ):
                raise ValueError(f"line {number}: a message needs the texts `role` and `content`")
        kept = [{"content": m["content"], "role": m["role"]} for m in messages]
        checked.append({**row_of(kept), **{k: v for k, v in row.items() if k == "prompt"}})
    if not checked:
        raise ValueError("no rows")
    return checked
