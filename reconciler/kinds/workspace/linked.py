"""The resources a workspace or hub is linked to: made from a map, or used by their id."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconciler.engine.types import Address
from reconciler.kinds.expansion import Expansion
from reconciler.spec.document import Keys

OWNERS = ("workspace", "hub")


def linked(
    spec: Any, expansion: Expansion, field: str, kind: str
) -> Iterator[tuple[Address, Keys, Any]]:
    """Yield address, path and model of each linked resource that the spec wants made.

    One that is given by its id is noted as existing outside the spec.
    """
    for section in OWNERS:
        owner = getattr(spec, section)
        settings = getattr(owner, field, None)
        address, path = f"{section}.{field}", (section, field)
        if isinstance(settings, str):
            expansion.external(address, kind, settings)
        elif settings is not None:
            yield address, path, settings


def link(expansion: Expansion, section: str, field: str, fallback: str = "") -> tuple[str, Address]:
    """Return the id that a workspace's or hub's link stands for, and the address it comes from.

    With `fallback` (another section) its link is shared where the own one is not stated.
    """
    for owner in filter(None, (section, fallback)):
        address = f"{owner}.{field}"
        found = expansion.known_id(address)
        if found:
            return found, address
    return "", ""
