"""Microsoft.Authorization/locks: management locks at any scope, and what they forbid.

Sources: published types 2020-05-01; learn.microsoft.com/azure/azure-resource-manager/management/
lock-resources (a lock holds for what is below its scope; CanNotDelete forbids DELETE, ReadOnly
every change and every action that is no read; the data planes are not concerned); the refusal as
clients report it (`ScopeLocked`). A resource cannot go while something below it is locked. A lock
itself can be removed whatever is locked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.sandbox.arm.api_versions import api_versions
from reconciler.sandbox.arm.errors import conflict
from reconciler.sandbox.arm.ids import Target, parse
from reconciler.sandbox.arm.scoped import covers, keep_scope, listing
from reconciler.sandbox.arm.types import Call, ResourceType, schema

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
        and (covers(scope, place) or (call.method == "DELETE" and covers(place, scope)))
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
    prepare=keep_scope,
)
TYPES = (LOCKS,)
ROUTES = (listing(LOCK, VERSIONS),)
