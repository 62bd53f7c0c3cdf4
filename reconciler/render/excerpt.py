"""The lines of a spec around a problem, with a mark under the place."""

from __future__ import annotations

import re
from collections.abc import Sequence

from reconciler.diagnostics import Position
from reconciler.limits import EXCERPT_REACH
from reconciler.render.lines import Line, Span, Style, cells
from reconciler.render.terminal import clean

TAB = "    "
MAX_CARETS = 60
SEEN_OF_WORD = 12
"""How much of a marked word stays in sight where its line is too long."""

_WORD = re.compile(r"\"[^\"]*\"|'[^']*'|(?:\$\{\{[^{}]*\}\}|[^\s:,{}\[\]]|:(?=[^\s,{}\[\]]))+")
"""What a place is of: a quoted text, a key, or a value with its colons and `${{ references }}`."""
_SECRET = re.compile(
    r"(?P<key>(?:key|secret|token|password|pwd|\bvalue)[\"']?\s*:\s*)"
    r"(?P<value>\"(?!\$\{\{)[^\"]*\"|'(?!\$\{\{)[^']*'|(?!\$\{\{)[^\s,{}\[\]\"'#]+)",
    re.IGNORECASE,
)
"""A value behind a key that names a secret: a spec should hold none, a log even less.

`value` is what a secret of a key vault calls its own; no section of a spec has such a key.
"""


def excerpt(
    source: Sequence[str], place: Position, *, before: int = 1, after: int = 1
) -> list[Line]:
    """Return the place's line, its neighbours, and a caret line; nothing if it is not there."""
    if not 1 <= place.line <= len(source):
        return []
    first = max(1, place.line - before)
    last = min(len(source), place.line + after)
    digits = max(4, len(str(last)))
    left = max(0, place.column - 1 - EXCERPT_REACH)
    near = slice(left, left + 2 * EXCERPT_REACH)
    head, word = _marked(source[place.line - 1][near], place.column - left)
    focus = cells(_shown(head)) + min(cells(word), SEEN_OF_WORD)
    shown: list[Line] = []
    for number in range(first, last + 1):
        text = _shown(source[number - 1][near].rstrip())
        margin = Span(f"{number:>{digits}} |", Style.QUIET)
        row = (margin, Span(f" {text}" if text else ""))
        shown.append(Line(row, hang=digits + 3, focus=focus))
        if number == place.line:
            shown.append(_caret(cells(_shown(head)), cells(word), digits, focus))
    return shown


def _shown(text: str) -> str:
    return _SECRET.sub(_masked, clean(text.rstrip("\r\n").replace("\t", TAB)))


def _masked(match: re.Match[str]) -> str:
    return match["key"] + "*" * len(match["value"])


def _marked(text: str, column: int) -> tuple[str, str]:
    """Return what is before a column (from 1), and the word there as it is shown."""
    head, rest = text[: column - 1], text[column - 1 :]
    found = _WORD.match(rest)
    return head, _shown(found[0]) if found else " "


def _caret(indent: int, width: int, digits: int, focus: int) -> Line:
    """Mark a word, as wide as it is."""
    margin = Span(f"{'':>{digits}} | ", Style.QUIET)
    mark = Span("^" * max(1, min(width, MAX_CARETS)), Style.BAD_STRONG)
    return Line((margin, Span(" " * indent), mark), hang=digits + 3, focus=focus)
