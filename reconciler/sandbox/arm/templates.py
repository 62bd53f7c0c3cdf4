"""An ARM template bound to its parameters and resource group: which resources there are.

Names, types, conditions and dependencies are evaluated when the deployment is sent; the rest of a
resource just before it is deployed, so that `reference()` sees what was deployed before it.
Sources: Microsoft Learn, "ARM template structure and syntax", "ARM template functions",
"Resource iteration in ARM templates", "Define the order for deploying resources".
"""

from __future__ import annotations

from collections.abc import Callable
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm.expressions import (
    Function,
    Thunk,
    evaluate,
    invalid_template,
    parse_all,
)
from reconciler.sandbox.arm.expressions_functions import FUNCTIONS
from reconciler.sandbox.arm.ids import segment_after
from reconciler.sandbox.arm.templates_ids import ID_FUNCTIONS, group_resource_id, resource_id

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

Json = dict[str, Any]
NESTED = "microsoft.resources/deployments"
MAX_COPIES = 800
_RUNTIME = ("reference", "listkeys", "listsecrets", "listcredentials")
_OWN_KEYS = ("condition", "copy", "dependsOn", "resources", "comments", "existing", "import")


class Template:
    """`parameters` are plain values by lower-case name, as `templates_parameters` resolves them."""

    def __init__(
        self, world: World, group: Json, template: Json, parameters: Json, name: str = ""
    ) -> None:
        self._world, self._group, self._template = world, group, template
        self._variables = {k.lower(): v for k, v in (template.get("variables") or {}).items()}
        self._parameters = parameters
        self._name = name

    def functions(self, **runtime: Function) -> dict[str, Function]:
        """Return all functions; those that read deployed resources only if given."""
        own: dict[str, Function] = {
            "parameters": lambda given: self._parameter(given[0]()),
            "variables": lambda given: self._variable(given[0](), runtime),
            "subscription": lambda given: self._subscription(),
            "tenant": lambda given: {"tenantId": self._world.identity.tenant_id},
            "resourcegroup": lambda given: self._group,
            "deployment": lambda given: self._deployment(),
            "resourceid": lambda given: group_resource_id(self._group["id"], _texts(given)),
            "copyindex": _no_copy,
        }
        own |= {name: _not_here(name) for name in _RUNTIME}
        scope = self._subscription()["id"]
        own |= {name: _bound(run, scope) for name, run in ID_FUNCTIONS.items()}
        return FUNCTIONS | own | runtime

    def resources(self) -> list[Json]:
        """Return one step for each resource whose condition holds.

        A step has `id`, `type`, `name`, `apiVersion`, `symbol`, `depends` (ids), `copy_index`
        and `source` (unevaluated). Raises ArmError InvalidTemplate.
        """
        found: list[Json] = []
        for symbol, resource in self._declared():
            found += [self._step(symbol, resource, index) for index in self._indexes(resource)]
        _link(found)
        return [
            {k: v for k, v in step.items() if k != "wanted"} for step in found if step["wanted"]
        ]

    def body(self, step: Json, **runtime: Function) -> Json:
        """Return the request body of a step. Raises ArmError and what `runtime` raises."""
        source = {k: v for k, v in step["source"].items() if k not in _OWN_KEYS}
        functions = self.functions(**runtime, **_copy(step["copy_index"]))
        kept: Json = {}
        if step["type"].lower() == NESTED and _is_inner(source):
            kept = {"template": source["properties"].get("template")}
            source = source | {
                "properties": {k: v for k, v in source["properties"].items() if k != "template"}
            }
        body: Json = evaluate(source, functions)
        if kept:
            body["properties"] |= kept
        dropped = ("type", "name", "apiVersion", "scope", "resourceGroup", "subscriptionId")
        return {k: v for k, v in body.items() if k not in dropped and v is not None}

    def outputs(self, **runtime: Function) -> Json:
        """Return the outputs whose condition holds, as `{name: {type, value}}`."""
        functions, found = self.functions(**runtime), {}
        for name, output in (self._template.get("outputs") or {}).items():
            if evaluate(output.get("condition", True), functions):
                value = evaluate(output.get("value"), functions)
                found[name] = {"type": _proper_type(output["type"]), "value": value}
        return found

    def check(self) -> None:
        """Check every expression's syntax and function names. Raises ArmError."""
        functions = self.functions()
        for _, resource in self._declared():
            parse_all(resource if not _is_inner(resource) else resource.get("name"), functions)
        parse_all(self._template.get("variables") or {}, functions)
        parse_all(self._template.get("outputs") or {}, functions)

    def _declared(self) -> list[tuple[str, Json]]:
        """Return every resource with its symbolic name, children right after their parents."""
        given = self._template.get("resources") or []
        pairs = list(given.items()) if isinstance(given, dict) else [("", one) for one in given]
        return [found for symbol, one in pairs for found in _flat(symbol, one)]

    def _indexes(self, resource: Json) -> list[int | None]:
        loop = resource.get("copy")
        if not loop:
            return [None]
        count = evaluate(loop.get("count"), self.functions())
        if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= MAX_COPIES:
            raise invalid_template(
                f"The copy count '{count}' of loop '{loop.get('name')}' must be an integer from 0 "
                f"to {MAX_COPIES}"
            )
        return list(range(count))

    def _step(self, symbol: str, resource: Json, index: int | None) -> Json:
        functions = self.functions(**_copy(index))
        head: Json = {
            key: evaluate(resource.get(key), functions)
            for key in ("name", "type", "apiVersion", "scope", "resourceGroup", "subscriptionId")
        }
        for key in ("name", "type", "apiVersion"):
            if not isinstance(head[key], str):
                raise invalid_template(f"The template resource has no valid '{key}'")
        wanted = evaluate(resource.get("condition", True), functions)
        loop = (resource.get("copy") or {}).get("name")
        return {
            "id": resource_id(self._scope(head), head["type"], head["name"].split("/")),
            "type": head["type"],
            "name": head["name"],
            "apiVersion": head["apiVersion"],
            "symbol": symbol,
            "loop": evaluate(loop, functions),
            "depends": [str(one) for one in evaluate(resource.get("dependsOn") or [], functions)],
            "copy_index": index,
            "source": resource,
            "wanted": wanted is True and not resource.get("existing"),
        }

    def _scope(self, head: Json) -> str:
        if head["scope"]:
            scope = str(head["scope"])
            return scope if scope.startswith("/") else f"{self._group['id']}/providers/{scope}"
        sub = head["subscriptionId"] or segment_after(self._group["id"], "subscriptions")
        group = head["resourceGroup"] or segment_after(self._group["id"], "resourceGroups")
        return f"/subscriptions/{sub}/resourceGroups/{group}"

    def _parameter(self, name: str) -> Any:
        if name.lower() not in self._parameters:
            raise invalid_template(
                f"The template parameter '{name}' is not found. "
                "Please see https://aka.ms/arm-syntax-parameters for usage details"
            )
        return self._parameters[name.lower()]

    def _variable(self, name: str, runtime: dict[str, Function]) -> Any:
        if name.lower() not in self._variables:
            raise invalid_template(
                f"The template variable '{name}' is not found. "
                "Please see https://aka.ms/arm-syntax-variables for usage details"
            )
        loops = {key: run for key, run in runtime.items() if key == "copyindex"}
        return evaluate(self._variables[name.lower()], self.functions(**loops))

    def _subscription(self) -> Json:
        sub = str(segment_after(self._group["id"], "subscriptions"))
        tenant = self._world.identity.tenant_id
        return {
            "id": f"/subscriptions/{sub}",
            "subscriptionId": sub,
            "tenantId": tenant,
            "displayName": "Sandbox",
        }

    def _deployment(self) -> Json:
        return {"name": self._name, "properties": {"template": self._template}}


def _flat(symbol: str, resource: Json, owner: Json | None = None) -> list[tuple[str, Json]]:
    """Return a resource and its nested ones, which get their owner's type and name in front."""
    if not isinstance(resource, dict):
        raise invalid_template("The template's resources must be objects")
    own = dict(resource)
    if owner is not None:
        own["type"] = f"{owner['type']}/{resource.get('type')}"
        own["name"] = _joined(owner["name"], str(resource.get("name")))
    children = resource.get("resources") or []
    return [(symbol, own), *(found for one in children for found in _flat("", one, own))]


def _joined(owner: str, name: str) -> str:
    """Return `owner/name`, either of which may be an expression."""
    parts = [one[1:-1] if one.startswith("[") else f"'{one}'" for one in (owner, name)]
    return f"[concat({parts[0]}, '/', {parts[1]})]"


def _link(steps: list[Json]) -> None:
    """Make `depends` ids of steps that will be deployed. Raises ArmError InvalidTemplate.

    What a resource that is not wanted depends on does not count, defined or not: the template
    with which azure-ai-ml 1.35 makes workspaces depends on it.
    """
    for step in steps:
        names = step["depends"] if step["wanted"] else []
        step["depends"] = [found for name in names for found in _named(steps, name)]
    graph = {step["id"].lower(): step["depends"] for step in steps}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        raise invalid_template(
            f"Circular dependency detected on resource: '{error.args[1][0]}'. "
            "Please see https://aka.ms/arm-syntax-resources for usage details"
        ) from error


def _named(steps: list[Json], name: str) -> list[str]:
    """Return the ids that a `dependsOn` entry means: id, name, symbolic name or copy loop."""
    wanted = name.lower()
    found = [
        step
        for step in steps
        if wanted in (step["id"].lower(), step["name"].lower())
        or wanted == f"{step['type']}/{step['name'].split('/')[-1]}".lower()
        or name in (step["symbol"], step["loop"])
    ]
    if not found:
        raise invalid_template(
            f"The resource '{name}' is not defined in the template. "
            "Please see https://aka.ms/arm-syntax for usage details"
        )
    return [step["id"].lower() for step in found if step["wanted"]]


def _is_inner(resource: Json) -> bool:
    properties = resource.get("properties")
    options = properties.get("expressionEvaluationOptions") if isinstance(properties, dict) else {}
    return str((options or {}).get("scope", "")).lower() == "inner"


def _copy(index: int | None) -> dict[str, Function]:
    if index is None:
        return {}

    def run(given: list[Thunk]) -> int:
        offset = next((value for value in (one() for one in given) if isinstance(value, int)), 0)
        return index + offset

    return {"copyindex": run}


def _no_copy(given: list[Thunk]) -> Any:
    raise invalid_template(
        "The template function 'copyIndex' is not expected at this location. The function can "
        "only be used in a resource with copy specified. "
        "Please see https://aka.ms/arm-copy for usage details"
    )


def _not_here(name: str) -> Function:
    def run(given: list[Thunk]) -> Any:
        raise invalid_template(
            f"The template function '{name}' is not expected at this location. "
            "Please see https://aka.ms/arm-functions for usage details"
        )

    return run


def _bound(run: Callable[[str, list[str]], str], scope: str) -> Function:
    return lambda given: run(scope, _texts(given))


def _texts(given: list[Thunk]) -> list[str]:
    return [str(one()) for one in given]


def _proper_type(name: str) -> str:
    return "Array" if name.lower() == "array" else name[:1].upper() + name[1:]
