"""Extension resources that hold for what is below their scope: locks, policy assignments, diagnostic settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm import authorization
from reconciler.sandbox.arm.paging import page
from reconciler.sandbox.arm.types import Answer, Call, Route, Write

if TYPE_CHECKING:
    from reconciler.sandbox.world import World


def covers(scope: str, place: str) -> bool:
    """Whether a place is the scope itself or below it."""
    return f"{place.lower()}/".startswith(f"{scope.lower().rstrip('/')}/")


def keep_scope(write: Write) -> None:
    """Remember the scope of an extension resource. Raises ArmError 404 where nothing is there."""
    scope = write.id[: write.id.lower().rindex("/providers/")]
    authorization.check_scope(write.world, scope)
    write.hidden["scope"] = scope


def listing(type_: str, versions: tuple[str, ...], *, exact: bool = False) -> Route:
    """Return the route that lists a type at a scope; `exact`: at no other.

    Without a filter: at, above and below the scope; `atScope()` leaves out what is below, and
    `atExactScope()` what is above, too.
    """
    fixed = "atexactscope()" if exact else ""
    return Route("GET", "{scope*}/providers/" + type_, versions, _list(type_, fixed))


def _list(type_: str, fixed: str) -> Callable[[World, Call, dict[str, str]], Answer]:
    def run(world: World, call: Call, path: dict[str, str]) -> Answer:
        scope, text = path["scope"] or "", fixed or call.query.get("$filter", "").lower()
        authorization.check_scope(world, scope)
        found = [
            record
            for record in world.store.of_type(type_)
            if _is_listed(record.hidden["scope"], scope, text)
        ]
        return Answer(200, page(world, call, found, lambda one: _shown(world, one, call)))

    return run


def _shown(world: World, record: Any, call: Call) -> Any:
    return world.arm.present(record, call.version)


def _is_listed(held: str, scope: str, text: str) -> bool:
    if "atexactscope()" in text:
        return held.lower() == scope.lower()
    return covers(held, scope) or ("atscope()" not in text and covers(scope, held))
