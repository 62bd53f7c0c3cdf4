"""The lines of an ignore file as patterns that take linear time over a name.

A pattern as pathspec makes it tries every place for every `*`: a line of a pull request with ten
of them takes years over one name of 200 letters. Here a piece between two `*` is matched once, at
the first place where it fits, as Git's own matcher does: the last piece alone looks further.
"""

from __future__ import annotations

import re

from pathspec import GitIgnoreSpec
from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

from reconciler.limits import IGNORE_FILE_BYTES, IGNORE_FILE_LINES, IGNORE_FILE_WILD_FOLDERS

_STAR = r"\[\^/\]\*"
_STARS = re.compile(rf"(?:{_STAR}){{2,}}")
_CLASS = r"\[\^?\]?[^\]]*+\](?![*+])"
_PIECE = re.compile(rf"{_STAR}((?:\\.|{_CLASS}|[^\\\[\](){{}}*+?|^$/.])++)(?={_STAR})")
_CLASSES = re.compile(r"\\.|(\[\^?\]?)([^\]]*+)", re.DOTALL)
_SET_OPERATOR = re.compile(r"[\[&|~]|(?<=.-)-", re.DOTALL)


class PatternError(ValueError):
    """A line of an ignore file that is not a valid pattern, or is too costly. `line`: its number, from 1."""

    def __init__(self, what: str, line: int = 1) -> None:
        """Say what is wrong."""
        super().__init__(what)
        self.line = line


class _Pattern(GitIgnoreSpecPattern):
    """A line of an ignore file, which goes over a name once."""

    @classmethod
    def pattern_to_regex(cls, pattern: str) -> tuple[str | None, bool | None]:  # type: ignore[override]
        """Return the expression for a line, and whether it leaves out or takes back."""
        found, leaves_out = super().pattern_to_regex(pattern)
        return (None if found is None else _linear(found)), leaves_out


def rules_of(content: bytes) -> GitIgnoreSpec:
    """Return the rules of an ignore file. Raises `PatternError`."""
    if len(content) > IGNORE_FILE_BYTES:
        raise PatternError(f"it is larger than {IGNORE_FILE_BYTES >> 10} KiB")
    lines = content.decode("utf-8-sig", "replace").splitlines()
    if len(lines) > IGNORE_FILE_LINES:
        raise PatternError(f"it has more than {IGNORE_FILE_LINES} lines", IGNORE_FILE_LINES + 1)
    return GitIgnoreSpec([_rule(line, number) for number, line in enumerate(lines, 1)])


def _rule(line: str, number: int) -> _Pattern:
    if line.split("/").count("**") > IGNORE_FILE_WILD_FOLDERS:
        what = f"a line has more than {IGNORE_FILE_WILD_FOLDERS} folders `**`"
        raise PatternError(what, number)
    try:
        return _Pattern(line)
    except (ValueError, re.error) as error:
        raise PatternError("a line is not a valid pattern", number) from error


def _linear(pattern: str) -> str:
    """Return an expression in which each piece before another `*` is matched once."""
    quoted = _CLASSES.sub(_quoted_class, pattern)
    return _PIECE.sub(r"(?>[^/]*?\1)", _STARS.sub("[^/]*", quoted))


def _quoted_class(match: re.Match[str]) -> str:
    begin, members = match[1], match[2]
    return match[0] if begin is None else begin + _SET_OPERATOR.sub(_quoted, members)


def _quoted(match: re.Match[str]) -> str:
    return f"\\{match[0]}"
