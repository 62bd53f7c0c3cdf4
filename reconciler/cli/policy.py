"""`--policy`: hold what a command would do against the rules of the platform team."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.operations.plan.policy import (
    PolicyFile,
    load_policy,
    refuse_own_policy,
    under_policy,
)

if TYPE_CHECKING:
    from reconciler.cli.session import Session
    from reconciler.cloud.run_scope import RunScope
    from reconciler.operations.load import Loaded
    from reconciler.operations.plan.build import Plan


def policy_of(session: Session, loaded: Loaded) -> PolicyFile | None:
    """Return the policy that was passed, None without one.

    Raises `SpecError` for one that is wrong, `UsageError` for one that lies with the spec.
    """
    source = session.options.policy
    if not source:
        return None
    refuse_own_policy(source, loaded)
    return load_policy(source)


def held(policy: PolicyFile | None, loaded: Loaded, run: RunScope, made: Plan) -> Plan:
    """Return the plan, with what breaks the policy blocked."""
    return made if policy is None else under_policy(loaded, run, made, policy)
