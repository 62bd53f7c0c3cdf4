"""Which changes a team wants to see before they happen, where `changes: dangerous` says so.

What is lost or made again, rights that are given, and doors that are opened to any network. A
spec cannot accept them for the loop: who changes the spec would approve the change.
"""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.engine.decisions import Change
from reconciler.engine.types import Address
from reconciler.kinds import HANDLERS
from reconciler.kinds.extensions import RaisesConcerns
from reconciler.reasons import PrivilegedRole, PublicNetwork


def dangerous(changes: Iterable[Change]) -> frozenset[Address]:
    """Return the addresses of the changes that are."""
    return frozenset(change.address for change in changes if _is_dangerous(change))


def _is_dangerous(change: Change) -> bool:
    handler = HANDLERS[change.resource.kind]
    if change.action.is_destructive or (handler.grants_access and change.action.is_change):
        return True
    concerns = handler.concerns(change) if isinstance(handler, RaisesConcerns) else ()
    return any(isinstance(concern, PrivilegedRole | PublicNetwork) for concern in concerns)
