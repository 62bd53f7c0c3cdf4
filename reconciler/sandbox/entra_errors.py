"""Refusals of Entra ID's token endpoint, in its own shape.

Source: learn.microsoft.com/entra/identity-platform/reference-error-codes (numbers and sentences);
bodies as users paste them (error_codes, timestamp, trace_id, correlation_id, error_uri).
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any


class Refused(Exception):  # noqa: N818 - reads as the claim it makes
    """No token: `number` is the AADSTS code, `error` the OAuth 2.0 error."""

    def __init__(self, status: int, error: str, number: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.error, self.number, self.sentence = status, error, number, sentence

    def body(self, correlation_id: str | None = None) -> dict[str, Any]:
        """Return the JSON answer; the correlation id is the client's own where it sent one."""
        stamp = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        trace, correlation = str(uuid.uuid4()), correlation_id or str(uuid.uuid4())
        return {
            "error": self.error,
            "error_description": (
                f"AADSTS{self.number}: {self.sentence} Trace ID: {trace} "
                f"Correlation ID: {correlation} Timestamp: {stamp}"
            ),
            "error_codes": [self.number],
            "timestamp": stamp,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"https://login.microsoftonline.com/error?code={self.number}",
        }


def unknown_tenant(tenant: str) -> Refused:
    """Return the refusal of a tenant that is not there."""
    return Refused(
        400,
        "invalid_request",
        90002,
        f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are "
        "signing into the correct cloud. Check with your subscription administrator, this may "
        "happen if there are no active subscriptions for the tenant.",
    )


def unknown_client(client_id: str) -> Refused:
    """Return the refusal of a client id that the tenant does not know."""
    return Refused(
        400,
        "unauthorized_client",
        700016,
        f"Application with identifier '{client_id}' was not found in the directory 'Sandbox'. "
        "This can happen if the application has not been installed by the administrator of the "
        "tenant or consented to by any user in the tenant. You may have sent your authentication "
        "request to the wrong tenant.",
    )


def unsupported_grant(grant: str) -> Refused:
    """Return the refusal of a grant other than client credentials."""
    return Refused(
        400,
        "unsupported_grant_type",
        70003,
        f"The app requested an unsupported grant type '{grant}'.",
    )


def no_proof() -> Refused:
    """Return the refusal of a request with neither secret nor assertion."""
    return Refused(
        401,
        "invalid_client",
        7000218,
        "The request body must contain the following parameter: 'client_assertion' or "
        "'client_secret'.",
    )


def wrong_secret(client_id: str) -> Refused:
    """Return the refusal of a secret that is not the client's."""
    return Refused(
        401,
        "invalid_client",
        7000215,
        "Invalid client secret provided. Ensure the secret being sent in the request is the "
        "client secret value, not the client secret ID, for a secret added to app "
        f"'{client_id}'.",
    )


def malformed_assertion() -> Refused:
    """Return the refusal of an assertion that is not a JWT."""
    return Refused(401, "invalid_client", 50027, "JWT token is invalid or malformed.")


def expired_assertion() -> Refused:
    """Return the refusal of an assertion outside its own `nbf` and `exp`."""
    return Refused(
        401, "invalid_client", 700024, "Client assertion is not within its valid time range."
    )


def unmatched_assertion(number: int, claim: str, value: str) -> Refused:
    """Return the refusal of an assertion that fits no federated credential.

    700211 is for the issuer, 700212 for the audience, 700213 for the subject.
    """
    return Refused(
        401,
        "invalid_client",
        number,
        f"No matching federated identity record found for presented assertion {claim} '{value}'. "
        "Check your federated identity credential Subject, Audience and Issuer against the "
        "presented assertion. https://learn.microsoft.com/entra/workload-id/"
        "workload-identity-federation",
    )
