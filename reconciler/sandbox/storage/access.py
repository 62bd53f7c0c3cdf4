"""Who may do what: bearer tokens with data roles, Shared Key, and shared access signatures."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from reconciler.sandbox.entra import InvalidToken
from reconciler.sandbox.storage import sharedkey
from reconciler.sandbox.storage.errors import StorageError
from reconciler.sandbox.storage.target import Target
from reconciler.sandbox.world import World

STORAGE_AUDIENCE = "https://storage.azure.com"
BLOB_WRITERS = ("Storage Blob Data Contributor", "Storage Blob Data Owner")
FILE_USERS = ("Storage File Data Privileged Contributor",)
ROLES: dict[str, dict[str, tuple[str, ...]]] = {
    "blob": {"read": ("Storage Blob Data Reader", *BLOB_WRITERS), "write": BLOB_WRITERS},
    "file": {"read": FILE_USERS, "write": FILE_USERS},
}
SAS_LETTERS = {"read": "r", "list": "l", "write": "wca", "delete": "d"}


def check(world: World, request: web.Request, target: Target, action: str) -> None:
    """Let the request through or raise the fault Azure would answer.

    `action` is read, list, write or delete. An unknown account is a 404 here; in Azure its
    host name would not resolve.
    """
    account = world.account_for_name(target.account)
    if account is None:
        raise StorageError("AccountNotFound")
    _require_open_network(account)
    authorization = request.headers.get("Authorization", "")
    scheme, _, credential = authorization.partition(" ")
    if "sig" in target.query and not authorization:
        _require_keys_allowed(account)
        _check_sas(world, target, action)
    elif scheme == "SharedKey":
        _require_keys_allowed(account)
        _check_shared_key(world, request, target, credential)
    elif scheme == "Bearer":
        _require_intent(request, target)
        _check_bearer(world, target, action, account, credential)
    else:
        raise StorageError("NoAuthenticationInformation", headers=_challenge(world))


def check_source(world: World, source: Target) -> None:
    """Let a copy read another account's blob through a SAS in its URL, or raise."""
    if world.account_for_name(source.account) is None or "sig" not in source.query:
        raise StorageError("CannotVerifyCopySource")
    _check_sas(world, source, "read")


def _challenge(world: World) -> dict[str, str]:
    authority = f"{world.base_url}/{world.identity.tenant_id}/oauth2/authorize"
    text = f"Bearer authorization_uri={authority} resource_id={STORAGE_AUDIENCE}"
    return {"WWW-Authenticate": text}


def _require_open_network(account: dict[str, Any]) -> None:
    """Every request comes from a public network here, and from no trusted service.

    Source: learn.microsoft.com/azure/storage/common/storage-network-security (a firewall's 403).
    """
    properties = account.get("properties", {})
    denies = str((properties.get("networkAcls") or {}).get("defaultAction")).lower() == "deny"
    if denies or str(properties.get("publicNetworkAccess")).lower() == "disabled":
        raise StorageError("AuthorizationFailure")


def _require_keys_allowed(account: dict[str, Any]) -> None:
    if account.get("properties", {}).get("allowSharedKeyAccess") is False:
        raise StorageError("KeyBasedAuthenticationNotPermitted")


def _require_intent(request: web.Request, target: Target) -> None:
    """Tokens reach files only with `x-ms-file-request-intent: backup` (Azure Files REST docs)."""
    if target.service == "file" and "x-ms-file-request-intent" not in request.headers:
        raise StorageError("MissingRequiredHeader", "x-ms-file-request-intent")


def _keys(world: World, account: str) -> list[str]:
    return [world.account_key(account, number) for number in (1, 2)]


def _check_shared_key(world: World, request: web.Request, target: Target, credential: str) -> None:
    signer, _, signature = credential.rpartition(":")
    # An SDK given only a key on 127.0.0.1 takes the whole path ("_blob/account") as the name.
    if signer.rpartition("/")[2] != target.account:
        raise StorageError("AuthenticationFailed", "The account of the signature is another one.")
    texts = sharedkey.header_texts(
        request.method, request.headers, signer, target.raw_path, target.query
    )
    keys = _keys(world, target.account)
    if not any(sharedkey.matches(key, text, signature) for key in keys for text in texts):
        raise StorageError(
            "AuthenticationFailed",
            "The MAC signature found in the HTTP request is not the same as any computed "
            f"signature. Server used following string to sign: '{texts[0]}'.",
        )


def _check_sas(world: World, target: Target, action: str) -> None:
    query = target.query
    if "ss" in query:
        texts = [sharedkey.account_sas_text(target.account, query)]
    else:
        texts = _service_sas_texts(target)
    keys = _keys(world, target.account)
    if not any(sharedkey.matches(key, text, query["sig"]) for key in keys for text in texts):
        raise StorageError("AuthenticationFailed", "Signature did not match.")
    _check_lifetime(query)
    if "ss" in query:
        _check_account_sas_scope(target)
    if not set(SAS_LETTERS[action]) & set(query.get("sp", "")):
        raise StorageError("AuthorizationPermissionMismatch")


def _service_sas_texts(target: Target) -> list[str]:
    """The signed texts that would cover this target: the container's, and the blob's own."""
    space = f"/{target.service}/{target.account}/{target.space}"
    exact = f"{space}/{target.path}" if target.path else space
    text = sharedkey.blob_sas_text if target.service == "blob" else sharedkey.file_sas_text
    match target.query.get("sr"):
        case "c" | "s":
            return [text(space, target.query)]
        case "b" | "f" if target.path:
            return [text(exact, target.query)]
    raise StorageError("AuthenticationFailed", "The signed resource does not cover the request.")


def _check_lifetime(query: dict[str, str]) -> None:
    now = datetime.now(UTC)
    start, end = query.get("st"), query.get("se")
    try:
        if end is None or _moment(end) <= now or (start is not None and _moment(start) > now):
            raise StorageError("AuthenticationFailed", "Signature not valid in the specified time.")
    except ValueError as error:
        raise StorageError("AuthenticationFailed", "st or se is not a time.") from error


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _check_account_sas_scope(target: Target) -> None:
    if target.service[0] not in target.query["ss"]:
        raise StorageError("AuthorizationServiceMismatch")
    lists = target.query.get("comp") == "list"
    level = "o" if target.path else "c" if target.space else "s"
    if level not in target.query.get("srt", "") or (lists and level == "o"):
        raise StorageError("AuthorizationResourceTypeMismatch")


def _check_bearer(
    world: World, target: Target, action: str, account: dict[str, Any], token: str
) -> None:
    try:
        claims = world.identity.claims(token)
    except (InvalidToken, ValueError, LookupError) as error:
        fault = StorageError("InvalidAuthenticationInfo", str(error), _challenge(world))
        raise fault from error
    audience = str(claims.get("aud", "")).rstrip("/")
    if audience != STORAGE_AUDIENCE and not audience.endswith(f"/_blob/{target.account}"):
        raise StorageError(
            "InvalidAuthenticationInfo", "Audience validation failed.", _challenge(world)
        )
    if claims["oid"] == world.identity.object_id:
        return  # the built-in service principal holds the data roles everywhere
    needed = ROLES[target.service]["read" if action in {"read", "list"} else "write"]
    scope = str(account["id"])
    if target.space:
        level = (
            "blobServices/default/containers"
            if target.service == "blob"
            else ("fileServices/default/fileshares")
        )
        scope = f"{scope}/{level}/{target.space}"
    if not world.has_role(claims["oid"], scope, needed):
        raise StorageError("AuthorizationPermissionMismatch")
