"""Microsoft.Authorization/locks: management locks at any scope, and what they forbid.

Sources: published types 2020-05-01; learn.microsoft.com/azure/azure-resource-manager/management/
lock-resources (a lock holds for what is below its scope; CanNotDelete forbids DELETE, ReadOnly
every change and every action that is no read; the data planes are not concerned); the refusal as
clients report it (`ScopeLocked`). A resource cannot go while something below it is locked. A lock
itself can be removed whatever is locked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.sandbox.arm import authorization
from reconciler.sandbox.arm.api_versions import api_versions
from reconciler.sandbox.arm.errors import conflict
from reconciler.sandbox.arm.ids import Target, parse
from reconciler.sandbox.arm.paging import page
from reconciler.sandbox.arm.types import Answer, Call, ResourceType, Route, Write, schema
from reconciler.sandbox.store import Record

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

LOCK = "Microsoft.Authorization/locks"
VERSIONS = api_versions("Microsoft.Authorization/locks")
_VERBS = {"DELETE": "delete", "PUT": "write", "PATCH": "write", "POST": "action"}


def check(world: World, call: Call) -> None:
    """Raise ArmError 409 ScopeLocked where a lock forbids what a call asks for."""
    held = _locks(world) if call.method in _VERBS else []
    target = parse(call.path) if held else None
    if target is None or target.type.lower() == LOCK.lower():
        return
    place = _place(target)
    scopes = [
        scope
        for scope, level in held
        if (level == "readonly" or call.method == "DELETE")
        and (_covers(scope, place) or (call.method == "DELETE" and _covers(place, scope)))
    ]
    if scopes:
        named = ",".join(f"'{scope}'" for scope in dict.fromkeys(scopes))
        raise conflict(
            "ScopeLocked",
            f"The scope '{place}' cannot perform {_VERBS[call.method]} operation because "
            f"following scope(s) are locked: {named}. Please remove the lock and try again.",
        )


def _place(target: Target) -> str:
    """The resource that is changed; an action is carried out on what it stands behind."""
    return (target.parent_id or target.scope) if target.is_collection else target.id


def _locks(world: World) -> list[tuple[str, str]]:
    found = world.store.of_type(LOCK)
    return [(one.hidden["scope"], one.body["properties"]["level"].lower()) for one in found]


def _covers(scope: str, place: str) -> bool:
    return f"{place.lower()}/".startswith(f"{scope.lower().rstrip('/')}/")


def _prepare(write: Write) -> None:
    at = write.id.lower().rindex("/providers/microsoft.authorization/")
    authorization.check_scope(write.world, write.id[:at])
    write.hidden["scope"] = write.id[:at]


def _list(world: World, call: Call, path: dict[str, str]) -> Answer:
    """Without a filter: at, above and below the scope; `atScope()` leaves out what is below."""
    scope = path["scope"] or ""
    authorization.check_scope(world, scope)
    only_at = "atscope()" in call.query.get("$filter", "").lower()
    found = [
        lock
        for lock in world.store.of_type(LOCK)
        if _covers(lock.hidden["scope"], scope)
        or (not only_at and _covers(scope, lock.hidden["scope"]))
    ]

    def show(record: Record) -> object:
        return world.arm.present(record, call.version)

    return Answer(200, page(world, call, found, show))


LOCKS = ResourceType(
    type=LOCK,
    schema=schema(
        """
        properties!:
          level!: NotSpecified|CanNotDelete|ReadOnly
          notes: str
          owners: any
        """
    ),
    name_pattern=r"^[^<>%&:\\?/]{1,90}$",
    tracked=False,
    extension=True,
    can_patch=False,
    shows_state=False,
    prepare=_prepare,
)
TYPES = (LOCKS,)
ROUTES = (Route("GET", "{scope*}/providers/Microsoft.Authorization/locks", VERSIONS, _list),)
