"""The api-versions that each resource type is served in, as a list of facts: `api_versions.txt`."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("api_versions.txt")


def api_versions(type_: str) -> tuple[str, ...]:
    """Return the api-versions of a type, oldest first. Raises KeyError for a type not listed."""
    return _all()[type_]


@cache
def _all() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for block in _FILE.read_text(encoding="utf-8").split("\n\n")[1:]:
        lines = block.splitlines()
        listed = [word for line in lines if line.startswith(" ") for word in line.split()]
        versions = tuple(_whole(word) for word in listed)
        found |= {line: versions for line in lines if not line.startswith(" ")}
    return found


def _whole(word: str) -> str:
    return word[:-1] + "-preview" if word.endswith("p") else word
