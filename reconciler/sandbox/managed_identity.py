"""Tokens for managed identities, where a machine in Azure finds them.

Sources: learn.microsoft.com/azure/app-service/overview-managed-identity (IDENTITY_ENDPOINT,
X-IDENTITY-HEADER, api-version 2019-08-01) and learn.microsoft.com/entra/identity/
managed-identities-azure-resources/how-to-use-vm-token (IMDS, header Metadata, 2018-02-01).
The machine that the sandbox runs on has the built-in service principal as its system-assigned
identity, and every user-assigned identity of the sandbox.
"""

from __future__ import annotations

import hmac
import time
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from reconciler.sandbox.store import Record
from reconciler.sandbox.world import World

_UAI = "Microsoft.ManagedIdentity/userAssignedIdentities"
_APP_SERVICE_VERSIONS = ("2019-08-01",)
_IMDS_VERSIONS = ("2018-02-01", "2019-08-01", "2020-06-01", "2021-02-01")


@dataclass(frozen=True)
class _Principal:
    object_id: str
    client_id: str


def routes(world: World) -> list[web.RouteDef]:
    """Return both endpoints."""
    endpoint = _ManagedIdentity(world)
    return [
        web.get("/_identity/token", endpoint.app_service),
        web.get("/metadata/identity/oauth2/token", endpoint.imds),
    ]


class _ManagedIdentity:
    def __init__(self, world: World) -> None:
        self._world = world

    async def app_service(self, request: web.Request) -> web.Response:
        """Answer as App Service's local endpoint: expiry is a number as text."""
        sent = request.headers.get("X-IDENTITY-HEADER", "")
        if not hmac.compare_digest(sent.encode(), self._world.identity.identity_header.encode()):
            return _app_service_error(401, "The identity header is missing or wrong.")
        problem = _missing(request, _APP_SERVICE_VERSIONS)
        if problem:
            return _app_service_error(400, problem)
        principal = self._principal(request)
        if principal is None:
            return _app_service_error(400, "No User Assigned Identity found for the specified id.")
        return web.json_response(self._token(request, principal))

    async def imds(self, request: web.Request) -> web.Response:
        """Answer as the Instance Metadata Service of a virtual machine."""
        if request.headers.get("Metadata", "").lower() != "true":
            return _imds_error("invalid_request", "Required metadata header not specified")
        problem = _missing(request, _IMDS_VERSIONS)
        if problem:
            return _imds_error("invalid_request", problem)
        principal = self._principal(request)
        if principal is None:
            return _imds_error("invalid_request", "Identity not found")
        lifetime = str(self._lifetime_s())
        answer = {"expires_in": lifetime, "ext_expires_in": lifetime, "not_before": _now()}
        return web.json_response(self._token(request, principal) | answer)

    def _lifetime_s(self) -> int:
        return int(self._world.settings["token_lifetime_s"])

    def _token(self, request: web.Request, principal: _Principal) -> dict[str, Any]:
        resource = request.query["resource"]
        token = self._world.identity.token(
            resource,
            oid=principal.object_id,
            appid=principal.client_id,
            lifetime_s=self._lifetime_s(),
        )
        return {
            "access_token": token,
            "client_id": principal.client_id,
            "expires_on": _now(self._lifetime_s()),
            "resource": resource,
            "token_type": "Bearer",
        }

    def _principal(self, request: web.Request) -> _Principal | None:
        """The user-assigned identity the query names, the system-assigned one where it names none."""
        query = {name.lower(): value.lower() for name, value in request.query.items()}
        by = {
            "client": query.get("client_id"),
            "principal": query.get("object_id") or query.get("principal_id"),
            "id": query.get("msi_res_id") or query.get("mi_res_id"),
        }
        if not any(by.values()):
            identity = self._world.identity
            return _Principal(identity.object_id, identity.client_id)
        for record in self._world.store.of_type(_UAI):
            if _fits(record, by):
                return _Principal(record.hidden["principal"], record.hidden["client"])
        return None


def _now(plus_s: int = 0) -> str:
    return str(int(time.time()) + plus_s)


def _fits(record: Record, by: dict[str, str | None]) -> bool:
    held = {**record.hidden, "id": record.id.lower()}
    return all(wanted is None or held[name] == wanted for name, wanted in by.items())


def _missing(request: web.Request, versions: tuple[str, ...]) -> str:
    if request.query.get("api-version") not in versions:
        return f"api-version must be one of: {', '.join(versions)}"
    return "" if request.query.get("resource") else "Required query variable 'resource' is missing"


def _app_service_error(status: int, message: str) -> web.Response:
    return web.json_response({"statusCode": status, "message": message}, status=status)


def _imds_error(error: str, description: str) -> web.Response:
    body = {"error": error, "error_description": description}
    return web.json_response(body, status=400)
