"""An ARM template bound to its parameters and resource group: which resources, in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm.template_expressions import Thunk, evaluate, invalid_template
from reconciler.sandbox.arm.template_functions import FUNCTIONS

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

Json = dict[str, Any]


class Template:
    """`parameters` are as sent: `{"name": {"value": ...}}`, null meaning the default."""

    def __init__(self, world: World, group: Json, template: Json, parameters: Json) -> None:
        self._world, self._group, self._template = world, group, template
        self._given = {k.lower(): v.get("value") for k, v in parameters.items()}
        self._variables = {k.lower(): v for k, v in template.get("variables", {}).items()}
        self._declared = {k.lower(): v for k, v in template.get("parameters", {}).items()}
        self._functions = FUNCTIONS | {
            "parameters": lambda given: self._parameter(given[0]()),
            "variables": lambda given: self._variable(given[0]()),
            "subscription": lambda given: self._subscription(),
            "resourcegroup": lambda given: group,
            "resourceid": self._resource_id,
            "subscriptionresourceid": self._subscription_resource_id,
            "reference": self._reference,
        }

    def resources(self) -> list[Json]:
        """Return the resources whose condition holds, each after what it depends on, with `id`;
        properties stay expressions of nothing: all is evaluated. Raises ArmError InvalidTemplate.
        """
        for name in self._given.keys() - self._declared.keys():
            raise invalid_template(f"The template parameter '{name}' is not declared")
        wanted = [
            resource
            for resource in self._template.get("resources", [])
            if evaluate(resource.get("condition", True), self._functions)
        ]
        evaluated = [self._whole(resource) for resource in wanted]
        return _ordered(evaluated)

    def _whole(self, resource: Json) -> Json:
        found: Json = evaluate(resource, self._functions)
        names = str(found["name"]).split("/")
        found["id"] = self._id(self._group["id"], found["type"], names)
        return found

    def _parameter(self, name: str) -> Any:
        declared = self._declared.get(name.lower())
        if declared is None:
            raise invalid_template(f"The template parameter '{name}' is not found")
        value = self._given.get(name.lower())
        if value is None and "defaultValue" not in declared:
            raise invalid_template(f"The value for the template parameter '{name}' is not provided")
        if value is None:
            return evaluate(declared["defaultValue"], self._functions)
        allowed = declared.get("allowedValues")
        if allowed and str(value).lower() not in [str(one).lower() for one in allowed]:
            raise invalid_template(f"The value '{value}' of parameter '{name}' is not allowed")
        return value

    def _variable(self, name: str) -> Any:
        if name.lower() not in self._variables:
            raise invalid_template(f"The template variable '{name}' is not found")
        return evaluate(self._variables[name.lower()], self._functions)

    def _subscription(self) -> Json:
        sub = self._group["id"].split("/")[2]
        tenant = self._world.identity.tenant_id
        return {"id": f"/subscriptions/{sub}", "subscriptionId": sub, "tenantId": tenant}

    def _resource_id(self, given: list[Thunk]) -> str:
        values = [str(one()) for one in given]
        at = next((i for i, value in enumerate(values) if "/" in value), None)
        if at is None:
            raise invalid_template("resourceId needs a resource type")
        _, _, sub, _, group = self._group["id"].split("/")
        before = values[:at]
        sub, group = before if len(before) == 2 else (sub, *(before or [group]))
        scope = f"/subscriptions/{sub}/resourceGroups/{group}"
        return self._id(scope, values[at], values[at + 1 :])

    def _subscription_resource_id(self, given: list[Thunk]) -> str:
        values = [str(one()) for one in given]
        return self._id(self._subscription()["id"], values[0], values[1:])

    def _id(self, scope: str, type_: str, names: list[str]) -> str:
        namespace, *types = type_.split("/")
        if len(types) != len(names):
            raise invalid_template(f"The names {names} do not fit the type '{type_}'")
        pairs = [part for pair in zip(types, names, strict=True) for part in pair]
        return "/".join((scope, "providers", namespace, *pairs))

    def _reference(self, given: list[Thunk]) -> Any:
        found = self._world.resource(str(given[0]()))
        if found is None:
            raise invalid_template(f"The resource '{given[0]()}' is not defined")
        return found.get("properties", {})


def _ordered(resources: list[Json]) -> list[Json]:
    done: list[Json] = []
    waiting = list(resources)
    while waiting:
        missing = {one["id"].lower() for one in waiting}
        ready = [
            one
            for one in waiting
            if not any(str(on).lower() in missing for on in one.get("dependsOn", []))
        ]
        if not ready:
            raise invalid_template("Circular dependency detected in the template")
        done += ready
        waiting = [one for one in waiting if one not in ready]
    return done
