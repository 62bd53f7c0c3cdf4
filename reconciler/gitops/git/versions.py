"""Which of the tags of a pattern is the highest version, by semver.org's order."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase

TAGS = "refs/tags/"
LONGEST = 250
_VERSION = re.compile(
    r"(?:.{0,60}?[^0-9A-Za-z.])??v?(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})"
    r"(?:-([0-9A-Za-z.-]{1,100}))?(?:\+[0-9A-Za-z.-]{1,100})?"
)
Order = tuple[int, int, int, bool, tuple[tuple[int, int, str], ...]]


def highest(refs: Iterable[str], pattern: str) -> str | None:
    """Return the ref of the highest version among the tags of a pattern, None where none is one.

    A version that is not final, such as `v2.0.0-rc.1`, counts where the pattern says `-` after `*`.
    """
    short = (ref for ref in refs if ref.startswith(TAGS) and len(ref) <= LONGEST)
    named = [ref for ref in short if fnmatchcase(ref.removeprefix(TAGS), pattern)]
    ordered = [(order, ref) for ref in named if (order := _order(ref)) is not None]
    if "-" not in pattern.partition("*")[2]:
        ordered = [(order, ref) for order, ref in ordered if order[3]]
    return max(ordered)[1] if ordered else None


def _order(ref: str) -> Order | None:
    """Return what sorts a version: its numbers, then that it is final, then how far it got."""
    found = _VERSION.fullmatch(ref.removeprefix(TAGS))
    if found is None:
        return None
    before = found[4]
    steps = tuple(_step(part) for part in before.split(".")) if before else ()
    return int(found[1]), int(found[2]), int(found[3]), not before, steps


def _step(part: str) -> tuple[int, int, str]:
    """Numbers come before words, and by their value."""
    return (0, int(part), "") if part.isdecimal() and part.isascii() else (1, 0, part)
