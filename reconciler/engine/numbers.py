"""Numbers out of Azure's answers, which may hold anything in their place."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from reconciler.diagnostics import MalformedError
from reconciler.secrets import on_one_line

MOST_SHOWN = 60


def number_in(holder: Any, name: str, default: float = 0) -> float:
    """Return a number of an object by its name, the default for null, zero and none.

    Raises `MalformedError`, which names it, for anything else.
    """
    value = holder.get(name) if isinstance(holder, Mapping) else holder
    if value is None or value == "":
        return default
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        found = math.nan
    if isinstance(value, bool) or not math.isfinite(found):
        raise MalformedError.at(name, f"not a number: {on_one_line(value, MOST_SHOWN)}")
    return found or default


def whole_number_in(holder: Any, name: str, default: int = 0) -> int:
    """Return a whole number of an object by its name, as `number_in` does."""
    return int(number_in(holder, name, default))
