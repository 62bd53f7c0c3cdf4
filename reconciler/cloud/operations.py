"""Wait for Azure's long-running operations, in every style that ARM knows.

Order of trust: `Azure-AsyncOperation`, then `Location`, then the body's
`provisioningState`, as ARM's async contract says
(learn.microsoft.com/azure/azure-resource-manager/management/async-operations). The
resource itself, read afterwards by the caller, is the truth.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from reconciler.cloud.errors import operation_error
from reconciler.cloud.retry import retry_after, wait_seconds
from reconciler.diagnostics import ApiError
from reconciler.engine.types import JsonObject

if TYPE_CHECKING:
    from reconciler.cloud.arm import ArmClient
    from reconciler.cloud.connection import Connection

SUCCEEDED = "succeeded"
ENDED_BADLY = ("failed", "canceled", "cancelled")


def wait_until_done(
    arm: ArmClient,
    connection: Connection,
    status: int,
    headers: Mapping[str, str],
    body: JsonObject,
    *,
    resource: tuple[str, str] | None = None,
) -> JsonObject:
    """Follow an operation to its end and return the last body seen.

    Raises `ApiError` with the operation's own error when it ends badly. A polling address
    outside the cloud's hosts is not followed: the resource is read instead.
    """
    operation = headers.get("azure-asyncoperation")
    if operation and connection.cloud.may_receive_token(operation):
        return _follow_operation(arm, connection, operation, headers, resource)
    location = headers.get("location")
    if status == 202 and location and connection.cloud.may_receive_token(location):
        return _follow_location(arm, connection, location, headers)
    if resource and is_moving(body):
        return _follow_resource(arm, connection, resource, headers)
    return body


def is_moving(body: JsonObject) -> bool:
    """Return whether a resource's provisioning state says that Azure is not done yet."""
    state = provisioning_state(body)
    return bool(state) and state != SUCCEEDED and state not in ENDED_BADLY


def provisioning_state(body: JsonObject) -> str:
    """Return the lower-cased provisioning state, "" when the body has none."""
    properties = body.get("properties")
    found = properties.get("provisioningState") if isinstance(properties, dict) else None
    return str(found or body.get("provisioningState") or "").lower()


def _follow_operation(
    arm: ArmClient,
    connection: Connection,
    url: str,
    headers: Mapping[str, str],
    resource: tuple[str, str] | None,
) -> JsonObject:
    attempt = 0
    while True:
        attempt += 1
        connection.sleep(wait_seconds(retry_after(headers), attempt))
        try:
            reply, headers, _ = arm.send("GET", url, "")
        except ApiError as error:
            # Some operation records vanish early: the resource then tells the end.
            if error.status in (404, 405, 410) and resource:
                return _follow_resource(arm, connection, resource, headers)
            raise
        state = str(reply.get("status") or "").lower()
        if state == SUCCEEDED:
            return reply
        if state in ENDED_BADLY:
            raise operation_error(reply, url)
        if not state and resource:
            return _follow_resource(arm, connection, resource, headers)


def _follow_location(
    arm: ArmClient, connection: Connection, url: str, headers: Mapping[str, str]
) -> JsonObject:
    attempt = 0
    while True:
        attempt += 1
        connection.sleep(wait_seconds(retry_after(headers), attempt))
        try:
            reply, headers, status = arm.send("GET", url, "")
        except ApiError as error:
            if error.status == 404:
                return {}
            raise
        if status != 202:
            return reply


def _follow_resource(
    arm: ArmClient,
    connection: Connection,
    resource: tuple[str, str],
    headers: Mapping[str, str],
) -> JsonObject:
    attempt = 0
    while True:
        attempt += 1
        connection.sleep(wait_seconds(retry_after(headers), attempt))
        try:
            body, headers, _ = arm.send("GET", resource[0], resource[1])
        except ApiError as error:
            if error.status != 404 or attempt > 20:
                raise
            headers = {}
            continue
        if not is_moving(body):
            return body
