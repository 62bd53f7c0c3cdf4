"""How azapi compares and merges bodies.

Written anew after Azure/terraform-provider-azapi, utils/json (UpdateObject, MergeObject) and
internal/azure/identity.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
READ_ONLY = ("id", "name", "type", "systemData")
# Of Microsoft.Quota/quotas and of online endpoints, the two that the tutorial updates.
READ_ONLY_INNER = (
    *("unit", "quotaPeriod", "isQuotaApplicable"),
    *("provisioningState", "scoringUri", "swaggerUri"),
)
HIDDEN = re.compile(r"\*+")


def normal(location: Any) -> str:
    return str(location).lower().replace(" ", "")


def identity_of(shown: Json | None) -> tuple[str, frozenset[str]]:
    """The type, and the ids in the casing that azapi parses them into."""
    if shown is None or shown["type"].lower() == "none":
        return "", frozenset()
    ids = shown.get("userAssignedIdentities") or {}
    return shown["type"].lower(), frozenset(_identity_id(one) for one in ids)


def _identity_id(text: str) -> str:
    parts = text.split("/")
    assert [part.lower() for part in parts[1:8:2]] == [
        "subscriptions",
        "resourcegroups",
        "providers",
        "userassignedidentities",
    ]
    return "/".join((parts[2], parts[4], parts[8]))


@dataclass(frozen=True)
class Ignored:
    """The options `ignore_missing_property` and `ignore_casing`."""

    missing: bool
    casing: bool


def updated(old: Any, new: Any, ignored: Ignored) -> Any:
    """Return what was sent with the values that were read: keys that were not sent are ignored."""
    match old, new:
        case dict(), dict():
            return {
                key: value if new.get(key) is None else updated(value, new[key], ignored)
                for key, value in old.items()
                if new.get(key) is not None or ignored.missing or not value
            }
        case list(), list() if len(old) == len(new):
            return [updated(a, b, ignored) for a, b in zip(old, new, strict=True)]
        case str(), str() if ignored.casing and old.lower() == new.lower():
            return old
        case str(), str() if ignored.missing and (not new or HIDDEN.fullmatch(new)):
            return old
    return new


def merged(old: Any, new: Any) -> Any:
    """Return what was read with what the configuration says put over it."""
    if isinstance(old, dict) and isinstance(new, dict):
        return {**old, **{key: merged(old.get(key), value) for key, value in new.items()}}
    return new


def writable(read: Json) -> Json:
    """What azapi_update_resource sends back: not what the published types mark as read-only."""
    found = {key: value for key, value in read.items() if key not in READ_ONLY}
    inner = read.get("properties") or {}
    return found | {"properties": {k: v for k, v in inner.items() if k not in READ_ONLY_INNER}}


def without(value: Any, names: tuple[str, ...]) -> Any:
    if isinstance(value, dict):
        return {key: without(one, names) for key, one in value.items() if key not in names}
    return [without(one, names) for one in value] if isinstance(value, list) else value


def changes(wanted: Any, found: Any, path: str = "") -> list[str]:
    """The paths at which two bodies differ."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        return [
            one
            for key in sorted(wanted.keys() | found.keys())
            for one in changes(wanted.get(key), found.get(key), f"{path}.{key}".lstrip("."))
        ]
    return [] if wanted == found else [path]
