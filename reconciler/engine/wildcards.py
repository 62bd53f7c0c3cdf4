"""Patterns with wildcards, in time that grows with the text and not with its ways to fit. Pure.

A regular expression tries every place for every `*`: a pattern of somebody else's with ten of them
takes years over a name of 200 letters. Here all ways are followed at once, as a set of places.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from reconciler.limits import PATH_WILDCARDS

_PARTS = re.compile(r"\*\*/|\*\*|\*|\?|\[[!^]?\]?[^\]]*\]|.", re.DOTALL)
_WILD = ("*", "?", "[")
_RANGE = re.compile(r"(.)-(.)|(.)", re.DOTALL)
_KEPT = 512


@dataclass(frozen=True)
class _Item:
    """One character, or any number of them where it repeats.

    One that may skip also leads on without a character: past itself, and past so many items.
    """

    fits: Callable[[str], bool]
    repeats: bool = False
    may_skip: int = 0


class Wildcards:
    """A pattern, ready to be held against many texts."""

    def __init__(self, items: Iterable[_Item]) -> None:
        """Take what has to follow on each other. A place is a bit: so many items are behind it."""
        self._items = tuple(items)
        self._wild = sum(1 << at for at, item in enumerate(self._items) if item.may_skip)
        self._end = 1 << len(self._items)
        self._masks: dict[str, tuple[int, int]] = {}

    def fits(self, text: str) -> bool:
        """Return whether the whole of a text fits."""
        places = self._with_skips(1)
        for character in text:
            once, again = self._mask(character)
            places = self._with_skips((places & once) << 1 | (places & again))
            if not places:
                return False
        return bool(places & self._end)

    def _with_skips(self, places: int) -> int:
        wild = places & self._wild
        while wild:
            first = wild & -wild
            item = self._items[first.bit_length() - 1]
            after = first << 1 | first << item.may_skip
            places |= after
            wild = (wild ^ first) | (after & self._wild)
        return places

    def _mask(self, character: str) -> tuple[int, int]:
        """Return the items that take a character and are done, and those that may take more."""
        if character not in self._masks:
            fitting = [(at, one) for at, one in enumerate(self._items) if one.fits(character)]
            once = sum(1 << at for at, item in fitting if not item.repeats)
            self._masks[character] = once, sum(1 << at for at, item in fitting if item.repeats)
        return self._masks[character]


def path_pattern(pattern: str) -> Wildcards:
    """Return a pattern of paths: `*`, `?` and `[a-z]` within a folder, `**` through folders.

    Raises `ValueError` for more wildcards than `PATH_WILDCARDS`.
    """
    parts = _PARTS.findall(pattern)
    if sum(part.startswith(_WILD) for part in parts) > PATH_WILDCARDS:
        raise ValueError(f"a pattern of its files has more than {PATH_WILDCARDS} wildcards")
    return Wildcards(item for part in parts for item in _items(part))


def is_action(pattern: str, action: str) -> bool:
    """Return whether an action of Azure is one of a pattern's, where `*` is any text, in any case."""
    return _action_pattern(pattern.casefold()).fits(action.casefold())


@lru_cache(_KEPT)
def _action_pattern(pattern: str) -> Wildcards:
    any_text = _Item(_anything, repeats=True, may_skip=1)
    return Wildcards(any_text if one == "*" else _Item(one.__eq__) for one in pattern)


def _anything(_character: str) -> bool:
    return True


def _nothing(_character: str) -> bool:
    return False


def _inside(character: str) -> bool:
    return character != "/"


def _items(part: str) -> Iterator[_Item]:
    match part:
        case "**/":
            yield _Item(_nothing, may_skip=3)
            yield _Item(_anything, repeats=True, may_skip=1)
            yield _Item("/".__eq__)
        case "**":
            yield _Item(_anything, repeats=True, may_skip=1)
        case "*":
            yield _Item(_inside, repeats=True, may_skip=1)
        case "?":
            yield _Item(_inside)
        case _ if len(part) > 1:
            yield _Item(_one_of(part[1:-1]))
        case _:
            yield _Item(part.__eq__)


def _one_of(members: str) -> Callable[[str], bool]:
    """Return what tells whether a character is of a set, such as `a-z_`, or `!0-9` for all others."""
    others = members.startswith(("!", "^"))
    ranges = [
        (found[1] or found[3], found[2] or found[3]) for found in _RANGE.finditer(members[others:])
    ]

    def fits(character: str) -> bool:
        is_member = any(first <= character <= last for first, last in ranges)
        return _inside(character) and is_member is not others

    return fits
