"""HTTP of Entra ID: discovery, tokens for service principals, cloud metadata.

Source: learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow, and what
azure-identity, MSAL and azure-cli ask for.
"""

from __future__ import annotations

import hmac
from typing import Any

from aiohttp import web

from reconciler.sandbox import entra_assertions, entra_errors
from reconciler.sandbox.entra_errors import Refused
from reconciler.sandbox.store import Record
from reconciler.sandbox.world import World

Json = dict[str, Any]
_ANY_TENANT = {"common", "organizations"}
_UAI = "Microsoft.ManagedIdentity/userAssignedIdentities"


def routes(world: World) -> list[web.RouteDef]:
    """Return the routes of the token service."""
    entra = _Entra(world)
    return [
        web.get("/{tenant}/v2.0/.well-known/openid-configuration", entra.openid),
        web.get("/{tenant}/.well-known/openid-configuration", entra.openid),
        web.get("/common/discovery/instance", entra.instance),
        web.post("/{tenant}/oauth2/v2.0/token", entra.token),
        web.get("/metadata/endpoints", entra.metadata),
        web.get("/metadata/endpoints/list", entra.metadata_list),
    ]


class _Entra:
    def __init__(self, world: World) -> None:
        self._world = world

    async def openid(self, request: web.Request) -> web.Response:
        tenant = request.match_info["tenant"]
        if tenant.lower() not in {self._world.identity.tenant_id, *_ANY_TENANT}:
            return web.json_response(entra_errors.unknown_tenant(tenant).body(), status=400)
        base = f"{self._world.base_url}/{tenant}"
        document = {
            "issuer": f"{self._world.base_url}/{self._world.identity.tenant_id}/v2.0",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
            "jwks_uri": f"{base}/discovery/v2.0/keys",
            "response_types_supported": ["code", "id_token"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
            "tenant_region_scope": None,
            "cloud_instance_name": "sandbox",
        }
        return web.json_response(document)

    async def instance(self, request: web.Request) -> web.Response:
        tenant = self._world.identity.tenant_id
        endpoint = f"{self._world.base_url}/{tenant}/v2.0/.well-known/openid-configuration"
        return web.json_response({"tenant_discovery_endpoint": endpoint, "metadata": []})

    async def token(self, request: web.Request) -> web.Response:
        form = {key: str(value) for key, value in (await request.post()).items()}
        try:
            oid = self._authenticate(request.match_info["tenant"], form)
        except Refused as refused:
            body = refused.body(request.headers.get("client-request-id"))
            return web.json_response(body, status=refused.status)
        scope = form.get("scope", "").split(" ")[0]
        audience = scope.removesuffix("/.default")
        lifetime_s = int(self._world.settings["token_lifetime_s"])
        token = self._world.identity.token(
            audience, oid=oid, appid=form["client_id"], lifetime_s=lifetime_s
        )
        answer = {"token_type": "Bearer", "expires_in": lifetime_s, "ext_expires_in": lifetime_s}
        return web.json_response({**answer, "access_token": token})

    def _authenticate(self, tenant: str, form: dict[str, str]) -> str:
        """Return the caller's object id. Raises Refused in the order Entra checks."""
        identity, client_id = self._world.identity, form.get("client_id", "").lower()
        if tenant.lower() not in {identity.tenant_id, *_ANY_TENANT}:
            raise entra_errors.unknown_tenant(tenant)
        if form.get("grant_type") != "client_credentials":
            raise entra_errors.unsupported_grant(form.get("grant_type", ""))
        managed = self._managed(client_id)
        if managed is None and client_id != identity.client_id:
            raise entra_errors.unknown_client(form.get("client_id", ""))
        if "client_assertion" in form:
            self._check_assertion(form["client_assertion"], tenant, managed)
        else:
            self._check_secret(form, managed)
        return identity.object_id if managed is None else str(managed.hidden["principal"])

    def _managed(self, client_id: str) -> Record | None:
        for record in self._world.store.of_type(_UAI):
            if record.hidden["client"] == client_id:
                return record
        return None

    def _check_assertion(self, assertion: str, tenant: str, managed: Record | None) -> None:
        claims = entra_assertions.read(assertion)
        if managed is not None:
            entra_assertions.check_identity(self._world.store, managed, claims)
            return
        base = f"{self._world.base_url}/{tenant}"
        entra_assertions.check_application(claims, (f"{base}/oauth2/v2.0/token", f"{base}/v2.0"))

    def _check_secret(self, form: dict[str, str], managed: Record | None) -> None:
        """A managed identity has no secret: nothing that is sent can be right."""
        if "client_secret" not in form:
            raise entra_errors.no_proof()
        held = "" if managed is not None else self._world.identity.client_secret
        if not held or not hmac.compare_digest(form["client_secret"].encode(), held.encode()):
            raise entra_errors.wrong_secret(form["client_id"])

    async def metadata(self, request: web.Request) -> web.Response:
        return web.json_response(self._cloud())

    async def metadata_list(self, request: web.Request) -> web.Response:
        return web.json_response([self._cloud()])

    def _cloud(self) -> Json:
        base = self._world.base_url
        return {
            "name": "AzureSandbox",
            "portal": f"{base}/portal",
            "resourceManager": f"{base}/",
            "resourceManagerEndpoint": f"{base}/",
            "authentication": {
                "loginEndpoint": f"{base}/",
                "audiences": [f"{base}/", "https://management.azure.com/"],
                "tenant": "common",
                "identityProvider": "AAD",
            },
            "graph": f"{base}/graph",
            "graphAudience": f"{base}/graph",
            "microsoftGraphResourceId": f"{base}/graph/",
            "gallery": f"{base}/gallery",
            "activeDirectoryDataLake": f"{base}/",
            "batch": f"{base}/batch",
            "media": f"{base}/media",
            "suffixes": {
                "storage": "core.sandbox.test",
                "keyVaultDns": "vault.sandbox.test",
                "acrLoginServer": "azurecr.sandbox.test",
            },
        }
