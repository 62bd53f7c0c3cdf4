"""Split expressions as the `datasets` library means them: `train_sft[:1%]+test[-100:]`.

Source: huggingface.co/docs/datasets/loading#slice-splits and the behaviour of
`datasets.ReadInstruction` (5.x): a `%` on either side makes both sides percent, bounds
beyond the data are cut, negative ones count from the end, `closest` is the default.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

CLOSEST = "closest"
PCT1 = "pct1_dropremainder"

_PART = re.compile(
    r"""(?P<split>\w+(?:\.\w+)*)
    (?:\s*\[\s*(?:(?P<start>-?[\d_]+)\s*(?P<start_pct>%)?)?
    \s*:\s*(?:(?P<end>-?[\d_]+)\s*(?P<end_pct>%)?)?\s*\])?
    (?:\s*\(\s*(?P<rounding>[^)]*?)\s*\))?""",
    re.ASCII | re.VERBOSE,
)


@dataclass(frozen=True)
class Slice:
    """A part of one split. `start` and `end` are rows, or percent; None means open."""

    split: str
    start: int | None = None
    end: int | None = None
    in_percent: bool = False
    rounding: str = CLOSEST

    def bounds(self, count: int) -> tuple[int, int]:
        """Return the first row and the row after the last, of `count` rows.

        Raises `ValueError` for `pct1_dropremainder` on fewer than 100 rows, where one
        percent is no row at all.
        """
        start = 0 if self.start is None else self._rows(self.start, count)
        end = count if self.end is None else self._rows(self.end, count)
        first, last = (min(max(b + count if b < 0 else b, 0), count) for b in (start, end))
        return first, max(first, last)

    def surprise(self, count: int) -> str:
        """Return how the slice of `count` rows is not what its text says; "" when it is.

        Of few rows a percentage rounds to no row or to all of them, and `[-1%:]` then means
        everything. A slice that takes nothing is one too.
        """
        for bound in (self.start, self.end):
            if bound is None or not self.in_percent or bound in (0, 100, -100):
                continue
            row = self._rows(bound, count) % (count or 1)
            if row == 0:
                return f"`{self}`: {bound} % of {count} rows is, rounded, none or all of them"
        first, last = self.bounds(count)
        return f"`{self}` takes none of {count} rows" if first == last else ""

    def most(self) -> int | None:
        """Return how many rows it takes at most, whatever their number; None if not known."""
        if self.end is not None and (self.end == 0 or self._backwards()):
            return 0
        if self.in_percent:
            return None
        if self.start is not None and self.start < 0 and self.end is None:
            return -self.start
        if self.end is None or self.end < 0 <= (self.start or 0):
            return None
        start = self.start or 0
        return self.end - start if (start < 0) == (self.end < 0) else None

    def _backwards(self) -> bool:
        start, end = self.start or 0, self.end or 0
        return (start < 0) == (end < 0) and start >= end

    def _rows(self, bound: int, count: int) -> int:
        if not self.in_percent:
            return bound
        if self.rounding == CLOSEST:
            # Half to even, as Python rounds, because the library does.
            return round(bound * count / 100.0)
        if count < 100:
            raise ValueError(f"`{PCT1}` needs 100 rows or more, `{self.split}` has {count}")
        return bound * (count // 100)

    def shortest(self) -> Slice:
        """Return the slice without bounds that cut off nothing: `[0%:100%]` is everything.

        `pct1_dropremainder` leaves out the rows after the last whole percent, so there 100 %
        is a bound like any other.
        """
        whole = 100 if self.in_percent else None
        start, end = self.start, self.end
        if start == 0 or (whole and start == -whole and self.rounding == CLOSEST):
            start = None
        if end is not None and end == whole and self.rounding == CLOSEST:
            end = None
        if start is None and end is None:
            return Slice(self.split)
        return Slice(self.split, start, end, self.in_percent, self.rounding)

    def joined(self, following: Slice) -> Slice | None:
        """Return both slices as one, None where they are not surely one after the other.

        Bounds on both sides of zero are left as they are: which comes first depends on the
        number of rows.
        """
        like = (following.split, following.in_percent, following.rounding)
        if self.end is None or self.end != following.start:
            return None
        if (self.split, self.in_percent, self.rounding) != like:
            return None
        bounds = [b for b in (self.start, self.end, following.end) if b is not None]
        if bounds != sorted(bounds) or bounds[0] < 0 <= bounds[-1]:
            return None
        return Slice(self.split, self.start, following.end, self.in_percent, self.rounding)

    def __str__(self) -> str:
        """Return the slice as it is written, without what needs no saying."""
        if self.start is None and self.end is None:
            return self.split
        unit = "%" if self.in_percent else ""
        start, end = ("" if b is None else f"{b}{unit}" for b in (self.start, self.end))
        suffix = f"({self.rounding})" if self.in_percent and self.rounding != CLOSEST else ""
        return f"{self.split}[{start}:{end}]{suffix}"


def parse(text: str) -> tuple[Slice, ...]:
    """Return the parts of a split expression, in order. Raises `ValueError` with a sentence."""
    parts = tuple(_part(part.strip()) for part in text.strip().split("+"))
    roundings = {part.rounding for part in parts if part.in_percent}
    if len(roundings) > 1:
        raise ValueError("one rounding for all parts: they cannot be mixed")
    return parts


def normalised(text: str) -> str:
    """Return one spelling for every text of the same meaning: an input of fingerprints.

    The same rows in the same order, however many there are; `train[:10]+train[10:]` is `train`.
    """
    parts: list[Slice] = []
    for part in (part.shortest() for part in parse(text)):
        whole = parts[-1].joined(part) if parts else None
        if whole is None:
            parts.append(part)
        else:
            parts[-1] = whole.shortest()
    return "+".join(map(str, parts))


def most(parts: tuple[Slice, ...]) -> int | None:
    """Return how many rows the parts take at most, None where it depends on the data."""
    counts = [part.most() for part in parts]
    return None if None in counts else sum(count or 0 for count in counts)


def ranges(parts: tuple[Slice, ...], counts: Mapping[str, int]) -> list[tuple[str, int, int]]:
    """Return (split, first row, row after the last) for each part, given each split's rows."""
    return [(part.split, *part.bounds(counts[part.split])) for part in parts]


def _part(text: str) -> Slice:
    match = _PART.fullmatch(text)
    if not match:
        raise ValueError(
            f"{text!r} is not a split: write `train`, `train[:1%]`, `train[10:20]` or a sum with `+`"
        )
    in_percent = bool(match["start_pct"] or match["end_pct"])
    rounding = match["rounding"]
    if rounding is not None and not in_percent:
        raise ValueError(f"{text!r}: a rounding stands only behind a slice in percent")
    if rounding not in (None, CLOSEST, PCT1):
        raise ValueError(f"{text!r}: the rounding is `{CLOSEST}` or `{PCT1}`")
    start, end = _bound(match["start"]), _bound(match["end"])
    if in_percent and max(abs(start or 0), abs(end or 0)) > 100:
        raise ValueError(f"{text!r}: percents lie between -100 and 100")
    return Slice(match["split"], start, end, in_percent, rounding or CLOSEST)


def _bound(text: str | None) -> int | None:
    try:
        return None if text is None else int(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a whole number") from None
