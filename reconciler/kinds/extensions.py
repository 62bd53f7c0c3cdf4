"""What only some kinds can do: small protocols, found by asking the handler for the method.

The core of a handler (`base.Handler`) is the same for all. Whoever needs more asks with
`isinstance(handler, ...)`, so that a kind states an ability by having it and nothing else.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from reconciler.engine.types import JsonObject
from reconciler.kinds.base import HandlerContext


@runtime_checkable
class HoldsCredentials(Protocol):
    """A kind that keeps an address and secrets for others (a connection)."""

    def credentials(self, context: HandlerContext, resource_id: str) -> JsonObject:
        """Return what is kept, secrets and all: for comparing and calling only."""
