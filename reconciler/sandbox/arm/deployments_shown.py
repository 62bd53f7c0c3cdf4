"""What a template deployment shows: its operations, providers and dependencies, durations.

Source: azure-rest-api-specs Microsoft.Resources 2024-07-01, DeploymentOperation and
DeploymentPropertiesExtended; the last operation, EvaluateDeploymentOutput, has no target.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm.deployments_steps import FAILED, SUCCEEDED, WAITING

if TYPE_CHECKING:
    from reconciler.sandbox.clock import Clock
    from reconciler.sandbox.store import Record

Json = dict[str, Any]


def operations(clock: Clock, record: Record) -> list[Json]:
    """Return the operations of a deployment, the latest first; waiting steps have none yet."""
    found = [
        _operation(clock, record, step)
        for step in record.hidden["steps"]
        if step["state"] != WAITING
    ]
    if record.body["properties"]["provisioningState"] == SUCCEEDED:
        found.append(_outputs_operation(record))
    return found[::-1]


def provisioned(steps: list[Json]) -> Json:
    """Return `providers` and `dependencies` of the steps of a template."""
    types: dict[str, dict[str, Json]] = {}
    for step in steps:
        namespace, _, type_ = step["type"].partition("/")
        location = step["source"].get("location")
        known = isinstance(location, str) and not location.startswith("[")
        entry = {"resourceType": type_, "locations": [location if known else None]}
        types.setdefault(namespace, {}).setdefault(type_, entry)
    by_id = {step["id"].lower(): step for step in steps}
    return {
        "providers": [
            {"namespace": namespace, "resourceTypes": list(entries.values())}
            for namespace, entries in types.items()
        ],
        "dependencies": [
            {"dependsOn": [_brief(by_id[on]) for on in step["depends"]], **_brief(step)}
            for step in steps
            if step["depends"]
        ],
    }


def duration(seconds: float) -> str:
    """Return seconds as ARM writes a duration, such as `PT1M56.3454108S`."""
    hours, rest = divmod(max(0.0, seconds), 3600)
    minutes, rest = divmod(rest, 60)
    head = (f"{hours:.0f}H" if hours else "") + (f"{minutes:.0f}M" if minutes else "")
    return f"PT{head}{rest:.7f}".rstrip("0").rstrip(".") + "S"


def _operation(clock: Clock, record: Record, step: Json) -> Json:
    ended = step["ended"] or clock.now()
    properties: Json = {
        "provisioningOperation": "Create",
        "provisioningState": step["state"],
        "timestamp": clock.iso(ended),
        "duration": duration(ended - step["started"]),
        "trackingId": step["request"],
        "serviceRequestId": step["request"],
        "targetResource": _brief(step),
    }
    if step["status"]:
        properties["statusCode"] = step["status"]
    if step["state"] == FAILED:
        properties["statusMessage"] = {"status": FAILED, "error": step["error"]}
    return _entry(record, step["operation"], properties)


def _outputs_operation(record: Record) -> Json:
    shown = record.body["properties"]
    number = uuid.uuid5(uuid.NAMESPACE_URL, shown["correlationId"])
    properties = {
        "provisioningOperation": "EvaluateDeploymentOutput",
        "provisioningState": SUCCEEDED,
        "timestamp": shown["timestamp"],
        "duration": "PT0S",
        "trackingId": str(number),
        "serviceRequestId": str(number),
        "statusCode": "OK",
    }
    return _entry(record, number.hex[:16].upper(), properties)


def _entry(record: Record, operation: str, properties: Json) -> Json:
    id_ = f"{record.id}/operations/{operation}"
    return {"id": id_, "operationId": operation, "properties": properties}


def _brief(step: Json) -> Json:
    names = step["name"].split("/")
    return {"id": step["id"], "resourceType": step["type"], "resourceName": "/".join(names)}
