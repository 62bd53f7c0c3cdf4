"""What the loop answers over HTTP, read-only but for two hints: look at this spec, look at git.

Passes never wait for it: it runs in a thread of its own (`http_thread`), and reads what passes
left behind. A hint brings a pass forward; what it does is decided as always.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from aiohttp import web

from reconciler.diagnostics import UnforeseenError
from reconciler.engine.types import JsonObject
from reconciler.gitops.config_told import HttpConfig, Readable
from reconciler.gitops.debounce import Debounce
from reconciler.gitops.http_access import CHALLENGE, Access, Gatekeeper
from reconciler.gitops.last_passes import LastPasses
from reconciler.gitops.metrics import CONTENT_TYPE, Metrics
from reconciler.gitops.status import details, overview, page, summary
from reconciler.gitops.vitals import Vitals
from reconciler.render.loop_page import loop_page
from reconciler.secrets import scrub

MOST_BYTES = 1 << 20
"""Of a request; GitHub's larger pushes are refused, and found by the next poll."""
LONGEST_S = 15.0
HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Connection": "close",
}
HOOK = "hook"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Told:
    """What is told over HTTP, and who hears of hints.

    `specs` names every spec that is kept; `look` asks for a pass of one, `look_at_source` for a
    look at git. Both are called in the thread of the server, and must not wait.
    """

    vitals: Vitals
    last: LastPasses
    metrics: Metrics
    specs: Callable[[], Sequence[str]]
    look: Callable[[str], None]
    look_at_source: Callable[[], None]
    access: HttpConfig = field(default_factory=HttpConfig)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


def application(told: Told, debounce: Debounce) -> web.Application:
    """Return the application: every route, behind its access."""
    made = _Routes(told, Gatekeeper(told.access), debounce)
    found = web.Application(client_max_size=MOST_BYTES, middlewares=[_bounded])
    found.add_routes(
        [
            web.get("/", made.home),
            web.get("/livez", made.livez),
            web.get("/readyz", made.readyz),
            web.get("/metrics", made.metrics),
            web.get("/status", made.status),
            web.get("/status/{spec}", made.of_spec),
            web.post("/reconcile/{spec}", made.reconcile),
            web.post("/hook", made.hook),
        ]
    )
    return found


class _Routes:
    """The answers."""

    def __init__(self, told: Told, gate: Gatekeeper, debounce: Debounce) -> None:
        self._told, self._gate, self._debounce = told, gate, debounce

    async def livez(self, _: web.Request) -> web.Response:
        """Whether the loop moves; where not, whoever watches starts it again."""
        is_alive = self._told.vitals.is_alive
        return _text("ok" if is_alive else "the loop does not move", 200 if is_alive else 503)

    async def readyz(self, _: web.Request) -> web.Response:
        """Whether it has begun as it should."""
        missing = self._told.vitals.missing
        return _text("; ".join(missing) or "ok", 503 if missing else 200)

    async def metrics(self, request: web.Request) -> web.Response:
        """Everything for Prometheus."""
        self._check_read(request, "metrics")
        text = await asyncio.to_thread(self._told.metrics.text)
        return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE})

    async def home(self, request: web.Request) -> web.Response:
        """The page for people."""
        self._check_read(request, "status")
        found, number = self._told, page_number(request)
        text = await asyncio.to_thread(
            lambda: loop_page(overview(found.specs(), found.last.all(), number, found.now()))
        )
        return web.Response(text=scrub(text), content_type="text/html")

    async def status(self, request: web.Request) -> web.Response:
        """One page of all specs."""
        self._check_read(request, "status")
        found = page(self._told.specs(), self._told.last.all(), page_number(request))
        return _json(found)

    async def of_spec(self, request: web.Request) -> web.Response:
        """Everything about one spec."""
        self._check_read(request, "status")
        spec = request.match_info["spec"]
        one = self._told.last.of(spec)
        if one is not None:
            return _json(await asyncio.to_thread(details, one))
        if spec in self._told.specs():
            return _json(summary(spec, None))
        return _error(404, "there is no such spec")

    async def reconcile(self, request: web.Request) -> web.Response:
        """Ask for a pass of one spec now."""
        _check(self._gate.may_ask(request.headers), "`http.token_file`")
        spec = request.match_info["spec"]
        if spec not in self._told.specs():
            return _error(404, "there is no such spec")
        self._debounce.call(f"spec {spec}", lambda: self._told.look(spec))
        return _json({"spec": spec, "asked": True}, 202)

    async def hook(self, request: web.Request) -> web.Response:
        """Take a webhook as a hint that git may have moved."""
        body = await request.read()
        secrets = "`http.github_secret_file` or `http.azure_devops_password_file`"
        _check(self._gate.is_hook(request.headers, body), secrets)
        self._debounce.call(HOOK, self._told.look_at_source)
        return _json({"asked": True}, 202)

    def _check_read(self, request: web.Request, what: Readable) -> None:
        _check(self._gate.may_read(what, request.headers), f"`http.token_file`, or {what} public")


def _check(access: Access, needed: str) -> None:
    """Raise the answer to a request that is let in by nothing."""
    if access is Access.NOBODY:
        raise web.HTTPForbidden(
            text=_dumped({"error": f"nobody may: the configuration needs {needed}"}),
            content_type="application/json",
        )
    if access is Access.REFUSED:
        raise web.HTTPUnauthorized(
            text=_dumped({"error": "not authorized"}),
            content_type="application/json",
            headers=CHALLENGE,
        )


def page_number(request: web.Request) -> int:
    """Return which page is asked for, counted from 1. Raises 400 where it is not a number."""
    text = request.query.get("page", "1")
    if not text.isascii() or not text.isdecimal() or len(text) > 6 or not int(text):
        message = _dumped({"error": "page is a number from 1"})
        raise web.HTTPBadRequest(text=message, content_type="application/json")
    return int(text)


@web.middleware
async def _bounded(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer in time or not at all, and let nobody keep, sniff or frame what is answered."""
    try:
        async with asyncio.timeout(LONGEST_S):
            response = await handler(request)
    except web.HTTPException as refused:
        refused.headers.update(HEADERS)
        raise
    except TimeoutError:
        response = _error(408, f"not done within {LONGEST_S:.0f} s")
    except Exception as error:  # noqa: BLE001 - nobody who asks gets a traceback, and all others answers
        response = _error(500, UnforeseenError.of(error).diagnostics[0].detail)
    response.headers.update(HEADERS)
    return response


def _text(text: str, status: int) -> web.Response:
    return web.Response(text=f"{text}\n", status=status)


def _error(status: int, message: str) -> web.Response:
    return _json({"error": message}, status)


def _json(values: JsonObject, status: int = 200) -> web.Response:
    return web.Response(text=_dumped(values), status=status, content_type="application/json")


def _dumped(values: JsonObject) -> str:
    return scrub(json.dumps(values, ensure_ascii=True, default=str)) + "\n"
