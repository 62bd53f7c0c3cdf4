"""What a write must satisfy, apart from its schema: names, ETags, regions, immutability."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm import catalog
from reconciler.sandbox.arm.errors import GATEWAY, ArmError, conflict
from reconciler.sandbox.arm.ids import GROUPS
from reconciler.sandbox.arm.schema_language import Node
from reconciler.sandbox.arm.types import Call, ResourceType, Write
from reconciler.sandbox.store import Record

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

Json = dict[str, Any]
_ENVELOPE = ("id", "name", "type", "etag", "systemData", "apiVersion")


def registration(world: World, subscription: str, namespace: str) -> str:
    """Return a provider's registration state in a subscription; Registered unless changed."""
    key = f"{subscription}/{namespace}".lower()
    return str(world.store.document("providers", key) or "Registered")


def canonical_scope(world: World, scope: str) -> str:
    """Return a scope in the case of the stored resource it names, if there is one."""
    record = world.store.get(scope) if scope else None
    return record.id if record is not None else scope


def pick(type_: ResourceType, body: Json) -> Node:
    """Return the schema that applies to this body."""
    return type_.schema if isinstance(type_.schema, Node) else type_.schema(body)


def strip_envelope(body: Json, record_id: str, type_: ResourceType) -> Json:
    """Return the body without id, name, type; raises ArmError if they name something else."""
    expected = {"id": record_id, "name": record_id.rsplit("/", 1)[-1], "type": type_.type}
    for key, value in expected.items():
        sent = body.get(key)
        if sent is not None and str(sent).lower().strip("/") != value.lower().strip("/"):
            raise ArmError(
                400,
                "InvalidRequestContent",
                f"The request content is not valid: '{key}' is '{sent}', the URL says '{value}'.",
            )
    return {key: value for key, value in body.items() if key not in _ENVELOPE}


def merge(base: Json, changes: Json) -> Json:
    """Apply a JSON merge patch (RFC 7396) in place and return it; null removes."""
    for key, value in changes.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict) and key != "tags":
            merge(base[key], value)
        elif value is None:
            base.pop(key, None)
        else:
            base[key] = value
    return base


def check_name(name: str, type_: ResourceType) -> None:
    """Raise ArmError 400 for a name the type does not allow."""
    if not re.fullmatch(type_.name_pattern, name):
        if type_.bad_name is not None:
            raise type_.bad_name(name)
        raise ArmError(
            400,
            "InvalidResourceName",
            f"Resource name {name} is invalid. The name must match the pattern "
            f"'{type_.name_pattern}'.",
        )


def check_etag(call: Call, old: Record | None) -> None:
    """Honour If-Match and If-None-Match. Raises ArmError 412."""
    etag = old.hidden.get("etag") if old is not None else None
    wanted, unwanted = call.headers.get("if-match"), call.headers.get("if-none-match")
    fails = (
        (wanted == "*" and old is None)
        or (wanted not in (None, "*") and wanted != etag)
        or (unwanted == "*" and old is not None)
    )
    if fails:
        raise ArmError(
            412, "PreconditionFailed", "The condition set in the request headers is not met."
        )


def check_busy(write: Write, type_: ResourceType) -> None:
    """Raise ArmError 409 while another write of the same resource is pending."""
    pending = write.hidden.get("pending")
    if pending is None:
        return
    if pending["verb"] == "Deleting" and type_.type == GROUPS:
        raise group_going(write.name)
    raise conflict(
        "Conflict" if pending["verb"] == "Deleting" else "AnotherOperationInProgress",
        f"The resource '{write.id}' has an operation in progress ({pending['verb']}). "
        "Try again when it has ended.",
    )


def group_going(name: str) -> ArmError:
    """Return the 409 for a group, or anything in it, that is written while the group is deleted."""
    return conflict(
        "ResourceGroupBeingDeleted",
        f"The resource group '{name}' is in deprovisioning state and cannot perform this operation.",
    )


def check_immutable(write: Write, type_: ResourceType) -> None:
    """Raise ArmError if a declared immutable property would change."""
    if write.old is None:
        return
    for path in type_.immutable:
        new, old = dig(write.body, path), dig(write.old.body, path)
        if new is None or _same(new, old):
            continue
        if type_.immutable_error is not None:
            raise type_.immutable_error(path, write.name)
        raise conflict("PropertyChangeNotAllowed", f"Changing property '{path}' is not allowed.")


def dig(body: Json, path: str) -> Any:
    """Return the value at a dotted path, or None."""
    value: Any = body
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _same(new: Any, old: Any) -> bool:
    if isinstance(new, str) and isinstance(old, str):
        return new.lower() == old.lower()
    if old is None:
        return new in (False, "", [], {})
    return bool(new == old)


def bad_location(location: str, type_: ResourceType) -> ArmError:
    """Return the error for a region Azure does not have (recorded for resource groups)."""
    regions = ",".join(catalog.REGIONS)
    if type_.type == GROUPS:
        return ArmError(
            400,
            "LocationNotAvailableForResourceGroup",
            f"The provided location '{location}' is not available for resource group. "
            f"List of available regions is '{regions}'.",
            headers=GATEWAY,
        )
    return ArmError(
        400,
        "LocationNotAvailableForResourceType",
        f"The provided location '{location}' is not available for resource type '{type_.type}'. "
        f"List of available regions for the resource type is '{regions}'.",
        headers=GATEWAY,
    )


def moved(write: Write, type_: ResourceType, old: str, new: str) -> ArmError:
    """Return the error for a resource that exists in another region."""
    if type_.type == GROUPS:
        return conflict(
            "InvalidResourceGroupLocation",
            f"Invalid resource group location '{new}'. The Resource group already exists in "
            f"location '{old}'.",
        )
    group = write.id.split("/")[4]
    return conflict(
        "InvalidResourceLocation",
        f"The resource '{write.name}' already exists in location '{old}' in resource group "
        f"'{group}'. A resource with the same name cannot be created in location '{new}'. "
        "Please select a new resource name.",
    )
