"""The ARM template functions that make resource ids.

Source: Microsoft Learn, "Resource functions for ARM templates": resourceId,
subscriptionResourceId, tenantResourceId, extensionResourceId.
"""

from __future__ import annotations

from collections.abc import Callable

from reconciler.sandbox.arm.expressions import invalid_template


def resource_id(scope: str, type_: str, names: list[str]) -> str:
    """Return the id of a resource below a scope. Raises ArmError if names and types differ."""
    namespace, *types = type_.split("/")
    if not types or len(types) != len(names):
        raise invalid_template(
            f"The template resource '{'/'.join(names)}' of type '{type_}' has incorrect segment "
            "lengths. A nested resource type must have identical number of segments as its "
            "resource name. A root resource type must have segment length one greater than its "
            "resource name. Please see https://aka.ms/arm-syntax-resources for usage details"
        )
    pairs = [part for pair in zip(types, names, strict=True) for part in pair]
    return "/".join((scope.rstrip("/"), "providers", namespace, *pairs))


def group_resource_id(group_id: str, given: list[str]) -> str:
    """Evaluate `resourceId([subscription], [group], type, name...)` in a resource group."""
    at = next((i for i, value in enumerate(given) if "/" in value), None)
    if at is None or at > len(("subscription", "group")):
        raise invalid_template(
            "Unable to evaluate template language function 'resourceId': function requires a fully "
            "qualified resource type. Please see https://aka.ms/arm-resource-functions for usage "
            "details"
        )
    _, _, sub, _, group = group_id.split("/")
    if at:
        group = given[at - 1]
    if at > 1:
        sub = given[0]
    return resource_id(f"/subscriptions/{sub}/resourceGroups/{group}", given[at], given[at + 1 :])


def _in_subscription(scope: str, given: list[str]) -> str:
    if "/" in given[0]:
        return resource_id(scope, given[0], given[1:])
    return resource_id(f"/subscriptions/{given[0]}", given[1], given[2:])


def _in_tenant(scope: str, given: list[str]) -> str:
    return resource_id("", given[0], given[1:])


def _on_resource(scope: str, given: list[str]) -> str:
    return resource_id(given[0], given[1], given[2:])


ID_FUNCTIONS: dict[str, Callable[[str, list[str]], str]] = {
    "subscriptionresourceid": _in_subscription,
    "tenantresourceid": _in_tenant,
    "extensionresourceid": _on_resource,
}
