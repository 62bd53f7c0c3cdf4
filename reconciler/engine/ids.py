"""What the ARM ids of two things say of them: which one lies in the other. Pure.

An id holds the ids of all that it lies in, from the subscription down, and what Azure deletes
or replaces takes everything in it along. Azure keeps the case in which a name was first written
and compares without it.
Source: learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules (names
are case-insensitive unless noted otherwise).
"""

from __future__ import annotations


def is_within(resource_id: str, outer_id: str) -> bool:
    """Return whether one id lies in another one, at any depth; nothing lies in itself."""
    return _folded(resource_id).startswith(f"{_folded(outer_id)}/")


def scope_of(resource_id: str) -> str:
    """Return what something is on that extends another: its id up to its own provider."""
    return resource_id[: resource_id.casefold().rfind("/providers/")]


def type_of(resource_id: str) -> str:
    """Return the type that an id names, as it is written there; "" where it names no resource."""
    tail = resource_id.strip("/").split("/")
    folded = [part.casefold() for part in tail]
    if "providers" not in folded:
        return ""
    tail = tail[len(folded) - folded[::-1].index("providers") :]
    return "/".join([tail[0], *tail[1::2]]) if len(tail) >= 3 and len(tail) % 2 else ""


def _folded(resource_id: str) -> str:
    return resource_id.rstrip("/").casefold()
