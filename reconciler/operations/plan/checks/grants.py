"""May the caller hand on this very role? By the conditions of its own role assignments.

Who may assign roles is often held to some of them: the permission is there, and Azure refuses
the grant all the same. What Azure says of groups is in its list; a role of somebody's own
making, or a condition in words that are not known here, makes no finding but a warning. Source:
learn.microsoft.com/azure/role-based-access-control/delegate-role-assignments-overview.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from reconciler.engine.conditions import PRINCIPAL, PRINCIPAL_TYPE, ROLE, Asked, Verdict, is_met
from reconciler.engine.decisions import Change
from reconciler.engine.findings import Finding, Level
from reconciler.engine.ids import is_within
from reconciler.engine.types import Action, Address, JsonObject, Reference
from reconciler.kinds import HANDLERS
from reconciler.kinds.access.roles import GRANTING, ROLES, role_in_words
from reconciler.kinds.extensions import Grant, GrantsRoles
from reconciler.operations.plan.checks.caller import ASSIGNMENTS
from reconciler.operations.plan.checks.facts import Answer

CHECK = "grant"
CHECKED_BY = "the caller's role assignments and their conditions"
VERBS = {
    Action.CREATE: ("write",),
    Action.ADOPT: ("write",),
    Action.UPDATE: ("write",),
    Action.REPLACE: ("delete", "write"),
    Action.DELETE: ("delete",),
}
NEW = "a new identity"
"""What no condition can name, since Azure has given it no id yet."""


@dataclass(frozen=True)
class Held:
    """What lets the caller assign roles somewhere, and the condition under which it does."""

    role: str
    scope: str
    condition: str


def check_grants(changes: Mapping[Address, Change], answer: Answer) -> Iterator[Finding]:
    """Yield a blocker for each grant that every condition of the caller forbids."""
    for change in changes.values():
        handler = HANDLERS[change.resource.kind]
        if not isinstance(handler, GrantsRoles) or change.is_blocked:
            continue
        wanted = handler.grant(change.resource)
        held = [one for one in _held(answer) if _covers(one.scope, wanted.scope)]
        if not held or not all(one.condition for one in held):
            continue
        for verb in VERBS.get(change.action, ()):
            asked = _asked(verb, wanted, changes)
            met = [is_met(one.condition, asked) for one in held]
            if True not in met:
                yield _finding(change, wanted, held, met, asked)
                break


def _held(answer: Answer) -> Iterator[Held]:
    for item in answer.items:
        shown = item.get("properties") or {}
        role = str(shown.get("roleDefinitionId") or "").rpartition("/")[2].casefold()
        if role in GRANTING:
            yield Held(role, _scope(item), str(shown.get("condition") or ""))


def _scope(item: JsonObject) -> str:
    stated = (item.get("properties") or {}).get("scope")
    return str(stated or str(item.get("id")).partition(ASSIGNMENTS)[0])


def _covers(scope: str, place: str) -> bool:
    """Whether what is assigned at a scope holds at a place: management groups are above all."""
    is_above = scope.strip("/") == "" or "/managementgroups/" in scope.casefold()
    is_same = scope.rstrip("/").casefold() == place.rstrip("/").casefold()
    return is_above or is_same or is_within(place, scope)


def _asked(verb: str, wanted: Grant, changes: Mapping[Address, Change]) -> Asked:
    return Asked(
        f"Microsoft.Authorization/roleAssignments/{verb}",
        {
            ROLE: wanted.role,
            PRINCIPAL: _principal(wanted, changes),
            PRINCIPAL_TYPE: wanted.principal_type,
        },
    )


def _principal(wanted: Grant, changes: Mapping[Address, Change]) -> str:
    if not isinstance(wanted.principal, Reference):
        return wanted.principal
    holder = changes.get(wanted.principal.address)
    seen = holder.observed if holder is not None and holder.action is not Action.REPLACE else None
    return str(seen.outputs.get(wanted.principal.attribute) or NEW) if seen else NEW


def _finding(
    change: Change, wanted: Grant, held: Sequence[Held], met: Sequence[Verdict], asked: Asked
) -> Finding:
    role, first = role_in_words(wanted.role), held[0]
    condition = f"its `{role_in_words(first.role)}` at {first.scope} has a condition"
    verb = "take back" if asked.action.endswith("/delete") else "grant"
    place = change.resource.position
    if None in met:
        what = f"not checked: whether the identity that runs this may {verb} `{role}`"
        detail = f"{condition} that is not understood here"
        hint = "ask who gave it that role"
        return Finding(CHECK, Level.WARNING, change.address, what, place, detail, hint, CHECKED_BY)
    what = f"`{change.address}`: the identity that runs this may not {verb} `{role}`"
    return Finding(
        CHECK,
        Level.BLOCKER,
        change.address,
        what,
        place,
        f"{condition} that this does not meet",
        _way_out(held, asked),
        CHECKED_BY,
    )


def _way_out(held: Sequence[Held], asked: Asked) -> str:
    """Name the roles that the conditions allow for the same identity, or say whom to ask."""
    allowed = [
        f"`{name}`"
        for name, guid in ROLES.items()
        if any(
            is_met(one.condition, Asked(asked.action, {**asked.attributes, ROLE: guid}))
            for one in held
        )
    ]
    ask = "ask who set the condition to allow it"
    if not allowed or len(allowed) > len(ROLES) // 2:
        return ask
    return f"{ask}; it allows {', '.join(allowed)}"


def not_checked(answer: Answer) -> Iterator[Finding]:
    """Yield a warning where the caller's own assignments could not be read."""
    if answer.problem is not None:
        yield Finding(
            CHECK,
            Level.WARNING,
            "",
            "not checked: whether the identity may assign these very roles",
            detail=answer.problem.diagnostics[0].summary,
            hint="give it `Microsoft.Authorization/roleAssignments/read` (Reader has it)",
            checked_by=CHECKED_BY,
        )
