"""HTTP of Entra ID: discovery, tokens for service principals, cloud metadata.

Source: sdk-traffic section 6 (what azure-identity, MSAL and azure-cli ask for). A client
assertion is taken as it is: its signature cannot be checked without the outside issuer.
"""

from __future__ import annotations

import hmac
from typing import Any

from aiohttp import web

from reconciler.sandbox.world import World

Json = dict[str, Any]
_ANY_TENANT = {"common", "organizations"}


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
        form = await request.post()
        values = {key: str(value) for key, value in form.items()}
        problem = self._refusal(request.match_info["tenant"], values)
        if problem is not None:
            status, error, text = problem
            return web.json_response({"error": error, "error_description": text}, status=status)
        client_id = values["client_id"]
        scope = values.get("scope", "").split(" ")[0]
        audience = scope.removesuffix("/.default")
        token = self._world.identity.token(
            audience, oid=self._object_id(client_id) or "", appid=client_id
        )
        answer = {"token_type": "Bearer", "expires_in": 86399, "ext_expires_in": 86399}
        return web.json_response({**answer, "access_token": token})

    def _object_id(self, client_id: str) -> str | None:
        identity = self._world.identity
        if client_id.lower() == identity.client_id:
            return identity.object_id
        for uai in self._world.store.of_type("Microsoft.ManagedIdentity/userAssignedIdentities"):
            if uai.hidden["client"] == client_id.lower():
                return str(uai.hidden["principal"])
        return None

    def _refusal(self, tenant: str, form: dict[str, str]) -> tuple[int, str, str] | None:
        identity = self._world.identity
        client_id = form.get("client_id", "")
        if tenant.lower() not in {identity.tenant_id, *_ANY_TENANT}:
            return 400, "invalid_request", f"AADSTS90002: Tenant '{tenant}' not found."
        if form.get("grant_type") != "client_credentials":
            text = "AADSTS70003: The app requested an unsupported grant type."
            return 400, "unsupported_grant_type", text
        if self._object_id(client_id) is None:
            text = (
                f"AADSTS700016: Application with identifier '{client_id}' was not found in the "
                "directory 'Sandbox'."
            )
            return 400, "unauthorized_client", text
        return self._bad_proof(form)

    def _bad_proof(self, form: dict[str, str]) -> tuple[int, str, str] | None:
        if form.get("client_assertion", "").count(".") == 2:
            return None
        is_app = form["client_id"].lower() == self._world.identity.client_id
        secret = form.get("client_secret", "")
        if is_app and hmac.compare_digest(secret, self._world.identity.client_secret):
            return None
        text = "AADSTS7000215: Invalid client secret provided."
        return 401, "invalid_client", text

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
