"""The section `role_assignments` of the spec: roles for anybody, beside those of identities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from reconciler.engine.types import Address
from reconciler.kinds.access.grant_scopes import scope_word
from reconciler.kinds.access.identity import RoleGrant
from reconciler.kinds.access.roles import role_name
from reconciler.spec.model import GUID, REFERENCE, kebab, matching

PRINCIPAL_TYPES = {"user": "User", "group": "Group", "service_principal": "ServicePrincipal"}


class RoleAssignment(RoleGrant):
    """A role granted to a user, a group, a service principal, or what Azure itself acts as."""

    principal: Annotated[
        str,
        matching(
            f"{REFERENCE}|{GUID}",
            "an object id of Entra ID, or the identity of something in this spec, such as "
            "`${{ workspace.identity }}`",
        ),
    ]
    """Who is granted the role: an object id (`az ad user show --id NAME --query id`), or the own
    identity of something in this spec, `${{ workspace.identity }}` or `${{ endpoints.NAME.identity }}`."""
    type: Literal["user", "group", "service_principal"] | None = None
    """What the object id is of. Without it Azure looks it up, and may not find a new one yet."""


def addresses_of_all(grants: Sequence[RoleAssignment]) -> list[Address]:
    """Return the address of each: its role, and where that is not enough its scope and principal."""
    roles = [kebab(role_name(grant.role)) for grant in grants]
    scoped = [f"{r}-{scope_word(g.scope)}" for r, g in zip(roles, grants, strict=True)]
    whole = [f"{s}-{_word(g.principal)}" for s, g in zip(scoped, grants, strict=True)]
    names = [
        role if roles.count(role) == 1 else place if scoped.count(place) == 1 else all_of_it
        for role, place, all_of_it in zip(roles, scoped, whole, strict=True)
    ]
    return [f"role_assignments.{name}" for name in names]


def _word(principal: str) -> str:
    """Return a principal as part of an address: `chat-ep`, or the start of an object id."""
    inner = principal.strip("${} ").removesuffix(".identity")
    return (
        kebab(inner.rpartition(".")[2])
        if "${{" in principal
        else principal.partition("-")[0].lower()
    )
