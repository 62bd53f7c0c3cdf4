"""Who may do what with secrets: the challenge, the token, then roles or access policies.

A vault decides by roles or by access policies, as `enableRbacAuthorization` of its ARM resource
says, never by both. Source: learn.microsoft.com/azure/key-vault/general/authentication-requests-
and-responses (challenge), rbac-guide (built-in roles and their data actions), and
/rest/api/keyvault/keyvault/vaults (access policies).
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from reconciler.sandbox.entra import InvalidToken
from reconciler.sandbox.store import Record
from reconciler.sandbox.vault.errors import VaultError
from reconciler.sandbox.world import World

Json = dict[str, Any]
AUDIENCE = "https://vault.azure.net"
HOST_SUFFIX = ".vault.sandbox.test"
_WRITERS = ("Key Vault Administrator", "Key Vault Secrets Officer")
_READERS = (*_WRITERS, "Key Vault Secrets User")
ACTIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "get": ("getSecret/action", _READERS),
    "list": ("readMetadata/action", (*_READERS, "Key Vault Reader")),
    "set": ("setSecret/action", _WRITERS),
    "delete": ("delete", _WRITERS),
    "recover": ("recover/action", _WRITERS),
    "purge": ("purge/action", _WRITERS),
}
"""By the permission's name in an access policy: the data action, and the roles that have it."""


def check(world: World, request: web.Request, vault: Record, name: str, permission: str) -> None:
    """Let the request through or raise the error Azure would answer."""
    claims = _claims(world, request)
    properties = vault.body["properties"]
    _check_network(properties)
    if properties.get("enableRbacAuthorization"):
        _check_role(world, vault, name, permission, claims)
    else:
        _check_policies(vault, permission, claims)


def _claims(world: World, request: web.Request) -> Json:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise _unauthorized(world, request, "AKV10000: Request is missing a Bearer or PoP token.")
    try:
        claims = world.identity.claims(token)
    except (InvalidToken, ValueError, LookupError) as error:
        text = f"[TokenExpired] Error validating token: '{error}'"
        raise _unauthorized(world, request, text) from error
    found = str(claims.get("aud", "")).rstrip("/")
    if found not in (AUDIENCE, _resource(request)):
        text = f"AKV10022: Invalid audience. Expected {AUDIENCE}, found: {found}."
        raise _unauthorized(world, request, text)
    return claims


def _unauthorized(world: World, request: web.Request, text: str) -> VaultError:
    authority = f"{world.base_url}/{world.identity.tenant_id}"
    challenge = f'Bearer authorization="{authority}", resource="{_resource(request)}"'
    return VaultError(401, "Unauthorized", text, headers={"WWW-Authenticate": challenge})


def _resource(request: web.Request) -> str:
    """What a token must be for: the domain of the vault's host name, as clients verify.

    By its path on the sandbox's own address a vault has no such domain: it is Azure's own.
    """
    _, found, port = request.host.lower().partition(HOST_SUFFIX)
    return f"https://{HOST_SUFFIX[1:]}{port}" if found else AUDIENCE


def _check_network(properties: Json) -> None:
    """Nobody is inside a private network here; address rules are not evaluated."""
    if str(properties.get("publicNetworkAccess", "")).lower() == "disabled":
        raise VaultError(
            403,
            "Forbidden",
            "Public network access is disabled and request is not from a trusted service nor via "
            "an approved private link.",
            "ForbiddenByConnection",
        )
    if str((properties.get("networkAcls") or {}).get("defaultAction", "")).lower() == "deny":
        raise VaultError(
            403,
            "Forbidden",
            "Client address is not authorized and caller is not a trusted service.",
            "ForbiddenByFirewall",
        )


def _check_role(world: World, vault: Record, name: str, permission: str, claims: Json) -> None:
    if claims["oid"] == world.identity.object_id:
        return  # the built-in service principal holds the data roles everywhere
    action, roles = ACTIONS[permission]
    scope = f"{vault.id}/secrets/{name}" if name else vault.id
    if world.has_role(claims["oid"], scope, roles):
        return
    raise VaultError(
        403,
        "Forbidden",
        "Caller is not authorized to perform action on resource.\r\nIf role assignments, deny "
        "assignments or role definitions were changed recently, please observe propagation time."
        f"\r\nCaller: appid={claims['appid']};oid={claims['oid']};iss={claims['iss']}\r\nAction: "
        f"'Microsoft.KeyVault/vaults/secrets/{action}'\r\nResource: '{scope.lower()}'\r\n"
        "Assignment: (not found)\r\nDenyAssignmentId: null\r\nDecisionReason: "
        f"'DeniedWithNoValidRBAC' \r\nVault: {vault.name};location={vault.body['location']}\r\n",
        "ForbiddenByRbac",
    )


def _check_policies(vault: Record, permission: str, claims: Json) -> None:
    for policy in vault.body["properties"].get("accessPolicies") or ():
        granted = {str(p).lower() for p in (policy.get("permissions") or {}).get("secrets") or ()}
        if str(policy.get("objectId")).lower() == claims["oid"] and granted & {permission, "all"}:
            return
    raise VaultError(
        403,
        "Forbidden",
        f"The user, group or application 'appid={claims['appid']};oid={claims['oid']};"
        f"iss={claims['iss']}' does not have secrets {permission} permission on key vault "
        f"'{vault.name};location={vault.body['location']}'. For help resolving this issue, please "
        "see https://go.microsoft.com/fwlink/?linkid=2125287",
        "AccessDenied",
    )
