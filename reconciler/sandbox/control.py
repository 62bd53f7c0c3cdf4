"""The sandbox's own controls under `/_sandbox/`, for tests and for the command line.

Every call needs the header `x-sandbox-token`. All bodies are JSON.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from math import inf
from typing import Any

from aiohttp import web

from reconciler.sandbox import forge, git, subscription_controls
from reconciler.sandbox.arm import resource_changes
from reconciler.sandbox.arm.checks import merge
from reconciler.sandbox.arm.errors import ArmError
from reconciler.sandbox.arm.ids import Target, parse
from reconciler.sandbox.arm.permissions import PORTAL_USER
from reconciler.sandbox.arm.types import Call
from reconciler.sandbox.fault_checks import known, number, whole_number
from reconciler.sandbox.faults import Faults
from reconciler.sandbox.journal import summary
from reconciler.sandbox.settings import DEFAULTS
from reconciler.sandbox.store import Record
from reconciler.sandbox.throttle import buckets
from reconciler.sandbox.turns import SWITCH, Turns
from reconciler.sandbox.vault import secrets
from reconciler.sandbox.vault.errors import VaultError
from reconciler.sandbox.world import World

Json = dict[str, Any]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
WITH_BODY = ("put", "patch", "tag")
KEPT = ("meta", "identity", "clock")


def routes(world: World, faults: Faults, turns: Turns) -> list[web.RouteDef]:
    """Return the control routes, each behind the control token."""
    control = _Control(world, faults, turns)
    table: list[tuple[str, str, Handler]] = [
        ("GET", "journal", control.journal),
        ("GET", "summary", control.summary),
        ("DELETE", "journal", control.clear_journal),
        ("GET", "faults", control.faults_list),
        ("POST", "faults", control.faults_arm),
        ("DELETE", "faults", control.faults_clear),
        ("GET", "clock", control.clock),
        ("POST", "clock", control.set_clock),
        ("GET", "settings", control.settings),
        ("POST", "settings", control.set_settings),
        ("POST", "latency", control.latency),
        ("POST", "throttle", control.throttle),
        ("POST", "drift", control.drift),
        ("GET", "turns", control.turns),
        ("POST", "turns", control.take_turns),
        ("DELETE", "turns", control.leave_turns),
        ("POST", "secret", control.secret),
        ("POST", "code", control.run_code),
        ("POST", "forge", forge.controls(world).run),
        ("POST", "git", git.controls(world).run),
        *subscription_controls.handlers(world),
        ("POST", "reset", control.reset),
        ("GET", "snapshot", control.snapshot),
        ("POST", "restore", control.restore),
    ]
    return [
        web.route(method, f"/_sandbox/{name}", control.guarded(handler))
        for method, name, handler in table
    ]


class _Control:
    def __init__(self, world: World, faults: Faults, turns: Turns) -> None:
        self._world = world
        self._faults = faults
        self._turns = turns

    def guarded(self, handler: Handler) -> Handler:
        """Return a handler that asks for the control token and turns bad input into 400."""

        async def run(request: web.Request) -> web.StreamResponse:
            token = request.headers.get("x-sandbox-token", "")
            if not hmac.compare_digest(token, self._world.identity.control_token):
                return web.json_response({"error": "wrong or missing x-sandbox-token"}, status=401)
            try:
                return await handler(request)
            except (ValueError, KeyError, ArmError) as error:
                self._world.store.rollback()
                return web.json_response({"error": str(error)}, status=400)

        return run

    async def journal(self, request: web.Request) -> web.Response:
        """JSON lines; `?since=SEQ`, `?kind=arm|data|token`, `?path=PART` of their paths."""
        since, query = int(request.query.get("since", "0")), request.query
        lines = self._world.journal.lines(since, query.get("kind", ""), query.get("path", ""))
        text = "".join(f"{line}\n" for line in lines)
        return web.Response(text=text, content_type="application/x-ndjson")

    async def summary(self, request: web.Request) -> web.Response:
        """Count the journal: requests by status, writes carried out, what is not served here."""
        return web.json_response(summary(self._world.journal.read()))

    async def clear_journal(self, request: web.Request) -> web.Response:
        self._world.journal.clear()
        return web.json_response({})

    async def run_code(self, request: web.Request) -> web.Response:
        """Say whether the commands of jobs are run on this machine: `{"runs": true}`."""
        self._world.runs_code = bool((await request.json())["runs"])
        return web.json_response({"runs": self._world.runs_code})

    async def faults_list(self, request: web.Request) -> web.Response:
        return web.json_response({"value": self._faults.armed()})

    async def faults_arm(self, request: web.Request) -> web.Response:
        return web.json_response(self._faults.arm(await request.json()))

    async def faults_clear(self, request: web.Request) -> web.Response:
        self._faults.clear()
        return web.json_response({})

    async def turns(self, request: web.Request) -> web.Response:
        return web.json_response({"callers": self._turns.callers})

    async def take_turns(self, request: web.Request) -> web.Response:
        """`{"callers": ["one", "two"], "seed": 7, "switch": 0.5}`; no callers: turns are off."""
        body = known(await request.json(), {"callers", "seed", "switch"})
        callers = body.get("callers")
        if not isinstance(callers, list) or not all(isinstance(c, str) and c for c in callers):
            raise ValueError(f"callers is a list of names, not {callers!r}")
        switch = number(body.get("switch", SWITCH), "switch")
        if switch > 1:
            raise ValueError(f"switch is at most 1, not {switch:g}")
        self._turns.begin(callers, whole_number(body.get("seed", 0), "seed"), switch)
        return await self.turns(request)

    async def leave_turns(self, request: web.Request) -> web.Response:
        """`?caller=one`: it has ended and is waited for no more. Without one: turns are off."""
        caller = request.query.get("caller", "")
        if caller and caller not in self._turns.callers:
            raise ValueError(f"{caller!r} takes no turns")
        if caller:
            self._turns.leave(caller)
        else:
            self._turns.begin([])
        return await self.turns(request)

    async def clock(self, request: web.Request) -> web.Response:
        clock = self._world.clock
        return web.json_response({"mode": clock.mode, "now": clock.iso()})

    async def set_clock(self, request: web.Request) -> web.Response:
        """`{"mode": "frozen"}` (or auto, instant, speed=N) and/or `{"advance": seconds}`."""
        body = known(await request.json(), {"mode", "advance"})
        step = number(body.get("advance", 0), "advance")
        if "mode" in body:
            self._world.clock.set_mode(str(body["mode"]))
        if "advance" in body:
            self._world.clock.skip(step)
        return await self.clock(request)

    async def settings(self, request: web.Request) -> web.Response:
        return web.json_response(self._world.settings.all())

    async def set_settings(self, request: web.Request) -> web.Response:
        for name, value in known(await request.json(), set(DEFAULTS)).items():
            is_number = name != "throttle"
            value = number(value, name, -inf) if is_number else buckets(value or {})
            self._world.settings[name] = value
        return await self.settings(request)

    async def latency(self, request: web.Request) -> web.Response:
        """`{"ms": 100, "jitter_ms": 50}`: before every request but the controls."""
        body = known(await request.json(), {"ms", "jitter_ms"})
        fixed, jitter = number(body.get("ms"), "ms"), number(body.get("jitter_ms", 0), "jitter_ms")
        self._world.settings["latency_ms"] = fixed
        self._world.settings["latency_jitter_ms"] = jitter
        return web.json_response({})

    async def throttle(self, request: web.Request) -> web.Response:
        """Set ARM's token buckets (`throttle.buckets` says how); `{}` turns them off."""
        found = buckets(await request.json())
        self._world.settings["throttle"] = found
        return web.json_response(found)

    async def drift(self, request: web.Request) -> web.Response:
        """Change a stored resource behind everybody's back: no checks, no journal.

        `{"op": "put"|"patch"|"tag"|"delete"|"cancel", "id": ..., "body": {...}}`; `put` replaces
        the stored body, `patch` and `tag` (a body of tags) merge, null removing; `cancel` ends a
        running job as somebody in the portal would.
        """
        body = known(await request.json(), {"op", "id", "body"})
        target = parse(str(body.get("id", "")))
        if body.get("op") in WITH_BODY and not isinstance(body.get("body"), dict):
            raise ValueError(f"drift {body['op']} needs a body, a JSON object")
        if target is None or target.type.lower() not in self._world.arm.types:
            raise ValueError(f"{body.get('id')!r} names no resource type of this sandbox")
        record = self._world.store.get(body["id"])
        self._world.store.watch_write()
        match body.get("op"):
            case "put":
                self._drift_put(target, record, body)
            case "patch":
                merge(_found(record, body).body, body["body"])
                self._world.store.put(_found(record, body))
            case "tag":
                _tag(_found(record, body), body["body"])
                self._world.store.put(_found(record, body))
            case "delete":
                self._world.arm.lifecycle.remove(_found(record, body))
            case "cancel":
                self._drift_cancel(_found(record, body))
            case other:
                raise ValueError(f"op {other!r} is not put, patch, tag, delete or cancel")
        call = Call("PUT", body["id"], {}, None, {}, *_someone_else())
        resource_changes.note(self._world, call)
        return web.json_response({})

    def _drift_put(self, target: Target, record: Record | None, body: Json) -> None:
        """Replace a stored body as it is; create a missing resource as a client would."""
        if record is not None:
            record.body = body["body"]
            self._world.store.put(record)
            return
        type_ = self._world.arm.types[target.type.lower()]
        query = {"api-version": type_.versions[-1]}
        call = Call("PUT", body["id"], query, body["body"], {}, *_someone_else())
        self._world.arm.handle(call)
        made = self._world.store.get(body["id"])
        if made is not None and "pending" in made.hidden:
            made.hidden["pending"]["wait"]["ends"] = [self._world.clock.now()]

    def _drift_cancel(self, record: Record) -> None:
        type_ = self._world.arm.types[record.type.lower()]
        cancel = type_.actions.get("cancel")
        if cancel is None:
            raise ValueError(f"a {record.type} cannot be canceled")
        query = {"api-version": type_.versions[-1]}
        cancel(self._world, record, Call("POST", record.id, query, None, {}, *_someone_else()))

    async def secret(self, request: web.Request) -> web.Response:
        """`{"vault", "name", "value"}`, perhaps a `version`: what somebody puts into a vault."""
        body = known(await request.json(), {"vault", "name", "value", "version"})
        try:
            found = secrets.put(self._world, str(body.pop("vault", "")), body)
        except VaultError as error:
            raise ValueError(str(error)) from error
        return web.json_response(found)

    async def reset(self, request: web.Request) -> web.Response:
        """Forget everything but identity, certificate and clock."""
        self._turns.begin([])
        for account in self._world.store.of_type("Microsoft.Storage/storageAccounts"):
            self._world.blobs.delete_account(account.name)
            self._world.files.delete_account(account.name)
        self._world.store.clear(KEPT)
        self._world.journal.clear()
        return web.json_response({})

    async def snapshot(self, request: web.Request) -> web.Response:
        """Return all records and documents, armed faults and settings among them.

        With `?bytes=1` all that there is: what blobs and shares hold, and the virtual time.
        """
        found = self._world.store.export(KEPT)
        if request.query.get("bytes"):
            found["bytes"] = {
                "blobs": self._world.blobs.export(),
                "files": self._world.files.export(),
            }
            found["now"] = self._world.clock.now()
        return web.json_response(found)

    async def restore(self, request: web.Request) -> web.Response:
        """Become what `snapshot` returned, in milliseconds; turns are off, faults count anew.

        Without bytes in it, blobs, shares and clock stay. Identity, certificate, the clock's mode
        and the journal always do.
        """
        snapshot = await request.json()
        if not isinstance(snapshot, dict) or not {"resources", "documents"} <= snapshot.keys():
            raise ValueError("this is no snapshot of a sandbox")
        self._turns.begin([])
        self._world.store.import_(snapshot, KEPT)
        self._faults.recount()
        if "bytes" in snapshot:
            self._world.blobs.replace(snapshot["bytes"]["blobs"])
            self._world.files.replace(snapshot["bytes"]["files"])
        if "now" in snapshot:
            self._world.clock.go_to(number(snapshot["now"], "now"))
        return web.json_response({})


def _someone_else() -> tuple[str, str]:
    """Return object and client id of a person who works in the portal."""
    return PORTAL_USER, "c44b4083-3bb0-49c1-b47d-974e53cbdf3c"


def _tag(record: Record, tags: Json) -> None:
    """Merge tags where the type keeps them: beside the properties, or within (assets)."""
    owner = record.body
    if "tags" not in owner and "tags" in (owner.get("properties") or {}):
        owner = owner["properties"]
    kept = {**(owner.get("tags") or {}), **tags}
    owner["tags"] = {name: value for name, value in kept.items() if value is not None}


def _found(record: Record | None, body: Json) -> Record:
    if record is None:
        raise ValueError(f"no resource {body['id']}")
    return record
