"""What goes although others in the subscription use it: it is refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.engine.decisions import Change
from reconciler.engine.findings import Finding, Level
from reconciler.engine.types import Action
from reconciler.operations.plan.checks.facts import Answer
from reconciler.operations.plan.users import named, used_by_others

CHECK = "used-elsewhere"
CHECKED_BY = "the lists of the subscription"


def check_users(changes: Sequence[Change], users: Answer) -> Iterator[Finding]:
    """Yield a blocker for each change that takes away what others use."""
    if users.problem is not None:
        yield _not_checked(users)
    by_address = {change.address: change for change in changes}
    for address, ids in used_by_others(changes, users.items).items():
        change = by_address[address]
        verb = "deleted" if change.action is Action.DELETE else "replaced"
        yield Finding(
            CHECK,
            Level.BLOCKER,
            address,
            f"`{address}` would be {verb}, and others use it: {named(ids)}",
            change.resource.position,
            hint="link them to another one first, or undo the change",
            checked_by=CHECKED_BY,
        )


def _not_checked(users: Answer) -> Finding:
    return Finding(
        CHECK,
        Level.WARNING,
        "",
        "not checked: whether others in this subscription use what goes",
        detail=users.problem.diagnostics[0].summary if users.problem else "",
        hint="give the identity Reader on the subscription",
        checked_by=CHECKED_BY,
    )
