"""Secrets of key vaults at the moment of a write: read, or refused with what to do.

Source: learn.microsoft.com/azure/key-vault/general/rbac-guide (`Key Vault Secrets User` is the
least role that reads a value), /rest-error-codes, and /secrets/about-secrets: a vault gives out an
expired secret all the same, for recovery; here nothing is recovered, so it is refused.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from reconciler.diagnostics import ApiError, Diagnostic, ReconcileError, UnavailableError
from reconciler.engine.types import JsonObject, Reference
from reconciler.secrets import Secret
from reconciler.spec.vault_secrets import SecretIdentifier

if TYPE_CHECKING:
    from reconciler.cloud.run_scope import RunScope

LEAST_ROLE = "Key Vault Secrets User"
BY_NETWORK = ("ForbiddenByFirewall", "ForbiddenByConnection")
BY_POLICY = "AccessDenied"
DISABLED = "SecretDisabled"


def read(run: RunScope, identifier: SecretIdentifier) -> Secret:
    """Return the value of a secret; raises `ReconcileError` when it cannot or must not be used."""
    try:
        found = run.vaults.secret(identifier)
    except ApiError as error:
        raise _explained(error, identifier) from error
    except UnavailableError as error:
        first = error.diagnostics[0]
        hint = f"check that the key vault `{identifier.vault}` exists and that this machine can reach it"
        raise UnavailableError(Diagnostic(first.summary, detail=first.detail, hint=hint)) from error
    _refuse_out_of_time(found.get("attributes") or {}, identifier)
    value = found.get("value")
    if not isinstance(value, str) or not value:
        raise ReconcileError.because(f"{_named(identifier)} has no value", detail=str(identifier))
    return Secret(value)


def reveal_outside(run: RunScope, reference: Reference) -> Secret:
    """Return the value of a secret of a vault that is not of this spec."""
    identifier = SecretIdentifier.of_url(reference.attribute)
    if identifier is None:
        raise ReconcileError.because(f"`{reference}` is not the identifier of a key vault secret")
    return read(run, identifier)


def _named(identifier: SecretIdentifier) -> str:
    return f"the secret `{identifier.name}` in the key vault `{identifier.vault}`"


def _explained(error: ApiError, identifier: SecretIdentifier) -> ApiError:
    """Return Azure's refusal in words that say which secret, why, and what to type next."""
    what, hint = _reason(error, identifier)
    if not what:
        return error
    first = error.diagnostics[0]
    detail = f"{first.summary} ({first.detail})"
    return ApiError(error.status, error.code, Diagnostic(what, detail=detail, hint=hint))


def _reason(error: ApiError, identifier: SecretIdentifier) -> tuple[str, str]:
    named, words = _named(identifier), _words(identifier)
    if error.status == 404:
        return (
            f"{named} does not exist",
            f"create it: `az keyvault secret set {words} --file FILE`, then run apply again",
        )
    if error.code == DISABLED:
        return (
            f"{named} is disabled",
            f"enable it: `az keyvault secret set-attributes {words} --enabled true`",
        )
    if error.code in BY_NETWORK:
        return (
            f"{named} cannot be read from here: the vault's network rules forbid it",
            "run apply from a machine that the rules allow, or allow this one",
        )
    if error.code == BY_POLICY:
        return (
            f"{named} cannot be read: the vault's access policies do not grant `get`",
            f"`az keyvault set-policy --name {identifier.vault} --secret-permissions get "
            "--object-id ID`, with the object id that runs apply",
        )
    if error.status == 403:
        return (
            f"{named} cannot be read: permission denied",
            f"the identity that runs apply needs at least the role `{LEAST_ROLE}` on the vault "
            f"`{identifier.vault}` or on this secret; a new role takes minutes to take effect",
        )
    return "", ""


def _words(identifier: SecretIdentifier) -> str:
    version = f" --version {identifier.version}" if identifier.version else ""
    return f"--vault-name {identifier.vault} --name {identifier.name}{version}"


def _refuse_out_of_time(attributes: JsonObject, identifier: SecretIdentifier) -> None:
    """Raise for a secret whose time is over or has not begun, by this machine's clock."""
    now = time.time()
    ends, begins = attributes.get("exp"), attributes.get("nbf")
    if isinstance(ends, int | float) and ends <= now:
        raise ReconcileError.because(
            f"{_named(identifier)} expired on {_day(ends)}",
            detail=str(identifier),
            hint="set a new version: `az keyvault secret set --vault-name "
            f"{identifier.vault} --name {identifier.name} --file FILE`",
        )
    if isinstance(begins, int | float) and begins > now:
        raise ReconcileError.because(
            f"{_named(identifier)} is not valid before {_day(begins)}",
            detail=str(identifier),
            hint="run apply again then, or change its activation date",
        )


def _day(seconds: float) -> str:
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}"
    except (ValueError, OverflowError, OSError):
        return "a date out of range"
