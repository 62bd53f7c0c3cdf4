"""Where the grants of a spec hold, and the addresses that tell them apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reconciler.engine.types import Address, Reference
from reconciler.kinds.access.identity import RoleGrant
from reconciler.kinds.access.roles import POWERFUL, role_guid, role_name
from reconciler.kinds.expansion import Expansion
from reconciler.spec.document import Keys
from reconciler.spec.model import kebab


def scope_of(grant: RoleGrant, expansion: Expansion, path: Keys) -> tuple[str, frozenset[Address]]:
    """Return the ARM id that a scope's words mean, and what must exist first."""
    place = (*path, "scope")
    group = frozenset({"resource_group"})
    if grant.scope == "subscription":
        expansion.problem(
            "a role on the whole subscription needs its full id",
            place,
            hint=f"narrow it, or write `/subscriptions/{expansion.subscription_id}` if you mean it",
        )
        return "", group
    if grant.scope == "resource_group":
        found: Any = expansion.group_id
    else:
        stated = "${{ workspace }}" if grant.scope == "workspace" else grant.scope
        found = expansion.reference(stated, place)
        expansion.names_existing("", str(found), place)
    needs = group
    if isinstance(found, Reference):
        needs = frozenset({found.address})
        found = expansion.known_id(found.address) if found.attribute == "id" else ""
    _warn_of_power(grant, str(found), expansion, place)
    return str(found), needs


def _warn_of_power(grant: RoleGrant, place: str, expansion: Expansion, path: Keys) -> None:
    """Warn of a role that can change everything in a whole group or more."""
    is_wide = place and "/providers/" not in place
    if is_wide and role_guid(grant.role) in POWERFUL:
        where = "resource group" if "/resourcegroups/" in place.casefold() else "subscription"
        expansion.warning(
            "wide-role",
            f"`{grant.role}` on a whole {where} is more than a job or an endpoint needs",
            path,
            hint="grant roles on the storage account and the registry only",
        )


def addresses_of(identity: str, grants: Sequence[RoleGrant]) -> list[Address]:
    """Return the address of each grant of an identity; the scope's last word tells twins apart."""
    roles = [role_guid(grant.role) for grant in grants]
    return [
        f"identities.{identity}.{kebab(role_name(grant.role))}"
        + (f"-{scope_word(grant.scope)}" if roles.count(role) > 1 else "")
        for role, grant in zip(roles, grants, strict=True)
    ]


def scope_word(text: str) -> str:
    """Return a scope's last word as part of an address: `storage-account`."""
    inner = text.strip("${} ").rstrip("/")
    return kebab(inner.rpartition("/")[2].rpartition(".")[2])
