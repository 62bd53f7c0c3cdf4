"""Requests of a vault's data plane from the socket to their handler.

Two styles: `/_vault/{vault}/secrets/...` on the sandbox's own address, and the host name
`{vault}.vault.sandbox.test` with `/secrets/...`, as Azure has it; the server rewrites the latter
to the former. Source: learn.microsoft.com/rest/api/keyvault/secrets (operations, paging,
api-versions). Not emulated: backup and restore, keys, certificates.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from reconciler.sandbox.store import Record
from reconciler.sandbox.vault import access
from reconciler.sandbox.vault.errors import VaultError, bad, disabled, purge_protected
from reconciler.sandbox.vault.secrets import Secrets
from reconciler.sandbox.world import World

Json = dict[str, Any]
VAULT = "Microsoft.KeyVault/vaults"
VERSIONS = frozenset(("2016-10-01", *(f"7.{n}" for n in range(7)), "2025-07-01", "2026-04-01"))
PAGE = 25
"""Most results of a page, Azure's own limit."""


@dataclass(frozen=True)
class _Asked:
    """One request that may be answered: its vault, and the parts of its path after it."""

    world: World
    vault: Record
    secrets: Secrets
    parts: tuple[str, ...]
    body: Json

    def part(self, index: int) -> str:
        """A part of the path, "" where it ends before."""
        return self.parts[index] if index < len(self.parts) else ""


Handler = Callable[[_Asked], Json | list[Json] | None]


def _get(asked: _Asked) -> Json:
    found = asked.secrets.get(asked.part(1), asked.part(2))
    if not found["attributes"]["enabled"]:
        raise disabled()
    return found


def _set(asked: _Asked) -> Json:
    return asked.secrets.set(asked.part(1), asked.body)


def _update(asked: _Asked) -> Json:
    return asked.secrets.update(asked.part(1), asked.part(2), asked.body)


def _purge(asked: _Asked) -> None:
    if asked.vault.body["properties"].get("enablePurgeProtection"):
        raise purge_protected()
    asked.secrets.purge(asked.part(1))


HANDLERS: dict[tuple[str, str, int], tuple[str, Handler]] = {
    ("GET", "secrets", 1): ("list", lambda asked: asked.secrets.items()),
    ("GET", "secrets", 2): ("get", _get),
    ("GET", "secrets", 3): ("get", _get),
    ("PUT", "secrets", 2): ("set", _set),
    ("PATCH", "secrets", 2): ("set", _update),
    ("PATCH", "secrets", 3): ("set", _update),
    ("DELETE", "secrets", 2): ("delete", lambda asked: asked.secrets.delete(asked.part(1))),
    ("GET", "deletedsecrets", 1): ("list", lambda asked: asked.secrets.deleted_items()),
    ("GET", "deletedsecrets", 2): ("get", lambda asked: asked.secrets.deleted(asked.part(1))),
    ("DELETE", "deletedsecrets", 2): ("purge", _purge),
    ("POST", "deletedsecrets", 3): (
        "recover",
        lambda asked: asked.secrets.recover(asked.part(1)),
    ),
}
"""By method, collection and number of parts: the permission it takes, and what answers."""
LIST_VERSIONS: tuple[str, Handler] = (
    "list",
    lambda asked: asked.secrets.versions(asked.part(1)),
)


def routes(world: World) -> list[web.RouteDef]:
    """The path-style routes; the server rewrites vault host names to them."""

    async def handle(request: web.Request) -> web.StreamResponse:
        return await _answer(world, request)

    return [web.route("*", "/_vault/{rest:.*}", handle)]


async def _answer(world: World, request: web.Request) -> web.Response:
    """The response to any request of a vault."""
    raw = await request.read()
    try:
        response = _dispatch(world, request, raw)
    except VaultError as error:
        world.store.rollback()
        response = error.response()
    response.headers["x-ms-request-id"] = str(uuid.uuid4())
    return response


def _dispatch(world: World, request: web.Request, raw: bytes) -> web.Response:
    path = request.rel_url.raw_path.removeprefix("/_vault/")
    name, *parts = (unquote(part) for part in path.split("/") if part)
    vault = world.store.find_named(VAULT, name)
    if vault is None:
        # Azure's host name would not resolve.
        raise VaultError(404, "VaultNotFound", f"There is no key vault '{name}' here.")
    collection = parts[0].lower() if parts else ""
    permission, handler = _handler(request.method, collection, parts)
    secret = parts[1] if len(parts) > 1 else ""
    access.check(world, request, vault, secret, permission)
    _check_version(request.query.get("api-version", ""))
    found = handler(_Asked(world, vault, Secrets(world, vault), tuple(parts), _json(raw)))
    if found is None:
        return web.Response(status=204)
    shown = _page(request, found) if isinstance(found, list) else found
    return web.json_response(shown)


def _handler(method: str, collection: str, parts: list[str]) -> tuple[str, Handler]:
    size, last = len(parts), parts[-1].lower() if parts else ""
    if (method, collection, size, last) == ("GET", "secrets", 3, "versions"):
        return LIST_VERSIONS
    found = HANDLERS.get((method, collection, size))
    if found is None or (found[0] == "recover" and last != "recover"):
        text = f"The sandbox has no operation {method} {'/'.join(parts)} of Key Vault."
        raise VaultError(404, "NotFound", text)
    return found


def _check_version(version: str) -> None:
    if not version:
        raise bad("api-version must be specified")
    if version.removesuffix("-preview") not in VERSIONS:
        raise bad(
            f"The specified version ({version}) is not recognized. Consider using the latest "
            "supported version (2026-04-01)."
        )


def _json(raw: bytes) -> Json:
    try:
        found = json.loads(raw) if raw.strip() else {}
    except ValueError as error:
        raise bad("The request body is not JSON.") from error
    if not isinstance(found, dict):
        raise bad("The request body is not an object.")
    return found


def _page(request: web.Request, items: list[Json]) -> Json:
    """A page of a list, with the address of the next one."""
    start, size = (request.query.get(name, "") for name in ("$skiptoken", "maxresults"))
    first = int(start) if start.isdigit() else 0
    most = min(int(size), PAGE) if size.isdigit() and int(size) else PAGE
    following = None
    if first + most < len(items):
        url = request.url.origin().with_path(_client_path(request), encoded=True)
        query = {**request.query, "$skiptoken": str(first + most)}
        following = str(url.with_query(query))
    return {"value": items[first : first + most], "nextLink": following}


def _client_path(request: web.Request) -> str:
    """The path as the client sent it: without the vault, where its host name says that."""
    raw = request.rel_url.raw_path
    by_host = access.HOST_SUFFIX in request.host.lower()
    return "/" + raw.split("/", 3)[3] if by_host else raw
