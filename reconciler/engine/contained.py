"""What the body of a write would change beyond what its plan showed. Pure.

Whatever made the body (a kind, an overlay, a client of Microsoft's), only this counts: a member
that Azure holds otherwise, or not at all, must be one that the plan named, and so must one that
Azure holds and a PUT leaves out. Members that no read shows cannot be compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from reconciler.engine.diff import WHOLE, Path, Rules, covers, same_value
from reconciler.engine.ignored import OUR_TAGS
from reconciler.engine.types import JsonObject, Reference, Unknown
from reconciler.secrets import Secret

Announced = Mapping[Path, Any]
"""The paths of a body that a plan named, with the values that it showed for them."""
FillsIn = Callable[[str], bool]
"""Whether Azure fills in a dotted path of a body by itself, whatever is sent."""
ENVELOPE = frozenset({"properties", "tags", "identity", "sku", "kind", "zones", "plan"})
FILLED_IN = frozenset({"principalid", "clientid", "tenantid"})
"""What Azure adds to an identity."""
WHOLE_BODY: Announced = {(): {}}
"""All of a body: it is made, or goes."""


def beyond(sent: Any, held: Any, announced: Announced, rules: Rules) -> list[Path]:
    """Return the path of each member of `sent` that differs and was not announced."""
    return list(_Comparison(announced, rules).differing((), sent, held))


def left_out(
    sent: JsonObject, held: JsonObject, announced: Announced, rules: Rules, fills_in: FillsIn
) -> list[Path]:
    """Return the path of each member that a PUT of `sent` would take away unannounced.

    What lies outside of ARM's envelope is Azure's own, whatever a type says.
    """
    shown = {key: value for key, value in held.items() if key.casefold() in ENVELOPE}
    return list(_Comparison(announced, rules).lost((), sent, shown, fills_in))


class _Comparison:
    """What was announced and how values are compared, by paths in any case."""

    def __init__(self, announced: Announced, rules: Rules) -> None:
        self._announced = {_folded(path): value for path, value in announced.items()}
        self._hidden = frozenset(path.casefold() for path in rules.write_only)
        self._same = {path.casefold(): same for path, same in rules.same.items()}

    def differing(self, path: Path, sent: Any, held: Any) -> Iterator[Path]:
        """Yield the path of each member that is neither as Azure holds it nor as announced."""
        folded = _folded(path)
        if covers(self._hidden, folded) or (path and path[-1].startswith(OUR_TAGS)):
            return
        own = self._same.get(".".join(folded)) or WHOLE.get(folded)
        if folded in self._announced:
            shown = self._announced[folded]
            as_shown = _is_open(shown) or (own or same_value)(sent, shown)
            if not (as_shown or (own or _is_same)(held, sent)):
                yield path
        elif own is None and isinstance(sent, Mapping) and sent:
            yield from self._inside(path, sent, held)
        elif not (own or _is_same)(held, sent):
            yield path

    def lost(self, path: Path, sent: Any, held: Any, fills_in: FillsIn) -> Iterator[Path]:
        """Yield the path of each member that is held, is not sent and was not announced."""
        is_told = _folded(path) in self._announced or self._changes_type(_folded(path))
        if is_told or not (isinstance(sent, Mapping) and isinstance(held, Mapping)):
            return
        stays = {str(key).casefold(): value for key, value in sent.items()}
        for key, value in held.items():
            inner, folded = (*path, key), _folded((*path, key))
            if self._is_azures(inner, fills_in) or value in (None, "", {}, []):
                continue
            if folded[-1] in stays:
                yield from self.lost(inner, stays[folded[-1]], value, fills_in)
            elif not any(known[: len(folded)] == folded for known in self._announced):
                yield inner

    def _is_azures(self, path: Path, fills_in: FillsIn) -> bool:
        """Return whether a member comes back by itself, or is never shown."""
        folded = _folded(path)
        is_filled_in = fills_in(".".join(path)) or folded[-1].startswith(OUR_TAGS)
        is_of_identity = folded[0] == "identity" and folded[-1] in FILLED_IN
        return is_filled_in or is_of_identity or covers(self._hidden, folded)

    def _changes_type(self, folded: Path) -> bool:
        """Return whether a table becomes one of another type, which has other members."""
        inside = (p for p in self._announced if p[:-1] == folded and p)
        return bool(folded) and any(p[-1].endswith("type") for p in inside)

    def _inside(self, path: Path, sent: Mapping[str, Any], held: Any) -> Iterator[Path]:
        shown = held if isinstance(held, Mapping) else {}
        under = {str(key).casefold(): value for key, value in shown.items()}
        for key, value in sent.items():
            yield from self.differing((*path, key), value, under.get(key.casefold()))


def _is_same(held: Any, sent: Any) -> bool:
    """Compare as a diff does; but an empty table would take all away that is in it."""
    return not held if sent == {} else same_value(held, sent)


def _is_open(shown: Any) -> bool:
    """Return whether a plan left a value open.

    A table or a list may hold more, of others; what was not known or is secret may be anything.
    """
    return isinstance(shown, Mapping | list | Unknown | Reference | Secret)


def _folded(path: Path) -> Path:
    return tuple(key.casefold() for key in path)
