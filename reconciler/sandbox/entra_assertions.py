"""Client assertions: what a token from outside must claim to stand for a client of ours.

Sources: learn.microsoft.com/entra/workload-id/workload-identity-federation (issuer, subject and
audience are compared exactly with a federated credential of the identity);
learn.microsoft.com/entra/identity-platform/certificate-credentials (assertions signed by the
client itself). No signature is checked: the keys of an outside issuer cannot be fetched here.
"""

from __future__ import annotations

import base64
import json
import time
from typing import Any

from reconciler.sandbox import entra_errors
from reconciler.sandbox.store import Record, Store

Json = dict[str, Any]
EXCHANGE_AUDIENCE = "api://AzureADTokenExchange"
_FEDERATED = "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials"
_SKEW_S = 300.0


def read(assertion: str) -> Json:
    """Return an assertion's claims. Raises Refused if it is not a JWT, or is not valid now."""
    try:
        payload = assertion.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        expiry, start = float(claims["exp"]), float(claims.get("nbf", 0))
    except (ValueError, LookupError, TypeError) as error:
        raise entra_errors.malformed_assertion() from error
    if not start - _SKEW_S <= time.time() <= expiry + _SKEW_S:
        raise entra_errors.expired_assertion()
    return dict(claims)


def check_application(claims: Json, token_endpoints: tuple[str, ...]) -> None:
    """Accept any issuer for the built-in application, but only the audiences Entra accepts."""
    audience = _audience(claims)
    if audience != EXCHANGE_AUDIENCE and audience not in token_endpoints:
        raise entra_errors.unmatched_assertion(700212, "audience", audience)


def check_identity(store: Store, identity: Record, claims: Json) -> None:
    """Require a federated credential of a managed identity that matches in all three claims."""
    held = [record.body["properties"] for record in store.of_type(_FEDERATED, identity.id)]
    audience, issuer = _audience(claims), str(claims.get("iss", ""))
    subject = str(claims.get("sub", ""))
    held = [one for one in held if one["issuer"] == issuer]
    if not held:
        raise entra_errors.unmatched_assertion(700211, "issuer", issuer)
    held = [one for one in held if one["subject"] == subject]
    if not held:
        raise entra_errors.unmatched_assertion(700213, "subject", subject)
    if not any(audience in one["audiences"] for one in held):
        raise entra_errors.unmatched_assertion(700212, "audience", audience)


def _audience(claims: Json) -> str:
    found = claims.get("aud", "")
    return str(found[0]) if isinstance(found, list) and found else str(found)
