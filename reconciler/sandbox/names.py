"""`GET /_dns/resolve`: which hosts of Azure have an address, by what this sandbox holds.

A sandbox has one address for all of Azure, so no resolver knows its hosts. It answers in the JSON
of DNS over HTTPS (developers.google.com/speed/public-dns/docs/doh/json): `Status` 0 with an
`Answer`, or 3, NXDOMAIN. Hosts: {endpoint}.{region}.inference.ml.azure.com
(learn.microsoft.com/azure/machine-learning/concept-endpoints-online).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from reconciler.sandbox.arm.ml_endpoints import TYPE as ENDPOINT

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

PATH = "/_dns/resolve"
INFERENCE = ".inference.ml.azure.com"
PUBLIC = "20.50.2.48"
"""An address of Azure's, any."""
FOUND, MISSING = 0, 3
A_RECORD = 1


def routes(world: World) -> list[web.RouteDef]:
    """Return the one route of the names."""

    async def resolve(request: web.Request) -> web.Response:
        host = request.query.get("name", "").rstrip(".").lower()
        body: dict[str, Any] = {"Status": MISSING, "Question": [{"name": host, "type": A_RECORD}]}
        if host.endswith(INFERENCE) and _is_endpoint(world, host.removesuffix(INFERENCE)):
            answer = {"name": host, "type": A_RECORD, "TTL": 60, "data": PUBLIC}
            body |= {"Status": FOUND, "Answer": [answer]}
        return web.json_response(body, content_type="application/dns-json")

    return [web.get(PATH, resolve)]


def _is_endpoint(world: World, text: str) -> bool:
    name, _, region = text.partition(".")
    return any(
        record.name.lower() == name and record.body["location"] == region
        for record in world.store.of_type(ENDPOINT)
    )
