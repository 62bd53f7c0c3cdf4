"""The web application: one port for ARM, Entra, data planes and the sandbox's own controls.

Every request passes `gate.py`: latency, faults, transaction, journal. A request is committed
before it is answered, so that what a client was told survives `kill -9`.
"""

from __future__ import annotations

import contextlib
import json
import uuid
from pathlib import Path
from typing import Any

from aiohttp import hdrs, web

from reconciler.sandbox import (
    control,
    entra_routes,
    forge,
    git,
    graph,
    hub,
    jsonc,
    managed_identity,
    names,
    retail,
    serving,
    storage,
    vault,
    webhooks,
)
from reconciler.sandbox.arm import resource_changes
from reconciler.sandbox.arm.engine import Engine
from reconciler.sandbox.arm.errors import ArmError
from reconciler.sandbox.arm.types import Answer, Call
from reconciler.sandbox.clock import Clock
from reconciler.sandbox.entra import Identity, InvalidToken, WrongAudience
from reconciler.sandbox.gate import Gate
from reconciler.sandbox.store import Store
from reconciler.sandbox.world import PAGES, READS, STALE, World

Json = dict[str, Any]
MAX_BODY = 1 << 30
DEPLOYMENTS = "/providers/microsoft.resources/deployments/"
ARM_AUDIENCES = ("https://management.core.windows.net", "https://management.azure.com")


def open_world(
    state: Path,
    base_url: str,
    clock_mode: str,
    *,
    serves_forge: bool = False,
    serves_git: bool = False,
) -> World:
    """Open the state directory. Raises StateError if another version wrote it."""
    store = Store(state / "state.db", base_url)
    clock, identity = Clock(store, clock_mode), Identity(store)
    world = World(state, store=store, clock=clock, identity=identity, base_url=base_url)
    world.arm = Engine(world)
    world.serves_forge, world.serves_git = serves_forge, serves_git
    return world


def build(world: World) -> web.Application:
    """Return the application with every plane mounted."""
    gate = Gate(world)
    app = web.Application(middlewares=[gate.middleware], client_max_size=MAX_BODY)
    app.add_routes(control.routes(world, gate.faults, gate.turns))
    app.add_routes(entra_routes.routes(world))
    app.add_routes(managed_identity.routes(world))
    app.add_routes(graph.routes(world))
    for plane in (storage, vault, hub, serving, retail, names, forge, git, webhooks):
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
            with self._view(request):
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

    def _view(self, request: web.Request) -> contextlib.AbstractContextManager[None]:
        """The state that a request sees: a write the present, a struck read the past."""
        store = self._world.store
        if request.method not in READS:
            store.watch_write()
        return store.past(request.path) if request.get(STALE) else contextlib.nullcontext()

    def _answer(self, request: web.Request, raw: bytes) -> Answer:
        claims = self._claims(request)
        call = Call(
            method=request.method,
            path="/" + "/".join(part for part in request.path.split("/") if part),
            query=dict(request.query),
            body=_json(raw, request.path),
            page_size=request.get(PAGES),
            headers={key.lower(): value for key, value in request.headers.items()},
            principal_id=claims["oid"],
            app_id=claims["appid"],
        )
        answer = self._world.arm.handle(call)
        if request.method not in READS:
            resource_changes.note(self._world, call)
        return answer

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
