"""Who may do what through ARM: the actions of a caller's roles, and the refusal without one.

Source: learn.microsoft.com/azure/role-based-access-control/troubleshooting (the sentence of
AuthorizationFailed). The built-in application is Owner of everything; every other principal has
what its effective assignments give. Lists over a whole subscription are not narrowed to what a
principal may read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from reconciler.sandbox.arm import authorization, conditions, roles
from reconciler.sandbox.arm.api_versions import api_versions
from reconciler.sandbox.arm.errors import ArmError
from reconciler.sandbox.arm.ids import GROUPS, Target, parse, segment_after
from reconciler.sandbox.arm.paging import page
from reconciler.sandbox.arm.roles import ROLES, Role
from reconciler.sandbox.arm.types import Answer, Call, Route

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

PORTAL_USER = "0b1f6471-1bf0-4dda-aec3-cb9272f09590"
"""The object id of an owner at the portal, who acts through the controls; no token carries it."""
OWN_PERMISSIONS = "microsoft.authorization/permissions/read"
"""What everybody may read: it tells the caller nothing but its own rights (UNVERIFIED)."""
_VERBS = {"GET": "read", "HEAD": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete"}
_GROUP_ACTIONS = "Microsoft.Resources/subscriptions/resourceGroups"


def check(world: World, call: Call) -> None:
    """Raise ArmError 403 AuthorizationFailed unless the caller may do what the call asks for."""
    if call.principal_id in (world.identity.object_id, PORTAL_USER):
        return
    asked = _asked(call)
    if asked is None or asked[0].lower() == OWN_PERMISSIONS:
        return
    action, scope = asked
    held = authorization.held_at(world, call.principal_id, scope)
    allowing = {
        (name, condition)
        for name, condition in held
        if any(role.allows(action) for role in roles.allowed(world, name))
    }
    if any(_is_met(world, call, action, condition) for _, condition in allowing):
        return
    lacking = "authorization or an ABAC condition not fulfilled" if allowing else "authorization"
    raise ArmError(
        403,
        "AuthorizationFailed",
        f"The client '{call.app_id}' with object id '{call.principal_id}' does not have "
        f"{lacking} to perform action '{action}' over scope '{scope}' or the scope is "
        "invalid. If access was recently granted, please refresh your credentials.",
    )


def _is_met(world: World, call: Call, action: str, condition: str) -> bool:
    """Whether a condition, which is about role assignments or nothing, lets a call through."""
    assignment = parse(call.path)
    if not condition or assignment is None:
        return True
    if assignment.type.lower() != authorization.ASSIGNMENT.lower():
        return True
    stored = world.store.get(assignment.id)
    body = stored.body if stored is not None and call.method == "DELETE" else call.body
    properties = body.get("properties") if isinstance(body, dict) else None
    return conditions.is_met(condition, action, properties or {})


def _asked(call: Call) -> tuple[str, str] | None:
    """The action a call asks for and the scope it asks it over; None outside any subscription."""
    if segment_after(call.path, "subscriptions") is None:
        return None
    target = parse(call.path)
    if target is not None:
        return _action(call.method, target), _scope(target)
    parts = call.path.strip("/").split("/")
    is_in_group = len(parts) > 3 and parts[2].lower() == "resourcegroups"
    scope = "/" + "/".join(parts[: 4 if is_in_group else 2])
    below = parts[4:] if is_in_group else parts[2:3]
    start = _GROUP_ACTIONS if is_in_group else "Microsoft.Resources/subscriptions"
    return "/".join((start, *below, _VERBS.get(call.method, "action"))), scope


def _action(method: str, target: Target) -> str:
    if target.type.lower() == GROUPS.lower():
        return f"{_GROUP_ACTIONS}/{_VERBS.get(method, 'action')}"
    return f"{target.type}/{_VERBS.get(method, 'action')}"


def _scope(target: Target) -> str:
    """A list, and an action, are asked over what they stand under."""
    if not target.is_collection:
        return target.id
    return target.parent_id or target.scope


def _held(world: World, principal: str, scope: str) -> Iterator[Role]:
    for name in authorization.roles_at(world, principal, scope):
        yield from roles.allowed(world, name)


def _list(world: World, call: Call, path: dict[str, str]) -> Answer:
    """What the caller itself may do at a scope: one entry for each role it holds there."""
    scope = path["scope"] or ""
    authorization.check_scope(world, scope)
    is_owner = call.principal_id in (world.identity.object_id, PORTAL_USER)
    held = [ROLES["Owner"]] if is_owner else list(_held(world, call.principal_id, scope))
    items = [
        {
            "actions": list(role.actions),
            "notActions": list(role.not_actions),
            "dataActions": [],
            "notDataActions": [],
        }
        for role in held
    ]
    return Answer(200, page(world, call, items))


VERSIONS = api_versions("Microsoft.Authorization/permissions")
"""Source: learn.microsoft.com/rest/api/authorization/permissions (for a group, for a resource)."""
ROUTES = (Route("GET", "{scope*}/providers/Microsoft.Authorization/permissions", VERSIONS, _list),)
