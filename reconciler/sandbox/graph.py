"""Microsoft Graph, as far as a client needs it to turn a name into a principal and back.

Sources: learn.microsoft.com/graph/api/serviceprincipal-list, serviceprincipal-get, user-list and
directoryobject-getbyids (v1.0); errors as in learn.microsoft.com/graph/errors. The directory
holds the built-in application and the managed identities; it has no users.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from aiohttp import web

from reconciler.sandbox.arm.identities import PRINCIPALS, UAI
from reconciler.sandbox.entra import InvalidToken
from reconciler.sandbox.world import World

Json = dict[str, Any]
Handler = Callable[[web.Request], Awaitable[web.Response]]
_BASE = "/graph/v1.0"
_MICROSOFT_GRAPH = "https://graph.microsoft.com"
_FILTERS = {
    "servicePrincipalNames": re.compile(
        r"servicePrincipalNames/any\((\w+):\1 eq '([^']*)'\)", re.I
    ),
    "appId": re.compile(r"()appId eq '([^']*)'", re.I),
    "displayName": re.compile(r"()displayName eq '([^']*)'", re.I),
}
_STARTS = re.compile(r"startswith\(displayName,\s*'([^']*)'\)", re.I)


def routes(world: World) -> list[web.RouteDef]:
    """Return the directory's routes."""
    graph = _Graph(world)
    return [
        web.get(f"{_BASE}/servicePrincipals", graph.guarded(graph.service_principals)),
        web.get(f"{_BASE}/servicePrincipals/{{id}}", graph.guarded(graph.service_principal)),
        web.get(f"{_BASE}/users", graph.guarded(graph.users)),
        web.post(f"{_BASE}/directoryObjects/getByIds", graph.guarded(graph.by_ids)),
    ]


class _Graph:
    def __init__(self, world: World) -> None:
        self._world = world

    def guarded(self, handler: Handler) -> Handler:
        """Return a handler that asks for a token whose audience is Graph."""

        async def run(request: web.Request) -> web.Response:
            scheme, _, token = request.headers.get("Authorization", "").partition(" ")
            if scheme.lower() != "bearer" or not token:
                return _error(401, "InvalidAuthenticationToken", "Access token is empty.")
            try:
                audience = str(self._world.identity.claims(token)["aud"]).rstrip("/")
            except InvalidToken as error:
                return _error(401, "InvalidAuthenticationToken", str(error))
            if audience not in (_MICROSOFT_GRAPH, f"{self._world.base_url}/graph"):
                text = "Access token validation failure. Invalid audience."
                return _error(401, "InvalidAuthenticationToken", text)
            return await handler(request)

        return run

    async def service_principals(self, request: web.Request) -> web.Response:
        text = request.query.get("$filter", "").strip()
        found = list(self._principals())
        if text:
            matched = _matched(text, found)
            if matched is None:
                reason = f"Unsupported or invalid query filter clause '{text}'."
                return _error(400, "Request_UnsupportedQuery", reason)
            found = matched
        return web.json_response(self._listed("servicePrincipals", found))

    async def service_principal(self, request: web.Request) -> web.Response:
        wanted = request.match_info["id"].lower()
        for principal in self._principals():
            if principal["id"] == wanted:
                return web.json_response(principal)
        reason = (
            f"Resource '{wanted}' does not exist or one of its queried reference-property objects "
            "are not present."
        )
        return _error(404, "Request_ResourceNotFound", reason)

    async def users(self, request: web.Request) -> web.Response:
        return web.json_response(self._listed("users", []))

    async def by_ids(self, request: web.Request) -> web.Response:
        """Ids that the directory does not hold are left out, as Graph does."""
        wanted = {str(one).lower() for one in (await request.json()).get("ids", [])}
        found = [
            {"@odata.type": "#microsoft.graph.servicePrincipal", **principal}
            for principal in self._principals()
            if principal["id"] in wanted
        ]
        return web.json_response(self._listed("directoryObjects", found))

    def _listed(self, name: str, value: list[Json]) -> Json:
        context = f"{self._world.base_url}{_BASE}/$metadata#{name}"
        return {"@odata.context": context, "value": value}

    def _principals(self) -> Iterator[Json]:
        """The application first, then those managed identities that have been replicated."""
        identity, world = self._world.identity, self._world
        yield _principal(identity.object_id, identity.client_id, "sandbox", "Application")
        delay = world.clock.delay(float(world.settings["directory_replication_s"]))
        clients = {r.hidden["principal"]: r.hidden["client"] for r in world.store.of_type(UAI)}
        for object_id, held in world.store.documents(PRINCIPALS).items():
            if held["created"] + delay > world.clock.now():
                continue
            client = clients.get(object_id) or str(uuid.uuid5(uuid.NAMESPACE_OID, object_id))
            found = _principal(object_id, client, _name(held["resource"]), "ManagedIdentity")
            explicit = f"isExplicit={object_id in clients}"
            yield found | {"alternativeNames": [explicit, held["resource"]]}


def _principal(object_id: str, client_id: str, name: str, kind: str) -> Json:
    return {
        "id": object_id,
        "accountEnabled": True,
        "alternativeNames": [],
        "appId": client_id,
        "displayName": name,
        "servicePrincipalNames": [client_id],
        "servicePrincipalType": kind,
    }


def _name(resource_id: str) -> str:
    return resource_id.rsplit("/", 1)[-1]


def _matched(text: str, principals: list[Json]) -> list[Json] | None:
    """The principals a filter keeps; None for a filter that is not emulated."""
    starts = _STARTS.fullmatch(text)
    if starts is not None:
        prefix = starts[1].lower()
        return [one for one in principals if one["displayName"].lower().startswith(prefix)]
    for key, pattern in _FILTERS.items():
        found = pattern.fullmatch(text)
        if found is not None:
            wanted = found[2].lower()
            return [one for one in principals if wanted in _lowered(one[key])]
    return None


def _lowered(value: Any) -> list[str]:
    return [str(one).lower() for one in (value if isinstance(value, list) else [value])]


def _error(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"error": {"code": code, "message": message}}, status=status)
