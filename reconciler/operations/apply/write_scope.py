"""The last gate of an apply: no write leaves for what its plan said would stay as it is.

`redecide` compares decisions with the plan. This looks at the requests themselves, whichever
client or kind sends them: a mistake in a kind, or in an id, stops here and nothing is sent. So does
a body that would change more than the plan showed (`engine.contained`). An id that no change of
the plan has (a file, a version, a key to read) is left to its kind.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from copy import deepcopy
from typing import Any
from urllib.parse import unquote, urlsplit

from reconciler.diagnostics import ReconcileError, RefusedError
from reconciler.engine.contained import Announced, beyond, left_out
from reconciler.engine.decisions import Change
from reconciler.engine.diff import label_of
from reconciler.engine.ids import is_within, type_of
from reconciler.engine.types import Action, Address, JsonObject
from reconciler.kinds import HANDLERS
from reconciler.kinds.extensions import RoutesTraffic, WritesElsewhere, written_by

CHANGING = ("PUT", "PATCH")
ANEW = (Action.CREATE, Action.RUN, Action.DELETE, Action.REPLACE)
"""What a delete may belong to: the plan saw nothing there, or said that it goes."""


class _LastRead(threading.local):
    """What this thread read last, by path: what it writes is made out of that."""

    def __init__(self) -> None:
        self.bodies: dict[str, JsonObject] = {}


class WriteScope:
    """What one plan lets an apply write: the changes that were begun, and what they need."""

    def __init__(self, changes: Iterable[Change]) -> None:
        """Nothing begun yet."""
        everything = list(changes)
        self._changes = {_folded(change.resource.resource_id): change for change in everything}
        self._begun: dict[Address, Change] = {}
        self._announced: dict[str, dict[Address, Announced]] = {
            path: {} for change in everything for path in _written(change)
        }
        self._read = _LastRead()

    def begin(self, change: Change) -> None:
        """Let the writes of one change be sent from now on."""
        self._begun[change.address] = change
        for path, announced in _written(change).items():
            self._announced.setdefault(path, {})[change.address] = announced

    def saw(self, url: str, body: JsonObject) -> None:
        """Keep what a read showed of something that the plan may write."""
        path = _path(url)
        if path in self._announced:
            self._read.bodies[path] = deepcopy(body)  # whoever reads it may work on it

    def check(self, method: str, url: str, body: Any) -> None:
        """Raise `RefusedError` for a write, or for a part of it, that the plan did not announce."""
        path = _path(url)
        if method == "DELETE":
            kept = self._lost_with(path)
        elif method in CHANGING:
            kept = self._unannounced(path)
        else:
            kept = None
        if kept:
            raise _refused(method, path, kept)
        if method in CHANGING and isinstance(body, dict):
            self._check_body(method, path, body)

    def _check_body(self, method: str, path: str, body: JsonObject) -> None:
        """Raise `RefusedError` for a body that changes more than the begun changes showed."""
        writers = dict(self._announced.get(path, {}))
        if not writers:
            return
        own = self._changes.get(path) or self._begun[next(iter(writers))]
        held = self._read.bodies.get(path) or _held(own)
        if held is None:
            return
        shown = {keys: after for part in writers.values() for keys, after in part.items()}
        handler = HANDLERS[own.resource.kind]
        rules = handler.policy.rules
        more = beyond(body, held, shown, rules)
        if more:
            raise _too_much(method, path, own, [label_of(keys, rules) for keys in more])
        if handler.put_replaces and _is_at(own, path):
            lost = left_out(*_replaced(method, body, held), shown, rules, handler.fills_in)
            if lost:
                raise _too_little(method, path, own, [label_of(keys, rules) for keys in lost])

    def _unannounced(self, path: str) -> Change | None:
        """Return what a PUT or PATCH is of, where the plan said that nothing is written there."""
        change = self._changes.get(path)
        if change is None or change.address in self._begun:
            return None
        # The traffic of an endpoint is written on the endpoint, whoever's share it is.
        routes = isinstance(HANDLERS[change.resource.kind], RoutesTraffic)
        inside = (c for c in list(self._begun.values()) if is_within(c.resource.resource_id, path))
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


def _path(url: str) -> str:
    return _folded(unquote(urlsplit(url).path))


def _folded(path: str) -> str:
    return path.rstrip("/").casefold()


def _written(change: Change) -> dict[str, Announced]:
    found = written_by(HANDLERS[change.resource.kind], change)
    return {_folded(resource_id): announced for resource_id, announced in found.items()}


def _held(change: Change) -> JsonObject | None:
    """Return what a plan saw, where that is the body that Azure has at the path."""
    is_split = isinstance(HANDLERS[change.resource.kind], WritesElsewhere)
    return None if is_split or change.observed is None else change.observed.body


def _is_at(change: Change, path: str) -> bool:
    """Return whether a path is of a change's own type, not of what it is a part of."""
    own = HANDLERS[change.resource.kind].type.casefold()
    return _folded(change.resource.resource_id) == path or type_of(path).casefold() == own


def _replaced(method: str, body: JsonObject, held: JsonObject) -> tuple[JsonObject, JsonObject]:
    """Return what a request replaces as a whole: a PUT the body, a PATCH the tags."""
    if method == "PUT":
        return body, held
    return {"tags": body.get("tags")}, {"tags": held.get("tags")}


def _refused(method: str, path: str, kept: Change) -> ReconcileError:
    said = f"the plan says `{kept.action.value}` for it, and somebody said yes to that"
    return RefusedError.because(
        f"refused to send {method} for `{kept.address}`: the plan did not announce it",
        detail=f"{said}; nothing was sent to {path}",
        hint="this is a bug in reconcile: please report it",
    )


def _too_little(method: str, path: str, change: Change, labels: list[str]) -> ReconcileError:
    named = ", ".join(f"`{label}`" for label in labels)
    return RefusedError.because(
        f"refused to send {method} for `{change.address}`: it would remove {named}, "
        "which the plan did not show",
        detail=f"somebody said yes to what the plan showed; nothing was sent to {path}",
        hint="this is a bug in reconcile: please report it",
    )


def _too_much(method: str, path: str, change: Change, labels: list[str]) -> ReconcileError:
    named = ", ".join(f"`{label}`" for label in labels)
    return RefusedError.because(
        f"refused to send {method} for `{change.address}`: the plan did not show {named}",
        detail=f"somebody said yes to what the plan showed; nothing was sent to {path}",
        hint="this is a bug in reconcile: please report it",
    )
