"""`checkPolicyRestrictions`: what the assigned policies would deny of a resource, nothing written.

Sources: learn.microsoft.com/rest/api/policy/policy-restrictions (check-at-subscription-scope and
-resource-group-scope, 2023-03-01): `resourceDetails` with content, api-version and the scope that
it would be made in; `contentEvaluationResult` names each policy that the content breaks. Pending
fields are not evaluated: `fieldRestrictions` is always empty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm import policies
from reconciler.sandbox.arm.errors import ArmError, group_not_found
from reconciler.sandbox.arm.types import Answer, Call, Route

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

Json = dict[str, Any]
VERSIONS = ("2020-07-01", "2020-07-01-preview", "2022-03-01", "2023-03-01", "2024-10-01")


def _ask(world: World, call: Call, path: dict[str, str]) -> Answer:
    details = (call.body or {}).get("resourceDetails") or {}
    content = details.get("resourceContent")
    if not isinstance(content, dict) or not content.get("type"):
        raise ArmError(
            400, "InvalidCheckRestrictionsRequest", "The 'resourceContent' needs a 'type'."
        )
    place = f"/subscriptions/{path['sub']}"
    if "group" in path:
        place = f"{place}/resourceGroups/{path['group']}"
        if world.store.get(place) is None:
            raise group_not_found(path["group"])
    type_ = world.arm.types.get(str(content["type"]).lower())
    name, scope = str(content.get("name") or ""), str(details.get("scope") or place)
    resource = {**content, "id": f"{scope}/{content['type'].rpartition('/')[2]}/{name}"}
    found = policies.violations(world, "PUT", resource, type_) if type_ else []
    evaluations = {"policyEvaluations": [_evaluation(one) for one in found]}
    return Answer(200, {"fieldRestrictions": [], "contentEvaluationResult": evaluations})


def _evaluation(violation: Json) -> Json:
    names = ("policyDefinitionId", "policyAssignmentId")
    return {
        "policyInfo": {name: violation[name] for name in names},
        "evaluationResult": "NonCompliant",
        "evaluationDetails": violation["evaluationDetails"],
        "effectDetails": {"policyEffect": violation["policyDefinitionEffect"].capitalize()},
    }


_ASKED = "/providers/Microsoft.PolicyInsights/checkPolicyRestrictions"
ROUTES = tuple(
    Route("POST", f"/subscriptions/{{sub}}{group}{_ASKED}", VERSIONS, _ask)
    for group in ("", "/resourceGroups/{group}")
)
