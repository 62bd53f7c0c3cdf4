"""Lines of styled spans, and how they fit a width: broken at blanks, or cut around a place.

Widths are counted in cells: a wide character takes two.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import islice

DOTS = "..."
BEHIND_FOCUS = 12
"""How many cells are shown after the focus before the start of a line is left out."""
_WORDS = re.compile(r"\s+|-> \S+|\d+ \S+|\S+")
"""Blanks, and words; an arrow and a number stay with what they belong to."""


class Style(Enum):
    """What a span means; the value is how rich draws it."""

    PLAIN = ""
    STRONG = "bold"
    QUIET = "dim"
    GOOD = "green"
    CHANGED = "yellow"
    BAD = "red"
    BAD_STRONG = "bold red"
    WARN_STRONG = "bold yellow"
    RUN = "cyan"
    REPLACED = "magenta"


@dataclass(frozen=True)
class Span:
    """A piece of a line in one style."""

    text: str
    style: Style = Style.PLAIN


@dataclass(frozen=True)
class Line:
    """One line of output; where a terminal is too narrow it goes on, indented by `hang`.

    A `solid` line is never broken: a command to be copied. One with a `focus` takes one row:
    what is shown of it lies around that cell, counted from after the `hang`.
    """

    spans: tuple[Span, ...]
    hang: int = 0
    solid: bool = False
    focus: int | None = None

    @property
    def text(self) -> str:
        """The line without style."""
        return "".join(span.text for span in self.spans)


def cells(text: str) -> int:
    """Return how many columns a terminal needs for a text: two for a wide character."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def windowed(item: Line, focus: int, width: int) -> Line:
    """Return what fits of a line around its focus, with dots where something is left out."""
    room = max(width - item.hang, 2 * BEHIND_FOCUS)
    left = 0 if focus + BEHIND_FOCUS <= room else focus - room // 2
    columns = _columns(item)
    row = list(islice(columns, item.hang))
    skipped = sum(not text.isspace() for text, _ in islice(columns, left))
    body = list(islice(columns, room))
    dots = [(".", Style.QUIET)] * len(DOTS)
    if skipped:
        body = [*dots, *_whole(list(islice(body, len(DOTS), None)))]
    if next(columns, None):
        body = [*_whole(list(islice(body, room - len(DOTS)))), *dots]
    spans: list[Span] = []
    for text, style in (*row, *body):
        _append(spans, text, style)
    return Line(tuple(spans))


def _whole(columns: list[tuple[str, Style]]) -> list[tuple[str, Style]]:
    """Return cells with a blank for each half of a wide character that was cut at an end."""
    if columns and not columns[0][0]:
        columns[0] = (" ", columns[0][1])
    if columns and cells(columns[-1][0]) > 1:
        columns[-1] = (" ", columns[-1][1])
    return columns


def _columns(item: Line) -> Iterator[tuple[str, Style]]:
    """Yield a line cell by cell; of a wide character the second one is empty."""
    for span in item.spans:
        for character in span.text:
            yield character, span.style
            if cells(character) > 1:
                yield "", span.style


def wrapped(item: Line, width: int) -> list[Line]:
    """Break a line at blanks; a word that is too long (an id, a link) stays whole."""
    from rich.cells import cell_len

    rows: list[list[Span]] = [[]]
    used = 0
    for span in item.spans:
        for word in _WORDS.findall(span.text):
            size = cell_len(word)
            is_full = used + size > width and used > item.hang
            if is_full and not word.isspace():
                _trim(rows[-1])
                rows.append([Span(" " * item.hang)])
                used = item.hang
            _append(rows[-1], word, span.style)
            used += size
    return [Line(tuple(row)) for row in rows]


def _append(row: list[Span], word: str, style: Style) -> None:
    """Add a word to a row, in the span before it where the style is the same."""
    if row and row[-1].style is style:
        word = row.pop().text + word
    row.append(Span(word, style))


def _trim(row: list[Span]) -> None:
    """Take the blanks off the end of a row."""
    while row and row[-1].text.isspace():
        row.pop()
    if row:
        row[-1] = Span(row[-1].text.rstrip(), row[-1].style)
