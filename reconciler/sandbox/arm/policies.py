"""Azure Policy: definitions, assignments, and the refusal of what an assignment denies.

Sources: learn.microsoft.com/azure/governance/policy/concepts (effect-deny: 403 before the provider
sees the request; effect-deny-action; definition-structure-basics: mode `Indexed` looks only at
types with tags and location, not at groups; assignment-structure: notScopes, enforcementMode); the refusal with
its additionalInfo as real clients report it (truncated nowhere: kubernetes-csi, Azure CLI). `deny`
and `denyAction` on delete are carried out; every other effect is kept and changes nothing. An
assignment is effective at once; Azure takes minutes. Of the built-in definitions four are here.
"""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm import policy_rules
from reconciler.sandbox.arm.api_versions import api_versions
from reconciler.sandbox.arm.checks import merge
from reconciler.sandbox.arm.errors import GATEWAY, ArmError
from reconciler.sandbox.arm.expressions import Function, Thunk, evaluate, parse_all
from reconciler.sandbox.arm.expressions_functions import FUNCTIONS
from reconciler.sandbox.arm.ids import GROUPS, Target
from reconciler.sandbox.arm.paging import page
from reconciler.sandbox.arm.policy_builtins import BUILT_IN
from reconciler.sandbox.arm.scoped import covers, keep_scope, listing
from reconciler.sandbox.arm.types import Answer, Call, ResourceType, Route, Write, schema
from reconciler.sandbox.store import Record

if TYPE_CHECKING:
    from reconciler.sandbox.world import Kind, World

Json = dict[str, Any]
DEFINITION = "Microsoft.Authorization/policyDefinitions"
ASSIGNMENT = "Microsoft.Authorization/policyAssignments"
_OWN = "microsoft.authorization/policy"


def check(
    world: World, call: Call, target: Target, type_: ResourceType, old: Record | None
) -> None:
    """Raise ArmError 403 RequestDisallowedByPolicy where an assignment forbids a write."""
    if not world.store.of_type(ASSIGNMENT) or type_.type.lower().startswith(_OWN):
        return
    if call.method == "DELETE" and old is None:
        return
    denied = violations(world, call.method, _resource(call, target, type_, old), type_)
    if denied:
        raise _refusal(target.names[-1], denied)


def violations(world: World, method: str, resource: Json, type_: Kind) -> list[Json]:
    """Return what each assignment says that forbids a method on a resource of such a body."""
    return [
        violation
        for assignment in world.store.of_type(ASSIGNMENT)
        if _applies(assignment, resource["id"])
        and (violation := _violation(world, method, assignment, resource, type_)) is not None
    ]


def _resource(call: Call, target: Target, type_: ResourceType, old: Record | None) -> Json:
    """What would be there: the fields that rules look at are those of the request."""
    body = copy.deepcopy(old.body) if old is not None and call.method != "PUT" else {}
    if call.method != "DELETE" and isinstance(call.body, dict):
        body = merge(body, copy.deepcopy(call.body))
    name = target.names[-1]
    return {**body, "id": target.id, "name": name, "type": type_.type, "fullName": name}


def _applies(assignment: Record, place: str) -> bool:
    properties = assignment.body["properties"]
    if str(properties.get("enforcementMode") or "Default").lower() != "default":
        return False
    excluded = properties.get("notScopes") or []
    return covers(assignment.hidden["scope"], place) and not any(
        covers(str(scope), place) for scope in excluded
    )


def _violation(
    world: World, method: str, assignment: Record, resource: Json, type_: Kind
) -> Json | None:
    definition = _definition(world, assignment.body["properties"]["policyDefinitionId"])
    if definition is None:
        return None
    properties = definition["properties"]
    is_indexed = str(properties.get("mode") or "All").lower() == "indexed"
    if is_indexed and (not type_.tracked or type_.type == GROUPS):
        return None
    rule = evaluate(properties["policyRule"], _functions(_parameters(properties, assignment)))
    then, judged = rule["then"], policy_rules.Rule(resource)
    if not _forbids(then, method) or not judged.holds(rule["if"]):
        return None
    return _info(definition, assignment, str(then["effect"]), judged.evaluated)


def _functions(values: Json) -> dict[str, Function]:
    def parameters(given: list[Thunk]) -> Any:
        name = str(given[0]())
        if name.lower() not in values:
            raise ArmError(400, "InvalidPolicyRule", f"The policy rule has no parameter '{name}'.")
        return values[name.lower()]

    return {**FUNCTIONS, "parameters": parameters}


def _forbids(then: Json, method: str) -> bool:
    effect = str(then.get("effect") or "").lower()
    if method == "DELETE":
        names = (then.get("details") or {}).get("actionNames") or []
        return effect == "denyaction" and "delete" in [str(name).lower() for name in names]
    return effect == "deny"


def _parameters(properties: Json, assignment: Record) -> Json:
    declared = properties.get("parameters") or {}
    defaults = {name: one.get("defaultValue") for name, one in declared.items()}
    given = assignment.body["properties"].get("parameters") or {}
    values = defaults | {name: one.get("value") for name, one in given.items()}
    return {name.lower(): value for name, value in values.items()}


def _definition(world: World, resource_id: str) -> Json | None:
    built_in = BUILT_IN.get(resource_id.rsplit("/", 1)[-1].lower())
    return built_in or world.resource(resource_id)


def _info(definition: Json, assignment: Record, effect: str, evaluated: list[Json]) -> Json:
    properties = assignment.body["properties"]
    return {
        "evaluationDetails": {"evaluatedExpressions": evaluated},
        "policyDefinitionId": definition["id"],
        "policyDefinitionName": definition["name"],
        "policyDefinitionDisplayName": _shown_name(definition),
        "policyDefinitionEffect": effect,
        "policyAssignmentId": assignment.id,
        "policyAssignmentName": assignment.name,
        "policyAssignmentDisplayName": properties.get("displayName") or assignment.name,
        "policyAssignmentScope": assignment.hidden["scope"],
        "policyAssignmentParameters": properties.get("parameters") or {},
        "reasons": [one["message"] for one in properties.get("nonComplianceMessages") or []],
    }


def _shown_name(definition: Json) -> str:
    return str(definition["properties"].get("displayName") or definition["name"])


class DisallowedError(ArmError):
    """The refusal by policy: beside code and message a target, and each violation in full."""

    def __init__(self, name: str, violations: list[Json]) -> None:
        reasons = [text for one in violations for text in one["reasons"]]
        why = (
            f"Policy identifiers: '{json.dumps(_identifiers(violations), separators=(',', ':'))}'."
        )
        if reasons:
            why = f"Reasons: '{','.join(reasons)}'. See error details for policy resource IDs."
        super().__init__(
            403,
            "RequestDisallowedByPolicy",
            f"Resource '{name}' was disallowed by policy. {why}",
            headers=GATEWAY,
        )
        self._name, self._violations = name, violations

    def body(self, time: str = "", location: str = "") -> Json:
        """Return the error document."""
        told = [{k: v for k, v in one.items() if k != "reasons"} for one in self._violations]
        more = [{"type": "PolicyViolation", "info": info} for info in told]
        error = {"code": self.code, "target": self._name, "message": self.message}
        return {"error": {**error, "additionalInfo": more}}


def _refusal(name: str, violations: list[Json]) -> ArmError:
    return DisallowedError(name, violations)


def _identifiers(violations: list[Json]) -> list[Json]:
    return [
        {
            kind: {"name": one[f"{kind}DisplayName"], "id": one[f"{kind}Id"]}
            for kind in ("policyAssignment", "policyDefinition")
        }
        for one in violations
    ]


def _prepare_definition(write: Write) -> None:
    properties = write.properties
    rule = properties["policyRule"]
    if not isinstance(rule, dict) or not isinstance(rule.get("then"), dict):
        raise ArmError(400, "InvalidPolicyRule", "The policy rule has no 'if' and 'then'.")
    policy_rules.check(rule.get("if"))
    declared = dict.fromkeys(name.lower() for name in properties.get("parameters") or {})
    evaluate(rule["then"], _functions(declared))
    parse_all(rule["if"], _functions(declared))
    properties["policyType"] = "Custom"
    properties.setdefault("mode", "All")
    properties.setdefault("parameters", {})


def _prepare_assignment(write: Write) -> None:
    keep_scope(write)
    properties = write.properties
    definition = _definition(write.world, properties["policyDefinitionId"])
    if definition is None:
        name = properties["policyDefinitionId"].rsplit("/", 1)[-1]
        raise ArmError(
            404, "PolicyDefinitionNotFound", f"The policy definition '{name}' could not be found."
        )
    _check_parameters(properties, definition)
    properties["scope"] = write.hidden["scope"]
    properties.setdefault("enforcementMode", "Default")
    properties.setdefault("notScopes", [])


def _check_parameters(properties: Json, definition: Json) -> None:
    declared = definition["properties"].get("parameters") or {}
    given = {name.lower() for name in properties.get("parameters") or {}}
    missing = [
        name
        for name, one in declared.items()
        if "defaultValue" not in one and name.lower() not in given
    ]
    if missing:
        raise ArmError(
            400,
            "MissingPolicyParameter",
            f"The policy assignment is missing the parameter(s) '{','.join(missing)}' as defined "
            f"in the policy definition '{definition['name']}'.",
        )


def _one_built_in(world: World, call: Call, path: dict[str, str]) -> Answer:
    found = BUILT_IN.get(path["name"].lower())
    if found is None:
        name = path["name"]
        raise ArmError(
            404, "PolicyDefinitionNotFound", f"The policy definition '{name}' could not be found."
        )
    return Answer(200, found)


def _list_definitions(world: World, call: Call, path: dict[str, str]) -> Answer:
    own = world.store.of_type(DEFINITION, f"/subscriptions/{path['sub']}")
    items = [*BUILT_IN.values(), *(world.arm.present(one, call.version) for one in own)]
    return Answer(200, page(world, call, items))


def _not_found(kind: str) -> Any:
    def make(name: str, resource_id: str) -> ArmError:
        code = f"Policy{kind.capitalize()}NotFound"
        return ArmError(404, code, f"The policy {kind} '{name}' is not found.")

    return make


DEFINITIONS = ResourceType(
    type=DEFINITION,
    schema=schema(
        """
        properties!:
          displayName: str
          description: str
          policyType: str
          mode: str
          metadata: any
          parameters: {any}
          policyRule!: any
          version: str
          versions: any
        """
    ),
    name_pattern=r"^[^<>*%&:\\?.+/]{1,128}$",
    tracked=False,
    can_patch=False,
    update_status=201,
    delete_shows=True,
    shows_state=False,
    not_found=_not_found("definition"),
    prepare=_prepare_definition,
)
ASSIGNMENTS = ResourceType(
    type=ASSIGNMENT,
    schema=schema(
        """
        location: str
        identity: any
        sku: any
        properties!:
          displayName: str
          description: str
          policyDefinitionId!: str
          definitionVersion: str
          notScopes: [str]
          parameters: {any}
          metadata: any
          enforcementMode: Default|DoNotEnforce|Enroll
          nonComplianceMessages: any
          resourceSelectors: any
          overrides: any
          assignmentType: str
          scope: str
        """
    ),
    name_pattern=r"^[^<>*%&:\\?.+/]{1,128}$",
    tracked=False,
    extension=True,
    update_status=201,
    delete_shows=True,
    shows_state=False,
    not_found=_not_found("assignment"),
    prepare=_prepare_assignment,
)
TYPES = (DEFINITIONS, ASSIGNMENTS)
_VERSIONS = api_versions(DEFINITION)
ROUTES = (
    listing(ASSIGNMENT, api_versions(ASSIGNMENT)),
    Route("GET", f"/providers/{DEFINITION}/{{name}}", _VERSIONS, _one_built_in),
    Route("GET", f"/subscriptions/{{sub}}/providers/{DEFINITION}", _VERSIONS, _list_definitions),
)
