"""The last gate of an apply: no write leaves for what its plan said would stay as it is.

`redecide` compares decisions with the plan. This looks at the requests themselves, whichever
client or kind sends them: a mistake in a kind, or in an id, stops here and nothing is sent. An id
that no change of the plan has (a file, a version, a key to read) is left to its kind.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

from reconciler.diagnostics import ReconcileError, RefusedError
from reconciler.engine.decisions import Change
from reconciler.engine.ids import is_within
from reconciler.engine.types import Action, Address
from reconciler.kinds import HANDLERS
from reconciler.kinds.extensions import RoutesTraffic

CHANGING = ("PUT", "PATCH")
ANEW = (Action.CREATE, Action.RUN, Action.DELETE, Action.REPLACE)
"""What a delete may belong to: the plan saw nothing there, or said that it goes."""


class WriteScope:
    """What one plan lets an apply write: the changes that were begun, and what they need."""

    def __init__(self, changes: Iterable[Change]) -> None:
        """Nothing begun yet."""
        self._changes = {_folded(change.resource.resource_id): change for change in changes}
        self._begun: dict[Address, Change] = {}

    def begin(self, change: Change) -> None:
        """Let the writes of one change be sent from now on."""
        self._begun[change.address] = change

    def check(self, method: str, url: str) -> None:
        """Raise `RefusedError` for a write that the plan did not announce."""
        path = _folded(unquote(urlsplit(url).path))
        if method == "DELETE":
            kept = self._lost_with(path)
        elif method in CHANGING:
            kept = self._unannounced(path)
        else:
            kept = None
        if kept:
            raise _refused(method, path, kept)

    def _unannounced(self, path: str) -> Change | None:
        """Return what a PUT or PATCH is of, where the plan said that nothing is written there."""
        change = self._changes.get(path)
        if change is None or change.address in self._begun:
            return None
        # The traffic of an endpoint is written on the endpoint, whoever's share it is.
        routes = isinstance(HANDLERS[change.resource.kind], RoutesTraffic)
        inside = (c for c in self._begun.values() if is_within(c.resource.resource_id, path))
        return None if routes and any(inside) else change

    def _lost_with(self, path: str) -> Change | None:
        """Return what a DELETE would take away although the plan keeps it."""
        at = self._changes.get(path)
        if at and self._goes(at):
            return None
        if at:
            return at
        inside = (c for i, c in self._changes.items() if c.observed and is_within(i, path))
        return next((c for c in inside if not self._goes(c)), None)

    def _goes(self, change: Change) -> bool:
        begun = self._begun.get(change.address)
        return begun is not None and begun.action in ANEW


def _folded(path: str) -> str:
    return path.rstrip("/").casefold()


def _refused(method: str, path: str, kept: Change) -> ReconcileError:
    said = f"the plan says `{kept.action.value}` for it, and somebody said yes to that"
    return RefusedError.because(
        f"refused to send {method} for `{kept.address}`: the plan did not announce it",
        detail=f"{said}; nothing was sent to {path}",
        hint="this is a bug in reconcile: please report it",
    )
