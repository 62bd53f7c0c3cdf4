"""Which listed assignment is the one that a spec asks for: by who, what and where.

Source: learn.microsoft.com/azure/role-based-access-control/role-assignments-rest.
"""

from __future__ import annotations

from typing import Any

from reconciler.engine.diff import same_folded
from reconciler.engine.types import JsonObject, Resource
from reconciler.kinds.base import HandlerContext

TYPE = "Microsoft.Authorization/roleAssignments"


def same_role(observed: Any, desired: Any) -> bool:
    """Compare two role definition ids by their GUID: the prefix differs by tenant or scope."""
    return str(observed).rpartition("/")[2].casefold() == str(desired).rpartition("/")[2].casefold()


def list_path(context: HandlerContext, resource: Resource) -> str:
    """Return the list that shows the assignment: the group's answers for all within it.

    Azure's list at a scope shows what is assigned at, above and below it.
    """
    group = f"/subscriptions/{context.subscription_id}/resourceGroups/{context.resource_group}"
    place = resource.resource_id.partition(f"/providers/{TYPE}")[0]
    is_inside = f"{place}/".casefold().startswith(f"{group}/".casefold())
    return f"{group if is_inside else place}/providers/{TYPE}"


def fits(item: JsonObject, resource: Resource, principal: str) -> bool:
    """Return whether an assignment gives the same role to the same principal at the scope."""
    shown, wanted = item.get("properties") or {}, resource.desired["properties"]
    place = resource.resource_id.partition(f"/providers/{TYPE}")[0]
    return (
        same_folded(shown.get("principalId"), principal)
        and same_role(shown.get("roleDefinitionId"), wanted["roleDefinitionId"])
        and same_folded(_place(item), place)
    )


def _place(item: JsonObject) -> str:
    stated = (item.get("properties") or {}).get("scope")
    return str(stated or str(item.get("id")).partition(f"/providers/{TYPE}")[0]).rstrip("/")
