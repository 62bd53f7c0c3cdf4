"""The sandbox's own corpus: facts by hand in `facts/*.jsonl`, put into conversations by rule.

A file is a subject. A line with an object begins a table: its name, its columns, and what one can
ask about a row, as templates over the columns. The lines with lists after it are its rows. Version
numbers of data sets in tests and pages stand on the conversations that come out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.sandbox.hub.conversation import Conversation

FACTS = Path(__file__).with_name("facts")
MOST_FOLLOW_UPS = 2


def conversations() -> list[Conversation]:
    """The whole corpus; each first question comes once, in an order that mixes the subjects."""
    every = [
        conversation
        for file in sorted(FACTS.glob("*.jsonl"))
        for table in read(file)
        for conversation in table.conversations()
    ]
    unique = {conversation.question: conversation for conversation in every}
    return sorted(unique.values(), key=_shuffled)


def _shuffled(conversation: Conversation) -> str:
    return hashlib.sha256(conversation.question.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Ask:
    """One thing to ask: as the first question, as a follow-up, and the answers' wordings.

    All are templates over the table's columns. Without `later` it is never a follow-up.
    """

    first: tuple[str, ...]
    later: tuple[str, ...]
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of facts by column, and what can be asked about each."""

    asks: tuple[Ask, ...]
    rows: list[dict[str, str]]

    def conversations(self) -> Iterator[Conversation]:
        """One conversation for each row and each thing to ask, with follow-ups on the same row."""
        for row in self.rows:
            for number, ask in enumerate(self.asks):
                others = [*self.asks[number + 1 :], *self.asks[:number]]
                yield _conversation(row, ask, [other for other in others if other.later])


def read(file: Path) -> list[Table]:
    """The tables of a subject. Raises ValueError for a row of another width than its table."""
    tables: list[Table] = []
    columns: list[str] = []
    for line in file.read_text(encoding="utf-8").splitlines():
        found = json.loads(line)
        if isinstance(found, dict):
            columns = found["columns"]
            tables.append(Table(tuple(_ask(ask) for ask in found["asks"]), []))
        else:
            tables[-1].rows.append(dict(zip(columns, found, strict=True)))
    return tables


def _ask(stated: dict[str, Any]) -> Ask:
    return Ask(tuple(stated["first"]), tuple(stated["later"]), tuple(stated["answers"]))


def _conversation(row: dict[str, str], ask: Ask, others: list[Ask]) -> Conversation:
    choose = _Chooser(repr((sorted(row.items()), ask.first)))
    turns = [_fill(choose.of(ask.first), row), _fill(choose.of(ask.answers), row)]
    for other in others[: choose.number(MOST_FOLLOW_UPS + 1)]:
        turns += [_fill(choose.of(other.later), row), _fill(choose.of(other.answers), row)]
    return Conversation(tuple(turns))


def _fill(template: str, row: dict[str, str]) -> str:
    text = template.format(**row)
    return text[:1].upper() + text[1:]


class _Chooser:
    """Picks that depend on a seed text only, so that each machine builds the same corpus."""

    def __init__(self, seed: str) -> None:
        self._digest = hashlib.sha256(seed.encode()).digest()
        self._used = 0

    def number(self, below: int) -> int:
        self._used += 1
        return self._digest[self._used % len(self._digest)] % below

    def of(self, options: tuple[str, ...]) -> str:
        return options[self.number(len(options))]
