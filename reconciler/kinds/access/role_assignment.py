"""Role assignments: matched by who, what and where, whatever their name is.

A name is a uuid5 of scope, identity and role, so that the same spec never makes two. An
equal assignment that somebody else made is simply used, and never deleted. The mark
rides in the description. Writes go through azure-mgmt-authorization.
Source: learn.microsoft.com/azure/role-based-access-control/role-assignments-rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from reconciler.cloud.sdk import translated
from reconciler.diagnostics import ApiError, Diagnostic, RefusedError
from reconciler.engine.decide import Policy
from reconciler.engine.decisions import Change, Preflight
from reconciler.engine.diff import Rules, same_folded, same_id
from reconciler.engine.types import (
    Action,
    Address,
    JsonObject,
    Observed,
    Owner,
    Reference,
    Resource,
)
from reconciler.kinds.access.assignment_match import TYPE, fits, list_path, same_role
from reconciler.kinds.access.assignment_resource import (
    KIND,
    Holder,
    assignment,
    before_its_work,
    holder_of,
)
from reconciler.kinds.access.assignment_settings import addresses_of_all
from reconciler.kinds.access.assignment_writes import put, until_principal_known, with_condition
from reconciler.kinds.access.grant_scopes import addresses_of, scope_of
from reconciler.kinds.access.identity import RoleGrant
from reconciler.kinds.access.roles import (
    POWERFUL,
    role_guid,
    role_hint,
    role_in_words,
)
from reconciler.kinds.base import Handler, HandlerContext
from reconciler.kinds.expansion import Expansion
from reconciler.kinds.extensions import Grant
from reconciler.kinds.ownership import owner_of
from reconciler.kinds.within import Within
from reconciler.reasons import Concern, PrivilegedRole, RoleAt
from reconciler.spec.document import Keys
from reconciler.spec.model import kebab

if TYPE_CHECKING:
    from reconciler.kinds import Spec

API_VERSION = "2022-04-01"


class RoleAssignmentHandler(Handler):
    """Knows the assignments of roles: to the identities of the spec, and to anybody else."""

    kind = KIND
    section = "identities"
    type = "Microsoft.Authorization/roleAssignments"
    api_version = API_VERSION
    has_tags = False
    grants_access = True
    within = (Within("resource group", f"providers/{TYPE}"),)
    policy: ClassVar[Policy] = Policy(
        Rules(
            immutable=frozenset({"properties.roleDefinitionId", "properties.principalId"}),
            same={
                "properties.roleDefinitionId": same_role,
                "properties.principalId": same_folded,
            },
            labels={
                "properties.roleDefinitionId": "role",
                "properties.principalId": "principal",
                "properties.condition": "condition",
                "properties.conditionVersion": "condition version",
            },
            words={"properties.roleDefinitionId": role_in_words},
            write_only=frozenset({"properties.principalType", "properties.description"}),
        ),
        adopts=True,
    )

    def expand(self, spec: Spec, expansion: Expansion) -> None:
        """Add the grants of every identity."""
        for name, settings in spec.identities.items():
            grants = settings.role_assignments if settings else []
            holder = Holder(
                Reference(f"identities.{name}", "principal_id"),
                expansion.known_id(f"identities.{name}"),
            )
            path: Keys = ("identities", name, "role_assignments")
            _add(grants, addresses_of(name, grants), [holder] * len(grants), expansion, path)

    def expand_late(self, spec: Spec, expansion: Expansion) -> None:
        """Add the grants to anybody else, at anything that the spec makes."""
        grants, path = spec.role_assignments, ("role_assignments",)
        holders = [
            holder_of(grant, expansion, (*path, index)) for index, grant in enumerate(grants)
        ]
        _add(grants, addresses_of_all(grants), holders, expansion, path)

    def preflight(self, context: HandlerContext, resource: Resource) -> Preflight:
        """Say where the role will hold."""
        place = resource.resource_id.partition("/providers/Microsoft.Authorization/")[0]
        found = (r.address for r in context.resources.values() if same_id(r.resource_id, place))
        return Preflight(notes=(RoleAt(next(found, place)),))

    def grant(self, resource: Resource) -> Grant:
        """Return what it grants, to whom and where."""
        wanted = resource.desired["properties"]
        return Grant(
            resource.resource_id.partition(f"/providers/{TYPE}")[0],
            str(wanted["roleDefinitionId"]).rpartition("/")[2].casefold(),
            wanted["principalId"],
            str(wanted.get("principalType") or ""),
        )

    def owner_in(self, body: JsonObject, owner: str, resource_id: str) -> tuple[Owner, str]:
        """Return whose mark the description ends with."""
        said = str((body.get("properties") or {}).get("description") or "").split()
        return owner_of(said[-1] if said else None, owner, resource_id)

    def key_in(self, body: JsonObject) -> str:
        """Return the role, and enough of the name to tell two apart."""
        role = role_in_words(str((body.get("properties") or {}).get("roleDefinitionId")))
        return f"{kebab(role)}-{super().key_in(body)[:8]}"

    def as_desired(self, body: JsonObject) -> JsonObject:
        """Return who has which role: an assignment is found by that."""
        return {"properties": dict(body.get("properties") or {})}

    def concerns(self, change: Change) -> Iterable[Concern]:
        """Name each new grant of a role with power over others, with where it holds."""
        role = str(change.resource.desired["properties"]["roleDefinitionId"])
        guid = role.rpartition("/")[2]
        place = change.resource.resource_id.partition("/providers/Microsoft.Authorization/")[0]
        if change.action not in (Action.NO_OP, Action.DELETE) and guid in POWERFUL:
            yield PrivilegedRole(role_in_words(role), place)

    def observe(self, context: HandlerContext, resource: Resource) -> Observed | None:
        """Find the assignment by content in one list; in an apply its own name is tried first."""
        if context.reads.fresh:
            own = context.reads.get(resource.resource_id, API_VERSION)
            principal = self._principal(context, resource)
            if own and (not principal or fits(own, resource, principal)):
                return self.observed(context, resource, own)
        items = context.reads.list(list_path(context, resource), API_VERSION)
        principal = self._principal(context, resource)
        equal = [i for i in items if principal and fits(i, resource, principal)]
        ours = resource.resource_id.casefold()
        equal.sort(key=lambda item: str(item.get("id")).casefold() != ours)
        named = [i for i in items if str(i.get("id")).casefold() == ours]
        found = next(iter([*equal, *named]), None)
        return None if found is None else self.observed(context, resource, found)

    def observed(self, context: HandlerContext, resource: Resource, body: JsonObject) -> Observed:
        """Return the assignment with its owner; one of another spec is only used, not blocked."""
        item_id = str(body.get("id"))
        owner, name = self.owner_in(body, context.owner, item_id)
        if owner is Owner.FOREIGN:
            owner = Owner.NOBODY
        return Observed(body, {"id": item_id}, owner, owner_name=name)

    def create(self, context: HandlerContext, resource: Resource, desired: JsonObject) -> None:
        """Grant the role; waits up to five minutes for a fresh identity to be known.

        One of ours to an identity that is gone is taken back first. Raises `RefusedError`
        where a grant that is not ours has the name.
        """
        operations = context.run.authorization.role_assignments
        scope, _, name = resource.resource_id.partition(f"/providers/{TYPE}/")
        try:
            until_principal_known(context, lambda: put(operations, scope, name, desired))
        except ApiError as error:
            if error.code == "RoleAssignmentExists":
                return
            if error.code != "RoleAssignmentUpdateNotPermitted":
                raise
            self._refuse_to_take_back(context, resource)
            with translated():
                operations.delete(scope, name)
            until_principal_known(context, lambda: put(operations, scope, name, desired))

    def _refuse_to_take_back(self, context: HandlerContext, resource: Resource) -> None:
        """Look at what has our name; raise `RefusedError` where it is not marked as ours."""
        body = context.run.arm.get(resource.resource_id, API_VERSION)
        if body is not None and self.observed(context, resource, body).owner is not Owner.OURS:
            raise RefusedError.because(
                f"`{resource.address}` exists for another identity and is not marked as ours",
                detail=resource.resource_id,
                hint="find out whose it is; delete it by hand if nobody needs it",
            )

    def review(self, change: Change) -> Change:
        """Refuse to set another condition on an equal assignment that is not ours."""
        seen, wanted = change.observed, any(f.label == "condition" for f in change.fields)
        if seen is None or seen.owner is Owner.OURS or not wanted or change.is_blocked:
            return change
        return change.blocked_by(
            Diagnostic(
                f"`{change.address}` exists with another condition and is not marked as ours",
                change.resource.position,
                detail=str(seen.outputs["id"]),
                hint="state the condition that it has, or delete it by hand if nobody needs it",
            )
        )

    def update(self, context: HandlerContext, change: Change, desired: JsonObject) -> None:
        """Write it again, with the condition that somebody set on it."""
        self.create(context, change.resource, with_condition(desired, change.observed))

    def delete(self, context: HandlerContext, resource: Resource, observed: Observed) -> None:
        """Take the grant back, under the name that it really has."""
        with translated(missing_is_fine=True):
            context.run.authorization.role_assignments.delete_by_id(observed.body["id"])

    @staticmethod
    def _principal(context: HandlerContext, resource: Resource) -> str:
        wanted = resource.desired["properties"]["principalId"]
        if not isinstance(wanted, Reference):
            return str(wanted)
        seen = context.others(wanted.address)
        return str(seen.outputs.get(wanted.attribute) or "") if seen else ""


def _add(
    grants: Sequence[RoleGrant],
    addresses: Sequence[Address],
    holders: Sequence[Holder | None],
    expansion: Expansion,
    path: Keys,
) -> None:
    """Add some grants; what is wrong with one, or there twice, is noted."""
    seen: set[tuple[str, str, str]] = set()
    for index, (grant, holder) in enumerate(zip(grants, holders, strict=True)):
        here: Keys = (*path, index)
        place, needs = scope_of(grant, expansion, here)
        role = role_guid(grant.role)
        if not role:
            what = f"there is no role `{grant.role}`"
            expansion.problem(what, (*here, "role"), hint=role_hint(grant.role))
        if not role or not place or holder is None:
            continue
        if (holder.seed, role, place.casefold()) in seen:
            expansion.problem(f"`{grant.role}` is granted twice at this scope", here)
            continue
        seen.add((holder.seed, role, place.casefold()))
        made = assignment(addresses[index], holder, grant, (place, needs), expansion, here)
        expansion.add(made)
        if holder.address:
            before_its_work(made, holder, expansion)
