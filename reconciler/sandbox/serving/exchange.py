"""What the Azure ML data planes share: callers, errors in their shape, and ARM look-ups.

The error body is the one of run history and the flow service
(microsoft/promptflow `ErrorResponse`, `RootError`).
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from reconciler.sandbox.arm.errors import ArmError
from reconciler.sandbox.entra import InvalidToken
from reconciler.sandbox.store import Record
from reconciler.sandbox.world import World

Json = dict[str, Any]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
WORKSPACE = "Microsoft.MachineLearningServices/workspaces"
WORKSPACE_PATH = (
    "/subscriptions/{subscription}/{groups:(?i:resourceGroups)}/{group}/providers/"
    "{namespace:(?i:Microsoft.MachineLearningServices)}/workspaces/{workspace}"
)
"""Route part that names a workspace; ARM ids compare without case, so routes do too."""


class AmlError(Exception):
    """An answer of an Azure ML data plane other than success."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def guarded(world: World, component: str, handler: Handler) -> Handler:
    """`handler` with its `AmlError`s as responses of `component`."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except AmlError as error:
            return web.json_response(_body(world, component, error), status=error.status)

    return answer


def caller(world: World, request: web.Request) -> Json:
    """The claims of the bearer token. Raises AmlError 401."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise AmlError(401, "UserError", "No bearer token was found in the request.")
    try:
        return world.identity.claims(token)
    except (InvalidToken, ValueError, LookupError) as error:
        raise AmlError(401, "UserError", str(error) or "The bearer token is malformed.") from error


def workspace_of(world: World, request: web.Request) -> Json:
    """The workspace that the request's path names, as ARM shows it. Raises AmlError 404."""
    names = request.match_info
    resource_id = (
        f"/subscriptions/{names['subscription']}/resourceGroups/{names['group']}"
        f"/providers/{WORKSPACE}/{names['workspace']}"
    )
    found = world.resource(resource_id)
    if found is None:
        raise AmlError(404, "UserError", f"Workspace {names['workspace']} not found.")
    return found


def settled(world: World, resource_id: str, *, polled: bool = True) -> Record | None:
    """A record brought up to now; None when it is not there. `polled` marks a status read."""
    record = world.store.get(resource_id)
    if record is None:
        return None
    try:
        return world.arm.lifecycle.settle(record, polled=polled)
    except ArmError as error:
        raise AmlError(error.status, "UserError", str(error)) from error


async def json_body(request: web.Request) -> Json:
    """The request's JSON object. Raises AmlError 400 for anything else."""
    try:
        body = await request.json()
    except ValueError as error:
        raise AmlError(400, "UserError", f"The request body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise AmlError(400, "UserError", "The request body must be a JSON object.")
    return body


def _body(world: World, component: str, error: AmlError) -> Json:
    root: Json = {
        "code": "UserError" if error.status < 500 else "SystemError",
        "severity": None,
        "message": error.message,
        "messageFormat": None,
        "messageParameters": {},
        "referenceCode": None,
        "detailsUri": None,
        "target": None,
        "details": [],
        "innerError": {"code": error.code, "innerError": None},
        "debugInfo": None,
        "additionalInfo": None,
    }
    return {
        "error": root,
        "correlation": {"operation": uuid.uuid4().hex, "request": uuid.uuid4().hex[:16]},
        "environment": "sandbox",
        "location": "sandbox",
        "time": world.clock.iso(),
        "componentName": component,
        "statusCode": error.status,
    }
