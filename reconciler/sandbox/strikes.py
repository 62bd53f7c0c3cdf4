"""What an injected fault does to a request, by its action.

- `{"status": 429, "body": ..., "headers": ...}`: this answer in place of the real one.
- `{"drop": true}`: the connection is cut.
- `{"truncate": true}`: half of the real answer's body, then the connection is cut.
- `{"hang": true}`: no answer for as long as the client waits.
- `{"delay_s": 2}`: the answer is late.
- `{"hold": true}`: the request, or its answer, is held until the faults are disarmed, also when
  its client has left.
- `{"stale": 3}`: the next three fitting reads show each resource as it was before its latest
  write, as a cache of ARM's that is behind does (control plane and prompt flows; Blob storage is
  strongly consistent). `{"stale": 3, "every": 2}`: three reads again, but every second one, as
  two replicas of which one is behind answer in turns.
- `{"pages": 1}`: a list comes in pages of so many items (control plane only).
- `{"omit": "<regex>"}`, `{"repeat": "<regex>"}`: a list leaves out the items whose id, or name
  where they have none, holds this, or shows them a second time at its end.
- `{"next_link": "<text>"}`: a list says that it goes on there; `{url}` is its own address.
- `{"operation": ["InProgress", {"status": 500}, "Failed"]}`: what the polls of the long-running
  operation that the request starts are told, one after the other. A word is the operation's
  status; after `Failed` or `Canceled` the resource itself has failed. Then the truth again.
- `{"kill": pid, "signal": "KILL"}`: a signal to a process on this machine; one that is gone or
  another user's is left alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from typing import Any

from aiohttp import web

from reconciler.sandbox.fault_checks import number_of
from reconciler.sandbox.faults import SPACE as ARMED
from reconciler.sandbox.lists import LIES, lie
from reconciler.sandbox.world import World

Json = dict[str, Any]
SCRIPTS = "operation_scripts"
LOOK_S = 0.02
SECONDARY_LIMIT = {
    "message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
    "documentation_url": "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits",
}
OVER = ("Failed", "Canceled")
_OPERATION = re.compile(r"/operation(?:statuse|result)s/([^/?]+)", re.IGNORECASE)
_OPERATION_HEADERS = ("Azure-AsyncOperation", "Location")


async def strike(
    fault: Json, request: web.Request, response: web.StreamResponse | None, world: World
) -> web.StreamResponse | None:
    """Carry out a fault; a returned response replaces the request's own."""
    action = fault["action"]
    if "delay_s" in action:
        await asyncio.sleep(float(action["delay_s"]))
    elif "hold" in action:
        await _hold(request, world, str(fault["id"]))
    elif "kill" in action:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(int(action["kill"]), number_of(action.get("signal", "KILL")))
    elif "hang" in action:
        await _hang(request)
        return web.Response(status=500)
    elif "drop" in action:
        _cut(request)
        return web.Response(status=500)
    elif "truncate" in action and isinstance(response, web.Response):
        return await _truncate(request, response)
    elif "operation" in action and response is not None:
        _script(world, response, action["operation"])
    elif LIES & action.keys() and isinstance(response, web.Response):
        return lie(action, f"{world.base_url}{request.path_qs}", response)
    elif "status" in action:
        body = action.get("body") or default_body(int(action["status"]), request.path)
        headers = action.get("headers")
        return web.json_response(body, status=int(action["status"]), headers=headers)
    return None


def default_body(status: int, path: str = "") -> Json:
    """Return the error document that the plane of a path usually sends with a status."""
    if path.startswith("/_github/") and status in (403, 429):
        return SECONDARY_LIMIT
    codes = {
        400: "BadRequest",
        401: "ExpiredAuthenticationToken",
        403: "AuthorizationFailed",
        404: "ResourceNotFound",
        409: "Conflict",
        412: "PreconditionFailed",
        429: "TooManyRequests",
        502: "BadGateway",
        503: "ServiceUnavailable",
        504: "GatewayTimeout",
    }
    code = codes.get(status, "InternalServerError")
    return {"error": {"code": code, "message": f"Injected fault: {code}."}}


def _cut(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


async def _hang(request: web.Request) -> None:
    while request.transport is not None and not request.transport.is_closing():
        await asyncio.sleep(LOOK_S)


async def _hold(request: web.Request, world: World, number: str) -> None:
    await request.read()
    while world.store.document(ARMED, number) is not None:
        await asyncio.sleep(LOOK_S)


async def _truncate(request: web.Request, response: web.Response) -> web.StreamResponse:
    whole = response.body if isinstance(response.body, bytes) else b""
    half = web.StreamResponse(status=response.status, headers=response.headers)
    half.content_length = len(whole)
    await half.prepare(request)
    await half.write(whole[: len(whole) // 2])
    if request.transport is not None:
        request.transport.close()
    return half


def _script(world: World, response: web.StreamResponse, steps: list[Any]) -> None:
    for header in _OPERATION_HEADERS:
        found = _OPERATION.search(response.headers.get(header, ""))
        if found is not None:
            world.store.put_document(SCRIPTS, found[1], steps)
            world.store.commit()


def scripted(world: World, method: str, path: str) -> web.Response | None:
    """Return what a script makes of a poll, None where there is none (any more)."""
    found = _OPERATION.search(path) if method == "GET" else None
    steps = world.store.document(SCRIPTS, found[1]) if found else None
    if found is None or not steps:
        return None
    operation, step, rest = found[1], steps[0], steps[1:]
    if rest:
        world.store.put_document(SCRIPTS, operation, rest)
    else:
        world.store.delete_document(SCRIPTS, operation)
    if isinstance(step, dict):
        body = step.get("body") or default_body(int(step["status"]))
        headers = step.get("headers")
        return web.json_response(body, status=int(step["status"]), headers=headers)
    return _told(world, operation, path, str(step))


def _told(world: World, operation: str, path: str, status: str) -> web.Response:
    error = {"code": f"Operation{status}", "message": f"Injected fault: the operation {status}."}
    if status in OVER:
        world.arm.lifecycle.fail(operation, error)
    retry = world.clock.retry_headers() if status not in (*OVER, "Succeeded") else {}
    if "operationresults" in path.lower() and status in OVER:
        return web.json_response({"error": error}, status=400)
    if "operationresults" in path.lower() and retry:
        return web.Response(status=202, headers={"Location": world.base_url + path, **retry})
    body: Json = {"id": path, "name": operation, "status": status}
    if status in OVER:
        body["error"] = error
    return web.json_response(body, headers=retry)
