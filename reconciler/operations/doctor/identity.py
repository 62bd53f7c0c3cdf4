"""Who is signed in, and what that identity may do where a spec goes."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from reconciler.cloud.run_scope import RunScope
from reconciler.diagnostics import ReconcileError
from reconciler.engine.decisions import Failure
from reconciler.engine.types import JsonObject
from reconciler.operations.doctor.check import Check, Level, doubt, of_error, ok
from reconciler.operations.load import Loaded
from reconciler.operations.plan.checks.caller import rights_in
from reconciler.operations.plan.checks.rights import allows, role_with, type_in_group

SIGN_IN = "sign-in"
RIGHTS = "rights"
MOST_NAMED = 3


def sign_in(run: RunScope) -> Check:
    """Sign in, and return by which way and as whom."""
    try:
        tenant, caller = run.tenant_id(), run.caller_id()
    except ReconcileError as error:
        return of_error(SIGN_IN, error)
    told = (("tenant", tenant), ("object id", caller))
    whom = (f"{name} {value}" for name, value in told if value)
    return ok(SIGN_IN, ", ".join((run.tokens.signed_in_by, *whom)))


def rights(run: RunScope, loaded: Loaded) -> Check:
    """Return whether the identity may read what the spec states, and write it."""
    target = loaded.spec.target
    subscription = f"/subscriptions/{target.subscription_id}"
    group = f"{subscription}/resourceGroups/{target.resource_group}"
    try:
        found = rights_in(run, subscription, group)
    except ReconcileError as error:
        return of_error(RIGHTS, error)
    types = sorted({type_in_group(one) for one in loaded.resources.values()} - {""})
    where = f"resource group {target.resource_group}"
    unread, unwritten = (_missing(found, types, verb) for verb in ("read", "write"))
    if unread:
        return Check(
            RIGHTS,
            Level.PROBLEM,
            f"the identity may not read all of {where}: {_named(unread)}",
            "no command can tell what is there",
            "give it `Reader`",
            Failure.DENIED,
        )
    if unwritten:
        roles = " and ".join(dict.fromkeys(role_with(action) for action in unwritten))
        return doubt(
            RIGHTS,
            f"the identity may plan, but not apply, in {where}: it lacks {_named(unwritten)}",
            "enough for a pipeline that only plans",
            f"apply as an identity with {roles}",
        )
    return ok(RIGHTS, f"the identity may read and write all that the spec states in {where}")


def _missing(found: Iterable[JsonObject], types: Iterable[str], verb: str) -> list[str]:
    wanted = (f"{type_}/{verb}" for type_ in types)
    return [action for action in wanted if not allows(found, action)]


def _named(actions: list[str]) -> str:
    more = len(actions) - MOST_NAMED
    shown = ", ".join(f"`{action}`" for action in islice(actions, MOST_NAMED))
    return f"{shown} and {more} more" if more > 0 else shown
