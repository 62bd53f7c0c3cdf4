"""Properties of threads and statuses: plain or typed when sent, typed when shown.

Source: learn.microsoft.com/rest/api/azure/devops/git/pull-request-threads/create, PropertiesCollection:
values of type Byte[], Int32, Double, DateType and String preserve their type, other primitives are
returned as a String.
"""

from __future__ import annotations

from typing import Any

from reconciler.sandbox.forge.azure_errors import wrong

Json = dict[str, Any]
KEPT = ("System.Byte[]", "System.Int32", "System.Double", "System.DateTime", "System.String")
INT32 = 1 << 31


def typed(properties: Any) -> Json:
    """Return properties as they are shown. Raises AzureError for what no property can be."""
    if properties is None:
        return {}
    if not isinstance(properties, dict):
        raise wrong("properties is not a collection of names and values")
    return {name: _typed(name, value) for name, value in properties.items()}


def _typed(name: str, value: Any) -> Json:
    if isinstance(value, dict):
        kind = value.get("$type", value.get("type"))
        inner = value.get("$value", value.get("value"))
        if not isinstance(kind, str) or isinstance(inner, dict | list) or inner is None:
            raise wrong(f"The property {name} has no value of a primitive type")
        return {"$type": kind if kind in KEPT else "System.String", "$value": _as(kind, inner)}
    if isinstance(value, list) or value is None:
        raise wrong(f"The property {name} has no value of a primitive type")
    return {"$type": _kind(value), "$value": _as(_kind(value), value)}


def _kind(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and -INT32 <= value < INT32:
        return "System.Int32"
    return "System.Double" if isinstance(value, float) else "System.String"


def _as(kind: str, value: Any) -> Any:
    if kind in ("System.Int32", "System.Double"):
        return value
    return str(value)
