"""May the caller do what the plan would do? By the permissions that Azure says it has.

Azure's list has what roles give, at the group and above it. A right on one resource alone is
not in it, so what is missing there is asked for once more where it would hold. Deny assignments
and roles that are only eligible (PIM) are in no list. Source:
learn.microsoft.com/rest/api/authorization/permissions and
learn.microsoft.com/azure/role-based-access-control/role-definitions (`*`, notActions).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from reconciler.cloud.run_scope import RunScope
from reconciler.diagnostics import ReconcileError
from reconciler.engine.decisions import Change
from reconciler.engine.findings import Finding, Level
from reconciler.engine.ids import is_within, type_of
from reconciler.engine.types import Action, JsonObject, Resource
from reconciler.engine.wildcards import is_action
from reconciler.kinds import HANDLERS
from reconciler.operations.plan.checks.caller import PERMISSIONS, PERMISSIONS_API
from reconciler.operations.plan.checks.facts import Answer, Facts

CHECK = "permission"
CHECKED_BY = "the caller's permissions (Microsoft.Authorization/permissions)"
GROUPS = "Microsoft.Resources/subscriptions/resourceGroups"
WRITES = (Action.CREATE, Action.ADOPT, Action.UPDATE, Action.REPLACE, Action.RUN)
DELETES = (Action.DELETE, Action.REPLACE)


@dataclass(frozen=True)
class Needed:
    """An action that a change takes."""

    change: Change
    action: str


def check_rights(run: RunScope, changes: Iterable[Change], facts: Facts) -> Iterator[Finding]:
    """Yield a blocker for each action that the caller may not do, with all that needs it.

    A plan by an identity that only reads, as a pull request's should be, is told so once: whoever
    applies it is another one. Before the first write it lacks what anybody would.
    """
    needed = [need for change in changes for need in _needed(run, change)]
    missing = [need for need in needed if not allows(facts.rights.items, need.action)]
    there = _rights_there(run, missing, facts.at_once)
    lacking = [need for need in missing if not allows(there.get(_scope(need), ()), need.action)]
    if lacking and run.read_only and _only_reads(facts.rights.items):
        yield _of_a_reader(lacking)
        return
    by_action: dict[str, list[Change]] = {}
    for need in lacking:
        by_action.setdefault(need.action, []).append(need.change)
    for action, held in by_action.items():
        yield _finding(action, held)


def allows(permissions: Iterable[JsonObject], action: str) -> bool:
    """Return whether any of the permissions allows an action."""
    return any(
        _any(entry.get("actions") or (), action) and not _any(entry.get("notActions") or (), action)
        for entry in permissions
    )


def _any(patterns: Sequence[str], action: str) -> bool:
    return any(is_action(str(pattern), action) for pattern in patterns)


def _needed(run: RunScope, change: Change) -> Iterator[Needed]:
    """Yield what a change takes inside of the group; what is elsewhere is not in the list."""
    type_ = type_in_group(change.resource)
    if change.is_blocked or not type_:
        return
    if change.action in WRITES:
        yield Needed(change, f"{type_}/write")
    if change.action in DELETES:
        yield Needed(change, f"{type_}/delete")


def type_in_group(resource: Resource) -> str:
    """Return the type that is written for a resource of the group, "" for any other."""
    type_ = _type_in_group(resource.resource_id)
    own = HANDLERS[resource.kind].type.casefold()
    is_own = type_.casefold() == own or (type_ == GROUPS and own.endswith("/resourcegroups"))
    return type_ if is_own else ""


def _type_in_group(resource_id: str) -> str:
    """Return the type of an id in a group, "" for what is nowhere or above any group."""
    parts = [part for part in resource_id.split("/") if part]
    folded = [part.casefold() for part in parts]
    if len(parts) < 4 or folded[0] != "subscriptions" or folded[2] != "resourcegroups":
        return ""
    if len(parts) == 4:
        return GROUPS
    return type_of(resource_id)


def _rights_there(
    run: RunScope, needs: Iterable[Needed], at_once: int
) -> dict[str, list[JsonObject]]:
    """Return what the caller may do on what the resources are in, or on themselves, by scope.

    A scope that does not exist yet, or whose permissions cannot be read, gives no right that the
    group does not: a new resource takes its rights from above.
    """

    def ask(scope: str) -> list[JsonObject]:
        try:
            return run.arm.list(f"{scope}{PERMISSIONS}", PERMISSIONS_API, parent_exists=True)
        except ReconcileError:
            return []

    scopes = sorted({_scope(need) for need in needs} - {""})
    with ThreadPoolExecutor(at_once, thread_name_prefix="rights") as pool:
        return dict(zip(scopes, pool.map(ask, scopes), strict=True))


def _scope(need: Needed) -> str:
    """The resource itself where it exists, else what it is in; "" where that is the group."""
    resource_id = need.change.resource.resource_id
    group = "/".join(resource_id.split("/")[:5])
    scope = resource_id
    if need.change.observed is None:
        scope = resource_id.rpartition("/")[0].rpartition("/")[0]
        outer, _, inner = scope.rpartition("/providers/")
        scope = scope if "/" in inner else outer
    return scope if is_within(scope, group) else ""


def _finding(action: str, changes: Sequence[Change]) -> Finding:
    first, others = changes[0], changes[1:]
    more = f"; the same for {', '.join(f'`{c.address}`' for c in others)}" if others else ""
    return Finding(
        CHECK,
        Level.BLOCKER,
        first.address,
        f"`{first.address}`: the identity that runs this may not do `{action}`",
        first.resource.position,
        f"none of its roles allows it in this resource group{more}",
        f"ask for a role that has `{action}`, such as {role_with(action)}; a role that is eligible "
        "only must be activated first",
        CHECKED_BY,
    )


def _only_reads(permissions: Iterable[JsonObject]) -> bool:
    """Whether every action that the roles give is a read: `Reader` gives `*/read`."""
    actions = [str(action) for entry in permissions for action in entry.get("actions") or ()]
    return bool(actions) and all(action.casefold().endswith("/read") for action in actions)


def _of_a_reader(lacking: Sequence[Needed]) -> Finding:
    roles = dict.fromkeys(role_with(need.action) for need in lacking)
    return Finding(
        CHECK,
        Level.WARNING,
        "",
        "the identity that runs this may only read: it can plan this, but not apply it",
        detail="the rights of the identity that will apply it are not checked here",
        hint=f"apply as an identity with {' and '.join(roles)}",
        checked_by=CHECKED_BY,
    )


def role_with(action: str) -> str:
    """Return the name of a role of Azure's that allows an action."""
    if action.casefold().startswith("microsoft.authorization/"):
        return "`Role Based Access Control Administrator`"
    return "`Contributor`"


def not_checked(rights: Answer) -> Iterator[Finding]:
    """Yield a warning where the permissions could not be read."""
    if rights.problem is not None:
        yield Finding(
            CHECK,
            Level.WARNING,
            "",
            "not checked: whether the identity may do all that the plan would do",
            detail=rights.problem.diagnostics[0].summary,
            hint="give it `Microsoft.Authorization/permissions/read` (Reader has it)",
            checked_by=CHECKED_BY,
        )
