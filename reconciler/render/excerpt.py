"""The lines of a spec around a problem, with a mark under the place."""

from __future__ import annotations

import re
from collections.abc import Sequence

from reconciler.diagnostics import Position
from reconciler.render.terminal import Line, Span, Style, clean, line
from reconciler.secrets import shortened

TAB = "    "
MAX_SHOWN = 160

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
    shown: list[Line] = []
    for number in range(first, last + 1):
        text = _shown(source[number - 1])
        margin = f"{number:>{digits}} |"
        words = f" {text}" if text else ""
        shown.append(line(Span(margin, Style.QUIET), words, hang=digits + 5))
        if number == place.line:
            shown.append(_caret(source[number - 1], place.column, digits))
    return shown


def _shown(text: str) -> str:
    flat = _SECRET.sub(_masked, clean(text.rstrip("\r\n").replace("\t", TAB)))
    return shortened(flat, MAX_SHOWN)


def _masked(match: re.Match[str]) -> str:
    return match["key"] + "*" * len(match["value"])


def _caret(text: str, column: int, digits: int) -> Line:
    """Mark the word at a column (from 1), as wide as the word is."""
    head, rest = text[: column - 1], text[column - 1 :]
    found = re.match(r"\"[^\"]*\"|'[^']*'|[^\s:,{}\[\]]+", rest)
    width = len(_shown(found[0])) if found else 1
    indent = " " * min(len(_shown(head)), MAX_SHOWN)
    return line(
        Span(f"{'':>{digits}} | ", Style.QUIET),
        indent,
        Span("^" * min(width, 60), Style.BAD_STRONG),
    )
