"""What Azure says of the caller where a spec goes: its rights, its roles, and what is locked there.

A resource group that does not exist yet answers for nothing: its subscription does.
"""

from __future__ import annotations

from collections.abc import Callable

from reconciler.cloud.run_scope import RunScope
from reconciler.diagnostics import ApiError
from reconciler.engine.types import JsonObject

LOCKS = "/providers/Microsoft.Authorization/locks"
ASSIGNMENTS = "/providers/Microsoft.Authorization/roleAssignments"
PERMISSIONS = "/providers/Microsoft.Authorization/permissions"
LOCKS_API = "2020-05-01"
PERMISSIONS_API = "2022-04-01"
NOT_FOUND = 404


def listed(run: RunScope, path: str, api_version: str) -> list[JsonObject]:
    """Return a list that must exist: a missing parent is an error, not an empty list."""
    return run.arm.list(path, api_version, parent_exists=True)


def rights_in(run: RunScope, subscription: str, group: str) -> list[JsonObject]:
    """Return what the caller may do in the group; in the subscription where there is none yet."""
    return _of_group(
        lambda scope: listed(run, scope + PERMISSIONS, PERMISSIONS_API), subscription, group
    )


def assignments_in(run: RunScope, subscription: str, group: str) -> list[JsonObject]:
    """Return the role assignments that the caller has, by itself and by its groups.

    Source: learn.microsoft.com/azure/role-based-access-control/role-assignments-list-rest
    (`assignedTo`).
    """
    mine = {"$filter": f"assignedTo('{run.caller_id()}')"}

    def ask(scope: str) -> list[JsonObject]:
        return run.arm.list(scope + ASSIGNMENTS, PERMISSIONS_API, mine, parent_exists=True)

    return _of_group(ask, subscription, group)


def _of_group(
    ask: Callable[[str], list[JsonObject]], subscription: str, group: str
) -> list[JsonObject]:
    """Ask about the resource group, or about the subscription while the group does not exist."""
    try:
        return ask(group)
    except ApiError as error:
        if error.status != NOT_FOUND:
            raise
    return ask(subscription)
