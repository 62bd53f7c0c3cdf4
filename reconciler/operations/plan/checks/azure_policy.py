"""What Azure Policy would deny: asked for each write of a plan, on request (`--check policy`).

The question is a POST that only reads, and takes a right that no Reader has. Policies that a
platform team keeps in a file of its own are another thing (`plan/policy.py`). Source:
learn.microsoft.com/rest/api/policy/policy-restrictions/check-at-resource-group-scope.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler.cloud.run_scope import RunScope
from reconciler.diagnostics import ApiError
from reconciler.engine.decide import resolve
from reconciler.engine.decisions import Change
from reconciler.engine.diff import overlay
from reconciler.engine.findings import Finding, Level
from reconciler.engine.ids import type_of
from reconciler.engine.types import Action, Address, JsonObject, Unknown
from reconciler.kinds import HANDLERS

CHECK = "azure-policy"
CHECKED_BY = "Azure Policy (checkPolicyRestrictions)"
QUESTION = "/providers/Microsoft.PolicyInsights/checkPolicyRestrictions"
API = "2023-03-01"
WRITES = (Action.CREATE, Action.ADOPT, Action.UPDATE, Action.REPLACE, Action.RUN)
NOT_FOUND = 404


def is_asked_about(change: Change) -> bool:
    """Whether a change writes a resource of ARM, which a policy may be about."""
    own = HANDLERS[change.resource.kind].type.casefold()
    is_arm = bool(own) and type_of(change.resource.resource_id).casefold() == own
    return is_arm and change.action in WRITES and not change.is_blocked


def ask(run: RunScope, group: str, change: Change) -> list[JsonObject]:
    """Return what policies say of what a change would write; of the subscription without a group."""
    resource = change.resource
    body = _known(resolve(resource.desired, lambda _reference: None))
    if change.observed is not None and change.action is not Action.REPLACE:
        body = overlay(change.observed.body, body)
    scope, _, name = resource.resource_id.rpartition("/")
    kind = HANDLERS[resource.kind]
    content = {**body, "type": kind.type, "name": name}
    details = {
        "resourceContent": content,
        "apiVersion": kind.api_version,
        "scope": _parent(scope),
    }
    try:
        answer = run.arm.post(group + QUESTION, API, {"resourceDetails": details})
    except ApiError as error:
        if error.status != NOT_FOUND:
            raise
        subscription = "/".join(group.split("/")[:3])
        answer = run.arm.post(subscription + QUESTION, API, {"resourceDetails": details})
    return list((answer.get("contentEvaluationResult") or {}).get("policyEvaluations") or ())


def _parent(collection: str) -> str:
    """Return what a resource is in, by the path of its collection."""
    outer = collection.rpartition("/")[0]
    above, _, inner = outer.rpartition("/providers/")
    return above if above and "/" not in inner else outer


def _known(value: Any) -> Any:
    """Return a body without what nobody knows before it is made."""
    if isinstance(value, Mapping):
        return {key: _known(one) for key, one in value.items() if not isinstance(one, Unknown)}
    if isinstance(value, list):
        return [_known(one) for one in value if not isinstance(one, Unknown)]
    return value


def check_policies(
    changes: Mapping[Address, Change], told: Mapping[Address, Iterable[JsonObject]]
) -> Iterator[Finding]:
    """Yield a blocker for each policy that denies a change."""
    for address, evaluations in told.items():
        change = changes.get(address)
        if change is None or change.is_blocked:
            continue
        for one in evaluations:
            effect = str((one.get("effectDetails") or {}).get("policyEffect") or "")
            if one.get("evaluationResult") == "NonCompliant" and effect.casefold() == "deny":
                yield _finding(change, one)


def _finding(change: Change, evaluation: JsonObject) -> Finding:
    info = evaluation.get("policyInfo") or {}
    assignment = str(info.get("policyAssignmentId") or "")
    name = info.get("policyAssignmentName") or assignment.rpartition("/")[2]
    details = evaluation.get("evaluationDetails") or {}
    fields = [f"`{one['expression']}`" for one in details.get("evaluatedExpressions") or ()]
    looked_at = f"it looks at {', '.join(dict.fromkeys(fields))}" if fields else ""
    return Finding(
        CHECK,
        Level.BLOCKER,
        change.address,
        f"`{change.address}`: the Azure Policy `{name}` denies it",
        change.resource.position,
        "; ".join(part for part in (looked_at, assignment) if part),
        "change what the policy is about, or ask who assigned it for an exemption",
        CHECKED_BY,
    )


def not_checked(problem: str) -> Finding:
    """Return the warning for policies that could not be asked for."""
    return Finding(
        CHECK,
        Level.WARNING,
        "",
        "not checked: whether Azure Policy allows what the plan would write",
        detail=problem,
        hint="no Reader may ask: plan as an identity that may write, such as Contributor",
        checked_by=CHECKED_BY,
    )
