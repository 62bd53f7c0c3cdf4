"""What every request passes: latency, throttling, faults, one transaction, the journal."""

from __future__ import annotations

import asyncio
import json
import random
from typing import Any

from aiohttp import hdrs, web
from yarl import URL

from reconciler.sandbox.entra import InvalidToken
from reconciler.sandbox.faults import Faults
from reconciler.sandbox.lists import page_size
from reconciler.sandbox.strikes import scripted, strike
from reconciler.sandbox.throttle import Throttle, throttled
from reconciler.sandbox.turns import Turns
from reconciler.sandbox.world import PAGES, READS, STALE, World

Json = dict[str, Any]
SUFFIX = ".core.sandbox.test"
VAULT_SUFFIX = ".vault.sandbox.test"
READS_SAVED_AFTER_S = 0.02


class Gate:
    """The middleware around every request."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.faults = Faults(world.store)
        self.turns = Turns()
        self._throttle = Throttle(world.settings, world.clock)
        self._timer: asyncio.TimerHandle | None = None
        self._jitter = random.Random(0)

    @property
    def middleware(self) -> Any:
        """Return the aiohttp middleware."""

        @web.middleware
        async def gate(request: web.Request, handler: Any) -> web.StreamResponse:
            if not all(value.isascii() for value in request.headers.values()):
                return web.Response(status=400, text="Bad Request - Invalid Header")
            try:
                return await self._admit(*await _by_host(request, handler))
            except (RecursionError, UnicodeError):
                return web.Response(status=400, text="Bad Request - Invalid Content")

        return gate

    async def _admit(self, request: web.Request, handler: Any) -> web.StreamResponse:
        """Let a request in: at once where it is about the sandbox itself, else in its turn."""
        if request.path.startswith("/_sandbox/"):
            response: web.StreamResponse = await handler(request)
            self._world.clock.keep()
            self._world.store.commit()
            return response
        if not self.turns.callers:
            return await self._pass(request, handler)
        async with self.turns.turn(self._client(request)):
            return await self._pass(request, handler)

    async def _pass(self, request: web.Request, handler: Any) -> web.StreamResponse:
        await self._delay()
        throttled = self._throttled(request)
        if throttled is not None:
            self._finish(request, throttled, committed=False)
            return throttled
        strikes = self.faults.take(request.method, request.path_qs, self._client(request))
        request[STALE] = any("stale" in fault["action"] for fault in strikes)
        request[PAGES] = page_size(strikes)
        replaced = await self._strike(request, None, strikes, "before")
        if replaced is None:
            replaced = scripted(self._world, request.method, request.path_qs)
        if replaced is not None:
            self._finish(request, replaced, committed=False)
            return replaced
        self._world.arm.lifecycle.catch_up()
        try:
            response: web.StreamResponse = await handler(request)
        except web.HTTPException as error:
            response = web.Response(status=error.status, text=error.text)
        except Exception:
            self._world.store.rollback()
            raise
        self._tell_what_remains(request, response)
        self._finish(request, response, committed=response.status < 400)
        replaced = await self._strike(request, response, strikes, "after")
        return response if replaced is None else replaced

    async def _delay(self) -> None:
        settings = self._world.settings
        wait_ms = float(settings["latency_ms"])
        if settings["latency_jitter_ms"]:
            wait_ms += self._jitter.uniform(0, float(settings["latency_jitter_ms"]))
        if wait_ms:
            await asyncio.sleep(wait_ms / 1000)

    def _throttled(self, request: web.Request) -> web.Response | None:
        if kind_of(request.path) != "arm":
            return None
        wait = self._throttle.wait_s(self._bucket(request), request.method)
        return throttled(request.method, wait) if wait else None

    def _tell_what_remains(self, request: web.Request, response: web.StreamResponse) -> None:
        if kind_of(request.path) == "arm" and not response.prepared:
            scope = "subscription" if _subscription(request) else "tenant"
            headers = self._throttle.headers(self._bucket(request), request.method, scope)
            response.headers.update(headers)

    def _bucket(self, request: web.Request) -> str:
        """Return whose bucket is meant: of a principal in a subscription (one region here)."""
        return f"{_subscription(request)} {self._caller(request)}"

    async def _strike(
        self,
        request: web.Request,
        response: web.StreamResponse | None,
        strikes: list[Json],
        when: str,
    ) -> web.StreamResponse | None:
        replaced = None
        for fault in strikes:
            if fault["when"] == when:
                struck = await strike(fault, request, response, self._world)
                replaced = struck if struck is not None else replaced
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
        self._world.journal.append(kind_of(request.path), entry)
        is_unsaved = self._world.store.in_transaction or self._world.clock.is_ahead
        if request.method in READS and not is_unsaved:
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
        self._world.clock.keep()
        self._world.journal.flush()
        self._world.store.commit()

    def _client(self, request: web.Request) -> str:
        agent = request.headers.get(hdrs.USER_AGENT, "")
        caller = self._caller(request)
        return f"{agent} appid={caller}" if caller else agent

    def _caller(self, request: web.Request) -> str:
        """Return the client id of a request's token, "" without one of ours."""
        scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
        if scheme.lower() != "bearer":
            return ""
        try:
            return str(self._world.identity.claims(token)["appid"])
        except (InvalidToken, ValueError, KeyError):
            return ""


def _subscription(request: web.Request) -> str:
    """Return the subscription that a path names in lower case, "" for the tenant's own."""
    return request.path.lower().partition("/subscriptions/")[2].partition("/")[0]


def kind_of(path: str) -> str:
    """Return which plane serves a path, as the journal names it: arm, data, token or forge."""
    if path.startswith(("/_github/", "/_azuredevops/", "/_git/")):
        return "forge"
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
    except (ValueError, RecursionError):
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
    """Turn `{account}.blob.core.sandbox.test/x` into `/_blob/{account}/x` and resolve it.

    The same for file shares, and for `{vault}.vault.sandbox.test`.
    """
    name, service = _named(request.host.split(":")[0].lower())
    if not name or request.path.startswith(f"/_{service}/"):
        return request, handler
    raw = f"/_{service}/{name}{request.rel_url.raw_path_qs}"
    moved = request.clone(rel_url=URL(raw, encoded=True))
    found = await request.app.router.resolve(moved)
    found.add_app(request.app)
    moved._match_info = found  # noqa: SLF001 - how aiohttp itself attaches a resolved route
    return moved, found.handler


def _named(host: str) -> tuple[str, str]:
    """Return account or vault, and service, that a host name means; "" for any other."""
    if host.endswith(VAULT_SUFFIX):
        return host.removesuffix(VAULT_SUFFIX), "vault"
    account, _, service = host.removesuffix(SUFFIX).rpartition(".")
    return (account, service) if host.endswith(SUFFIX) and service in ("blob", "file") else ("", "")
