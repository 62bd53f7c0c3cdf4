"""What only some kinds can do: small protocols, found by asking the handler for the method.

The core of a handler (`base.Handler`) is the same for all. Whoever needs more asks with
`isinstance(handler, ...)`, so that a kind states an ability by having it and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, runtime_checkable

from reconciler.engine.decisions import Change
from reconciler.engine.types import JsonObject
from reconciler.kinds.base import HandlerContext
from reconciler.reasons import Concern


@runtime_checkable
class HoldsCredentials(Protocol):
    """A kind that keeps an address and secrets for others (a connection)."""

    def credentials(self, context: HandlerContext, resource_id: str) -> JsonObject:
        """Return what is kept, secrets and all: for comparing and calling only."""


@runtime_checkable
class RaisesConcerns(Protocol):
    """A kind of whose changes a reader must not miss something."""

    def concerns(self, change: Change) -> Iterable[Concern]:
        """Return what a plan says of a change before anything else. Pure."""
        ...
