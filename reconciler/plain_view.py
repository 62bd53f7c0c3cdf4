"""A text as it reads without line ends and escapes, and where each part of it came from.

Base64 is written in lines of 76, YAML folds a long value, a log wraps; JSON, URLs and HTML may
escape any character. What is secret is looked for in the plain text, and taken out of the other.
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

_BREAK = r"(?:\r\n?|\n|\\r\\n|\\n|%0[Dd]%0[Aa]|%0[Aa]|&#(?:10|13|x[aAdD]);)++[ \t]*+"
_CODED = (
    r"(?P<percent>(?:%[0-9A-Fa-f]{2})++)|\\(?:u(?P<wide>[0-9A-Fa-f]{4})|x(?P<hex>[0-9A-Fa-f]{2}))"
    r"|&#(?P<code>\d{2,6});|\\(?P<same>[/\"'\\&])"
)
_BREAKS, _CODES = re.compile(_BREAK, re.ASCII), re.compile(_CODED, re.ASCII)


@dataclass(frozen=True)
class PlainView:
    """A plain text in pieces. `starts`: where each begins; `spans`: where it came from.

    With `of` it came from another plain text.
    """

    text: str
    starts: tuple[int, ...]
    spans: tuple[tuple[int, int], ...]
    of: PlainView | None = None

    def origin(self, begin: int, end: int) -> tuple[int, int]:
        """Return where a part of it stands in the text that all began with."""
        place = self._before(begin)[0], self._before(end - 1)[1]
        return self.of.origin(*place) if self.of else place

    def is_rewritten(self, begin: int, end: int) -> bool:
        """Return whether a part of it is written otherwise in the text that it came from."""
        first, last = self.origin(begin, end)
        return last - first != end - begin

    def line_of(self, at: int) -> tuple[int, int]:
        """Return where the piece that a character is in begins and ends."""
        piece = self._piece(at)
        following = self.starts[piece + 1 :]
        return self.starts[piece], following[0] if following else len(self.text)

    def _before(self, at: int) -> tuple[int, int]:
        """Return where one character came from."""
        piece = self._piece(at)
        begin, end = self.spans[piece]
        if self.line_of(at)[1] - self.starts[piece] != end - begin:
            return begin, end
        into = at - self.starts[piece]
        return begin + into, begin + into + 1

    def _piece(self, at: int) -> int:
        return bisect_right(self.starts, at) - 1


def plain_views(text: str) -> list[PlainView]:
    """Return a text without line ends, and also without escapes, as far as it has any."""
    joined = _view(text, _BREAKS, None)
    decoded = _view(joined.text if joined else text, _CODES, joined)
    return [view for view in (joined, decoded) if view is not None]


def without_breaks(text: str) -> str:
    """Return a text without its line ends and what indents its lines."""
    return _BREAKS.sub("", text)


def _view(text: str, pattern: re.Pattern[str], of: PlainView | None) -> PlainView | None:
    pieces: list[str] = []
    spans: list[tuple[int, int]] = []
    done = 0
    for match in pattern.finditer(text):
        pieces.append(text[done : match.start()])
        spans.append((done, match.start()))
        for meant, begin, end in _meant(match) if pattern is _CODES else ():
            pieces.append(meant)
            spans.append((begin, end))
        done = match.end()
    if not spans:
        return None
    starts = accumulate(map(len, pieces), initial=0)
    whole = "".join((*pieces, text[done:]))
    return PlainView(whole, tuple(starts), (*spans, (done, len(text))), of)


def _meant(match: re.Match[str]) -> Iterator[tuple[str, int, int]]:
    """Yield each character that a code means, and where it stands."""
    begin, end = match.span()
    digits = match["wide"] or match["hex"]
    if match["percent"]:
        coded = bytes.fromhex(match["percent"].replace("%", ""))
        for character in coded.decode("utf-8", "surrogateescape"):
            size = 3 * len(character.encode("utf-8", "surrogateescape"))
            yield character, begin, begin + size
            begin += size
    elif digits:
        yield chr(int(digits, 16)), begin, end
    elif match["code"]:
        yield chr(min(int(match["code"]), sys.maxunicode)), begin, end
    else:
        yield match["same"], begin, end
