"""How facts become conversations: a table of rows, and what one can ask about a row."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.sandbox.hub.conversation import Conversation

MOST_FOLLOW_UPS = 2


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
    """Rows one a line, cells parted by ` | `, in the order of `columns`."""

    columns: tuple[str, ...]
    asks: tuple[Ask, ...]
    rows: str

    def conversations(self) -> Iterator[Conversation]:
        """One conversation for each row and each thing to ask, with follow-ups on the same row."""
        for row in self.facts():
            for number, ask in enumerate(self.asks):
                others = [*self.asks[number + 1 :], *self.asks[:number]]
                yield _conversation(row, ask, [other for other in others if other.later])

    def facts(self) -> Iterator[dict[str, str]]:
        """The rows by column. Raises ValueError for a row of another width."""
        for line in self.rows.strip().splitlines():
            cells = [cell.strip() for cell in line.split("|")]
            if len(cells) != len(self.columns) or not all(cells):
                raise ValueError(f"{len(self.columns)} cells expected: {line}")
            yield dict(zip(self.columns, cells, strict=True))


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
