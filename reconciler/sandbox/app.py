"""The web application: one port for ARM, Entra, data planes and the sandbox's own controls.

Every request passes `_Gate`: latency, faults, transaction, journal. A request is committed
before it is answered, so that what a client was told survives `kill -9`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import uuid
from pathlib import Path
from typing import Any

from aiohttp import hdrs, web
from yarl import URL

from reconciler.sandbox import (
    control,
    entra_routes,
    graph,
    hub,
    jsonc,
    managed_identity,
    serving,
    storage,
)
from reconciler.sandbox.arm.engine import Engine
from reconciler.sandbox.arm.errors import ArmError
from reconciler.sandbox.arm.types import Answer, Call
from reconciler.sandbox.clock import Clock
from reconciler.sandbox.entra import Identity, InvalidToken, WrongAudience
from reconciler.sandbox.faults import Faults, strike
from reconciler.sandbox.store import Store
from reconciler.sandbox.throttle import Throttle
from reconciler.sandbox.world import World

Json = dict[str, Any]
SUFFIX = ".core.sandbox.test"
MAX_BODY = 1 << 30
DEPLOYMENTS = "/providers/microsoft.resources/deployments/"
ARM_AUDIENCES = ("https://management.core.windows.net", "https://management.azure.com")
READS = ("GET", "HEAD")
READS_SAVED_AFTER_S = 0.02


def open_world(state: Path, base_url: str, clock_mode: str) -> World:
    """Open the state directory. Raises StateError if another version wrote it."""
    store = Store(state / "state.db", base_url)
    clock, identity = Clock(store, clock_mode), Identity(store)
    world = World(state, store=store, clock=clock, identity=identity, base_url=base_url)
    world.arm = Engine(world)
    return world


def build(world: World) -> web.Application:
    """Return the application with every plane mounted."""
    gate = _Gate(world)
    app = web.Application(middlewares=[gate.middleware], client_max_size=MAX_BODY)
    app.add_routes(control.routes(world, gate.faults))
    app.add_routes(entra_routes.routes(world))
    app.add_routes(managed_identity.routes(world))
    app.add_routes(graph.routes(world))
    for plane in (storage, hub, serving):
        app.add_routes(plane.routes(world))
    app.router.add_route("*", "/{tail:.*}", _Arm(world).handle)
    return app


class _Arm:
    """Adapts HTTP to the engine."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def handle(self, request: web.Request) -> web.Response:
        raw = await request.read()
        try:
            answer = self._answer(request, raw)
        except ArmError as error:
            self._world.store.rollback()
            body = error.body(self._world.clock.iso(), "eastus")
            answer = Answer(error.status, body, error.headers)
        headers = {"x-ms-request-id": str(uuid.uuid4()), **answer.headers}
        if request.method == hdrs.METH_HEAD or answer.body is None:
            return web.Response(status=answer.status, headers=headers)
        response = web.json_response(answer.body, status=answer.status, headers=headers)
        response["json"] = answer.body
        return response

    def _answer(self, request: web.Request, raw: bytes) -> Answer:
        claims = self._claims(request)
        call = Call(
            method=request.method,
            path="/" + "/".join(part for part in request.path.split("/") if part),
            query=dict(request.query),
            body=_json(raw, request.path),
            headers={key.lower(): value for key, value in request.headers.items()},
            principal_id=claims["oid"],
            app_id=claims["appid"],
        )
        return self._world.arm.handle(call)

    def _claims(self, request: web.Request) -> Json:
        header = request.headers.get(hdrs.AUTHORIZATION, "")
        scheme, _, token = header.partition(" ")
        challenge = {
            "WWW-Authenticate": f'Bearer authorization_uri="{self._world.base_url}/'
            f'{self._world.identity.tenant_id}", error="invalid_token"'
        }
        if scheme.lower() != "bearer" or not token:
            raise ArmError(
                401,
                "AuthenticationFailed",
                "Authentication failed. The 'Authorization' header is missing.",
                headers=challenge,
            )
        try:
            return self._for_arm(self._world.identity.claims(token))
        except InvalidToken as error:
            raise ArmError(401, error.code, str(error), headers=challenge) from error

    def _for_arm(self, claims: Json) -> Json:
        """The claims, if their audience is ARM: Azure's own names for it, or this server's URL."""
        audience = str(claims["aud"])
        if audience.rstrip("/") not in {*ARM_AUDIENCES, self._world.base_url}:
            allowed = ",".join(f"'{name}/','{name}'" for name in ARM_AUDIENCES)
            raise WrongAudience(
                "The access token has been obtained for wrong audience or resource "
                f"'{audience}'. It should exactly match with one of the allowed audiences "
                f"{allowed}."
            )
        return claims


def _json(raw: bytes, path: str) -> Any:
    """The body of a request; that of a deployment may be JSON with comments."""
    if not raw.strip():
        return None
    try:
        return json.loads(raw)
    except ValueError as error:
        problem = error
    if DEPLOYMENTS in path.lower():
        with contextlib.suppress(ValueError):
            return jsonc.loads(raw.decode())
    raise ArmError(400, "InvalidRequestContent", f"The request content was invalid: {problem}")


class _Gate:
    """The middleware around every request."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.faults = Faults(world.store)
        self._throttle = Throttle(world.settings)
        self._timer: asyncio.TimerHandle | None = None

    @property
    def middleware(self) -> Any:
        """Return the aiohttp middleware."""

        @web.middleware
        async def gate(request: web.Request, handler: Any) -> web.StreamResponse:
            request, handler = await _by_host(request, handler)
            if request.path.startswith("/_sandbox/"):
                response: web.StreamResponse = await handler(request)
                self._world.store.commit()
                return response
            return await self._pass(request, handler)

        return gate

    async def _pass(self, request: web.Request, handler: Any) -> web.StreamResponse:
        latency = float(self._world.settings["latency_ms"])
        if latency:
            await asyncio.sleep(latency / 1000)
        throttled = self._throttled(request)
        if throttled is not None:
            self._finish(request, throttled, committed=False)
            return throttled
        strikes = self.faults.take(request.method, request.path_qs)
        replaced = await self._strike(request, strikes, "before")
        if replaced is not None:
            self._finish(request, replaced, committed=False)
            return replaced
        try:
            response: web.StreamResponse = await handler(request)
        except web.HTTPException as error:
            response = web.Response(status=error.status, text=error.text)
        except Exception:
            self._world.store.rollback()
            raise
        self._finish(request, response, committed=response.status < 400)
        replaced = await self._strike(request, strikes, "after")
        return response if replaced is None else replaced

    def _throttled(self, request: web.Request) -> web.Response | None:
        if _kind(request.path) != "arm":
            return None
        wait = self._throttle.wait_s(self._client(request), request.method)
        if not wait:
            return None
        message = "Number of requests exceeded the limit. Please try again after some time."
        body = {"error": {"code": "TooManyRequests", "message": message}}
        headers = {"Retry-After": str(math.ceil(wait))}
        return web.json_response(body, status=429, headers=headers)

    async def _strike(
        self, request: web.Request, strikes: list[Json], when: str
    ) -> web.Response | None:
        replaced = None
        for fault in strikes:
            if fault["when"] == when:
                replaced = await strike(fault, request) or replaced
        return replaced

    def _finish(
        self, request: web.Request, response: web.StreamResponse, *, committed: bool
    ) -> None:
        entry = {
            "time": self._world.clock.iso(),
            "client": self._client(request),
            "method": request.method,
            "path": request.path,
            "query": dict(request.query),
            "request_body": _request_body(request),
            "status": response.status,
            "response_body": _response_body(response),
            "committed": committed,
        }
        self._world.journal.append(_kind(request.path), entry)
        if request.method in READS and not self._world.store.in_transaction:
            self._write_soon()
        else:
            self._write()

    def _write_soon(self) -> None:
        """Save journal entries of reads together: one transaction each would halve the speed.

        A killed sandbox may so forget that it was asked, never what it said that it did.
        """
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(READS_SAVED_AFTER_S, self._write)

    def _write(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._world.journal.flush()
        self._world.store.commit()

    def _client(self, request: web.Request) -> str:
        agent = request.headers.get(hdrs.USER_AGENT, "")
        scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
        if scheme.lower() != "bearer":
            return agent
        try:
            return f"{agent} appid={self._world.identity.claims(token)['appid']}"
        except (InvalidToken, ValueError, KeyError):
            return agent


def _kind(path: str) -> str:
    if path.startswith("/_identity/"):
        return "token"
    if path.startswith(("/_", "/graph/", "/registrymanagement/")):
        return "data"
    is_token = "/oauth2/" in path or "/.well-known/" in path or path.startswith("/metadata/")
    return "token" if is_token else "arm"


def _request_body(request: web.Request) -> Any:
    """Return the JSON body that the handler has read, a length for other bytes, or None."""
    raw = request._read_bytes  # noqa: SLF001 - reading again would need await after the answer
    if not raw:
        return None
    if "json" not in request.content_type or request.path.startswith(("/_blob", "/_file")):
        return {"length": len(raw)}
    try:
        return json.loads(raw)
    except ValueError:
        return {"length": len(raw)}


def _response_body(response: web.StreamResponse) -> Any:
    if "json" in response:
        return response["json"]
    if not isinstance(response, web.Response) or not isinstance(response.body, bytes):
        return None
    if not response.body or response.content_type != "application/json":
        return {"length": len(response.body)} if response.body else None
    return json.loads(response.body)


async def _by_host(request: web.Request, handler: Any) -> tuple[web.Request, Any]:
    """Turn `{account}.blob.core.sandbox.test/x` into `/_blob/{account}/x` and resolve it."""
    host = request.host.split(":")[0].lower()
    if not host.endswith(SUFFIX):
        return request, handler
    account, _, service = host.removesuffix(SUFFIX).rpartition(".")
    if service not in ("blob", "file") or request.path.startswith(f"/_{service}/"):
        return request, handler
    raw = f"/_{service}/{account}{request.rel_url.raw_path_qs}"
    moved = request.clone(rel_url=URL(raw, encoded=True))
    found = await request.app.router.resolve(moved)
    found.add_app(request.app)
    moved._match_info = found  # noqa: SLF001 - how aiohttp itself attaches a resolved route
    return moved, found.handler
