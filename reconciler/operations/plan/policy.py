"""A plan under the policy of the platform team: what breaks a rule is blocked.

The policy is a file of its own, from outside of the repository of the spec: who can change the
spec must not be able to relax what it is held against.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from reconciler.cloud.run_scope import RunScope
from reconciler.diagnostics import Diagnostic, Position, ReconcileError, SpecError, UsageError
from reconciler.engine.decisions import Change
from reconciler.engine.findings import Finding, Level
from reconciler.engine.money import Cost, Sum, cost_of
from reconciler.engine.policy import Grant, Planned, Policy, Subject, Violation, violations
from reconciler.engine.policy_document import read_policy
from reconciler.engine.types import Action, Reference
from reconciler.kinds import HANDLERS
from reconciler.kinds.access.roles import role_in_words
from reconciler.kinds.machines import UsesMachines
from reconciler.operations.load import Loaded
from reconciler.operations.plan.build import Plan
from reconciler.operations.plan.checks.cost import USD
from reconciler.operations.plan.checks.run import blocked_by
from reconciler.safe_open import real_path
from reconciler.spec import document as documents
from reconciler.spec.document import Document

CHECK = "policy"
UNCOUNTED = 10**6
"""How many runs of today count where they cannot be counted: more than any limit."""


@dataclass(frozen=True)
class PolicyFile:
    """A policy, and the document that it is in."""

    policy: Policy
    document: Document

    def place(self, rule: tuple[str, ...]) -> Position:
        """Return where the file states a rule."""
        return self.document.position(rule, of_key=True)


def load_policy(source: str) -> PolicyFile:
    """Return the policy of a file. Raises `SpecError` with everything that is wrong with it."""
    document = documents.load(source)
    policy, errors = read_policy(document.data)
    if errors:
        raise SpecError(
            *(Diagnostic(error.summary, document.position(error.path)) for error in errors)
        )
    return PolicyFile(policy, document)


def refuse_own_policy(source: str, loaded: Loaded) -> None:
    """Raise `UsageError` for a policy in the repository, or else the folder, of the spec."""
    folder = real_path(loaded.document.folder)
    top = next((one for one in (folder, *folder.parents) if (one / ".git").exists()), folder)
    if real_path(source).is_relative_to(top):
        raise UsageError.because(
            f"the policy {source} lies with the spec that it is for",
            detail=f"who changes the spec could change it too: both are in {top}",
            hint="keep it elsewhere, and pass it with --policy or RECONCILE_POLICY",
        )


def under_policy(loaded: Loaded, run: RunScope, plan: Plan, file: PolicyFile) -> Plan:
    """Return the plan with everything that breaks the policy blocked."""
    planned = _planned(loaded, run, plan, file.policy)
    found = tuple(_finding(plan, v, file) for v in violations(file.policy, planned))
    if not found or not any(change.action.is_change for change in plan.changes):
        return plan
    changes = blocked_by({change.address: change for change in plan.changes}, found)
    return replace(plan, changes=tuple(changes.values()), findings=(*plan.findings, *found))


def _finding(plan: Plan, violation: Violation, file: PolicyFile) -> Finding:
    """Return what breaks a rule, at its resource, or else at the first that changes."""
    changing = [change for change in plan.changes if change.action.is_change]
    named = [change for change in plan.changes if change.address == violation.address]
    change = (named or changing or list(plan.changes))[0]
    what = f"`{violation.address}`" if violation.address else "this plan"
    place = file.place(violation.rule)
    return Finding(
        CHECK,
        Level.BLOCKER,
        change.address,
        f"{what} is against the policy: {violation.summary}",
        change.resource.position,
        f"`{'.'.join(violation.rule)}` in {place}",
        "ask who keeps the policy",
        f"the policy {place.file}",
    )


def _planned(loaded: Loaded, run: RunScope, plan: Plan, policy: Policy) -> Planned:
    runs = [change for change in plan.changes if change.action is Action.RUN]
    counts = "runs_per_day" in policy.limits
    return Planned(
        loaded.spec.target.subscription_id,
        loaded.spec.target.resource_group,
        tuple(subject for change in plan.changes for subject in _subjects(change)),
        _cost(plan),
        runs=len(runs),
        runs_today=_runs_today(run, runs[0]) if runs and counts else 0,
    )


def _cost(plan: Plan) -> Cost:
    """What holds in the end, so that a policy bounds what runs and not what one plan adds."""
    if plan.cost is None:
        return cost_of((), USD)
    # A run has no limit of its own: how much it costs in the end nobody knows.
    runs, running = plan.cost.runs, tuple(run.address for run in plan.cost.running)
    unbounded = Sum(runs.amount, runs.unknown or running)
    return replace(plan.cost.then, run=unbounded)


def _runs_today(run: RunScope, change: Change) -> int:
    """How many runs began today (UTC) where this one would; too many where nobody can tell."""
    path = change.resource.resource_id.rpartition("/")[0]
    today = datetime.now(UTC).date().isoformat()
    try:
        listed = run.arm.list(path, HANDLERS[change.resource.kind].api_version)
    except ReconcileError:
        return UNCOUNTED
    stamps = (str((item.get("systemData") or {}).get("createdAt") or today) for item in listed)
    return sum(1 for stamp in stamps if stamp.startswith(today))


def _subjects(change: Change) -> Iterator[Subject]:
    """Yield what a policy asks of a change: a replacement deletes, and makes."""
    if not change.action.is_change:
        return
    kind, address = change.resource.kind, change.address
    if change.action.is_destructive:
        yield Subject(address, kind, is_deleted=True)
    if change.action is Action.DELETE:
        return
    handler, desired = HANDLERS[kind], change.resource.desired
    machines = handler.machines(desired) if isinstance(handler, UsesMachines) else None
    yield Subject(
        address,
        kind,
        size=machines.size if machines else "",
        location=str(desired.get("location") or ""),
        instances=machines.most if machines else 0,
        grant=_grant(desired) if handler.grants_access else None,
        public_network=_is_public(desired),
        tags=desired.get("tags"),
    )


def _grant(desired: Mapping[str, Any]) -> Grant:
    properties = desired["properties"]
    role = role_in_words(str(properties["roleDefinitionId"]))
    return Grant(role, isinstance(properties["principalId"], Reference))


def _is_public(desired: Mapping[str, Any]) -> bool | None:
    stated = (desired.get("properties") or {}).get("publicNetworkAccess")
    return None if stated is None else str(stated).casefold() == "enabled"
