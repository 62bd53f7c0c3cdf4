"""What the body of a write would change beyond what its plan showed. Pure.

Whatever made the body (a kind, an overlay, a client of Microsoft's), only this counts: a member
that Azure holds otherwise, or not at all, must be one that the plan named. Members that no read
shows cannot be compared, and what a PUT leaves out is the kind's matter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.engine.diff import WHOLE, Path, Rules, covers, same_value
from reconciler.engine.ignored import OUR_TAGS
from reconciler.engine.types import Reference, Unknown
from reconciler.secrets import Secret

Announced = Mapping[Path, Any]
"""The paths of a body that a plan named, with the values that it showed for them."""
WHOLE_BODY: Announced = {(): {}}
"""All of a body: it is made, or goes."""


def beyond(sent: Any, held: Any, announced: Announced, rules: Rules) -> list[Path]:
    """Return the path of each member of `sent` that differs and was not announced."""
    return list(_Comparison(announced, rules).differing((), sent, held))


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
