"""Read JSON that somebody else wrote, within a count of values and a depth.

A list of empty lists takes thirty times the memory of its text, and a thousand brackets the
stack of whoever walks through them: values are counted before anything is made of the text.
"""

from __future__ import annotations

import json
import re
from itertools import islice
from typing import Any

from reconciler.limits import JSON_DEPTH, JSON_VALUES

_MARK = re.compile(rb'(?:[^"\[\]{},]++|"(?:[^"\\]++|\\.)*+"?)*+([\[\]{},]|\Z)', re.DOTALL)
"""A bracket or a comma that stands in no text, or the end, with all that is before it."""


class TooLargeError(ValueError):
    """JSON with more values, or nested deeper, than anything that we read has."""


def loads(content: bytes | str, values: int = JSON_VALUES, depth: int = JSON_DEPTH) -> Any:
    """Return what JSON means.

    Raises `TooLargeError` for what is over its limits, `ValueError` for what is not JSON.
    """
    raw = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    brackets = raw.count(b"[") + raw.count(b"{")
    if brackets + raw.count(b",") > values and _has_more(raw, values):
        raise TooLargeError(f"more than {values:,} values")
    try:
        found = json.loads(content)
    except RecursionError as error:
        raise TooLargeError(f"nested deeper than {depth} levels") from error
    if brackets > depth and _is_deeper(found, depth):
        raise TooLargeError(f"nested deeper than {depth} levels")
    return found


def _has_more(raw: bytes, values: int) -> bool:
    """Return whether there are more values than so many, commas in texts apart."""
    marks = (match for match in _MARK.finditer(raw) if match[1] not in b"]}")
    return next(islice(marks, values, None), None) is not None


def _is_deeper(found: Any, depth: int) -> bool:
    level = [found] if isinstance(found, dict | list) else []
    for _ in range(depth):
        if not level:
            return False
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
    return bool(level)
