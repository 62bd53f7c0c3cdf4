"""What fields of loop.yaml have in common: lengths of time, names, places of files."""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field

from reconciler.spec.model import SpecModel, matching

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds(text: Any) -> Any:
    """Return a length of time such as `90s`, `30m` or `6h` in seconds. Raises `ValueError`."""
    written = str(text)
    if re.fullmatch(r"\d{1,6}", written):
        raise ValueError(f"{text} has no unit: write {text}s (seconds) or {text}m (minutes)")
    found = re.fullmatch(r"(\d{1,6})([smhd])", written)
    if not found or not int(found[1]):
        raise ValueError("not a time like 90s, 30m or 6h")
    return float(int(found[1]) * _UNITS[found[2]])


Time = Annotated[float, BeforeValidator(seconds)]
"""A length of time in seconds; in the file a number with its unit."""
SpecName = Annotated[
    str,
    matching(
        r"^[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?$",
        "lower-case letters, digits, `.`, `_` and `-`, at most 64",
    ),
]
"""A part of the names of tags, metrics and commit statuses."""
FilePath = Annotated[str, Field(min_length=1, max_length=4096)]


class LoopModel(SpecModel):
    """A part of loop.yaml."""

    explained: ClassVar[str] = "docs/loop.md says what `{path}` takes"
