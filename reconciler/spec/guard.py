"""What is refused of a file before any parser sees it: it costs a search, not a parse."""

from __future__ import annotations

import re
import sys

from reconciler.diagnostics import Diagnostic, Position, SpecError
from reconciler.limits import SPEC_DEPTH, SPEC_LINE, SPEC_LINES

TOO_DEEP = "look for a bracket that is never closed"
A_FEW_PAGES = "a spec is a few pages: keep data in files beside it"

UNPRINTABLE = re.compile(
    r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_DEEP = re.compile(rf"(?:[\[{{]\s*){{{SPEC_DEPTH + 2}}}")


def refuse_control_characters(text: str, name: str) -> None:
    """Raise `SpecError` for text that is none."""
    bad = UNPRINTABLE.search(text)
    if not bad:
        return
    line = text.count("\n", 0, bad.start()) + 1
    column = bad.start() - text.rfind("\n", 0, bad.start())
    raise SpecError(
        Diagnostic(
            f"control character U+{ord(bad[0]):04X}: this is not a YAML text file",
            Position(name, line, column),
            hint="remove it; save the file as plain UTF-8 text",
        )
    )


def refuse_too_long(text: str, name: str) -> None:
    """Refuse what the parser, which is quadratic in places, would take seconds over."""
    deep = _DEEP.search(text)
    if deep:
        line, column = _line_and_column(text, deep.end() - 1)
        what = f"nested deeper than {SPEC_DEPTH} levels"
        raise SpecError(Diagnostic(what, Position(name, line, column), hint=TOO_DEEP))
    lines = text.split("\n")
    longest = max(range(len(lines)), key=lambda index: len(lines[index]))
    if len(lines) > SPEC_LINES or len(lines[longest]) > SPEC_LINE:
        many = len(lines) > SPEC_LINES
        what = (
            f"more than {SPEC_LINES} lines"
            if many
            else f"a line of more than {SPEC_LINE} characters"
        )
        place = Position(name, SPEC_LINES if many else longest + 1, 1)
        raise SpecError(Diagnostic(what, place, hint=A_FEW_PAGES))


def bad_escape(text: str, name: str) -> Diagnostic:
    """Return the problem of the first escape that names no character."""
    codes = re.finditer(r"\\U([0-9a-fA-F]{8})", text)
    start = next((m.start() for m in codes if int(m[1], 16) > sys.maxunicode), 0)
    line, column = _line_and_column(text, start)
    what = "an escape that is not a valid character"
    return Diagnostic(what, Position(name, line, column), hint="the highest is \\U0010FFFF")


def _line_and_column(text: str, index: int) -> tuple[int, int]:
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)
